"""Racks left out at first: the least without them is a bound, and often its plan fits into racks.

The problem without racks carries rows that racks imply (``formulations.fleet.rack_rows``). Where
its best plan stands in racks, bound and plan meet. Where it cannot and a row says why, the row is
added and the box asked again. Where neither is seen, only the bound stays, and the caller states
the racks in full.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from formulations.fleet.problem import FleetProblem
from formulations.fleet.rack_rows import initial_rows, without_racks
from solver.sweep.fleet.boxes import Answer, Box, Stop, checked_plan
from solver.sweep.fleet.rack_filling import fill_racks

__all__ = ["UNSETTLED", "RackRoad"]

UNSETTLED = "the cheapest without racks was not seen to fit into them"


class _Least(Protocol):
    def least(
        self,
        measure: str,
        box: Box,
        *,
        stop: Stop,
        below: int | None = None,
        at_least: int | None = None,
    ) -> Answer: ...


class RackRoad:
    """Boxes of one problem with racks, none of which need survive a loss.

    Parameters
    ----------
    road
        Makes a road for a problem without racks.
    """

    def __init__(self, problem: FleetProblem, road: Callable[[FleetProblem], _Least]) -> None:
        self.problem = problem
        self._make = road
        self._rows = initial_rows(problem)
        self._road = road(without_racks(problem, self._rows))

    def least(
        self,
        measure: str,
        box: Box,
        *,
        stop: Stop,
        below: int | None,
        at_least: int | None,
    ) -> Answer:
        """The least in the box; ``UNSETTLED``, with a bound, where racks cannot be left out."""
        solves = 0
        while True:
            answer = self._road.least(measure, box, stop=stop, below=below, at_least=at_least)
            solves += answer.solves
            if answer.plan is None:
                return replace(answer, solves=solves)
            filled = fill_racks(self.problem, answer.plan.counts, time_limit_s=stop.left_s)
            if isinstance(filled, tuple):
                plan = checked_plan(
                    self.problem, answer.plan.counts, box, racks=filled, shares=answer.plan.shares
                )
                return replace(answer, plan=plan, solves=solves)
            if filled is None or filled in self._rows:
                stopped = answer.stopped or UNSETTLED
                return replace(answer, plan=None, value=None, solves=solves, stopped=stopped)
            self._rows.append(filled)
            self._road = self._make(without_racks(self.problem, self._rows))
