"""Whether some stated point is at least as good as every allowed candidate, none left out.

The search sweeps; here every candidate is looked up in a table: for each pair of ranks in the first
two objectives the best rank in the third among points up to there. Where there are more ranks than
a table should have, neighbours share a row or a column in such a way that nothing is passed
wrongly, and what that leaves undecided is held against every point.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np

from formulations.milp import IntArray
from solver.lowering.economy.cells import FamilyCells
from solver.sweep.economy.codes import CodedBlock, coded_blocks
from solver.sweep.economy.objectives import Goal, told_floats
from solver.sweep.economy.outcome import Image

__all__ = ["missing_candidates"]

MOST_BINS = 2048
_NOWHERE = 2**62


def missing_candidates(
    every: Sequence[FamilyCells],
    goals: Sequence[Goal],
    images: Sequence[Image],
    tables: Sequence[Sequence[Fraction | int]],
    *,
    at_most: int,
    on_progress: Callable[[int, int], None] | None = None,
) -> tuple[list[str], int]:
    """Allowed candidates that no point is at least as good as, told, and how many were looked at.

    Parameters
    ----------
    images
        Of all points, by rank.
    tables : (p,)
        Levels from best to worst; empty where there is no point.
    at_most
        Stop after so many.
    """
    points = np.array(images, dtype=np.int64).reshape(-1, len(goals))
    lookup = _Lookup(points)
    levels = list(tables) if len(points) else [[] for _ in goals]
    to_do = sum(cells.family.shape[0] * cells.family.shape[1] for cells in every)
    faults: list[str] = []
    done = 0
    for block in coded_blocks(every, goals, levels):
        for index in np.flatnonzero(~lookup.covers(block.codes)).tolist():
            faults.append(_told(block, index, goals))
            if len(faults) >= at_most:
                return faults, done
        done += block.looked_at
        if on_progress is not None:
            on_progress(done, to_do)
    return faults, done


def _told(block: CodedBlock, index: int, goals: Sequence[Goal]) -> str:
    worth = block.worth(index)
    values = told_floats(goals, [goal.level(worth) for goal in goals])
    figures = ", ".join(
        f"{name} {value:.6g} {goal.described.unit}"
        for goal, (name, value) in zip(goals, values.items(), strict=True)
    )
    return f"a candidate of {block.cells.part.served.model.name} is missing: {figures}"


class _Lookup:
    """Points by rank, two or three columns."""

    def __init__(self, points: IntArray) -> None:
        self._points = points
        if not len(points):
            return
        # Two objectives are three of which the first never differs.
        padded = points if points.shape[1] == 3 else np.pad(points, ((0, 0), (1, 0)))
        tops = padded.max(axis=0)
        self._strides = [max(1, -(-int(top + 1) // MOST_BINS)) for top in tops[:2]]
        bins = [-(-padded[:, k] // self._strides[k]) for k in (0, 1)]
        table = np.full([int(b.max()) + 1 for b in bins], _NOWHERE, dtype=np.int64)
        np.minimum.at(table, (bins[0], bins[1]), padded[:, 2])
        table = np.minimum.accumulate(table, axis=0)
        self._best = np.minimum.accumulate(table, axis=1)

    def covers(self, codes: IntArray) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """For each row of codes, whether a point is at least as good in every objective."""
        if not len(self._points):
            return np.zeros(len(codes), dtype=bool)
        # The worst rank that is still at least as good: -1 where even the best is worse.
        reach = codes // 2 if codes.shape[1] == 3 else np.pad(codes // 2, ((0, 0), (1, 0)))
        covered = (reach >= 0).all(axis=1)
        rows, columns = (
            np.minimum(np.maximum(reach[:, k], 0) // self._strides[k], self._best.shape[k] - 1)
            for k in (0, 1)
        )
        covered &= self._best[rows, columns] <= reach[:, 2]
        if max(self._strides) > 1:
            for index in np.flatnonzero(~covered).tolist():
                covered[index] = (2 * self._points <= codes[index]).all(axis=1).any()
        return np.asarray(covered)
