"""All layouts of a question along concurrency, grouped by model and machine.

Only machines whose clock is left alone (or set to the highest that is on offer) are looked at:
clocks are a choice of the frontier, and would draw every curve several times.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from solver.economics.curve import USD_PER_MTOK, Curve, CurvePoint
from solver.economics.long_run import LongRunItem, undominated_items
from solver.economics.service import (
    CAP,
    DEVICES,
    ENERGY,
    HBM,
    SPEED,
    TTFT,
    WATTS,
    ServiceLevel,
)
from solver.instance.domain import Machine, ReplicaInstance
from solver.lowering.economy.cells import FamilyCells, cells_of
from solver.lowering.economy.lowering import lower_economy
from solver.lowering.families import BoolArray, IntArray
from solver.lowering.space import ReplicaSpace
from solver.performance.step_table import FloatArray, IndexArray

__all__ = ["BestLoad", "Group", "LayoutKey", "curve_of", "scan"]

_CELLS_AT_ONCE = 1 << 19
_FLOAT_SLACK = 1e-9
"""Relative; far above what rounding of a few products does to a float."""
_MW_PER_RATE = Fraction(18, 5 * 10**6)
"""US$ an hour for a milliwatt, from US$ per million tokens for a joule a token."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, eq=False)
class LayoutKey:
    """A layout in its place: a family and a row of it."""

    cells: FamilyCells
    row: int

    @property
    def name(self) -> str:
        """``TP8 PP2 W8 KV16``, with grids, experts, groups of attention and drafts if any."""
        layout, step = self.cells.family.layout(self.row), self.cells.family.step
        degree = layout.tensor_degree
        parts = [f"TP{degree}" + ("-2D" if layout.tensor_parallel_2d > 1 else "")]
        for letters, value in (
            ("PP", layout.pipeline_parallel),
            ("EP", layout.expert_parallel),
            ("DP", layout.attention_data_parallel),
        ):
            if value > 1:
                parts.append(f"{letters}{value}")
        weights = step.precision.weight_format or f"W{step.precision.weight_bits}"
        parts += [weights, f"KV{step.precision.kv_bits}"]
        draft = self.cells.family.draft
        if draft is not None:
            parts.append(f"draft {draft.tokens}")
            if draft.step.stages > 1:
                parts.append(f"in {draft.step.stages} stages")
        return " ".join(parts)

    @property
    def tie_key(self) -> tuple[int, ...]:
        """Smallest first: the simplest deployment."""
        return ReplicaSpace.tie_key(self.cells.family, self.row, 0)


@dataclass(frozen=True, slots=True, eq=False)
class BestLoad:
    """A layout at the concurrency where the service level lets it make a token for the least."""

    key: LayoutKey
    point: CurvePoint
    devices: int


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """All layouts of one model on one machine.

    Parameters
    ----------
    bests
        One for each layout that keeps the service level somewhere, cheapest first.
    items
        Of the long run, undominated.
    layouts
        Looked at.
    """

    model: str
    machine: str
    offered: Machine
    bests: tuple[BestLoad, ...]
    items: tuple[LongRunItem, ...]
    layouts: int
    keys: tuple[LayoutKey, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Cells:
    """Arrays of some rows by all batches of one family."""

    latency_ps: IntArray
    ttft_ps: IntArray | None
    power_mw: IntArray | None
    broken: dict[str, BoolArray]

    @property
    def kept(self) -> BoolArray:
        """Where no limit is broken."""
        found = np.ones(self.latency_ps.shape, dtype=bool)
        for mask in self.broken.values():
            found &= ~mask
        return found


def _evaluate(cells: FamilyCells, rows: IndexArray) -> _Cells:
    family = cells.family
    shape = (len(rows), len(family.batches))
    r, c = rows[:, None], np.arange(shape[1])[None, :]
    latency = np.broadcast_to(family.latency_ps(r, c), shape)
    ttft = family.ttft_ps(r, c)
    power = cells.power_mw(r, c)
    broken: dict[str, BoolArray] = {HBM: np.broadcast_to(~family.fits(r, c), shape)}
    limits = family.limits
    broken[DEVICES] = np.broadcast_to(~limits.rows_allowed[r], shape)
    if limits.min_latency_ps is not None:
        broken[CAP] = latency < limits.min_latency_ps[c]
    if limits.max_latency_ps is not None:
        broken[SPEED] = latency > limits.max_latency_ps
    if limits.max_ttft_ps is not None:
        broken[TTFT] = np.broadcast_to(~family.in_time(r, c), shape)
    if power is not None:
        power = np.broadcast_to(power, shape)
        if cells.most_mw is not None:
            broken[WATTS] = power > cells.most_mw
        if cells.most_joules is not None:
            # Products of milliwatts and picoseconds leave 64 bits; these are Python's integers.
            joules = power.astype(object) * latency.astype(object)
            most = cells.most_joules * 10**15
            bound = family.batches.astype(object)[None, :] * most.numerator
            broken[ENERGY] = np.asarray(joules * most.denominator > bound, dtype=bool)
    return _Cells(latency, None if ttft is None else np.broadcast_to(ttft, shape), power, broken)


def _rent(cells: FamilyCells, row: int) -> Fraction:
    return cells.family.machine.price.usd_per_hour * int(cells.family.devices[row])


def _point(cells: FamilyCells, row: int, found: _Cells, at: int, column: int) -> CurvePoint:
    power = None if found.power_mw is None else int(found.power_mw[at, column])
    usd = _rent(cells, row)
    if power is not None:
        usd += cells.billed_rate * _MW_PER_RATE * power
    return CurvePoint(
        int(cells.family.batches[column]),
        int(found.latency_ps[at, column]),
        usd,
        None if found.ttft_ps is None else int(found.ttft_ps[at, column]),
        power,
        tuple(name for name, mask in found.broken.items() if mask[at, column]),
    )


def curve_of(key: LayoutKey, *, model: str, machine: str) -> Curve:
    """The curve of one layout, over every batch on offer."""
    cells, row = key.cells, key.row
    found = _evaluate(cells, np.array([row], dtype=np.intp))
    points = tuple(
        _point(cells, row, found, 0, column) for column in range(len(cells.family.batches))
    )
    return Curve(
        model,
        machine,
        key.name,
        int(cells.family.devices[row]),
        points,
        cells.family.step.resolution_ps,
        cells.billed_rate * _MW_PER_RATE,
    )


def _rows_of(cells: FamilyCells) -> Iterator[IndexArray]:
    n, m = cells.family.shape
    many = max(_CELLS_AT_ONCE // max(m, 1), 1)
    for first in range(0, n, many):
        yield np.arange(first, min(first + many, n), dtype=np.intp)


def _hour(cells: FamilyCells, rows: IndexArray, found: _Cells) -> FloatArray:
    """US$ an hour, a float estimate."""
    rent = float(cells.family.machine.price.usd_per_hour) * cells.family.devices[rows]
    hour = np.broadcast_to(rent[:, None], found.latency_ps.shape).astype(np.float64)
    if found.power_mw is not None and cells.billed_rate:
        hour = hour + float(cells.billed_rate * _MW_PER_RATE) * found.power_mw
    return hour


def _bests(cells: FamilyCells, rows: IndexArray, found: _Cells) -> Iterator[BestLoad]:
    kept = found.kept
    rough = _hour(cells, rows, found) * found.latency_ps / cells.family.batches[None, :]
    rough = np.where(kept, rough * float(USD_PER_MTOK), np.inf)
    for at, row in enumerate(rows.tolist()):
        least = rough[at].min()
        if not np.isfinite(least):
            continue
        # Floats only discard; fractions decide, and the fewest users among equals.
        close = np.flatnonzero(rough[at] <= least * (1 + _FLOAT_SLACK))
        points = [_point(cells, row, found, at, int(column)) for column in close]
        best = min(points, key=lambda point: (point.average, point.concurrency))
        yield BestLoad(LayoutKey(cells, row), best, int(cells.family.devices[row]))


def _items(cells: FamilyCells, rows: IndexArray, found: _Cells) -> Iterator[LongRunItem]:
    """Undominated replicas of these rows, and perhaps a few that are."""
    kept, hour = found.kept, _hour(cells, rows, found)
    if not cells.billed_rate:
        # The price does not depend on load: the most users a layout may hold say it all.
        for at in np.flatnonzero(kept.any(axis=1)).tolist():
            column = int(np.flatnonzero(kept[at])[-1])
            yield _item(cells, int(rows[at]), found, at, column)
        return
    hour = np.where(kept, hour, np.inf)
    for column in range(kept.shape[1]):
        least = hour[:, column].min(initial=np.inf)
        if np.isfinite(least):
            for at in np.flatnonzero(hour[:, column] <= least * (1 + _FLOAT_SLACK)).tolist():
                yield _item(cells, int(rows[at]), found, at, column)


def _item(cells: FamilyCells, row: int, found: _Cells, at: int, column: int) -> LongRunItem:
    point = _point(cells, row, found, at, column)
    return LongRunItem(point.concurrency, point.usd_per_hour, LayoutKey(cells, row).name)


def _left_alone(machines: Iterable[Machine]) -> tuple[Machine, ...]:
    """Of machines that differ by their clock alone the one at the highest."""
    highest: dict[tuple[str, str, Fraction], Machine] = {}
    for machine in machines:
        key = (machine.accelerator.name, machine.price.tier, machine.price.usd_per_hour)
        if key not in highest or machine.clock_share > highest[key].clock_share:
            highest[key] = machine
    return tuple(highest.values())


def _machine_name(machine: Machine, machines: tuple[Machine, ...]) -> str:
    name = machine.accelerator.name
    if sum(other.accelerator.name == name for other in machines) > 1:
        return f"{name} ({machine.price.tier}, {float(machine.price.usd_per_hour):.4g} US$/h)"
    return name


def scan(
    instance: ReplicaInstance, level: ServiceLevel, *, on_progress: Progress | None = None
) -> tuple[Group, ...]:
    """Groups in the order of models and machines of the question.

    Raises
    ------
    FleetError
        As ``solver.lowering.economy.lowering.lower_economy``.
    """
    machines = _left_alone(instance.machines)
    asked = replace(instance, machines=machines, limits=level.over(instance.limits))
    space = lower_economy(asked)
    every = [cells for cells in cells_of(asked, space.parts) if cells.good_enough]
    groups: dict[tuple[str, int], list[FamilyCells]] = {}
    for cells in every:
        place = machines.index(cells.family.machine)
        groups.setdefault((cells.part.served.model.name, place), []).append(cells)
    to_do, done = len(every), 0
    found = []
    for (model, place), members in groups.items():
        bests: list[BestLoad] = []
        items: list[LongRunItem] = []
        for cells in members:
            for rows in _rows_of(cells):
                block = _evaluate(cells, rows)
                bests.extend(_bests(cells, rows, block))
                items = list(undominated_items([*items, *_items(cells, rows, block)]))
            done += 1
            if on_progress is not None:
                on_progress(done, to_do)
        bests.sort(key=lambda best: (best.point.average, best.key.tie_key))
        keys = tuple(LayoutKey(c, row) for c in members for row in range(c.family.shape[0]))
        found.append(
            Group(
                model,
                _machine_name(machines[place], machines),
                machines[place],
                tuple(bests),
                tuple(items),
                len(keys),
                keys,
            )
        )
    return tuple(found)
