"""Why nothing is feasible: a smallest set of limits that no candidate meets together.

Every candidate is marked with the set of limits it breaks. A set of limits is in conflict exactly
when every candidate breaks at least one of its members, so a smallest one is a minimum hitting set
of those marks; there are at most seven limits, and all subsets are tried by size. What one limit
alone would have to give is the least change among candidates that break no other.
"""

from __future__ import annotations

import decimal
import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from solver.lowering.families import PS_PER_S, BoolArray, CandidateFamily, IntArray
from solver.lowering.space import ReplicaSpace
from solver.result import Conflict, ConflictingLimit

__all__ = [
    "BEST_WORDS",
    "LIMIT_UNITS",
    "LimitBlock",
    "count_refused",
    "explain_conflict",
    "limit_blocks",
    "limit_value",
    "nearest_told",
    "outward",
    "shown_value",
    "smallest_conflict",
    "value_needed",
]

FloatArray = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]

LIMIT_UNITS = {
    "hbm": "GB per device",
    "min_speed": "tok/s/user",
    "max_cost": "usd/Mtok",
    "max_devices": "devices",
    "max_usd_per_hour": "usd/h",
    "max_tok_per_s": "tok/s",
    "max_ttft": "s",
}
BEST_WORDS = {
    "hbm": "needs less than {} GB on its fullest device",
    "min_speed": "is faster than {} tok/s/user",
    "max_cost": "costs less than {} US$/Mtok",
    "max_devices": "has fewer than {} devices",
    "max_usd_per_hour": "costs less than {} US$ an hour",
    "max_tok_per_s": "puts out less than {} tok/s",
    "max_ttft": "gives its first token in less than {} s",
}
_NAMES = tuple(LIMIT_UNITS)
_BLOCK_ROWS = 64
SHOWN_DIGITS = 6
"""Digits of what a limit would have to be; as many as people are shown, so that it can be typed."""


@dataclass(frozen=True, slots=True)
class LimitBlock:
    """Candidates of some rows of a family: what each limit sees, shape (rows, batches)."""

    family: CandidateFamily
    rows: Indices
    latency: IntArray
    seen: dict[str, FloatArray]
    broken: dict[str, BoolArray]


def limit_blocks(space: ReplicaSpace) -> Iterator[LimitBlock]:
    """All candidates of a space with what each limit on them sees and refuses."""
    limits = space.instance.limits
    for family in space.families:
        n_rows, n_columns = family.shape
        columns = np.arange(n_columns, dtype=np.intp)[None, :]
        price = float(family.machine.price.usd_per_hour)
        for start in range(0, n_rows, _BLOCK_ROWS):
            rows = np.arange(start, min(start + _BLOCK_ROWS, n_rows), dtype=np.intp)[:, None]
            shape = (len(rows), n_columns)
            latency = np.broadcast_to(family.latency_ps(rows, columns), shape)
            devices = np.broadcast_to(family.devices[rows], shape)
            speed = PS_PER_S / latency
            seen: dict[str, FloatArray] = {
                "hbm": np.broadcast_to(family.hbm_bytes(rows, columns), shape),
                "min_speed": speed,
                "max_cost": family.cost_estimate(rows, columns, latency) / space.cost_scale,
                "max_devices": devices.astype(np.float64),
                "max_usd_per_hour": devices.astype(np.float64) * price,
                "max_tok_per_s": speed * family.batches[columns],
            }
            broken: dict[str, BoolArray] = {
                "hbm": ~np.broadcast_to(family.fits(rows, columns), shape)
            }
            if family.limits.max_latency_ps is not None:
                broken["min_speed"] = latency > family.limits.max_latency_ps
            if limits.max_cost_usd_per_mtok is not None:
                broken["max_cost"] = _too_dear(space, family, rows[:, 0], latency, seen["max_cost"])
            if limits.max_devices is not None:
                broken["max_devices"] = devices > limits.max_devices
            if limits.max_usd_per_hour is not None:
                most = int(limits.max_usd_per_hour / family.machine.price.usd_per_hour)
                broken["max_usd_per_hour"] = devices > most
            if family.limits.min_latency_ps is not None:
                broken["max_tok_per_s"] = latency < family.limits.min_latency_ps[columns]
            if family.limits.max_ttft_ps is not None:
                ttft_ps = np.broadcast_to(_ttft_ps(family, rows, columns), shape)
                seen["max_ttft"] = ttft_ps / PS_PER_S
                broken["max_ttft"] = ttft_ps > family.limits.max_ttft_ps
            yield LimitBlock(family, rows[:, 0], latency, seen, broken)


def _ttft_ps(family: CandidateFamily, rows: Indices, columns: Indices) -> IntArray:
    """Time to the first token, asked only where there is a limit on it."""
    found = family.ttft_ps(rows, columns)
    if found is None:
        raise ValueError("a limit on the first token, and a performance model without prompts")
    return found


def _too_dear(
    space: ReplicaSpace,
    family: CandidateFamily,
    rows: Indices,
    latency: IntArray,
    estimate: FloatArray,
) -> BoolArray:
    """Cost above its limit; candidates too close for floats are compared as fractions."""
    limit = space.instance.limits.max_cost_usd_per_mtok
    assert limit is not None  # asked only where there is one
    value = float(limit)
    dear = estimate > value
    for at, column in np.argwhere(np.abs(estimate - value) <= 1e-9 * value):
        exact = space.cost(family, int(rows[at]), int(column), int(latency[at, column]))
        dear[at, column] = exact > limit
    return dear


def count_refused(
    space: ReplicaSpace, on_progress: Callable[[int, int], None] | None = None
) -> tuple[dict[str, int], int]:
    """Candidates that each limit refuses, and ``feasible`` ones; a candidate may count twice.

    Returns
    -------
    tuple
        The counts, and the number of distinct latencies among feasible candidates.
    """
    counts: dict[str, int] = {}
    feasible = done = 0
    levels: list[IntArray] = []
    for block in limit_blocks(space):
        any_broken = np.zeros(block.latency.shape, dtype=bool)
        for name, broken in block.broken.items():
            counts[name] = counts.get(name, 0) + int(broken.sum())
            any_broken |= broken
        feasible += int((~any_broken).sum())
        levels.append(np.unique(block.latency[~any_broken]))
        done += any_broken.size
        if on_progress is not None:
            on_progress(done, space.n_candidates)
    return {**counts, "feasible": feasible}, len(np.unique(np.concatenate(levels)))


def limit_value(space: ReplicaSpace, name: str, family: CandidateFamily) -> float:
    """A limit that is stated, as a number."""
    limits = space.instance.limits
    value: Fraction | int | float | None = {
        "hbm": family.hbm_available_bytes,
        "min_speed": limits.min_speed_tok_per_s,
        "max_cost": limits.max_cost_usd_per_mtok,
        "max_devices": limits.max_devices,
        "max_usd_per_hour": limits.max_usd_per_hour,
        "max_tok_per_s": limits.max_tok_per_s,
        "max_ttft": limits.max_ttft_s,
    }[name]
    assert value is not None  # only stated limits can be broken
    return float(value)


def shown_value(name: str, value: float) -> float:
    """A value of a limit in the unit of ``LIMIT_UNITS``."""
    return value / 1e9 if name == "hbm" else value


def explain_conflict(space: ReplicaSpace) -> Conflict | None:
    """The conflict behind an empty frontier; ``None`` where some candidate meets every limit."""
    masks: set[int] = set()
    alone: dict[str, tuple[float, float, float]] = {}
    """Limit -> (relative change, value needed, rounded to the safe side, limit now)."""
    nearest: tuple[float, dict[str, Any]] | None = None
    for block in limit_blocks(space):
        shape = block.latency.shape
        mask = np.zeros(shape, dtype=np.int64)
        worst = np.zeros(shape)
        overshoot: dict[str, FloatArray] = {}
        for name, broken in block.broken.items():
            mask |= broken.astype(np.int64) << _NAMES.index(name)
            limit = limit_value(space, name, block.family)
            change = np.abs(block.seen[name] - limit) / limit
            overshoot[name] = np.where(broken, change, 0.0)
            worst = np.maximum(worst, overshoot[name])
        masks.update(np.unique(mask).tolist())
        if 0 in masks:
            return None
        for name in block.broken:
            only = mask == 1 << _NAMES.index(name)
            if not only.any():
                continue
            at = np.unravel_index(np.argmin(np.where(only, overshoot[name], np.inf)), shape)
            entry = (
                float(overshoot[name][at]),
                value_needed(space, block, name, at),
                limit_value(space, name, block.family),
            )
            alone[name] = min(alone.get(name, entry), entry)
        at = np.unravel_index(np.argmin(worst), shape)
        if nearest is None or float(worst[at]) < nearest[0]:
            nearest = (float(worst[at]), nearest_told(space, block, at))
    assert nearest is not None  # a space holds at least one candidate
    chosen = smallest_conflict(masks)
    return Conflict(
        limits=tuple(_conflicting(space, name, alone.get(name)) for name in chosen),
        is_minimum=True,
        nearest=nearest[1],
    )


def value_needed(
    space: ReplicaSpace, block: LimitBlock, name: str, at: tuple[np.intp, ...]
) -> float:
    """What a limit has to be for one candidate, rounded so that this value lets it in."""
    family, row, column = block.family, int(block.rows[at[0]]), int(at[1])
    ps, batch = int(block.latency[at]), int(family.batches[column])
    devices = int(family.devices[row])
    if name == "hbm":
        exact = Fraction(float(block.seen["hbm"][at]))
    elif name == "min_speed":
        exact = Fraction(PS_PER_S, ps)
    elif name == "max_cost":
        exact = space.cost(family, row, column, ps)
    elif name == "max_devices":
        exact = Fraction(devices)
    elif name == "max_usd_per_hour":
        exact = family.machine.price.usd_per_hour * devices
    elif name == "max_ttft":
        at_row, at_column = np.array([row]), np.array([column])
        exact = Fraction(int(_ttft_ps(family, at_row, at_column)[0]), PS_PER_S)
    else:
        exact = Fraction(batch * PS_PER_S, ps)
    return outward(exact, down=name == "min_speed")


def outward(value: Fraction, *, down: bool) -> float:
    """``value`` in ``SHOWN_DIGITS`` digits, rounded down or up."""
    rounding = decimal.ROUND_FLOOR if down else decimal.ROUND_CEILING
    context = decimal.Context(prec=SHOWN_DIGITS, rounding=rounding)
    return float(
        context.divide(decimal.Decimal(value.numerator), decimal.Decimal(value.denominator))
    )


def smallest_conflict(masks: set[int], names: Sequence[str] = _NAMES) -> tuple[str, ...]:
    """Fewest limits of which every mask has one; bit ``i`` of a mask is a break of ``names[i]``."""
    for size in range(1, len(names) + 1):
        for subset in itertools.combinations(range(len(names)), size):
            bits = sum(1 << index for index in subset)
            if all(mask & bits for mask in masks):
                return tuple(names[index] for index in subset)
    raise AssertionError("every mask is nonzero, so all limits together hit every one")


def _conflicting(
    space: ReplicaSpace, name: str, entry: tuple[float, float, float] | None
) -> ConflictingLimit:
    unit = LIMIT_UNITS[name]
    if entry is None:
        value = shown_value(name, limit_value(space, name, space.families[0]))
        return ConflictingLimit(
            limit=name,
            value=value,
            unit=unit,
            needed=None,
            change=None,
            explanation="alone it cannot mend this: every design breaks another limit as well",
        )
    _, needed, value = entry
    needed, value = shown_value(name, needed), shown_value(name, value)
    return ConflictingLimit(
        limit=name,
        value=value,
        unit=unit,
        needed=needed,
        change=needed - value,
        explanation=f"no design within the other limits {BEST_WORDS[name].format(f'{needed:.6g}')}",
    )


def nearest_told(space: ReplicaSpace, block: LimitBlock, at: tuple[np.intp, ...]) -> dict[str, Any]:
    """A candidate of a block, and by how much each limit refuses it."""
    family = block.family
    row, column = int(block.rows[at[0]]), int(at[1])
    layout = family.layout(row)
    refused = []
    for name, broken in block.broken.items():
        if broken[at]:
            value = shown_value(name, float(block.seen[name][at]))
            limit = shown_value(name, limit_value(space, name, family))
            refused.append(
                {"limit": name, "value": value, "limit_value": limit, "unit": LIMIT_UNITS[name],
                 "by": abs(value - limit)}
            )  # fmt: skip
    return {
        "accelerator": family.machine.accelerator.name,
        "devices": layout.devices,
        "tensor_parallel": layout.tensor_degree,
        "two_dimensional": family.step.two_dimensional,
        "pipeline_parallel": layout.pipeline_parallel,
        "expert_parallel": layout.expert_parallel,
        "attention_data_parallel": layout.attention_data_parallel,
        "batch": int(family.batches[column]),
        "draft_tokens": family.draft_tokens,
        "refused_by": refused,
    }
