r"""Most of each column that any plan needs: bounds that lose nothing.

Two kinds of bound, both exact:

* *implied*: a limit row :math:`\sum_j b_j n_j \le B` gives
  :math:`n_j \le (B + \sum_{b_k < 0} |b_k| u_k) / b_j`; racks hold only so many; a column with a
  negative entry in a covering row (the rate), or the pace of a routing, is held by what the others
  can cover;
* *useful*: where a unit of a column costs no measure less than 0, and what is left of the column
  alone meets every demand and supplies every limit row it supports, a unit can be taken away. So
  some best plan has at most :math:`\max_i \lceil d_i / a_{ij} \rceil` of it.

Taking away lowers counts only, so the bounds may lean on one another; they are tightened in a few
passes, and in more as long as some column has none. Any feasible plan can be brought under all of
them without loss, which is what makes dominance (``dominance.py``) safe: a plan that a swap pushes
over a bound comes back under it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from formulations.fleet.problem import FleetProblem
from formulations.fleet.racks import Racks
from formulations.fleet.routing_cuts import initial_cuts
from formulations.milp import INFINITY, IntArray

__all__ = ["implied_uppers", "with_implied_uppers", "with_limits"]

_PASSES = 4


def with_limits(problem: FleetProblem, limits: Mapping[str, int]) -> FleetProblem:
    """The problem with other right-hand sides, and column bounds to match.

    Bounds of columns come from the limits, so a raised limit needs new bounds too. ``INFINITY``
    lifts a limit; a column that then has no bound keeps its old one.

    Raises
    ------
    ValueError
        If there is no limit of a name.
    """
    unknown = set(limits) - set(problem.limit_names)
    if unknown:
        raise ValueError(f"{problem.name}: no limit {', '.join(sorted(unknown))}")
    changed = replace(
        problem,
        limit=np.array(
            [
                limits.get(name, side)
                for name, side in zip(problem.limit_names, problem.limit.tolist(), strict=True)
            ],
            dtype=np.int64,
        ),
    )
    return with_implied_uppers(changed)


def with_implied_uppers(problem: FleetProblem) -> FleetProblem:
    """The problem with every bound that its rows imply; a column without one keeps its own."""
    upper = implied_uppers(problem)
    return replace(problem, upper=np.where(upper < INFINITY, upper, problem.upper))


def implied_uppers(problem: FleetProblem) -> IntArray:
    """(n,) bounds that some best plan meets, at every bound on grades; ``INFINITY`` for none.

    ``problem.upper`` is not looked at, except for columns of a negative measure that nothing else
    bounds.
    """
    upper = np.full(problem.n_columns, INFINITY, dtype=np.int64)
    if problem.racks is not None:
        _hold_by_racks(problem.racks, upper)
    passes = 0
    while True:
        before = upper.copy()
        _hold_by_limits(problem, upper)
        _hold_by_cover(problem, upper)
        np.minimum(upper, _useful(problem, upper), out=upper)
        passes += 1
        # Columns that supply one another, as cuts of nodes do, get their first bound one by one.
        first = bool((upper[before >= INFINITY] < INFINITY).any())
        if (upper == before).all() or (passes >= _PASSES and not first):
            break
    return np.maximum(upper, 0)


def _total(values: IntArray, upper: IntArray) -> int | None:
    """Sum of ``values * upper`` without overflow; ``None`` where a bound is missing."""
    if (upper >= INFINITY).any():
        return None
    return int(sum(v * u for v, u in zip(values.tolist(), upper.tolist(), strict=True)))


def _divided(total: int, values: IntArray) -> IntArray:
    """``total // values`` (all positive), capped at ``INFINITY``."""
    return np.minimum(min(max(total, 0), INFINITY) // values, INFINITY)


def _divided_up(total: int, values: IntArray) -> IntArray:
    if total <= 0:
        return np.zeros(len(values), dtype=np.int64)
    if total >= INFINITY:
        return np.full(len(values), INFINITY, dtype=np.int64)
    return (total - 1) // values + 1


def _fit(racks: Racks) -> IntArray:
    """(orbits, items): how many of an item alone one rack holds; ``INFINITY`` for no limit."""
    fit = np.full((len(racks.count), len(racks.items)), INFINITY, dtype=np.int64)
    for d in range(racks.size.shape[1]):
        size = racks.size[:, d]
        sized = size > 0
        most = racks.capacity[:, d][:, None] // np.where(sized, size, 1)
        fit = np.where(sized, np.minimum(fit, most), fit)
    return np.where(racks.admits, fit, 0)


def _hold_by_racks(racks: Racks, upper: IntArray) -> None:
    fit = _fit(racks)
    for k, column in enumerate(racks.items.tolist()):
        most = sum(
            min(units * times, INFINITY)
            for units, times in zip(fit[:, k].tolist(), racks.count.tolist(), strict=True)
        )
        upper[column] = min(int(upper[column]), most)


def _hold_by_limits(problem: FleetProblem, upper: IntArray) -> None:
    for r, side in enumerate(problem.limit.tolist()):
        if side >= INFINITY:
            continue
        columns, values = problem.use.row(r)
        taking = values > 0
        more = _total(-values[~taking], upper[columns[~taking]])
        if more is not None:
            held = columns[taking]
            upper[held] = np.minimum(upper[held], _divided(side + more, values[taking]))


def _hold_by_cover(problem: FleetProblem, upper: IntArray) -> None:
    rows = [(*problem.cover.row(i), need) for i, need in enumerate(problem.demand.tolist())]
    for routing in problem.routings:
        for cut in () if routing.pace is None else initial_cuts(routing):
            entries = [(j, w) for j, w in zip(cut.columns, cut.weight, strict=True) if w]
            table = np.array(entries, dtype=np.int64).reshape(-1, 2)
            rows.append((table[:, 0], table[:, 1], cut.least))
    for columns, values, need in rows:
        taking = values < 0
        if not taking.any():
            continue
        most = _most_cover(problem, columns[~taking], values[~taking], upper)
        if most is not None:
            held = columns[taking]
            upper[held] = np.minimum(upper[held], _divided(most - need, -values[taking]))


def _most_cover(
    problem: FleetProblem, columns: IntArray, values: IntArray, upper: IntArray
) -> int | None:
    """Most that the columns can cover together: all of them, or what one limit row allows.

    A row all of whose share allows ``B`` gives at most ``B max_j a_j / b_j`` (one knapsack row,
    relaxed).
    """
    best = _total(values, upper[columns])
    for r, side in enumerate(problem.limit.tolist()):
        if side >= INFINITY:
            continue
        users, uses = problem.use.row(r)
        place = np.searchsorted(users, columns)
        place[place == len(users)] = 0
        if not len(users) or (users[place] != columns).any() or (uses[place] <= 0).any():
            continue
        more = _total(-uses[uses < 0], upper[users[uses < 0]])
        if more is None:
            continue
        most = max(
            (
                a * (side + more) // b
                for a, b in zip(values.tolist(), uses[place].tolist(), strict=True)
            ),
            default=0,
        )
        best = most if best is None else min(best, most)
    return best


def _useful(problem: FleetProblem, upper: IntArray) -> IntArray:
    """What no column needs to exceed; ``INFINITY`` where a unit too many may still pay."""
    useful = np.zeros(problem.n_columns, dtype=np.int64)
    for i, need in enumerate(problem.demand.tolist()):
        columns, values = problem.cover.row(i)
        drawing = values < 0
        more = _total(-values[drawing], upper[columns[drawing]])
        useful[columns[drawing]] = INFINITY
        serving = columns[~drawing]
        enough = (
            np.full(len(serving), INFINITY, dtype=np.int64)
            if more is None
            else _divided_up(need + more, values[~drawing])
        )
        useful[serving] = np.maximum(useful[serving], enough)
    for routing in problem.routings:
        # Exact sums of fractions are not needed: rounding every class up is safe.
        alone = np.zeros(len(routing.columns), dtype=np.int64)
        times = 1
        if routing.pace is not None:
            times = int(upper[routing.pace])
            useful[routing.pace] = INFINITY
        carried = routing.carried()
        for b, need in enumerate(routing.demand.tolist()):
            able = carried[:, b] > 0
            units = _divided_up(need * times, carried[able, b])
            # Sums of bounds that are none stay within 64 bits.
            alone[able] = np.minimum(alone[able], INFINITY - units) + units
        useful[routing.columns] = np.maximum(useful[routing.columns], alone)
    if problem.racks is not None and problem.racks.survive_loss:
        # What is lost with a rack must be there twice.
        fit = _fit(problem.racks).max(axis=0, initial=0)
        items = problem.racks.items
        known = (fit < INFINITY) & (useful[items] < INFINITY)
        useful[items] = np.where(known, useful[items] + np.where(known, fit, 0), INFINITY)
    for r, side in enumerate(problem.limit.tolist()):
        columns, values = problem.use.row(r)
        giving = values < 0
        if not giving.any() or side >= INFINITY:
            continue
        wanted = _total(values[~giving], upper[columns[~giving]])
        givers = columns[giving]
        enough = (
            np.full(len(givers), INFINITY, dtype=np.int64)
            if wanted is None
            else _divided_up(wanted - side, -values[giving])
        )
        useful[givers] = np.maximum(useful[givers], enough)
    for array in problem.measures.values():
        useful[array < 0] = INFINITY
    return useful
