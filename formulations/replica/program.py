"""A replica formulation ready to solve: the statement, and the way back from numbers to a cell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from formulations.formulation import StatedProblem
from formulations.milp import IntArray
from formulations.replica.problem import COST, LATENCY, ReplicaProblem

__all__ = ["Cell", "ReplicaProgram", "chosen_one"]

Cell = tuple[int, int]
"""(layout index, batch index)."""


def chosen_one(x: IntArray) -> int:
    """Position of the single 1 in a one-hot vector.

    Raises
    ------
    ValueError
        If ``x`` is not one-hot.
    """
    ones = np.flatnonzero(x)
    if len(ones) != 1 or x[ones[0]] != 1:
        raise ValueError(f"not one-hot: {len(ones)} entries are not zero")
    return int(ones[0])


@dataclass(frozen=True, slots=True, eq=False)
class ReplicaProgram(StatedProblem[ReplicaProblem, Cell]):
    """One formulation of one problem; its answer is the chosen cell."""

    def attained(self, x: IntArray) -> dict[str, int]:
        """Latency and cost rank of the chosen cell, read from the problem and not from ``x``.

        The columns that stand for latency and cost may lie above what the cell attains, never
        below.

        Raises
        ------
        ValueError
            If ``x`` chooses no allowed cell.
        """
        layout, batch = self.decode(x)
        n_layouts, n_batches = self.problem.allowed.shape
        if not (0 <= layout < n_layouts and 0 <= batch < n_batches):
            raise ValueError(f"{self.name}: cell ({layout}, {batch}) lies outside the grid")
        if not self.problem.allowed[layout, batch]:
            raise ValueError(f"{self.name}: cell ({layout}, {batch}) is not allowed")
        return {
            LATENCY: max(
                int(self.problem.memory_latency[layout, batch]),
                int(self.problem.arithmetic_latency[layout, batch]),
            ),
            COST: int(self.problem.cost[layout, batch]),
        }
