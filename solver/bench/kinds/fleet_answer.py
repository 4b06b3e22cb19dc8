"""What counts and racks are worth in a fleet problem, and the routing cuts that they break."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from formulations.fleet.plan import FilledRack, FleetPlan, measures_of, violations
from formulations.fleet.problem import FleetProblem
from formulations.fleet.routing import Cut
from formulations.milp import IntArray
from solver.engines.routing.serving import serve

__all__ = ["attained_by"]


def attained_by(
    problem: FleetProblem,
    counts: IntArray,
    racks: Sequence[FilledRack],
    learned: list[list[list[Cut]]],
) -> dict[str, int]:
    """Measures of counts that hold in the problem, routing aside.

    Parameters
    ----------
    learned
        Receives the cuts that the counts break, a list for each routing, where they cannot serve
        every class: such counts are no answer yet.

    Raises
    ------
    ValueError
        If they break anything else.
    """
    found = [serve(routing, counts) for routing in problem.routings]
    cuts = [[one] if isinstance(one, Cut) else [] for one in found]
    if any(cuts):
        learned.append(cuts)
        return measures_of(problem, counts)
    shares = tuple(one for one in found if not isinstance(one, Cut))
    plan = FleetPlan(np.array(counts, dtype=np.int64), shares, tuple(racks))
    broken = violations(problem, plan)
    if broken:
        raise ValueError(broken[0])
    return measures_of(problem, plan.counts)
