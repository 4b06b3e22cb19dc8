"""A model from its ``config.json``, as a replica question or a workload of a fleet."""
