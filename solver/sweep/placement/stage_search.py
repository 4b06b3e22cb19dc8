"""The fastest chain of stages: ``patterns`` asked at rates that close in on the greatest.

A chain at one rate is a chain at every lower rate, so halving closes in on the greatest rate of
this kind of plan. Nothing is claimed but the plan: what is faster is left to the bounds.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import permutations

from formulations.placement.max_flow import routed_plan
from formulations.placement.orbits import coarse_problem
from formulations.placement.patterns import HELD, build_patterns
from formulations.placement.plan import HeldRange, PlacementPlan, rate_of
from formulations.placement.problem import PlacementProblem
from solver.engines.contract import Engine
from solver.sweep.placement.regions import groups_within, regions_at

__all__ = ["StageSearch", "fastest_chain"]

MOST_REGIONS = 4
"""With more regions only chains through one or two of them are tried."""

_CLOSE = 5000
"""The search ends when the rates tried are this part of the rate apart."""


@dataclass(frozen=True, slots=True, eq=False)
class StageSearch:
    """The best chain found.

    Parameters
    ----------
    plan
        On single machines, routed over their own links; ``None`` if there is none.
    solves
        Programs solved.
    """

    plan: PlacementPlan | None
    solves: int


def _orders(n_regions: int) -> list[tuple[int, ...]]:
    longest = n_regions if n_regions <= MOST_REGIONS else 2
    return [
        order
        for length in range(longest, 0, -1)
        for order in permutations(range(n_regions), length)
    ]


class _Chains:
    """Chains of one problem at any rate up to ``ceiling``."""

    def __init__(
        self, problem: PlacementProblem, ceiling: int, engine: Engine, deadline: Callable[[], float]
    ) -> None:
        self._problem, self._engine, self._deadline = problem, engine, deadline
        self._groups, self._regions = groups_within(problem, regions_at(problem, ceiling))
        self._coarse = coarse_problem(problem, self._groups, rounding="least")
        self._orders = _orders(len(self._regions))
        self.solves = 0

    def at(self, rate: int) -> PlacementPlan | None:
        """A plan of at least ``rate``, or ``None`` if none was found."""
        for order in list(self._orders):
            left_s = self._deadline()
            if left_s <= 0:
                return None
            regions = [self._regions[r] for r in order]
            held = max(len(self._coarse.rates[orbit]) for region in regions for orbit in region)
            machines = sum(int(self._coarse.count[orbit]) for region in regions for orbit in region)
            if held * machines < self._problem.layers:
                continue
            stated = build_patterns(self._coarse, rate, regions)
            self._engine.load(stated.statement)
            self.solves += 1
            answer = self._engine.minimise(
                HELD, upper={HELD: -self._problem.layers}, time_limit_s=left_s
            )
            if answer.x is not None:
                # The next rate is a little higher: what worked now is tried first then.
                self._orders.remove(order)
                self._orders.insert(0, order)
                return self._on_machines(stated.decode(answer.x))
        return None

    def _on_machines(self, plan: PlacementPlan) -> PlacementPlan:
        waiting = [list(members) for members in self._groups]
        ranges = [
            HeldRange(waiting[held.orbit].pop(0), held.first, held.layers)
            for held in plan.ranges
            for _ in range(held.machines)
        ]
        return routed_plan(self._problem, ranges)


def fastest_chain(
    problem: PlacementProblem,
    *,
    ceiling: int,
    engine: Engine,
    time_limit_s: float,
    only_at_ceiling: bool = False,
) -> StageSearch:
    """The fastest chain of stages.

    Parameters
    ----------
    problem
        Of single machines.
    ceiling
        A proven bound on the rate; tried first.
    only_at_ceiling
        Ask for a chain that meets the ceiling, and for no other.

    Raises
    ------
    ValueError
        If stage patterns are too many; see ``build_patterns``.
    """
    end = time.perf_counter() + time_limit_s
    chains = _Chains(problem, ceiling, engine, lambda: end - time.perf_counter())
    best: PlacementPlan | None = None
    low, high = 0, ceiling
    asked = ceiling
    while low < high and (high - low) * _CLOSE > high:
        found = chains.at(asked)
        if found is None:
            high = asked - 1
        else:
            best, low = found, rate_of(found)
        if only_at_ceiling:
            break
        asked = (low + high + 1) // 2
    return StageSearch(best, chains.solves)
