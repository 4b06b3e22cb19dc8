"""Placement of a pipeline over a topology graph: problem classes, plans and formulations."""
