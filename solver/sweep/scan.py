"""Every candidate of a space, unpruned, held against the strips of a frontier."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from fractions import Fraction

import numpy as np

from solver.lowering.families import CandidateFamily
from solver.lowering.space import ReplicaSpace
from solver.sweep.strips import Strip

__all__ = ["candidates_in_strips"]

BLOCK_ROWS = 64


def candidates_in_strips(
    space: ReplicaSpace,
    all_strips: Sequence[Strip],
    on_progress: Callable[[int, int], None] | None = None,
    *,
    only: Collection[int] | None = None,
) -> Iterator[tuple[int, int, Fraction, CandidateFamily, int, int]]:
    """Every allowed candidate that lies in a strip: (strip, latency, cost, family, row, column).

    ``only`` restricts this to the strips of these indices.

    All candidates of the space are looked at. Floats only pass over what is costlier than a strip
    allows by more than their error; the rest is decided in fractions.
    """
    starts = np.array([strip.latency_ps_min for strip in all_strips], dtype=np.int64)
    caps = [np.inf if strip.cost_below is None else float(strip.cost_below) for strip in all_strips]
    ceilings = np.array(caps) * (1 + 1e-9)
    if only is not None:
        ceilings[[index for index in range(len(all_strips)) if index not in only]] = -np.inf
    limits = space.instance.limits
    done = 0
    for family in space.families:
        n_rows, n_columns = family.shape
        columns = np.arange(n_columns, dtype=np.intp)[None, :]
        for start in range(0, n_rows, BLOCK_ROWS):
            rows = np.arange(start, min(start + BLOCK_ROWS, n_rows), dtype=np.intp)[:, None]
            shape = (len(rows), n_columns)
            latency = np.broadcast_to(family.latency_ps(rows, columns), shape)
            allowed = np.broadcast_to(family.allowed(rows, columns, latency), shape)
            if family.limits.max_latency_ps is not None:
                allowed = allowed & (latency <= family.limits.max_latency_ps)
            cost = family.cost_estimate(rows, columns, latency) / space.cost_scale
            strip = np.searchsorted(starts, latency, side="right") - 1
            near = allowed & (cost < ceilings[strip])
            for at, column in np.argwhere(near).tolist():
                row, index, ps = int(rows[at, 0]), int(strip[at, column]), int(latency[at, column])
                exact = space.cost(family, row, column, ps)
                most, below = limits.max_cost_usd_per_mtok, all_strips[index].cost_below
                if (most is None or exact <= most) and (below is None or exact < below):
                    yield index, ps, exact, family, row, column
            done += len(rows) * n_columns
            if on_progress is not None:
                on_progress(done, space.n_candidates)
