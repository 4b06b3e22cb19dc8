"""Set covering with several costs: each element in at least one chosen set."""

from __future__ import annotations

from solver.bench.families.family import Family, Generated
from solver.bench.families.moip_sparse_rows import SparseRowParameters, made_of_sets

__all__ = ["FAMILY", "MoipCoveringParameters"]


class MoipCoveringParameters(SparseRowParameters):
    """Sets, elements and costs."""


def _make(parameters: MoipCoveringParameters, seed: int) -> Generated:
    return made_of_sets("moip-covering", parameters, seed, goal=("cost", "min"), row_sense=">=")


FAMILY = Family(
    name="moip-covering",
    group="moip",
    summary="set covering: each element in at least one chosen set, sparse rows, uniform costs",
    parameters=MoipCoveringParameters,
    make=_make,
)
"""Sparse rows of ones."""
