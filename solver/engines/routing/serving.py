r"""Exact answers about a fleet of fixed counts: shares that serve every class, or a broken cut.

``serve`` asks for the greatest :math:`\lambda` such that the counts carry :math:`\lambda d`. A
float program proposes; then one of two certificates is found in exact arithmetic:

* shares: the proposed basis solved in fractions, if it has no negative value and
  :math:`\lambda \ge 1`;
* a cut: the proposed multipliers rounded to integers, if the counts break the row they give.

Where neither holds (the two are closer than floats can tell), the exact simplex method goes on from
the proposed basis, or from the slacks if that basis is not feasible, until :math:`\lambda \ge 1`
or an optimum below 1 gives the multipliers of a broken cut. No decision rests on a float.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from formulations.fleet.routing import Cut, Routing
from formulations.fleet.routing_cuts import breaks, reduced
from formulations.milp import IntArray
from solver.engines.routing.exact_system import solve_exactly
from solver.engines.routing.float_program import FloatAnswer, solve_in_floats
from solver.engines.routing.simplex import Tableau

__all__ = ["Shares", "serve"]

Shares = Mapping[tuple[int, int], Fraction]
"""(column of the problem, class) -> traffic in the unit of the demand."""

_GRIDS = (2**20, 2**32, 2**44)


@dataclass(frozen=True, slots=True)
class _Program:
    """The program over columns in use and classes in demand, both renumbered.

    ``rows`` as in ``float_program``, class rows times their demand, so that all is integer.
    """

    routing: Routing
    columns: list[int]
    """Positions in ``routing.columns``."""
    classes: list[int]
    pairs: list[tuple[int, int]]
    rate: list[int]
    counts: list[int]
    demand: list[int]
    rows: list[dict[int, int]]
    right: list[int]

    @property
    def factor(self) -> int:
        """Position of lambda."""
        return len(self.pairs)


def _program(routing: Routing, counts: Sequence[int]) -> _Program:
    columns = [k for k, j in enumerate(routing.columns.tolist()) if counts[j] > 0]
    classes = [b for b, need in enumerate(routing.demand.tolist()) if need > 0]
    rates = routing.rate.tolist()
    pairs = [
        (k, b)
        for k, column in enumerate(columns)
        for b, size in enumerate(classes)
        if rates[column][size]
    ]
    rate = [rates[columns[k]][classes[b]] for k, b in pairs]
    demand = [int(routing.demand[b]) for b in classes]
    rows: list[dict[int, int]] = [{} for _ in range(len(columns) + len(classes))]
    for place, ((k, b), carried) in enumerate(zip(pairs, rate, strict=True)):
        rows[k][place] = 1
        rows[len(columns) + b][place] = -carried
    for b, need in enumerate(demand):
        rows[len(columns) + b][len(pairs)] = need
    used = [int(counts[routing.columns[k]]) for k in columns]
    return _Program(
        routing, columns, classes, pairs, rate, used, demand, rows, used + [0] * len(classes)
    )


def serve(routing: Routing, counts: IntArray | Sequence[int]) -> Shares | Cut:
    """Shares with which ``counts`` meet every demand exactly, or a cut that they break.

    Parameters
    ----------
    counts : (n,) integers
        Of all columns of the problem, not negative.

    Raises
    ------
    ValueError
        If a count is negative.

    Notes
    -----
    The shares of each class add up to its demand. A cut has integer weights, made as small as the
    counts allow (``formulations.fleet.routing_cuts.reduced``), and holds for every plan.
    """
    have = [int(count) for count in counts]
    if any(have[j] < 0 for j in routing.columns.tolist()):
        raise ValueError(f"{routing.name}: a count is negative")
    program = _program(routing, have)
    if not program.classes:
        return {}
    reached = {b for _, b in program.pairs}
    for b in range(len(program.classes)):
        if b not in reached:
            return _cut(program, have, [int(a == b) for a in range(len(program.classes))])
    proposed = solve_in_floats(program.pairs, program.rate, program.counts, program.demand)
    if proposed is not None:
        shares = _proposed_shares(program, proposed)
        if shares is not None:
            return shares
        cut = _proposed_cut(program, have, proposed)
        if cut is not None:
            return cut
    return _by_simplex(program, have, proposed)


def _full(program: _Program, y: Sequence[int]) -> list[int]:
    """Multipliers of all classes of the routing."""
    whole = [0] * len(program.routing.demand)
    for b, value in zip(program.classes, y, strict=True):
        whole[b] = value
    return whole


def _cut(program: _Program, counts: Sequence[int], y: Sequence[int]) -> Cut:
    return reduced(program.routing.cut(_full(program, y)), counts)


def _proposed_cut(program: _Program, counts: Sequence[int], proposed: FloatAnswer) -> Cut | None:
    """The cut of the proposed multipliers on the coarsest grid on which the counts break it."""
    floats = [v / d for v, d in zip(proposed.multipliers, program.demand, strict=True)]
    largest = max(floats)
    if not (math.isfinite(largest) and largest > 0):
        return None
    for grid in _GRIDS:
        y = [round(v / largest * grid) if v > 0 else 0 for v in floats]
        if breaks(program.routing.cut(_full(program, y)), counts):
            return _cut(program, counts, y)
    return None


def _proposed_shares(program: _Program, proposed: FloatAnswer) -> Shares | None:
    """The shares of the proposed basis, if it serves exactly what is asked."""
    inside = set(proposed.basic)
    rows = [{k: v for k, v in program.rows[i].items() if k in inside} for i in proposed.tight]
    point = solve_exactly(rows, [program.right[i] for i in proposed.tight])
    return None if point is None else _shares(program, point)


def _shares(program: _Program, point: Mapping[int, Fraction]) -> Shares | None:
    """Traffic out of replica times, cut down to the demand; ``None`` if it does not suffice."""
    if min(point.values(), default=Fraction(0)) < 0:
        return None
    busy = [Fraction(0)] * len(program.columns)
    served = [Fraction(0)] * len(program.classes)
    for place, (k, b) in enumerate(program.pairs):
        time = point.get(place, Fraction(0))
        busy[k] += time
        served[b] += time * program.rate[place]
    if any(load > most for load, most in zip(busy, program.counts, strict=True)):
        return None
    if any(have < need for have, need in zip(served, program.demand, strict=True)):
        return None
    return {
        (int(program.routing.columns[program.columns[k]]), program.classes[b]): (
            point[place] * program.rate[place] * program.demand[b] / served[b]
        )
        for place, (k, b) in enumerate(program.pairs)
        if point.get(place)
    }


def _by_simplex(
    program: _Program, counts: Sequence[int], proposed: FloatAnswer | None
) -> Shares | Cut:
    """One of the two certificates, by exact pivots."""

    def fresh() -> Tableau:
        return Tableau(program.rows, program.right, {program.factor: 1}, program.factor + 1)

    tableau = fresh()
    if proposed is not None and not tableau.start_from(proposed.basic, proposed.tight):
        tableau = fresh()
    tableau.maximise(enough=lambda factor: factor >= 1)
    if tableau.reached >= 1:
        shares = _shares(program, tableau.point())
        if shares is None:
            raise ArithmeticError(f"{program.routing.name}: exact shares fail their check")
        return shares
    n = len(program.columns)
    y = [tableau.multiplier(n + b) for b in range(len(program.classes))]
    scale = math.lcm(*(v.denominator for v in y))
    return _cut(program, counts, [int(v * scale) for v in y])
