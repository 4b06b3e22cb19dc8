"""Set partitioning with several costs: each element in exactly one chosen set."""

from __future__ import annotations

from solver.bench.families.family import Family, Generated
from solver.bench.families.moip_sparse_rows import SparseRowParameters, made_of_sets

__all__ = ["FAMILY", "MoipPartitioningParameters"]


class MoipPartitioningParameters(SparseRowParameters):
    """Sets, elements and costs."""


def _make(parameters: MoipPartitioningParameters, seed: int) -> Generated:
    return made_of_sets("moip-partitioning", parameters, seed, goal=("cost", "min"), row_sense="=")


FAMILY = Family(
    name="moip-partitioning",
    group="moip",
    summary="set partitioning: each element in exactly one chosen set, sparse rows, uniform costs",
    parameters=MoipPartitioningParameters,
    make=_make,
)
"""Sparse rows of ones."""
