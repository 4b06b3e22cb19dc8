"""The best cover bound: worths proposed by a linear program in floats, proved in integers.

Configurations (machines that reach the rate together in one layer) are added while one is cheaper
than a layer may cost. Which float program proposes the worths does not matter to the proof.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from formulations.milp import IntArray
from formulations.placement.cover import cover_rate_bound, cover_table
from formulations.placement.orbits import coarse_problem
from formulations.placement.problem import PlacementProblem

__all__ = ["FINE_GRID", "CoverBound", "best_cover_bound", "by_rates", "proposed_worths"]

_COARSE_GRID = 2520
FINE_GRID = 27720
"""A layer costs this much. Multiples of all numbers up to 10 and 12: thirds and eighths stay
exact, so that bounds which are met exactly stay met."""
_MOST_ROUNDS = 400


def by_rates(problem: PlacementProblem) -> PlacementProblem:
    """One orbit for each table of rates, capacities at their greatest: links no longer matter."""
    apart = problem.apart()
    groups: dict[tuple[int, ...], list[int]] = {}
    for machine, rates in enumerate(apart.rates):
        groups.setdefault(tuple(rates.tolist()), []).append(machine)
    return coarse_problem(apart, list(groups.values()), rounding="greatest")


@dataclass(frozen=True, slots=True, eq=False)
class CoverBound:
    """A rate that no plan exceeds, and what proves it.

    Parameters
    ----------
    worth
        (n,) int64 over the orbits of ``by_rates``; ``None`` where total work already says it.
    """

    rate: int
    worth: IntArray | None

    @property
    def argument(self) -> str:
        """What stands behind the bound, in a few words."""
        return "total work" if self.worth is None else "cover prices"


def proposed_worths(
    problem: PlacementProblem, rate: int, *, even_if_possible: bool = False
) -> IntArray | None:
    """Worths that refute ``rate`` if the configuration program can; ``None`` if it cannot.

    Parameters
    ----------
    problem
        One orbit a table of rates.
    even_if_possible
        Give the worths of the program also where they refute nothing.

    Returns
    -------
    (n,) int64, a layer costing the fine grid.
    """
    n = problem.n_orbits
    columns: list[npt.NDArray[np.float64]] = []
    for orbit in range(n):
        for layers in problem.held(orbit):
            column = np.zeros(n)
            column[orbit] = -(-rate // problem.rate(orbit, layers)) / layers
            columns.append(column)
    # Half a second to load, and most questions are answered without it.
    from scipy.optimize import linprog

    seen: set[tuple[float, ...]] = {tuple(column) for column in columns}
    for _ in range(_MOST_ROUNDS):
        answer = linprog(
            -np.ones(len(columns)),
            A_ub=np.column_stack(columns),
            b_ub=problem.count.astype(np.float64),
            method="highs",
        )
        if answer.status != 0 or answer.fun is None:
            return None
        dual = np.maximum(0.0, -np.asarray(answer.ineqlin.marginals, dtype=np.float64))
        # The program over some configurations is a lower bound on that over all of them.
        if not even_if_possible and -answer.fun > problem.layers * (1 + 1e-9):
            return None
        worth = np.floor(dual * _COARSE_GRID + 1e-6).astype(np.int64)
        table = cover_table(problem, worth, cost=_COARSE_GRID)
        cost = table.cheapest(rate)
        if cost is not None and cost < _COARSE_GRID:
            column = np.zeros(n)
            for (orbit, layers), times in table.chosen(cost).items():
                column[orbit] += times / layers
            if tuple(column) not in seen:
                seen.add(tuple(column))
                columns.append(column)
                continue
        return np.floor(dual * FINE_GRID + 1e-6).astype(np.int64)
    return None


def best_cover_bound(problem: PlacementProblem) -> CoverBound:
    """The least cover bound of this problem, or total work over layers if that is no greater."""
    typed = by_rates(problem)
    best = CoverBound(problem.work_bound(), None)
    while best.rate > 0:
        worth = proposed_worths(typed, best.rate)
        if worth is None:
            break
        rate = cover_rate_bound(typed, worth)
        if rate >= best.rate:
            break
        best = CoverBound(rate, worth)
    return best
