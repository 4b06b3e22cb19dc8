"""Machines of a fleet from what a cluster or a host says of itself."""
