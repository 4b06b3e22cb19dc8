"""Which packing steps to ask for: supported points first, then the boxes under each hull edge."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from formulations.milp import IntArray
from formulations.moip.problem import MultiObjectiveProgram
from solver.engines.labels.packing import PackingSteps
from solver.engines.labels.packing_boxes import grouped, hull_directions
from solver.sweep.moip.claims import JobReport
from solver.sweep.moip.jobs import PACKING, PackJob
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
        self._given_up = False

    @staticmethod
    def suits(program: MultiObjectiveProgram) -> bool:
        """Whether the program is a set packing that the search takes."""
        return PackingSteps.applies(program.milp)

    def jobs(self) -> Iterator[PackJob | None]:
        """Steps one after the other; ``None`` means: wait for those that are out."""
        yield from self._supported()
        while self._ledger.open_corners and not self._given_up:
            for group in grouped(self._corners(), self._known())[: self._share]:
                yield self._job(tuple(group.direction.tolist()), group.corners, supported=False)
            yield None

    def learn(self, _: PackJob, report: JobReport) -> None:
        """Give up where steps are refused, or nothing that they prove is believed any more."""
        if report.refused or PACKING in self._ledger.distrusted:
            self._given_up = True

    def _supported(self) -> Iterator[PackJob | None]:
        """Every edge of the hull of the known points, until no step moves it."""
        asked: set[tuple[int, ...]] = set()
        while self._ledger.open_corners and not self._given_up:
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
