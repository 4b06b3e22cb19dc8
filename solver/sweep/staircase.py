"""Candidates that nothing seen so far beats, and the staircase that tells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from solver.lowering.families import BoolArray, CandidateFamily, IntArray

__all__ = ["RELATIVE_SLACK", "Kept", "Staircase"]

FloatArray = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]

RELATIVE_SLACK = 1e-11
"""Float costs and latencies are right to a few units in the last place, some 1e-15."""


class Staircase:
    """Least cost among seen candidates up to a latency, in floats."""

    def __init__(self, latency: IntArray, cost: FloatArray) -> None:
        order = np.lexsort((cost, latency))
        self.latency = latency[order]
        self.cost = np.minimum.accumulate(cost[order]) if len(order) else cost

    def beats(self, latency: IntArray, cost: FloatArray) -> BoolArray:
        """Whether some seen candidate is no slower and certainly cheaper."""
        position = np.searchsorted(self.latency, latency, side="right") - 1
        if not len(self.latency):
            return np.zeros(latency.shape, dtype=bool)
        best = np.where(position >= 0, self.cost[np.maximum(position, 0)], np.inf)
        return np.asarray(best < cost * (1 - RELATIVE_SLACK))


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """Evaluated candidates of one block that nothing seen so far beats."""

    family: CandidateFamily
    rows: Indices
    columns: Indices
    latency: IntArray
    cost: FloatArray
