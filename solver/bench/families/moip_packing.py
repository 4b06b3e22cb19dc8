"""Set packing with several values: each element in at most one chosen set."""

from __future__ import annotations

from solver.bench.families.family import Family, Generated
from solver.bench.families.moip_sparse_rows import SparseRowParameters, made_of_sets

__all__ = ["FAMILY", "MoipPackingParameters"]


class MoipPackingParameters(SparseRowParameters):
    """Sets, elements and values."""


def _make(parameters: MoipPackingParameters, seed: int) -> Generated:
    return made_of_sets("moip-packing", parameters, seed, goal=("value", "max"), row_sense="<=")


FAMILY = Family(
    name="moip-packing",
    group="moip",
    summary="set packing: each element in at most one chosen set, sparse rows, uniform values",
    parameters=MoipPackingParameters,
    make=_make,
)
"""Sparse rows of ones."""
