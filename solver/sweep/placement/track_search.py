"""A faster plan of aligned blocks than stages allow; a search for plans, which proves nothing."""

from __future__ import annotations

import time

from formulations.placement.arc_flow import links_may_bind
from formulations.placement.max_flow import routed_plan
from formulations.placement.orbits import coarse_problem, twins
from formulations.placement.plan import HeldRange, PlacementPlan, rate_of
from formulations.placement.problem import PlacementProblem
from formulations.placement.tracks import HELD, build_tracks, cheap_splits
from solver.engines.contract import Engine
from solver.sweep.placement.cover_bound import FINE_GRID, proposed_worths

__all__ = ["TrackSearch", "fast_tracks"]

_SHARE, _LONGEST_S = 6, 60.0
"""No single solve takes more than this part of the time there is, and no longer: it is a search for
plans, and others wait."""

_CLOSE = 50_000
"""The search ends when the rates tried are this part of the rate apart."""


class TrackSearch:
    """Blocks of one problem at any rate."""

    def __init__(self, problem: PlacementProblem, engine: Engine) -> None:
        self._problem, self._engine = problem, engine
        self._groups = twins(problem)
        self._merged = coarse_problem(problem, self._groups, rounding="least")
        self.solves = 0

    def applies(self, ceiling: int) -> bool:
        """Whether no link, source or sink can bind at ``ceiling``."""
        edges = zip(self._merged.source.tolist(), self._merged.sink.tolist(), strict=True)
        return not links_may_bind(self._merged, ceiling) and all(
            min(pair) >= min(ceiling, self._merged.fastest(orbit))
            for orbit, pair in enumerate(edges)
        )

    def at(self, rate: int, time_limit_s: float) -> PlacementPlan | None:
        """A plan of at least ``rate``, if one is found in time."""
        worth = proposed_worths(self._merged, rate, even_if_possible=True)
        if worth is None:
            return None
        splits = cheap_splits(
            self._merged, worth, rate, cost=FINE_GRID + FINE_GRID // 10, excess=FINE_GRID // 25
        )
        stated = build_tracks(self._merged, rate, splits)
        self._engine.load(stated.statement)
        self.solves += 1
        answer = self._engine.minimise(
            HELD, upper={HELD: -self._problem.layers}, time_limit_s=time_limit_s
        )
        if answer.x is None:
            return None
        waiting = [list(members) for members in self._groups]
        ranges = [
            HeldRange(waiting[held.orbit].pop(0), held.first, held.layers)
            for held in stated.decode(answer.x).ranges
            for _ in range(held.machines)
        ]
        return routed_plan(self._problem, ranges)


def fast_tracks(
    problem: PlacementProblem,
    *,
    reached: int,
    ceiling: int,
    engine: Engine,
    time_limit_s: float,
    only_at_ceiling: bool = False,
) -> tuple[PlacementPlan | None, int]:
    """The fastest plan of blocks that halving between ``reached`` and ``ceiling`` finds.

    Parameters
    ----------
    only_at_ceiling
        Ask for a plan that meets the ceiling, and for no other.

    Returns
    -------
    plan
        On single machines; ``None`` if nothing above ``reached`` was found.
    solves
        Programs solved.
    """
    end_s = time.perf_counter() + time_limit_s
    search = TrackSearch(problem, engine)
    best: PlacementPlan | None = None
    low, high = reached, ceiling
    if not search.applies(ceiling):
        return None, 0
    asked = ceiling
    while low < high and (high - low) * _CLOSE > high:
        left_s = end_s - time.perf_counter()
        if left_s <= 0:
            break
        found = search.at(asked, min(left_s, time_limit_s / _SHARE, _LONGEST_S))
        if found is None or rate_of(found) <= low:
            high = asked - 1
        else:
            best, low = found, rate_of(found)
        if only_at_ceiling:
            break
        asked = (low + high + 1) // 2
    return best, search.solves
