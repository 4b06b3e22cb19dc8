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

    ``rows`` as in ``float_program``, rows of demand times their demand, so that all is integer. A
    row of demand is a part of a class; without parts there is one for each class.
    """

    routing: Routing
    columns: list[int]
    """Positions in ``routing.columns``."""
    classes: list[int]
    parts: list[int]
    """For each row of demand its place among the multipliers of the routing."""
    pairs: list[tuple[int, int]]
    serves: list[tuple[int, ...]]
    """For each pair of column and class the rows of demand that its time serves."""
    rate: list[int]
    counts: list[int]
    demand: list[int]
    """Of each row of demand."""
    rows: list[dict[int, int]]
    right: list[int]

    @property
    def factor(self) -> int:
        """Position of lambda."""
        return len(self.pairs)


def _program(routing: Routing, counts: Sequence[int]) -> _Program:
    columns = [k for k, j in enumerate(routing.columns.tolist()) if counts[j] > 0]
    needs = routing.demand_at(counts)
    classes = [b for b, need in enumerate(needs) if need > 0]
    rates, carried = routing.rate.tolist(), routing.carried().tolist()
    parts = [part * len(needs) + size for part in range(routing.n_parts) for size in classes]
    pairs = [
        (k, b)
        for k, column in enumerate(columns)
        for b, size in enumerate(classes)
        if carried[column][size]
    ]
    serves = [
        tuple(i for i in range(b, len(parts), len(classes)) if rates[columns[k]][parts[i]])
        for k, b in pairs
    ]
    rate = [carried[columns[k]][classes[b]] for k, b in pairs]
    demand = [needs[b] for b in classes] * routing.n_parts
    rows: list[dict[int, int]] = [{} for _ in range(len(columns) + len(parts))]
    for place, ((k, _), served, per_s) in enumerate(zip(pairs, serves, rate, strict=True)):
        rows[k][place] = 1
        for i in served:
            rows[len(columns) + i][place] = -per_s
    for i, need in enumerate(demand):
        rows[len(columns) + i][len(pairs)] = need
    used = [int(counts[routing.columns[k]]) for k in columns]
    right = used + [0] * len(parts)
    return _Program(
        routing, columns, classes, parts, pairs, serves, rate, used, demand, rows, right
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
    The shares of each class add up to its demand, in every part of it: what is prompted in one
    replica and answered in another is the same traffic. A cut has integer weights, made as small
    as the counts allow (``formulations.fleet.routing_cuts.reduced``), and holds for every plan.
    """
    have = [int(count) for count in counts]
    if any(have[j] < 0 for j in routing.columns.tolist()):
        raise ValueError(f"{routing.name}: a count is negative")
    program = _program(routing, have)
    if not program.classes:
        return {}
    reached = {i for served in program.serves for i in served}
    for i in range(len(program.parts)):
        if i not in reached:
            return _cut(program, have, [int(a == i) for a in range(len(program.parts))])
    proposed = solve_in_floats(
        [k for k, _ in program.pairs],
        program.serves,
        program.rate,
        program.counts,
        program.demand,
    )
    if proposed is not None:
        shares = _proposed_shares(program, proposed)
        if shares is not None:
            return shares
        cut = _proposed_cut(program, have, proposed)
        if cut is not None:
            return cut
    return _by_simplex(program, have, proposed)


def _full(program: _Program, y: Sequence[int]) -> list[int]:
    """Multipliers of all parts of all classes of the routing."""
    whole = [0] * program.routing.rate.shape[1]
    for place, value in zip(program.parts, y, strict=True):
        whole[place] = value
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
    traffic: dict[int, Fraction] = {}
    done = dict.fromkeys(program.serves, Fraction(0))
    for place, (k, _) in enumerate(program.pairs):
        time = point.get(place)
        if time:
            busy[k] += time
            traffic[place] = time * program.rate[place]
            done[program.serves[place]] += traffic[place]
    if any(load > most for load, most in zip(busy, program.counts, strict=True)):
        return None
    kept = _kept(program, done)
    if kept is None:
        return None
    return {
        (int(program.routing.columns[program.columns[k]]), program.classes[b]): (
            traffic[place] * kept[program.serves[place]]
        )
        for place, (k, b) in enumerate(program.pairs)
        if place in traffic and kept[program.serves[place]]
    }


def _kept(
    program: _Program, done: Mapping[tuple[int, ...], Fraction]
) -> dict[tuple[int, ...], Fraction] | None:
    """For rows of demand served at once what to keep of their traffic, so that each is met exactly.

    Traffic that does all parts of a class comes first; the parts alone meet what it leaves.
    ``None`` where a row is not met.
    """
    kept: dict[tuple[int, ...], Fraction] = {}
    for b in range(len(program.classes)):
        every = tuple(range(b, len(program.parts), len(program.classes)))
        whole = done.get(every, Fraction(0))
        left = program.demand[b] - whole
        if whole:
            kept[every] = program.demand[b] / whole if left < 0 else Fraction(1)
        for alone in ((i,) for i in every if (i,) != every):
            found = done.get(alone, Fraction(0))
            if found < left:
                return None
            if found:
                kept[alone] = max(left, Fraction(0)) / found
        if len(every) == 1 and left > 0:
            return None
    return {rows: kept.get(rows, Fraction(0)) for rows in done}


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
    y = [tableau.multiplier(n + i) for i in range(len(program.parts))]
    scale = math.lcm(*(v.denominator for v in y))
    return _cut(program, counts, [int(v * scale) for v in y])
