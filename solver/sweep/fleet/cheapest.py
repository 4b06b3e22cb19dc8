"""The cheapest plan in a few seconds, for a first look at a question."""

from __future__ import annotations

import time
from dataclasses import dataclass

from formulations.fleet.plan import FleetPlan
from solver.lowering.fleet.space import FleetSpace
from solver.sweep.fleet.asking import ask_least
from solver.sweep.fleet.boxes import Stop
from solver.sweep.fleet.image import Objectives
from solver.sweep.fleet.roads import Road

__all__ = ["FirstLook", "first_look"]


@dataclass(frozen=True, slots=True, eq=False)
class FirstLook:
    """What was found in time.

    Parameters
    ----------
    plan
        Of least cost (or else of the first measure traded off); ``None`` where none was found.
    unproved
        Why that is not proved; empty where it is.
    """

    plan: FleetPlan | None
    unproved: str

    @property
    def infeasible(self) -> bool:
        """Proved: no plan meets the limits."""
        return self.plan is None and not self.unproved


def first_look(space: FleetSpace, *, time_limit_s: float) -> FirstLook:
    """The cheapest plan at any speed, as far as ``time_limit_s`` goes."""
    stop = Stop(time.monotonic() + time_limit_s)
    pivot = Objectives.of(space).pivot_name
    found = ask_least(space.problem, pivot, road=Road, stop=stop)
    return FirstLook(found.plan, found.unproved)
