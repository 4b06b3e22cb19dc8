r"""Arc flow: how many machines of an orbit hold which range, and what flows between positions.

Sets: ranges :math:`a = (o, s, k)` of orbit o with end :math:`e_a = s_a + k_a \le L`; pairs
:math:`(a, b)` with :math:`e_a = s_b`.

Variables: :math:`n_a \in \{0..N_o\}`, machines that hold range a;
:math:`f_a \in \mathbb{Z}_{\ge 0}`, flow through them.

.. math::
    \min\; -\sum_{a : s_a = 0} f_a \quad \text{subject to} \quad
    f_a \le T_{o}(k_a)\, n_a, \qquad \sum_{a \in o} n_a \le N_o

Source and sink let :math:`f_a \le c_{\mathrm{in}, o}\, n_a` and :math:`f_a \le c_{o,
\mathrm{out}}\, n_a` through. Where no link can bind, positions balance:

.. math::
    \sum_{a : e_a = p} f_a = \sum_{a : s_a = p} f_a \qquad \forall\, 0 < p < L

Else each pair has its own flow :math:`g_{ab}`, with :math:`f_a = \sum_b g_{ab} = \sum_b g_{ba}`
where there is something before or behind, and :math:`g_{ab} \le c_{ab}\, n_a n_b`. The product is
exact by levels :math:`l_{a1} \ge l_{a2} \ge \dots`, binaries that sum to :math:`n_a`:

.. math::
    g_{ab} \le c_{ab}\, i\, n_b + M_{ab}\, l_{a, i+1} \qquad i = 0, \dots, N_o - 1; \qquad
    g_{ab} \le c_{ab}\, N_o\, n_b

with :math:`M_{ab}` the most that either range lets through. Machines of one range share equally, so
a plan of orbits is a plan of machines. Equal machines are counted, never copied; rates may be
capped at a proven bound on the whole (``ceiling``), which loses no plan of that rate or less.

Where links bind and no two machines are equal, or where pairs of machines share links, the program
is that of ``position_flow``: machines stand alone, and flows are told by position.

Size: for R ranges, :math:`2 R` columns and :math:`n + R + L - 1` rows for n orbits, where no link
binds. Where one does, the last :math:`L - 1` go, and a range of orbit o with :math:`e_a < L` has
:math:`N_o` levels in :math:`N_o` rows and for each pair that meets a flow in :math:`N_o + 1` rows;
each range has a row for either side on which something may stand.

Strength: no more than total work over layers, as the rows of positions give :math:`L \sum_{s_a = 0}
f_a = \sum_a k_a f_a \le \sum_a k_a T_o(k_a) n_a`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np

from formulations.formulation import StatedProblem
from formulations.milp import IntArray
from formulations.placement.max_flow import routed_plan
from formulations.placement.plan import HeldRange, PlacementPlan
from formulations.placement.position_flow import build_position_flow, size_position_flow
from formulations.placement.problem import THROUGHPUT, PlacementProblem
from formulations.placement.shared_flow import SharedRow
from formulations.rows import SparseRows
from formulations.size import ProgramSize

__all__ = ["build_arc_flow", "links_may_bind", "size_arc_flow"]


def links_may_bind(problem: PlacementProblem, rate: int) -> bool:
    """Whether some link could be narrower than what wants to pass it in a plan of ``rate``."""
    return any(
        problem.links[a, b] < problem.wide(a, b, rate)
        for a in range(problem.n_orbits)
        for b in range(problem.n_orbits)
        if a != b or problem.count[a] > 1
    )


def _ranges(problem: PlacementProblem, most: int) -> tuple[list[HeldRange], list[int]]:
    """Every range of every orbit, and what one machine lets through that holds it."""
    ranges = [
        HeldRange(orbit, first, layers)
        for orbit in range(problem.n_orbits)
        for layers in problem.held(orbit)
        for first in range(problem.layers - layers + 1)
    ]
    capacity = [min(problem.rate(r.orbit, r.layers), most) for r in ranges]
    for a, held in enumerate(ranges):
        if held.first == 0:
            capacity[a] = min(capacity[a], int(problem.source[held.orbit]))
        if held.end == problem.layers:
            capacity[a] = min(capacity[a], int(problem.sink[held.orbit]))
    return ranges, capacity


class _Columns:
    """Numbers columns as they are asked for."""

    def __init__(self) -> None:
        self.upper: list[int] = []

    def add(self, upper: int) -> int:
        self.upper.append(upper)
        return len(self.upper) - 1


def build_arc_flow(
    problem: PlacementProblem,
    *,
    ceiling: int | None = None,
    shared: Sequence[SharedRow] = (),
) -> StatedProblem[PlacementProblem, PlacementPlan]:
    """The program over counted ranges; see the module's text.

    Parameters
    ----------
    ceiling
        A proven bound on the rate; total work over layers if left out.
    shared
        Rows over single machines, by index in ``apart()``; plans are over ``apart()`` then.
    """
    most = problem.work_bound() if ceiling is None else ceiling
    single = problem.n_machines == problem.n_orbits
    if shared or (single and links_may_bind(problem, most)):
        return build_position_flow(problem, ceiling=most, shared=shared)
    ranges, capacity = _ranges(problem, most)
    stock = [int(problem.count[held.orbit]) for held in ranges]
    columns = _Columns()
    n = np.array([columns.add(number) for number in stock], dtype=np.int64)
    f = np.array(
        [columns.add(min(most, c * m)) for c, m in zip(capacity, stock, strict=True)],
        dtype=np.int64,
    )
    rows = SparseRows()
    row = rows.add_block(problem.n_orbits, upper=problem.count)
    rows.put(row, [held.orbit for held in ranges], n, 1)
    row = rows.add_block(len(ranges), upper=0)
    rows.put(row, np.arange(len(ranges)), f, 1)
    rows.put(row, np.arange(len(ranges)), n, -np.array(capacity, dtype=np.int64))
    starts: dict[int, list[int]] = defaultdict(list)
    ends: dict[int, list[int]] = defaultdict(list)
    for a, held in enumerate(ranges):
        starts[held.first].append(a)
        ends[held.end].append(a)
    if links_may_bind(problem, most):
        _pair_rows(problem, ranges, capacity, (n, f), (starts, ends), columns, rows)
    else:
        row = rows.add_block(problem.layers - 1, lower=0, upper=0)
        for p in range(1, problem.layers):
            rows.put(row, p - 1, f[ends[p]], 1)
            rows.put(row, p - 1, f[starts[p]], -1)
    goal = np.zeros(len(columns.upper), dtype=np.int64)
    goal[f[starts[0]]] = -1

    def decode(x: IntArray) -> PlacementPlan:
        held = [
            HeldRange(r.orbit, r.first, r.layers, times)
            for r, times, flow in zip(ranges, x[n].tolist(), x[f].tolist(), strict=True)
            if times and flow
        ]
        return routed_plan(problem, held)

    return StatedProblem(
        formulation="arc_flow",
        problem=problem,
        statement=rows.to_milp(
            f"{problem.name}/arc_flow",
            lower=np.zeros(len(columns.upper), dtype=np.int64),
            upper=np.array(columns.upper, dtype=np.int64),
            objectives={THROUGHPUT: goal},
        ),
        decoder=decode,
    )


def _pair_rows(
    problem: PlacementProblem,
    ranges: list[HeldRange],
    capacity: list[int],
    counted: tuple[IntArray, IntArray],
    meeting: tuple[dict[int, list[int]], dict[int, list[int]]],
    columns: _Columns,
    rows: SparseRows,
) -> None:
    """Flow of every pair that meets, levels of every range that something follows."""
    n, f = counted
    starts, ends = meeting
    leaving: dict[int, list[int]] = defaultdict(list)
    entering: dict[int, list[int]] = defaultdict(list)
    for p in range(1, problem.layers):
        for a in ends[p]:
            stock = int(problem.count[ranges[a].orbit])
            levels = [columns.add(1) for _ in range(stock)]
            row = rows.add_block(1, lower=0, upper=0)
            rows.put(row, 0, levels, 1)
            rows.put(row, 0, n[a], -1)
            row = rows.add_block(stock - 1, lower=0)
            rows.put(row, np.arange(stock - 1), levels[:-1], 1)
            rows.put(row, np.arange(stock - 1), levels[1:], -1)
            for b in starts[p]:
                link = int(problem.links[ranges[a].orbit, ranges[b].orbit])
                link = min(link, capacity[a], capacity[b])
                if not link:
                    continue
                through = min(
                    capacity[a] * stock, capacity[b] * int(problem.count[ranges[b].orbit])
                )
                g = columns.add(through)
                leaving[a].append(g)
                entering[b].append(g)
                row = rows.add_block(stock + 1, upper=0)
                rows.put(row, np.arange(stock + 1), g, 1)
                rows.put(row, np.arange(stock + 1), n[b], -link * np.arange(stock + 1))
                rows.put(row, np.arange(stock), levels, -through)
    for a, held in enumerate(ranges):
        for pairs, inside in ((leaving[a], held.end < problem.layers), (entering[a], held.first)):
            if inside:
                row = rows.add_block(1, lower=0, upper=0)
                rows.put(row, 0, f[a], 1)
                if pairs:
                    rows.put(row, 0, pairs, -1)


def size_arc_flow(problem: PlacementProblem) -> ProgramSize:
    """Rows and columns by the formulas of the module's text, without shared links."""
    most = problem.work_bound()
    if problem.n_machines == problem.n_orbits and links_may_bind(problem, most):
        return size_position_flow(problem)
    ranges, capacity = _ranges(problem, most)
    rows, columns = problem.n_orbits + len(ranges), 2 * len(ranges)
    if not links_may_bind(problem, most):
        return ProgramSize(rows + problem.layers - 1, columns)
    open_at: Counter[tuple[int, int]] = Counter(
        (held.first, held.orbit) for held, most in zip(ranges, capacity, strict=True) if most
    )
    for held, through in zip(ranges, capacity, strict=True):
        rows += (held.end < problem.layers) + (held.first > 0)
        if held.end < problem.layers:
            stock = int(problem.count[held.orbit])
            linked = np.flatnonzero(problem.links[held.orbit]).tolist() if through else []
            pairs = sum(open_at[held.end, orbit] for orbit in linked)
            rows += stock + pairs * (stock + 1)
            columns += stock + pairs
    return ProgramSize(rows, columns)
