r"""Patterns: a chain of stages at a fixed rate, each stage machines that hold the same layers.

A restriction of the throughput problem: at every position where a stage ends, all flow passes from
one stage to the next. Between machines of one *region* links never bind; a chain visits each region
of a given order once, so links bind only where it moves on.

Sets: regions :math:`r = 1, \dots, R` in the order of visit; for each, patterns :math:`C_r`, which
are a number of layers :math:`k_c` and machines :math:`m_{co}` with
:math:`\sum_o m_{co} T_o(k_c) \ge F`, none of them superfluous.

Variables: :math:`x_c \in \mathbb{Z}_{\ge 0}`, stages of pattern c;
:math:`a_c, b_c, e_c \in \{0, 1\}`, whether a stage of pattern c is the first of its region, the
last, or all there is.

.. math::
    \min\; -\sum_c k_c x_c \quad \text{subject to} \quad
    \sum_c k_c x_c \le L, \qquad \sum_c m_{co} x_c \le N_o

.. math::
    \sum_{c \in C_r} (a_c + e_c) = \sum_{c \in C_r} (b_c + e_c) = 1, \qquad
    a_c + b_c + e_c \le x_c, \qquad
    \sum_{c \in C_r} x_c + (L - 1) \sum_{c \in C_r} e_c \le L

.. math::
    b_c + e_c \le \sum_{d \in C_{r+1} :\, W(c, d) \ge F} (a_d + e_d)

where :math:`W(c, d)` is the greatest flow from a stage of pattern c to one of pattern d over links
of the least capacity between their orbits. First and last stage of the chain must take :math:`F`
from the source and hand it to the sink. A solution of objective :math:`-L` is a plan of rate
:math:`F` at least; without one there is no such chain.

Size: 4 columns a pattern; orders of stages within a region are not told apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from formulations.formulation import StatedProblem
from formulations.milp import IntArray
from formulations.placement.max_flow import routed_plan
from formulations.placement.plan import HeldRange, PlacementPlan
from formulations.placement.problem import PlacementProblem
from formulations.rows import SparseRows

__all__ = [
    "HELD",
    "MOST_PATTERNS",
    "StagePattern",
    "build_patterns",
    "hand_over",
    "stage_patterns",
]

HELD = "held"
"""The objective, minimised: the negative of the layers that stages hold."""

MOST_PATTERNS = 20_000
_UNREACHED = np.iinfo(np.int64).max // 4


@dataclass(frozen=True, slots=True)
class StagePattern:
    """Machines that hold the same ``layers`` layers: (orbit, how many) pairs."""

    layers: int
    machines: tuple[tuple[int, int], ...]

    def rates(self, problem: PlacementProblem) -> list[int]:
        """Rate of every machine of a stage, ascending."""
        return sorted(
            problem.rate(orbit, self.layers) for orbit, times in self.machines for _ in range(times)
        )


def stage_patterns(
    problem: PlacementProblem, orbits: Sequence[int], rate: int
) -> list[StagePattern]:
    """Every pattern over these orbits that reaches ``rate`` and has no machine to spare.

    Raises
    ------
    ValueError
        If there are more than ``MOST_PATTERNS``.
    """
    found: list[StagePattern] = []

    def extend(
        layers: int, able: list[tuple[int, int]], left: int, chosen: tuple[tuple[int, int], ...]
    ) -> None:
        if left <= 0:
            found.append(StagePattern(layers, chosen))
            if len(found) > MOST_PATTERNS:
                raise ValueError(f"{problem.name}: more than {MOST_PATTERNS} stage patterns")
            return
        if not able:
            return
        (each, orbit), *slower = able
        for times in range(min(int(problem.count[orbit]), -(-left // each)), -1, -1):
            more = ((orbit, times),) if times else ()
            extend(layers, slower, left - times * each, chosen + more)

    for layers in range(1, problem.layers + 1):
        able = sorted(
            ((problem.rate(o, layers), o) for o in orbits if layers in problem.held(o)),
            reverse=True,
        )
        # Fastest first: the machine that reaches the rate is the slowest, so none is superfluous.
        extend(layers, able, rate, ())
    return found


def _sums(rates: Sequence[Sequence[int]], width: int) -> IntArray:
    """(n, width + 1): sum of the 0, 1, ... least numbers of each row; beyond its end unreached."""
    sums = np.full((len(rates), width + 1), _UNREACHED, dtype=np.int64)
    for row, values in enumerate(rates):
        sums[row, : len(values) + 1] = np.concatenate([[0], np.cumsum(values)])
    return sums


def hand_over(
    before: Sequence[Sequence[int]], after: Sequence[Sequence[int]], link: int
) -> IntArray:
    """(n, m) greatest flow from stages of these machine rates to those, all links ``link`` wide.

    By least cuts: with all links alike, a cut leaves the slowest machines on the far side.
    """
    width_a = max((len(rates) for rates in before), default=0)
    width_b = max((len(rates) for rates in after), default=0)
    size_a = np.array([len(rates) for rates in before])
    size_b = np.array([len(rates) for rates in after])
    cut_a, cut_b = _sums(before, width_a), _sums(after, width_b)
    best = np.full((len(before), len(after)), _UNREACHED, dtype=np.int64)
    for a in range(width_a + 1):
        for b in range(width_b + 1):
            crossing = np.maximum(size_a - a, 0)[:, None] * np.maximum(size_b - b, 0)[None, :]
            best = np.minimum(best, cut_a[:, a, None] + cut_b[None, :, b] + crossing * link)
    return best


def _edge_ok(problem: PlacementProblem, pattern: StagePattern, edge: IntArray, rate: int) -> bool:
    return rate <= sum(
        times * min(int(edge[orbit]), problem.rate(orbit, pattern.layers))
        for orbit, times in pattern.machines
    )


def build_patterns(
    problem: PlacementProblem, rate: int, regions: Sequence[Sequence[int]]
) -> StatedProblem[PlacementProblem, PlacementPlan]:
    """The program of chains at ``rate`` through ``regions``; see the module's text.

    Parameters
    ----------
    regions
        Orbits of each region, in order of visit; within a region no link may bind at ``rate``.

    Raises
    ------
    ValueError
        If a link within a region is narrower than ``rate``, or patterns are too many.
    """
    for region in regions:
        for a in region:
            for b in region:
                lone = a == b and problem.count[a] == 1
                if not lone and problem.links[a, b] < problem.wide(a, b, rate):
                    raise ValueError(f"{problem.name}: a link within a region may bind")
    by_region = [stage_patterns(problem, region, rate) for region in regions]
    patterns = [pattern for region in by_region for pattern in region]
    n = len(patterns)
    start = np.concatenate([[0], np.cumsum([len(region) for region in by_region])]).astype(np.int64)
    places = [np.arange(low, high) for low, high in pairwise(start.tolist())]
    layers = np.array([pattern.layers for pattern in patterns], dtype=np.int64)
    x, first, last, only = (np.arange(n) + block * n for block in range(4))

    rows = SparseRows()
    row = rows.add_block(1, upper=problem.layers)
    rows.put(row, 0, x, layers)
    row = rows.add_block(problem.n_orbits, upper=problem.count)
    for c, pattern in enumerate(patterns):
        for orbit, times in pattern.machines:
            rows.put(row, orbit, x[c], times)
    row = rows.add_block(n, lower=0)
    for block, sign in ((x, 1), (first, -1), (last, -1), (only, -1)):
        rows.put(row, np.arange(n), block, sign)
    for place in places:
        row = rows.add_block(2, lower=1, upper=1)
        for which, block in enumerate((first, last)):
            rows.put(row, which, block[place], 1)
            rows.put(row, which, only[place], 1)
        row = rows.add_block(1, upper=problem.layers)
        rows.put(row, 0, x[place], 1)
        rows.put(row, 0, only[place], problem.layers - 1)
    for r in range(len(places) - 1):
        link = min(int(problem.links[a, b]) for a in regions[r] for b in regions[r + 1])
        fits = (
            hand_over(
                [p.rates(problem) for p in by_region[r]],
                [p.rates(problem) for p in by_region[r + 1]],
                link,
            )
            >= rate
        )
        row = rows.add_block(len(places[r]), upper=0)
        rows.put(row, np.arange(len(places[r])), last[places[r]], 1)
        rows.put(row, np.arange(len(places[r])), only[places[r]], 1)
        before, after = np.nonzero(fits)
        for block in (first, only):
            rows.put(row, before, block[places[r + 1]][after], -1)

    upper = np.ones(4 * n, dtype=np.int64)
    for c, pattern in enumerate(patterns):
        upper[x[c]] = min(int(problem.count[orbit]) // times for orbit, times in pattern.machines)
    for place, block, edge in (
        (places[0], first, problem.source), (places[-1], last, problem.sink),
    ):  # fmt: skip
        for c in place.tolist():
            if not _edge_ok(problem, patterns[c], edge, rate):
                upper[block[c]] = upper[only[c]] = 0
    return StatedProblem(
        formulation="patterns",
        problem=problem,
        statement=rows.to_milp(
            f"{problem.name}/patterns",
            lower=np.zeros(4 * n, dtype=np.int64),
            upper=upper,
            objectives={HELD: np.concatenate([-layers, np.zeros(3 * n, dtype=np.int64)])},
        ),
        decoder=lambda values: _plan(problem, patterns, places, values),
    )


def _plan(
    problem: PlacementProblem,
    patterns: Sequence[StagePattern],
    places: Sequence[npt.NDArray[np.int64]],
    values: IntArray,
) -> PlacementPlan:
    """The stages in order, routed; ``ValueError`` if they do not hold all layers."""
    n = len(patterns)
    x, first, last = (values[block * n : (block + 1) * n].copy() for block in range(3))
    order: list[int] = []
    for place in places:
        begin, end = place[first[place] > 0].tolist(), place[last[place] > 0].tolist()
        for c in (*begin, *end):
            x[c] -= 1
        order += begin + np.repeat(place, x[place]).tolist() + end
    ranges = []
    position = 0
    for c in order:
        for orbit, times in patterns[c].machines:
            ranges.append(HeldRange(orbit, position, patterns[c].layers, times))
        position += patterns[c].layers
    if position != problem.layers:
        raise ValueError(f"{problem.name}: the stages hold {position} of {problem.layers} layers")
    return routed_plan(problem, ranges)
