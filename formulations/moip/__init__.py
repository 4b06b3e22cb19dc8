"""Multi-objective integer programs: the problem class."""
