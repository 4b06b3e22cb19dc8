"""Which packing searches to ask for: all open boxes, shared out, and again with more time."""

from __future__ import annotations

from collections.abc import Iterator

from formulations.moip.problem import MultiObjectiveProgram
from solver.engines.labels.packing import PackingLister
from solver.sweep.moip.claims import JobReport
from solver.sweep.moip.jobs import PackJob
from solver.sweep.moip.ledger import Ledger

__all__ = ["PackPlan"]

_FIRST_SLICE_S = 60.0
_LONGER = 2.0
_SLICES = 5
_NODE_LIMIT = 10_000_000


class PackPlan:
    """Packing searches for one program, until its boxes are closed or time does not help.

    Parameters
    ----------
    share
        How many jobs make sense at once. Neighbouring boxes stay together: one direction often
        serves them all.
    """

    def __init__(self, ledger: Ledger, *, share: int) -> None:
        self._ledger = ledger
        self._share = share
        self._progress = False

    @staticmethod
    def suits(program: MultiObjectiveProgram) -> bool:
        """Whether the program is a set packing that the search takes."""
        return PackingLister.applies(program.milp)

    def learn(self, report: JobReport) -> None:
        """Take note of what a search brought home."""
        self._progress |= bool(report.claims)

    def jobs(self) -> Iterator[PackJob | None]:
        """Searches one after the other; ``None`` means: wait for those that are out."""
        slice_s, failures = _FIRST_SLICE_S, 0
        while failures < _SLICES:
            corners = self._ledger.open_corners
            if not corners:
                return
            self._progress = False
            known = tuple(self._ledger.nondominated())
            size = -(-len(corners) // self._share)
            for start in range(0, len(corners), size):
                yield PackJob(
                    corners=tuple(corners[start : start + size]),
                    known=known,
                    node_limit=_NODE_LIMIT,
                    time_limit_s=slice_s,
                )
            yield None
            if not self._progress:
                failures += 1
                slice_s *= _LONGER
