"""Which candidates lie within a relative distance of a frontier: every one looked at, exactly.

A candidate c, allowed by all limits, is near a point p within the tolerance t where

    latency(c) (1 - t) <= latency(p)    and    cost(c) <= cost(p) (1 + t),

that is, speed(c) >= speed(p) (1 - t). It is near the frontier where it is near some point. Along
the points, fastest first, cost falls: of all points that c is fast enough for, the fastest allows
the highest cost, so that one comparison settles a candidate.

Latencies are compared as integers. Costs are compared as floats with a margin far above their
rounding error; what lies within the margin is compared as fractions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from solver.lowering.families import BoolArray, CandidateFamily, IntArray
from solver.lowering.space import ReplicaSpace

__all__ = ["NearBounds", "NearCandidates", "near_candidates"]

FloatArray = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]

BLOCK_CELLS = 1 << 17
"""Candidates evaluated at once; between two blocks a stop is asked for."""
RELATIVE_MARGIN = 1e-11
"""Float costs are right to a few units in the last place, some 1e-15."""
_LARGEST = 2**62


@dataclass(frozen=True, slots=True, eq=False)
class NearBounds:
    """What a candidate may take to be near each of n points, fastest first.

    Attributes
    ----------
    latency_ps : (n,) int64
        Largest latency near the point, ``floor(latency / (1 - t))``; ascending.
    cost : n fractions
        Largest cost near the point, US$ per million tokens, the cost limit of the question
        included.
    cost_float : (n,)
        The same as floats.
    """

    latency_ps: IntArray
    cost: tuple[Fraction, ...]
    cost_float: FloatArray

    @classmethod
    def of(
        cls,
        pairs: Sequence[tuple[int, Fraction]],
        tolerance: Fraction,
        max_cost: Fraction | None,
    ) -> NearBounds:
        """Bounds of points given by latency (ps) and cost, fastest first."""
        slower = 1 / (1 - tolerance)
        latency = [min(int(latency_ps * slower), _LARGEST) for latency_ps, _ in pairs]
        cost = [cost * (1 + tolerance) for _, cost in pairs]
        if max_cost is not None:
            cost = [min(most, max_cost) for most in cost]
        return cls(
            np.array(latency, dtype=np.int64),
            tuple(cost),
            np.array([float(most) for most in cost], dtype=np.float64),
        )


@dataclass(frozen=True, slots=True, eq=False)
class NearCandidates:
    """The near candidates of a space, flat, in the order of families, rows and columns.

    Attributes
    ----------
    family, row, column : (n,) intp
        Place in the space; ``family`` is the position in ``space.families``.
    latency_ps : (n,) int64
    cost : (n,)
        US$ per million tokens, within a few units in the last place.
    """

    space: ReplicaSpace
    family: Indices
    row: Indices
    column: Indices
    latency_ps: IntArray
    cost: FloatArray

    def __len__(self) -> int:
        return len(self.row)

    def exact_cost(self, index: int) -> Fraction:
        """Exact cost of one of them."""
        family = self.space.families[int(self.family[index])]
        row, column = int(self.row[index]), int(self.column[index])
        return self.space.cost(family, row, column, int(self.latency_ps[index]))

    def tie_key(self, index: int) -> tuple[int, ...]:
        """How simple one of them is to deploy; the smallest key is the simplest."""
        family = self.space.families[int(self.family[index])]
        return self.space.tie_key(family, int(self.row[index]), int(self.column[index]))

    def near(self, bounds: NearBounds, point: int) -> Indices:
        """Those near one point, in order."""
        fast = self.latency_ps <= bounds.latency_ps[point]
        most = bounds.cost_float[point]
        found = fast & (self.cost <= most * (1 + RELATIVE_MARGIN))
        for index in np.flatnonzero(found & (self.cost > most * (1 - RELATIVE_MARGIN))).tolist():
            found[index] = self.exact_cost(index) <= bounds.cost[point]
        return np.flatnonzero(found)


@dataclass(frozen=True, slots=True)
class _Part:
    """Near candidates of one block of a family."""

    row: Indices
    column: Indices
    latency_ps: IntArray
    cost: FloatArray


def near_candidates(
    space: ReplicaSpace,
    bounds: NearBounds,
    *,
    should_stop: Callable[[], bool] | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> NearCandidates | None:
    """Every allowed candidate of the space that is near one of the points.

    Parameters
    ----------
    should_stop
        Asked between blocks; a true answer gives up.
    on_progress
        Called with (candidates looked at, candidates in all).

    Returns
    -------
    NearCandidates or None
        ``None`` where it was stopped: a part of the list would say nothing certain.
    """
    owners: list[int] = []
    parts: list[_Part] = []
    done = 0
    for number, family in enumerate(space.families if bounds.cost else ()):
        n_rows, n_columns = family.shape
        step = max(1, BLOCK_CELLS // n_columns)
        for start in range(0, n_rows, step):
            if should_stop is not None and should_stop():
                return None
            stop = min(start + step, n_rows)
            parts.append(_near_in_rows(space, family, start, stop, bounds))
            owners.append(number)
            done += (stop - start) * n_columns
            if on_progress is not None:
                on_progress(done, space.n_candidates)
    empty = np.zeros(0, dtype=np.intp)
    sizes = [len(part.row) for part in parts]
    return NearCandidates(
        space,
        family=np.repeat(np.array(owners, dtype=np.intp), sizes),
        row=np.concatenate([empty, *(part.row for part in parts)]),
        column=np.concatenate([empty, *(part.column for part in parts)]),
        latency_ps=np.concatenate(
            [np.zeros(0, dtype=np.int64), *(part.latency_ps for part in parts)]
        ),
        cost=np.concatenate([np.zeros(0), *(part.cost for part in parts)]),
    )


def _near_in_rows(
    space: ReplicaSpace, family: CandidateFamily, start: int, stop: int, bounds: NearBounds
) -> _Part:
    """Near candidates of the rows ``start`` to ``stop`` of a family, all batches."""
    rows = np.arange(start, stop, dtype=np.intp)[:, None]
    columns = np.arange(family.shape[1], dtype=np.intp)[None, :]
    shape = (stop - start, family.shape[1])
    latency = np.broadcast_to(family.latency_ps(rows, columns), shape)
    cost = np.broadcast_to(family.cost_estimate(rows, columns, latency), shape) / space.cost_scale
    # The fastest point that is not too fast for a candidate allows it the highest cost.
    point = np.searchsorted(bounds.latency_ps, latency, side="left")
    caps = np.append(bounds.cost_float, -np.inf)[point]
    close: BoolArray = cost <= caps * (1 + RELATIVE_MARGIN)
    if family.limits.max_latency_ps is not None:
        close &= latency <= family.limits.max_latency_ps
    at, column = np.nonzero(close)
    row = at + start
    latency, cost, caps, point = (
        latency[at, column], cost[at, column], caps[at, column], point[at, column],
    )  # fmt: skip
    kept = np.array(family.allowed(row, column, latency), dtype=bool)
    for index in np.flatnonzero(kept & (cost > caps * (1 - RELATIVE_MARGIN))).tolist():
        exact = space.cost(family, int(row[index]), int(column[index]), int(latency[index]))
        kept[index] = exact <= bounds.cost[int(point[index])]
    return _Part(row[kept], column[kept], latency[kept], cost[kept])
