"""The least rate that the crossing argument refutes, found by halving."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from formulations.milp import IntArray
from formulations.placement.crossing import crossing_refutes
from formulations.placement.orbits import coarse_problem
from formulations.placement.problem import PlacementProblem
from solver.sweep.placement.cover_bound import by_rates, proposed_worths
from solver.sweep.placement.regions import groups_within, regions_at

__all__ = ["CrossingBound", "best_crossing_bound"]

_MOST_STEPS = 40


@dataclass(frozen=True, slots=True, eq=False)
class CrossingBound:
    """A rate that no plan exceeds, and what proves it.

    Parameters
    ----------
    groups
        Single machines put together, links at their greatest.
    regions
        Places in ``groups``.
    worth
        (n,) int64, of a machine of each group.
    """

    rate: int
    groups: tuple[tuple[int, ...], ...]
    regions: tuple[tuple[int, ...], ...]
    worth: IntArray

    @property
    def argument(self) -> str:
        """What stands behind the bound, in a few words."""
        return "crossing argument"


def best_crossing_bound(
    problem: PlacementProblem, *, reached: int, ceiling: int
) -> CrossingBound | None:
    """The least bound below ``ceiling`` that halving finds; ``None`` if there is none.

    Parameters
    ----------
    problem
        Of single machines.
    reached
        Rate of a known plan; tried first, since the bound may meet it.
    ceiling
        A proven bound.
    """
    groups, regions = groups_within(problem, regions_at(problem, ceiling))
    if len(regions) < 2:
        return None
    coarse = coarse_problem(problem, groups, rounding="greatest")
    typed = by_rates(problem)
    kind = {tuple(rates.tolist()): orbit for orbit, rates in enumerate(typed.rates)}
    of_group = np.array([kind[tuple(rates.tolist())] for rates in coarse.rates])
    best: CrossingBound | None = None
    low, high = reached, ceiling
    asked = reached
    for _ in range(_MOST_STEPS):
        if low >= high:
            break
        # The program is asked at the ceiling: there it has the least slack.
        worth = None
        for rate in (asked + 1, high):
            proposed = proposed_worths(typed, rate, even_if_possible=True)
            if proposed is not None and crossing_refutes(
                coarse, regions, proposed[of_group], asked + 1
            ):
                worth = proposed[of_group]
                break
        if worth is not None:
            best = CrossingBound(asked, groups, regions, worth)
            high = asked
        else:
            low = asked + 1
        asked = (low + high) // 2
    return best
