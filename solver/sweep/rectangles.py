"""Families whose latency may fall as the batch grows: every candidate evaluated, block by block.

Kernels work in tiles, so a measured step may be a little shorter for a somewhat larger batch. No
batch then bounds another, and nothing is skipped. Blocks keep memory bounded; of each only the
candidates are kept that no other one seen so far beats.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from solver.lowering.families import CandidateFamily
from solver.sweep.staircase import Indices, Kept, Staircase

__all__ = ["RECTANGLE_CELLS", "Rectangle", "rectangles_of", "stairs_of"]

RECTANGLE_CELLS = 1 << 17
"""Candidates evaluated at once: some tens of MB of temporaries."""


@dataclass(frozen=True, slots=True, eq=False)
class Rectangle:
    """Some rows and columns of one family."""

    family: CandidateFamily
    rows: Indices
    columns: Indices

    @property
    def size(self) -> int:
        """Candidates."""
        return len(self.rows) * len(self.columns)

    def evaluate(self, stairs: Staircase) -> Kept:
        """Candidates that meet the limits and that neither ``stairs`` nor one another beat."""
        family, rows, columns = self.family, self.rows[:, None], self.columns[None, :]
        shape = (len(self.rows), len(self.columns))
        latency = np.broadcast_to(family.latency_ps(rows, columns), shape)
        cost = np.broadcast_to(family.cost_estimate(rows, columns, latency), shape)
        allowed = np.broadcast_to(family.allowed(rows, columns, latency), shape)
        at = np.nonzero(allowed & ~stairs.beats(latency, cost))
        left_latency, left_cost = latency[at], cost[at]
        best = ~Staircase(left_latency, left_cost).beats(left_latency, left_cost)
        return Kept(
            family,
            self.rows[at[0][best]],
            self.columns[at[1][best]],
            left_latency[best],
            left_cost[best],
        )


def rectangles_of(family: CandidateFamily) -> list[Rectangle]:
    """The candidates of a family on rows that its limits allow, in blocks."""
    rows = np.flatnonzero(family.limits.rows_allowed)
    columns = np.arange(family.shape[1], dtype=np.intp)
    wide = [
        columns[start : start + RECTANGLE_CELLS]
        for start in range(0, len(columns), RECTANGLE_CELLS)
    ]
    found: list[Rectangle] = []
    for part in wide:
        height = max(RECTANGLE_CELLS // len(part), 1)
        found.extend(
            Rectangle(family, rows[start : start + height], part)
            for start in range(0, len(rows), height)
        )
    return found


def stairs_of(pool: Sequence[Kept]) -> Staircase:
    """The staircase of everything kept."""
    if not pool:
        return Staircase(np.zeros(0, dtype=np.int64), np.zeros(0))
    return Staircase(
        np.concatenate([kept.latency for kept in pool]),
        np.concatenate([kept.cost for kept in pool]),
    )
