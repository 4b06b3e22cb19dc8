"""Builders of common topologies; figures are arguments, their defaults stand in ``figures.py``."""

from solver.topology.builders.fat_tree import fat_tree
from solver.topology.builders.figures import fibre
from solver.topology.builders.racks import nvl72_racks
from solver.topology.builders.rails import dgx_pod, rail_optimised
from solver.topology.builders.regions import regions_over_wan
from solver.topology.builders.rows import Row, heterogeneous_rows

__all__ = [
    "Row",
    "dgx_pod",
    "fat_tree",
    "fibre",
    "heterogeneous_rows",
    "nvl72_racks",
    "rail_optimised",
    "regions_over_wan",
]
