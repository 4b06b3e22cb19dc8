"""Which packing steps to ask for: supported points first, then the boxes under each hull edge."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from formulations.milp import IntArray
from formulations.moip.problem import MultiObjectiveProgram
from solver.engines.labels.packing import PackingLister
from solver.engines.labels.packing_boxes import hull_directions, relative_depth
from solver.sweep.moip.jobs import PackJob
from solver.sweep.moip.ledger import Ledger

__all__ = ["PackPlan"]


class PackPlan:
    """Packing steps for one program, until its boxes are closed.

    Parameters
    ----------
    share
        How many jobs make sense at once.
    """

    def __init__(self, ledger: Ledger, *, share: int) -> None:
        self._ledger = ledger
        self._share = share

    @staticmethod
    def suits(program: MultiObjectiveProgram) -> bool:
        """Whether the program is a set packing that the search takes."""
        return PackingLister.applies(program.milp)

    def jobs(self) -> Iterator[PackJob | None]:
        """Steps one after the other; ``None`` means: wait for those that are out."""
        yield from self._supported()
        while self._ledger.open_corners:
            for direction, corners in self._groups()[: self._share]:
                yield self._job(direction, corners, supported=False)
            yield None

    def _supported(self) -> Iterator[PackJob | None]:
        """Every edge of the hull of the known points, until no step moves it."""
        asked: set[tuple[int, ...]] = set()
        while self._ledger.open_corners:
            edges = [tuple(row) for row in hull_directions(self._known()).tolist()]
            fresh = [edge for edge in edges if edge not in asked]
            if not fresh:
                return
            for direction in fresh:
                asked.add(direction)
                corners = self._corners()
                if len(corners):
                    yield self._job(direction, corners, supported=True)
            yield None

    def _groups(self) -> list[tuple[tuple[int, ...], IntArray]]:
        """Open boxes by the direction along which they lie least deep; large groups first."""
        corners, known = self._corners(), self._known()
        directions = hull_directions(known)
        choice = relative_depth(directions, corners, known).argmin(axis=1)
        places = sorted(set(choice.tolist()), key=lambda place: -int((choice == place).sum()))
        return [(tuple(directions[k].tolist()), corners[choice == k]) for k in places]

    def _corners(self) -> IntArray:
        return np.array(self._ledger.open_corners, dtype=np.int64).reshape(-1, 2)

    def _known(self) -> IntArray:
        # Nothing chosen is always feasible, so there is a point to measure by.
        images = np.array(self._ledger.nondominated(), dtype=np.int64).reshape(-1, 2)
        return np.concatenate([images, np.zeros((1, 2), dtype=np.int64)])

    def _job(self, direction: tuple[int, ...], corners: IntArray, *, supported: bool) -> PackJob:
        return PackJob(
            direction=direction,
            corners=tuple(tuple(corner) for corner in corners.tolist()),
            known=tuple(self._ledger.nondominated()),
            supported=supported,
            time_limit_s=None,
        )
