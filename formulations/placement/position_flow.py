r"""Arc flow of single machines: what each machine hands to each other at each position.

The form that ``arc_flow`` takes where every machine stands alone and links bind, or where links are
shared. Flow between two machines is known by the position at which they meet, not by their ranges,
so there are :math:`n^2 L` flows and not the square of the number of ranges.

Sets: machines :math:`i`; ranges :math:`a = (i, s_a, k_a)` with end :math:`e_a = s_a + k_a \le L`;
positions :math:`0 < p < L`; shared rows :math:`r` of pairs :math:`U_r` with weights
:math:`w_{rij}`.

Variables: :math:`n_a \in \{0, 1\}`, the machine holds range a; :math:`f_a \in \mathbb{Z}_{\ge 0}`,
flow through it; :math:`g_{ijp} \in \mathbb{Z}_{\ge 0}`, flow from i, which ends at p, to j, which
starts there.

.. math::
    \min\; -\sum_{a : s_a = 0} f_a \quad \text{subject to} \quad
    f_a \le T_a n_a, \qquad \sum_{a \in i} n_a \le 1

with :math:`T_a` the rate of i at :math:`k_a` layers, or what source and sink let through if less.

.. math::
    \sum_j g_{ijp} = \sum_{a \in i : e_a = p} f_a, \qquad
    \sum_i g_{ijp} = \sum_{a \in j : s_a = p} f_a

.. math::
    g_{ijp} \le c_{ij} \sum_{a \in i : e_a = p} n_a, \qquad
    g_{ijp} \le c_{ij} \sum_{a \in j : s_a = p} n_a

where a link is narrower than what either machine lets through. A shared row sums over positions;
the flow from the source to i is that of its ranges at 0, to the sink that of its ranges up to L:

.. math::
    \sum_{(i, j) \in U_r} w_{rij} \sum_p g_{ijp} + \dots \le C_r

Of machines that may change places the ranges are put in order, which keeps one of all equal plans.

Size: for n machines with R ranges, :math:`2 R` columns and one for each :math:`g`; :math:`n + R`
rows, up to two for each :math:`g` (where the link is narrower than the machine before, and than
that behind), one for each machine and inner position at which a range of it may end, one for each
at which one may start, and one for each two of a group of equal machines that follow each other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from formulations.formulation import StatedProblem
from formulations.milp import IntArray
from formulations.placement.plan import SINK, SOURCE, HeldRange, PlacementPlan
from formulations.placement.problem import THROUGHPUT, PlacementProblem
from formulations.placement.shared_flow import SharedRow, alike_within, put_shared_rows
from formulations.rows import SparseRows
from formulations.size import ProgramSize

__all__ = ["build_position_flow", "position_columns", "size_position_flow"]

_NONE = np.empty(0, dtype=np.int64)
_Place = tuple[int, int]
"""A machine and a position."""


def position_columns(problem: PlacementProblem) -> int:
    """How many columns the program would have, links of capacity 0 counted in."""
    alone = problem.apart()
    ranges = sum(alone.layers - k + 1 for i in range(alone.n_orbits) for k in alone.held(i))
    return 2 * ranges + alone.n_orbits * (alone.n_orbits - 1) * (alone.layers - 1)


@dataclass(frozen=True, slots=True, eq=False)
class _Ranges:
    """Every range of every machine, and what it lets through; where it begins and ends."""

    held: list[HeldRange]
    capacity: IntArray
    begin: dict[_Place, IntArray]
    end: dict[_Place, IntArray]

    @classmethod
    def of(cls, alone: PlacementProblem, most: int) -> _Ranges:
        held = [
            HeldRange(i, first, layers)
            for i in range(alone.n_orbits)
            for layers in alone.held(i)
            for first in range(alone.layers - layers + 1)
        ]
        capacity = []
        begin: dict[_Place, list[int]] = defaultdict(list)
        end: dict[_Place, list[int]] = defaultdict(list)
        for a, one in enumerate(held):
            limits = [most, alone.rate(one.orbit, one.layers)]
            if one.first == 0:
                limits.append(int(alone.source[one.orbit]))
            if one.end == alone.layers:
                limits.append(int(alone.sink[one.orbit]))
            capacity.append(min(limits))
            begin[one.orbit, one.first].append(a)
            end[one.orbit, one.end].append(a)
        return cls(
            held,
            np.array(capacity, dtype=np.int64),
            {place: np.array(found, dtype=np.int64) for place, found in begin.items()},
            {place: np.array(found, dtype=np.int64) for place, found in end.items()},
        )


def build_position_flow(
    problem: PlacementProblem, *, ceiling: int | None = None, shared: Sequence[SharedRow] = ()
) -> StatedProblem[PlacementProblem, PlacementPlan]:
    """The program over single machines; see the module's text. Plans are over ``apart()``.

    Parameters
    ----------
    ceiling
        A proven bound on the rate; total work over layers if left out.
    shared
        By index of the single machines.
    """
    alone = problem.apart()
    most = alone.work_bound() if ceiling is None else ceiling
    ranges = _Ranges.of(alone, most)
    size = len(ranges.held)
    n, f = np.arange(size), size + np.arange(size)
    rows = SparseRows()
    row = rows.add_block(alone.n_orbits, upper=1)
    rows.put(row, [held.orbit for held in ranges.held], n, 1)
    row = rows.add_block(size, upper=0)
    rows.put(row, np.arange(size), f, 1)
    rows.put(row, np.arange(size), n, -ranges.capacity)

    # Flow from (i, p) to (j, p), one column each.
    met: list[tuple[int, int, int]] = []
    upper = [1] * size + ranges.capacity.tolist()
    leaving: dict[_Place, list[int]] = defaultdict(list)
    entering: dict[_Place, list[int]] = defaultdict(list)
    between: dict[_Place, list[int]] = defaultdict(list)
    widest = {
        way: {place: int(ranges.capacity[found].max()) for place, found in meeting.items()}
        for way, meeting in (("end", ranges.end), ("begin", ranges.begin))
    }
    for (i, p), out in ranges.end.items():
        for j in range(alone.n_orbits) if p < alone.layers else ():
            into = ranges.begin.get((j, p), _NONE)
            narrow = min(widest["end"][i, p], widest["begin"].get((j, p), 0))
            through = min(int(alone.links[i, j]), narrow)
            if i == j or not through:
                continue
            g = len(upper)
            upper.append(through)
            met.append((i, j, p))
            leaving[i, p].append(g)
            entering[j, p].append(g)
            between[i, j].append(g)
            for ends, reach in ((out, widest["end"][i, p]), (into, widest["begin"][j, p])):
                if through < reach:
                    row = rows.add_block(1, upper=0)
                    rows.put(row, 0, g, 1)
                    rows.put(row, 0, n[ends], -through)
    for meeting, passing, edge in (
        (ranges.end, leaving, alone.layers),
        (ranges.begin, entering, 0),
    ):
        for place, found in meeting.items():
            if place[1] != edge:
                row = rows.add_block(1, lower=0, upper=0)
                rows.put(row, 0, f[found], 1)
                rows.put(row, 0, np.array(passing[place], dtype=np.int64), -1)

    def columns_of(start: int, end: int) -> IntArray:
        if start == SOURCE:
            return f[ranges.begin.get((end, 0), _NONE)]
        if end == SINK:
            return f[ranges.end.get((start, alone.layers), _NONE)]
        return np.array(between[start, end], dtype=np.int64)

    put_shared_rows(rows, shared, columns_of)
    _order_alike(rows, alone, shared, ranges.held)
    goal = np.zeros(len(upper), dtype=np.int64)
    for i in range(alone.n_orbits):
        goal[f[ranges.begin.get((i, 0), _NONE)]] = -1

    def decode(x: IntArray) -> PlacementPlan:
        return _plan(alone, ranges.held, met, x)

    return StatedProblem(
        formulation="arc_flow",
        problem=alone,
        statement=rows.to_milp(
            f"{problem.name}/arc_flow",
            lower=np.zeros(len(upper), dtype=np.int64),
            upper=np.array(upper, dtype=np.int64),
            objectives={THROUGHPUT: goal},
        ),
        decoder=decode,
    )


def _order_alike(
    rows: SparseRows, alone: PlacementProblem, shared: Sequence[SharedRow], held: list[HeldRange]
) -> None:
    """Among machines that may change places, ranges are numbered in falling order; idle is last."""
    of_machine: dict[int, list[int]] = defaultdict(list)
    for a, one in enumerate(held):
        of_machine[one.orbit].append(a)
    for members in alike_within(alone, shared):
        for i, j in pairwise(members):
            row = rows.add_block(1, lower=0)
            for machine, sign in ((i, 1), (j, -1)):
                # Alike machines have the same ranges in the same order.
                mine = np.array(of_machine[machine], dtype=np.int64)
                rows.put(row, 0, mine, sign * np.arange(1, len(mine) + 1))


def _plan(
    alone: PlacementProblem,
    held: list[HeldRange],
    met: list[tuple[int, int, int]],
    x: IntArray,
) -> PlacementPlan:
    """The flows as they are told; machines through which nothing flows stay idle."""
    size = len(held)
    used = np.flatnonzero((x[:size] > 0) & (x[size : 2 * size] > 0)).tolist()
    place = {held[a].orbit: index for index, a in enumerate(used)}
    flows: dict[tuple[int, int], int] = {}
    for index, a in enumerate(used):
        if held[a].first == 0:
            flows[SOURCE, index] = int(x[size + a])
        if held[a].end == alone.layers:
            flows[index, SINK] = int(x[size + a])
    for (i, j, _), flow in zip(met, x[2 * size :].tolist(), strict=True):
        if flow:
            flows[place[i], place[j]] = flow
    return PlacementPlan(tuple(held[a] for a in used), flows)


def size_position_flow(problem: PlacementProblem) -> ProgramSize:
    """Rows and columns by the formulas of the module's text, without shared links."""
    alone = problem.apart()
    ranges = _Ranges.of(alone, alone.work_bound())
    size = len(ranges.held)
    flows = narrow = 0
    for (i, p), out in ranges.end.items():
        for j in range(alone.n_orbits) if p < alone.layers else ():
            into = ranges.begin.get((j, p), _NONE)
            if i == j or not len(into):
                continue
            reach = int(ranges.capacity[out].max()), int(ranges.capacity[into].max())
            through = min(int(alone.links[i, j]), *reach)
            if through:
                flows += 1
                narrow += sum(through < most for most in reach)
    meeting = sum(p != alone.layers for _, p in ranges.end) + sum(p != 0 for _, p in ranges.begin)
    ordered = sum(len(members) - 1 for members in alike_within(alone, ()))
    return ProgramSize(alone.n_orbits + size + narrow + meeting + ordered, 2 * size + flows)
