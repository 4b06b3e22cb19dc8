"""Designs within a tolerance of the frontier: two that differ by less are the same to a buyer.

``near_scan`` says which candidates are near; here they are counted, condensed by layout, and at
chosen points the simplest of them is found. A *layout* is everything of a design but its batch.
All of it is plain JSON, in an order that the question alone determines, so that a check can make it
again and compare.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from solver.errors import InstanceError
from solver.lowering.families import PS_PER_S
from solver.lowering.space import ReplicaSpace
from solver.sweep.assemble import describe_all, objective_values
from solver.sweep.enumeration import Candidate
from solver.sweep.near_scan import (
    RELATIVE_MARGIN,
    Indices,
    NearBounds,
    NearCandidates,
    near_candidates,
)

__all__ = ["layout_of", "near_section", "parse_tolerance", "short_list", "stopped_section"]

_BATCH_KEYS = frozenset(
    {"batch", "microbatches", "mfu", "hbm_used_bytes", "step_latency_s", "terms", "binding"}
    | {"tok_per_s", "ttft_s"}
)
"""What of a design depends on its batch; the rest is the layout."""
_NUMBER = re.compile(r"(\d{0,15}\.?\d{1,15}|\d{1,15}/\d{1,15})\s*(%?)")


def parse_tolerance(value: str | float | Fraction, *, where: str = "--tolerance") -> Fraction:
    """A relative distance, exactly: ``10%``, ``0.1`` and ``1/10`` are the same.

    Raises
    ------
    InstanceError
        If it is not a number, negative, or not below one.
    """
    mend = "Give a share below one, such as 10%, 0.1 or 1/10"
    found: Fraction | None = None
    if isinstance(value, str):
        match = _NUMBER.fullmatch(value.strip())
        if match and not re.search(r"/0+$", match[1]):
            found = Fraction(match[1]) / (100 if match[2] else 1)
    elif isinstance(value, Fraction | int) and not isinstance(value, bool):
        found = Fraction(value)
    elif isinstance(value, float) and 0 <= value < 1:
        found = Fraction(str(value))
    if found is None:
        raise InstanceError.one(f"{value!r} is not a share", where=where, mend=mend)
    if not 0 <= found < 1:
        raise InstanceError.one(
            f"{value} is not between 0 and 100 %" if found < 0 else f"{value} is 100 % or more",
            where=where,
            mend=mend,
        )
    return found


def short_list(values: Sequence[int]) -> str:
    """Ascending whole numbers in the form of an instance file: ``1..48, 50..64 step 2, 72``."""
    parts: list[str] = []
    start = 0
    while start < len(values):
        end = min(start + 1, len(values) - 1)
        step = values[end] - values[start]
        while end + 1 < len(values) and values[end + 1] - values[end] == step:
            end += 1
        if end - start >= 2:
            parts.append(f"{values[start]}..{values[end]}" + (f" step {step}" if step > 1 else ""))
            start = end + 1
        else:
            parts.append(str(values[start]))
            start += 1
    return ", ".join(parts)


def stopped_section(tolerance: Fraction, reason: str) -> dict[str, Any]:
    """What a result says where the list was asked for and not made."""
    return {
        "tolerance": str(tolerance),
        "status": "stopped",
        "reason": reason,
        "count": None,
        "layouts": [],
        "at_points": [],
    }


def near_section(
    space: ReplicaSpace,
    pairs: Sequence[tuple[int, Fraction]],
    *,
    tolerance: Fraction,
    rows: Sequence[int],
    complete: bool,
    should_stop: Callable[[], bool] | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any] | None:
    """The designs within ``tolerance`` of the frontier, counted exactly and condensed.

    A candidate c that all limits allow is *near* exactly when for some point p of the frontier
    speed(c) >= speed(p) (1 - t) and cost(c) <= cost(p) (1 + t), compared in integers and fractions.

    Parameters
    ----------
    pairs
        Latency (ps) and cost of every point, fastest first.
    tolerance
        t, at least 0 and below 1.
    rows
        Positions of the points at which the simplest near design is told.
    complete
        Whether the points are the whole frontier.
    should_stop, on_progress
        As in ``near_candidates``.

    Returns
    -------
    dict or None
        ``tolerance``; ``status``: ``complete``, or ``partial`` where the points are those found so
        far and so are the designs near them; ``count`` of near designs, those on
        the frontier included; ``layouts``, simplest first, each with its ``design`` (less what
        depends on the batch), the ``count`` of its near designs and how many of them are
        ``on_frontier``, all their ``batches``, and the ranges of their ``speed`` and ``cost``;
        ``at_points``, for every one of ``rows`` the number of designs near that ``point`` and the
        ``simplest`` of them. That one has the layout of the candidate with the least
        ``ReplicaSpace.tie_key`` (fewest devices first), and of its batches the one whose larger
        loss, of speed or of cost, is least. ``None`` where the scan was stopped.
    """
    bounds = NearBounds.of(pairs, tolerance, space.instance.limits.max_cost_usd_per_mtok)
    found = near_candidates(space, bounds, should_stop=should_stop, on_progress=on_progress)
    if found is None:
        return None
    return {
        "tolerance": str(tolerance),
        "status": "complete" if complete else "partial",
        "count": len(found),
        "layouts": _layouts(found, pairs),
        "at_points": _at_points(found, bounds, pairs, rows),
    }


def layout_of(design: Mapping[str, Any]) -> dict[str, Any]:
    """What of a design does not depend on its batch: devices, degrees, precisions, price."""
    layout = {key: value for key, value in design.items() if key not in _BATCH_KEYS}
    if "draft" in layout:
        layout["draft"] = {k: v for k, v in layout["draft"].items() if k not in _BATCH_KEYS}
    return layout


def _groups(found: NearCandidates, chosen: Indices) -> list[Indices]:
    """``chosen`` cut where the layout changes; in order, so each layout comes once."""
    if not len(chosen):
        return []
    family, row = found.family[chosen], found.row[chosen]
    return np.split(chosen, np.flatnonzero((np.diff(family) != 0) | (np.diff(row) != 0)) + 1)


def _candidate(found: NearCandidates, index: int) -> Candidate:
    return Candidate(
        found.space.families[int(found.family[index])],
        int(found.row[index]),
        int(found.column[index]),
        int(found.latency_ps[index]),
        found.exact_cost(index),
    )


def _on_frontier(found: NearCandidates, pairs: Sequence[tuple[int, Fraction]]) -> Indices:
    """Those that equal a point in both objectives."""
    points = np.array([latency for latency, _ in pairs], dtype=np.int64)
    at = np.minimum(np.searchsorted(points, found.latency_ps), max(len(points) - 1, 0))
    same = np.flatnonzero(points[at] == found.latency_ps) if len(points) else np.zeros(0, np.intp)
    equal = [i for i in same.tolist() if found.exact_cost(i) == pairs[int(at[i])][1]]
    return np.array(equal, dtype=np.intp)


def _layouts(found: NearCandidates, pairs: Sequence[tuple[int, Fraction]]) -> list[dict[str, Any]]:
    everything = np.arange(len(found), dtype=np.intp)
    groups = _groups(found, everything)
    # Batches ascend within a layout: its first candidate is its simplest.
    groups.sort(key=lambda members: found.tie_key(int(members[0])))
    equal = np.zeros(len(found), dtype=bool)
    equal[_on_frontier(found, pairs)] = True
    designs = describe_all([_candidate(found, int(members[0])) for members in groups])
    layouts = []
    for members, design in zip(groups, designs, strict=True):
        family = found.space.families[int(found.family[members[0]])]
        latency, cost = found.latency_ps[members], found.cost[members]
        cheapest, dearest = int(members[cost.argmin()]), int(members[cost.argmax()])
        layouts.append(
            {
                "design": layout_of(design),
                "count": len(members),
                "on_frontier": int(equal[members].sum()),
                "batches": short_list(family.batches[found.column[members]].tolist()),
                "speed": [PS_PER_S / int(latency.max()), PS_PER_S / int(latency.min())],
                "cost": [float(found.exact_cost(cheapest)), float(found.exact_cost(dearest))],
            }
        )
    return layouts


@dataclass(frozen=True, slots=True)
class _Chosen:
    """The simplest design near one point."""

    point: int
    near: int
    candidate: Candidate


def _at_points(
    found: NearCandidates,
    bounds: NearBounds,
    pairs: Sequence[tuple[int, Fraction]],
    rows: Sequence[int],
) -> list[dict[str, Any]]:
    chosen = []
    for point in rows:
        near = found.near(bounds, point)
        layout = min(_groups(found, near), key=lambda members: found.tie_key(int(members[0])))
        index = _least_loss(found, layout, *pairs[point])
        chosen.append(_Chosen(int(point), len(near), _candidate(found, index)))
    entries = []
    designs = describe_all([one.candidate for one in chosen])
    for one, design in zip(chosen, designs, strict=True):
        latency_ps, cost = one.candidate.latency_ps, one.candidate.cost
        best_ps, best_cost = pairs[one.point]
        entries.append(
            {
                "point": one.point,
                "near": one.near,
                "simplest": {
                    "objectives": objective_values(latency_ps, cost),
                    "exact": {"latency_ps": latency_ps, "cost": str(cost)},
                    "design": design,
                },
                "speed_change": float(Fraction(best_ps, latency_ps) - 1),
                "cost_change": float(cost / best_cost - 1),
            }
        )
    return entries


def _least_loss(found: NearCandidates, members: Indices, latency_ps: int, cost: Fraction) -> int:
    """Of ``members`` the one whose larger loss against a point is least; the first of equals."""
    slower = found.latency_ps[members] / latency_ps
    loss = np.maximum(slower, found.cost[members] / float(cost))
    close = members[loss <= loss.min() * (1 + RELATIVE_MARGIN)].tolist()

    def exact(index: int) -> Fraction:
        slow = Fraction(int(found.latency_ps[index]), latency_ps)
        return max(slow, found.exact_cost(index) / cost)

    return int(min(close, key=exact))
