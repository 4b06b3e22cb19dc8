"""Why nothing is feasible: a smallest set of limits, those on energy and quality included.

As ``solver.sweep.conflict``, over the candidates of all models together: every candidate is marked
with the set of limits it breaks, a smallest conflict is a minimum hitting set of those marks, and
what one limit alone would have to give is the least change among candidates that break no other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from solver.lowering.economy.cells import FLOAT_SLACK, FamilyCells, cells_of
from solver.lowering.economy.space import EconomicSpace, Worth
from solver.lowering.families import BoolArray
from solver.performance.step_table import FloatArray
from solver.result import Conflict, ConflictingLimit
from solver.sweep.conflict import (
    BEST_WORDS,
    LIMIT_UNITS,
    LimitBlock,
    limit_blocks,
    limit_value,
    nearest_told,
    outward,
    shown_value,
    smallest_conflict,
    value_needed,
)

__all__ = ["ECONOMIC_LIMIT_UNITS", "explain_economic_conflict", "refused_by_limit"]

ECONOMIC_LIMIT_UNITS = {
    **LIMIT_UNITS,
    "max_j_per_token": "J/token",
    "max_watts": "W",
    "max_g_co2_per_mtok": "g/Mtok",
    "min_quality": "score",
}
_WORDS = {
    **BEST_WORDS,
    "max_j_per_token": "takes less than {} J a token",
    "max_watts": "draws less than {} W",
    "max_g_co2_per_mtok": "emits less than {} g a million tokens",
    "min_quality": "scores more than {}",
}
_NAMES = tuple(ECONOMIC_LIMIT_UNITS)
_FLOORS = ("min_speed", "min_quality")


@dataclass(frozen=True, slots=True)
class _Seen:
    """A block of one model's candidates with all its limits."""

    cells: FamilyCells
    block: LimitBlock

    def worth(self, at: tuple[int, ...]) -> Worth:
        row, column = np.array([self.block.rows[at[0]]]), np.array([at[1]])
        power = self.cells.power_mw(row, column)
        return self.cells.worth(
            int(row[0]),
            int(column[0]),
            int(self.block.latency[at]),
            None if power is None else int(power[0]),
        )

    def limit(self, name: str) -> float:
        """A stated limit as a number."""
        if name in LIMIT_UNITS:
            return limit_value(self.cells.part.space, name, self.block.family)
        value: Fraction = getattr(self.cells.instance.limits, name)
        return float(value)

    def needed(self, name: str, at: tuple[int, ...]) -> float:
        """What a limit has to be for one candidate, rounded so that this value lets it in."""
        worth = self.worth(at)
        exact = _figure(worth, name)
        if name == "max_usd_per_hour":
            devices = int(self.block.family.devices[self.block.rows[at[0]]])
            exact = self.cells.usd_per_hour(devices, worth.power_mw)
        if exact is not None:
            return outward(exact, down=name in _FLOORS)
        place = tuple(np.intp(index) for index in at)
        return value_needed(self.cells.part.space, self.block, name, place)


def _figure(worth: Worth, name: str) -> Fraction | None:
    """What a limit sees of a candidate, exactly; ``None`` for limits of plain questions."""
    if name == "max_watts":
        return None if worth.power_mw is None else Fraction(worth.power_mw, 1000)
    return {
        "max_cost": worth.cost,
        "max_j_per_token": worth.energy,
        "max_g_co2_per_mtok": worth.carbon,
        "min_quality": worth.quality,
    }.get(name)


def _blocks(space: EconomicSpace) -> Iterator[_Seen]:
    of_family = {id(cells.family): cells for cells in cells_of(space.instance, space.parts)}
    for part in space.parts:
        for block in limit_blocks(part.space):
            seen = _Seen(of_family[id(block.family)], block)
            _mark(seen)
            yield seen


def _mark(seen: _Seen) -> None:
    """Write into a block what the limits of energy, quality and billed electricity see of it."""
    cells, block = seen.cells, seen.block
    limits, shape = cells.instance.limits, block.latency.shape
    rows, columns = block.rows[:, None], np.arange(shape[1], dtype=np.intp)[None, :]
    power = cells.power_mw(rows, columns)
    if power is not None:
        drawn = np.broadcast_to(power, shape)
        energy = drawn * (block.latency / block.family.batches[columns]) * 1e-15
        if cells.billed_rate:
            block.seen["max_cost"] = block.seen["max_cost"] + energy * float(cells.billed_rate)
            if limits.max_cost_usd_per_mtok is not None:
                most = limits.max_cost_usd_per_mtok
                block.broken["max_cost"] = _above(seen, "max_cost", most)
        if cells.billed_per_mw and limits.max_usd_per_hour is not None:
            block.seen["max_usd_per_hour"] = block.seen["max_usd_per_hour"] + drawn * float(
                cells.billed_per_mw
            )
            block.broken["max_usd_per_hour"] = drawn > cells.affordable_mw()[rows]
        if limits.max_j_per_token is not None:
            block.seen["max_j_per_token"] = energy
            block.broken["max_j_per_token"] = _above(
                seen, "max_j_per_token", limits.max_j_per_token
            )
        if limits.max_watts is not None:
            block.seen["max_watts"] = drawn / 1000.0
            block.broken["max_watts"] = drawn > int(limits.max_watts * 1000)
        if limits.max_g_co2_per_mtok is not None and cells.carbon_rate is not None:
            block.seen["max_g_co2_per_mtok"] = energy * float(cells.carbon_rate)
            block.broken["max_g_co2_per_mtok"] = _above(
                seen, "max_g_co2_per_mtok", limits.max_g_co2_per_mtok
            )
    if limits.min_quality is not None and cells.quality is not None:
        block.seen["min_quality"] = np.full(shape, float(cells.quality))
        block.broken["min_quality"] = np.full(shape, not cells.good_enough)


def _above(seen: _Seen, name: str, most: Fraction) -> BoolArray:
    """Which candidates are above a limit; those too close for floats by their fractions."""
    estimate, value = seen.block.seen[name], float(most)
    above = estimate > value
    for at in np.argwhere(np.abs(estimate - value) <= FLOAT_SLACK * value).tolist():
        exact = _figure(seen.worth(tuple(at)), name)
        if exact is None:
            raise ValueError(f"{name} is limited and not known")
        above[tuple(at)] = exact > most
    return above


def refused_by_limit(space: EconomicSpace) -> dict[str, int]:
    """Candidates that each stated limit refuses, and ``feasible`` ones; one may count twice."""
    counts: dict[str, int] = {}
    feasible = 0
    for seen in _blocks(space):
        broken = seen.block.broken
        for name in (name for name in _NAMES if name in broken):
            counts[name] = counts.get(name, 0) + int(broken[name].sum())
        feasible += int((~np.any(np.stack(list(broken.values())), axis=0)).sum())
    return {**counts, "feasible": feasible}


def explain_economic_conflict(space: EconomicSpace) -> tuple[dict[str, Any], ...]:
    """The conflict behind an empty frontier as plain JSON; empty where a candidate meets all."""
    masks: set[int] = set()
    alone: dict[str, tuple[float, float, float]] = {}
    """Limit -> (relative change, value needed, limit now)."""
    limit_now: dict[str, float] = {}
    nearest: tuple[float, dict[str, Any]] | None = None
    for seen in _blocks(space):
        broken, shape = seen.block.broken, seen.block.latency.shape
        mask, worst = np.zeros(shape, dtype=np.int64), np.zeros(shape)
        overshoot: dict[str, FloatArray] = {}
        for name, breaks in broken.items():
            mask |= breaks.astype(np.int64) << _NAMES.index(name)
            limit = seen.limit(name)
            limit_now.setdefault(name, limit)
            change = np.abs(seen.block.seen[name] - limit) / (abs(limit) or 1.0)
            overshoot[name] = np.where(breaks, change, 0.0)
            worst = np.maximum(worst, overshoot[name])
        masks.update(np.unique(mask).tolist())
        if 0 in masks:
            return ()
        for name in broken:
            only = mask == 1 << _NAMES.index(name)
            if only.any():
                at = _least(np.where(only, overshoot[name], np.inf))
                entry = (float(overshoot[name][at]), seen.needed(name, at), seen.limit(name))
                alone[name] = min(alone.get(name, entry), entry)
        at = _least(worst)
        if nearest is None or float(worst[at]) < nearest[0]:
            nearest = (float(worst[at]), _told_nearest(seen, at))
    if nearest is None:
        raise ValueError("a space holds at least one candidate")
    chosen = smallest_conflict(masks, _NAMES)
    conflict = Conflict(
        limits=tuple(_conflicting(name, alone.get(name), limit_now[name]) for name in chosen),
        is_minimum=True,
        nearest=nearest[1],
    )
    return ({**asdict(conflict), "limits": [asdict(limit) for limit in conflict.limits]},)


def _least(values: FloatArray) -> tuple[int, ...]:
    return tuple(int(index) for index in np.unravel_index(np.argmin(values), values.shape))


def _conflicting(
    name: str, entry: tuple[float, float, float] | None, limit: float
) -> ConflictingLimit:
    if entry is None:
        return ConflictingLimit(
            limit=name,
            value=shown_value(name, limit),
            unit=ECONOMIC_LIMIT_UNITS[name],
            needed=None,
            change=None,
            explanation="alone it cannot mend this: every design breaks another limit as well",
        )
    needed, value = shown_value(name, entry[1]), shown_value(name, entry[2])
    return ConflictingLimit(
        limit=name,
        value=value,
        unit=ECONOMIC_LIMIT_UNITS[name],
        needed=needed,
        change=needed - value,
        explanation=f"no design within the other limits {_WORDS[name].format(f'{needed:.6g}')}",
    )


def _told_nearest(seen: _Seen, at: tuple[int, ...]) -> dict[str, Any]:
    """The candidate that came closest, with its model and clock, and what refused it."""
    block = seen.block
    bare = LimitBlock(block.family, block.rows, block.latency, block.seen, {})
    place = tuple(np.intp(index) for index in at)
    told = nearest_told(seen.cells.part.space, bare, place)
    refused = []
    for name, breaks in block.broken.items():
        if breaks[at]:
            value = shown_value(name, float(block.seen[name][at]))
            limit = shown_value(name, seen.limit(name))
            refused.append(
                {"limit": name, "value": value, "limit_value": limit,
                 "unit": ECONOMIC_LIMIT_UNITS[name], "by": abs(value - limit)}
            )  # fmt: skip
    return {
        "model": seen.cells.part.served.model.name,
        **told,
        "clock_mhz": block.family.machine.clock_mhz,
        "refused_by": refused,
    }
