"""The complete frontier by evaluating candidates: exact, vectorised, with sound pruning.

Where latency never falls as the batch grows within a family (``rises_with_batch``), a run of
batches ``b1 .. b2`` of one layout is bounded below by its corner: latency of ``b1``, and
``weight x latency(b1) / b2`` in cost. A run whose corner is beaten by a candidate in both
objectives holds no nondominated point and is skipped. What is left is evaluated candidate by
candidate, as is every candidate of other families (``rectangles.py``). Float arithmetic only
discards what is worse by more than its error; equal and nearly equal candidates are compared in
integers by cross-multiplication.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from solver.lowering.families import BoolArray, CandidateFamily, IntArray
from solver.lowering.space import ReplicaSpace
from solver.sweep.rectangles import Rectangle, rectangles_of, stairs_of
from solver.sweep.staircase import RELATIVE_SLACK, Kept, Staircase

__all__ = ["Candidate", "EnumerationOutcome", "OpenCorner", "enumerate_frontier"]

FloatArray = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]

RUN_GROWTH = 1.06
"""Largest ratio of last to first batch of a run; the time is flat between 1.03 and 1.1."""
BLOCK_CELLS = 1 << 15
"""Candidates evaluated at once: the temporaries stay in the second-level cache."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One nondominated candidate and its exact objectives."""

    family: CandidateFamily
    row: int
    column: int
    latency_ps: int
    cost: Fraction


@dataclass(frozen=True, slots=True)
class OpenCorner:
    """A run that was not evaluated: nothing in it is faster or cheaper than this."""

    latency_ps: int
    cost: Fraction


@dataclass(frozen=True, slots=True)
class EnumerationOutcome:
    """The frontier of what was evaluated, and the corners of what was not.

    ``points`` run from fastest to cheapest. With no ``open_corners`` they are the complete
    frontier.
    """

    points: tuple[Candidate, ...]
    open_corners: tuple[OpenCorner, ...]
    evaluated: int
    skipped: int
    stopped_by: str | None = None


@dataclass(slots=True)
class _Runs:
    """Runs of batches of one family: corner indices and bounds, flat over (row, run)."""

    family: CandidateFamily
    first: Indices
    last: Indices
    latency: IntArray = field(default_factory=lambda: np.zeros((0, 0), dtype=np.int64))
    cost_bound: FloatArray = field(default_factory=lambda: np.zeros((0, 0)))
    usable: BoolArray = field(default_factory=lambda: np.zeros((0, 0), dtype=bool))
    survives: BoolArray = field(default_factory=lambda: np.zeros((0, 0), dtype=bool))


def _run_starts(batches: IntArray) -> tuple[Indices, Indices]:
    """First and last index of each run of batches."""
    starts = [0]
    limit = int(batches[0]) * RUN_GROWTH
    for index, batch in enumerate(batches.tolist()):
        if batch > limit:
            starts.append(index)
            limit = batch * RUN_GROWTH
    first = np.array(starts, dtype=np.intp)
    last = np.append(first[1:] - 1, len(batches) - 1)
    return first, last


def _corners(family: CandidateFamily) -> tuple[_Runs, IntArray, FloatArray]:
    """Runs of a family and the allowed corners as seen candidates."""
    n_rows, _ = family.shape
    first, last = _run_starts(family.batches)
    rows = np.arange(n_rows, dtype=np.intp)[:, None]
    columns = first[None, :]
    latency = np.broadcast_to(family.latency_ps(rows, columns), (n_rows, len(first)))
    runs = _Runs(family, first, last, latency)
    # HBM use grows with the batch: where the first batch does not fit, none does.
    runs.usable = family.fits(rows, columns) & family.limits.rows_allowed[rows]
    slowest = family.limits.max_latency_ps
    if slowest is not None:
        runs.usable = runs.usable & (latency <= slowest)
    bound = family.cost_weight_float[rows] * latency / family.batches[last[None, :]]
    # One picosecond and a rounding below the corner, should a sum of floats not be quite monotone.
    runs.cost_bound = bound * (1 - RELATIVE_SLACK) * (1 - 1 / np.maximum(latency, 1))
    allowed = runs.usable & family.allowed(rows, columns, latency)
    cost = family.cost_estimate(rows, columns, latency)
    return runs, latency[allowed], cost[allowed]


def _cells(runs: _Runs, rows: Indices, which: Indices) -> tuple[Indices, Indices]:
    """All (row, column) pairs of the chosen (row, run) pairs."""
    lengths = runs.last[which] - runs.first[which] + 1
    total = int(lengths.sum())
    owner = np.repeat(np.arange(len(which)), lengths)
    offset = np.arange(total) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    return rows[owner], runs.first[which][owner] + offset


def _exact_frontier(space: ReplicaSpace, pool: list[Kept]) -> tuple[Candidate, ...]:
    """Nondominated candidates of the pool, fastest first, in exact arithmetic."""
    if not pool:
        return ()
    latency = np.concatenate([kept.latency for kept in pool])
    cost = np.concatenate([kept.cost for kept in pool])
    source = np.repeat(np.arange(len(pool)), [len(kept.latency) for kept in pool])
    stairs = Staircase(latency, cost)
    left = np.flatnonzero(~stairs.beats(latency, cost))
    left = left[np.argsort(latency[left], kind="stable")]

    # Plain integers from here on: products of weight and latency outgrow 64 bits.
    batches = np.concatenate([kept.family.batches[kept.columns] for kept in pool])[left].tolist()
    rows = np.concatenate([kept.rows for kept in pool])[left].tolist()
    columns = np.concatenate([kept.columns for kept in pool])[left].tolist()
    sources, latencies = source[left].tolist(), latency[left].tolist()
    found: list[tuple[int, int, int, list[tuple[CandidateFamily, int, int]]]] = []
    last_ps = last_numerator = last_batch = 0
    for origin, row, column, batch, ps in zip(
        sources, rows, columns, batches, latencies, strict=True
    ):
        family = pool[origin].family
        numerator = family.cost_weight[row] * ps
        if found:
            sign = numerator * last_batch - last_numerator * batch
            if sign > 0:
                continue
            if sign == 0:
                if ps == last_ps:
                    found[-1][3].append((family, row, column))
                continue
            if ps == last_ps:
                found.pop()
        found.append((ps, numerator, batch, [(family, row, column)]))
        last_ps, last_numerator, last_batch = ps, numerator, batch
    points = []
    for ps, numerator, batch, members in found:
        family, row, column = members[0]
        if len(members) > 1:
            family, row, column = min(members, key=lambda entry: space.tie_key(*entry))
        points.append(
            Candidate(family, row, column, ps, Fraction(numerator, batch * space.cost_scale))
        )
    return tuple(points)


def enumerate_frontier(
    space: ReplicaSpace,
    *,
    time_limit_s: float | None = None,
    on_progress: Callable[[int, int], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
    prune: bool = True,
) -> EnumerationOutcome:
    """Complete frontier of a candidate space, or an honest part of it.

    Parameters
    ----------
    time_limit_s
        Stop after this long; runs not reached are returned as open corners.
    on_progress
        Called with (cells done, cells to do).
    should_stop
        Asked between blocks; a true answer acts like a limit. So does Ctrl-C.
    prune
        Without it every candidate is evaluated: slower, and independent of the bounds.

    Notes
    -----
    Limits on the objectives themselves cut the frontier at the end: a nondominated point of the
    whole space inside them is one of the limited space, and the reverse.
    """
    start = time.monotonic()

    def stop_reason() -> str | None:
        if time_limit_s is not None and time.monotonic() - start > time_limit_s:
            return f"time limit of {time_limit_s:g} s"
        if should_stop is not None and should_stop():
            return "stopped by the user"
        return None

    all_runs: list[_Runs] = []
    seen_latency: list[IntArray] = []
    seen_cost: list[FloatArray] = []
    pool: list[Kept] = []
    evaluated = 0
    reason: str | None = None
    left: list[tuple[_Runs, Indices, Indices]] | None = None
    whole: list[Rectangle] = []
    try:
        for family in space.families:
            if not family.rises_with_batch:
                whole.extend(rectangles_of(family))
                continue
            runs, latency, cost = _corners(family)
            all_runs.append(runs)
            seen_latency.append(latency)
            seen_cost.append(cost)
        seen = [np.zeros(0, dtype=np.int64), *seen_latency], [np.zeros(0), *seen_cost]
        stairs = Staircase(np.concatenate(seen[0]), np.concatenate(seen[1]))
        blocks: list[tuple[_Runs, Indices, Indices, int]] = []
        for runs in all_runs:
            alive = runs.usable
            if prune:
                # A corner is a bound two ways at once: no candidate of its run is faster or
                # cheaper.
                alive = alive & ~stairs.beats(runs.latency - 1, runs.cost_bound)
            rows, which = np.nonzero(alive)
            sizes = (runs.last - runs.first + 1)[which]
            cuts = np.flatnonzero(np.diff(np.cumsum(sizes) // BLOCK_CELLS)) + 1
            for part_rows, part_runs in zip(
                np.split(rows, cuts), np.split(which, cuts), strict=True
            ):
                if len(part_rows):
                    size = int((runs.last - runs.first + 1)[part_runs].sum())
                    blocks.append((runs, part_rows, part_runs, size))
        to_do = sum(size for *_, size in blocks) + sum(part.size for part in whole)
        left = [(runs, rows, which) for runs, rows, which, _ in blocks]
        for runs, rows, which, size in blocks:
            reason = stop_reason()
            if reason is not None:
                break
            pool.append(_evaluate(runs, rows, which, stairs))
            left.pop(0)
            evaluated += size
            if on_progress is not None:
                on_progress(evaluated, to_do)
        while whole and reason is None:
            reason = stop_reason()
            if reason is not None:
                break
            pool.append(whole[0].evaluate(stairs_of(pool)))
            evaluated += whole.pop(0).size
            if on_progress is not None:
                on_progress(evaluated, to_do)
    except KeyboardInterrupt:
        reason = "interrupted"
    if left is None:
        # Not even the corners are known: everything is open.
        nothing = OpenCorner(0, Fraction(0))
        return EnumerationOutcome((), (nothing,), evaluated, 0, reason)
    corners = [
        corner for runs, rows, which in left for corner in _open_corners(space, runs, rows, which)
    ]
    if whole:
        # No batch of these families bounds another: what was not evaluated may be anything.
        corners.append(OpenCorner(0, Fraction(0)))
    if corners:
        pool.extend(_seen_corners(all_runs))
    points = _within_limits(space, _exact_frontier(space, pool))
    return EnumerationOutcome(
        points=points,
        open_corners=_nondominated_corners(corners),
        evaluated=evaluated,
        skipped=space.n_candidates - evaluated if not corners else 0,
        stopped_by=reason if corners else None,
    )


def _evaluate(runs: _Runs, rows: Indices, which: Indices, stairs: Staircase) -> Kept:
    family = runs.family
    cell_rows, cell_columns = _cells(runs, rows, which)
    latency = family.latency_ps(cell_rows, cell_columns)
    cost = family.cost_estimate(cell_rows, cell_columns, latency)
    keep = ~stairs.beats(latency, cost)
    cell_rows, cell_columns = cell_rows[keep], cell_columns[keep]
    latency, cost = latency[keep], cost[keep]
    allowed = family.allowed(cell_rows, cell_columns, latency)
    return Kept(family, cell_rows[allowed], cell_columns[allowed], latency[allowed], cost[allowed])


def _seen_corners(all_runs: list[_Runs]) -> list[Kept]:
    """Corners as candidates, so that an early stop still has points to show."""
    kept = []
    for runs in all_runs:
        rows, which = np.nonzero(runs.usable)
        columns = runs.first[which]
        latency = runs.latency[rows, which]
        allowed = runs.family.allowed(rows, columns, latency)
        rows, columns, latency = rows[allowed], columns[allowed], latency[allowed]
        cost = runs.family.cost_estimate(rows, columns, latency)
        kept.append(Kept(runs.family, rows, columns, latency, cost))
    return kept


def _open_corners(
    space: ReplicaSpace, runs: _Runs, rows: Indices, which: Indices
) -> list[OpenCorner]:
    corners = []
    for row, run in zip(rows.tolist(), which.tolist(), strict=True):
        latency = max(int(runs.latency[row, run]) - 1, 0)
        batch = int(runs.family.batches[runs.last[run]])
        cost = Fraction(runs.family.cost_weight[row] * latency, batch * space.cost_scale)
        corners.append(OpenCorner(latency, cost))
    return corners


def _nondominated_corners(corners: list[OpenCorner]) -> tuple[OpenCorner, ...]:
    """Corners that no other corner bounds from below already."""
    best: list[OpenCorner] = []
    for corner in sorted(corners, key=lambda entry: (entry.latency_ps, entry.cost)):
        if not best or corner.cost < best[-1].cost:
            best.append(corner)
    return tuple(best)


def _within_limits(space: ReplicaSpace, points: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
    limits = space.instance.limits
    most = limits.max_cost_usd_per_mtok
    return tuple(
        point
        for point in points
        if (most is None or point.cost <= most)
        and (
            point.family.limits.max_latency_ps is None
            or point.latency_ps <= point.family.limits.max_latency_ps
        )
    )
