r"""Tracks: blocks of two parallel chains of single machines at a fixed rate, their ends aligned.

A restriction of the throughput problem where no link binds. Stages (``patterns.py``) waste what
their machines could do beyond the rate, since all of a stage hold the same layers. In a block the
flow :math:`F` splits into :math:`\phi` and :math:`F - \phi`; each part runs through its own chain,
whose machines may hold unequal numbers of layers; only the ends of the block must meet.

Sets: splits :math:`\tau = (\phi_1, \dots)` with :math:`\sum_j \phi_j = F`, of one part (a plain
chain) or two.

Variables: :math:`w_\tau \in \{0..L\}`, layers of the block; :math:`m_{\tau j o k} \in \{0..N_o\}`,
machines of orbit o on track j that hold k layers, for
:math:`T_o(k) \ge \phi_j`; of these k only the greatest few.

.. math::
    \min\; -\sum_\tau w_\tau \quad \text{subject to} \quad \sum_\tau w_\tau \le L, \qquad
    \sum_{o,k} k\, m_{\tau j o k} = w_\tau \;\; \forall \tau, j, \qquad
    \sum_{\tau,j,k} m_{\tau j o k} \le N_o

A solution of objective :math:`-L` is a plan of rate :math:`F` at least: blocks one after the other,
the machines of a track in any order. The splits worth trying come from sets of machines that are
cheap by the worths of the cover bound.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from formulations.formulation import StatedProblem
from formulations.milp import IntArray
from formulations.placement.arc_flow import links_may_bind
from formulations.placement.cover import cover_table, items_of
from formulations.placement.max_flow import routed_plan
from formulations.placement.plan import HeldRange, PlacementPlan
from formulations.placement.problem import PlacementProblem
from formulations.rows import SparseRows

__all__ = ["HELD", "build_tracks", "cheap_splits"]

HELD = "held"
"""The objective, minimised: the negative of the layers of all blocks."""

_HOLDS = 3
"""Choices of layers for one machine on a track: the longest, others only to make ends meet."""

Split = tuple[int, ...]


def cheap_splits(
    problem: PlacementProblem, worth: IntArray, rate: int, *, cost: int, excess: int
) -> list[Split]:
    """Splits of ``rate`` that pairs of machines carry at ``cost + excess`` or less.

    Parameters
    ----------
    worth : (n,) int64 >= 0
    cost
        Top of the table of costs; beyond it nothing is looked up.
    """
    least = cover_table(problem, worth, cost=cost).cheapest(rate)
    splits: set[Split] = {(rate,)}
    most = (cost if least is None else least) + excess
    items = [item for item in items_of(problem, worth) if item.price and item.rate < rate]
    for a in items:
        for b in items:
            if a.rate >= b.rate and a.rate + b.rate >= rate and a.price + b.price <= most:
                # What is to spare may be left on either track.
                splits |= {(a.rate, rate - a.rate), (rate - b.rate, b.rate)}
    return sorted(splits)


def _longest(problem: PlacementProblem, orbit: int, part: int) -> list[int]:
    """The greatest numbers of layers at which a machine still carries ``part``."""
    able = [layers for layers in problem.held(orbit) if problem.rate(orbit, layers) >= part]
    return able[-_HOLDS:]


def build_tracks(
    problem: PlacementProblem, rate: int, splits: Sequence[Split]
) -> StatedProblem[PlacementProblem, PlacementPlan]:
    """The program of blocks at ``rate``; see the module's text.

    Raises
    ------
    ValueError
        If a link, or an edge of source or sink, may bind.
    """
    edges = np.minimum(problem.source, problem.sink).tolist()
    if links_may_bind(problem, rate) or any(
        edge < min(rate, problem.fastest(orbit)) for orbit, edge in enumerate(edges)
    ):
        raise ValueError(f"{problem.name}: tracks need links that never bind")
    tracks = [(t, part) for t, split in enumerate(splits) for part in split]
    able = [
        (j, orbit, layers)
        for j, (_, part) in enumerate(tracks)
        for orbit in range(problem.n_orbits)
        for layers in _longest(problem, orbit, part)
    ]
    width = np.arange(len(splits))
    machines = len(splits) + np.arange(len(able))
    on_track = np.array([j for j, _, _ in able], dtype=np.int64)
    of_orbit = np.array([orbit for _, orbit, _ in able], dtype=np.int64)
    layers = np.array([layers for _, _, layers in able], dtype=np.int64)
    rows = SparseRows()
    row = rows.add_block(1, upper=problem.layers)
    rows.put(row, 0, width, 1)
    row = rows.add_block(len(tracks), lower=0, upper=0)
    rows.put(row, on_track, machines, layers)
    rows.put(row, np.arange(len(tracks)), [t for t, _ in tracks], -1)
    row = rows.add_block(problem.n_orbits, upper=problem.count)
    rows.put(row, of_orbit, machines, 1)
    n_columns = len(splits) + len(able)
    goal = np.zeros(n_columns, dtype=np.int64)
    goal[width] = -1

    def decode(x: IntArray) -> PlacementPlan:
        ranges: list[HeldRange] = []
        begin = 0
        for t in range(len(splits)):
            for j, (block, _) in enumerate(tracks):
                if block != t:
                    continue
                position = begin
                for c in np.flatnonzero((on_track == j) & (x[machines] > 0)).tolist():
                    for _ in range(int(x[machines[c]])):
                        ranges.append(HeldRange(int(of_orbit[c]), position, int(layers[c])))
                        position += int(layers[c])
            begin += int(x[t])
        if begin != problem.layers:
            raise ValueError(f"{problem.name}: blocks hold {begin} of {problem.layers} layers")
        return routed_plan(problem, ranges)

    return StatedProblem(
        formulation="tracks",
        problem=problem,
        statement=rows.to_milp(
            f"{problem.name}/tracks",
            lower=np.zeros(n_columns, dtype=np.int64),
            upper=np.concatenate(
                [np.full(len(splits), problem.layers, dtype=np.int64), problem.count[of_orbit]]
            ),
            objectives={HELD: goal},
        ),
        decoder=decode,
    )
