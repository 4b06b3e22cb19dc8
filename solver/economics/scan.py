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
from solver.economics.job import Job, JobLoad, job_of, rest_columns, rough_seconds
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

__all__ = [
    "BestLoad",
    "Group",
    "LayoutJob",
    "LayoutKey",
    "Scan",
    "best_jobs",
    "curve_of",
    "evaluate",
    "left_alone",
    "machine_name",
    "point_at",
    "row_blocks",
    "scan",
]

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
class LayoutJob:
    """A layout and load that does a job; ``aim`` is ``cheapest`` or ``fastest`` of its devices."""

    aim: str
    key: LayoutKey
    devices: int
    load: JobLoad


@dataclass(frozen=True, slots=True, eq=False)
class Scan:
    """Groups that were looked at in full; ``left_out`` names those that a stop left out."""

    groups: tuple[Group, ...]
    left_out: tuple[str, ...] = ()


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
    jobs
        For every number of devices the layout that does the job for the least, and the one that
        does it soonest; empty where there is no job.
    """

    model: str
    machine: str
    offered: Machine
    bests: tuple[BestLoad, ...]
    items: tuple[LongRunItem, ...]
    layouts: int
    keys: tuple[LayoutKey, ...]
    jobs: tuple[LayoutJob, ...] = ()


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
        return self.without()

    def without(self, *promises: str) -> BoolArray:
        """Where no limit is broken but for ``promises``."""
        found = np.ones(self.latency_ps.shape, dtype=bool)
        for name, mask in self.broken.items():
            if name not in promises:
                found &= ~mask
        return found


def evaluate(cells: FamilyCells, rows: IndexArray) -> _Cells:
    """Every batch of some rows."""
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


def point_at(cells: FamilyCells, row: int, found: _Cells, at: int, column: int) -> CurvePoint:
    """One cell; ``at`` is the place of ``row`` in ``found``."""
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
    found = evaluate(cells, np.array([row], dtype=np.intp))
    points = tuple(
        point_at(cells, row, found, 0, column) for column in range(len(cells.family.batches))
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


def row_blocks(cells: FamilyCells) -> Iterator[IndexArray]:
    """Rows in blocks that are not too large to hold."""
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
        points = [point_at(cells, row, found, at, int(column)) for column in close]
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
    point = point_at(cells, row, found, at, column)
    return LongRunItem(point.concurrency, point.usd_per_hour, LayoutKey(cells, row).name)


def left_alone(machines: Iterable[Machine]) -> tuple[Machine, ...]:
    """Of machines that differ by their clock alone the one at the highest."""
    highest: dict[tuple[str, str, Fraction], Machine] = {}
    for machine in machines:
        key = (machine.accelerator.name, machine.price.tier, machine.price.usd_per_hour)
        if key not in highest or machine.clock_share > highest[key].clock_share:
            highest[key] = machine
    return tuple(highest.values())


def machine_name(machine: Machine, machines: tuple[Machine, ...]) -> str:
    """Its accelerator, and its price where several are on offer."""
    name = machine.accelerator.name
    if sum(other.accelerator.name == name for other in machines) > 1:
        return f"{name} ({machine.price.tier}, {float(machine.price.usd_per_hour):.4g} US$/h)"
    return name


def best_jobs(found: Iterable[LayoutJob]) -> tuple[LayoutJob, ...]:
    """By devices the cheapest and the fastest of ``found``; ties go to the simplest layout."""
    best: dict[tuple[int, str], LayoutJob] = {}
    for entry in found:
        key = entry.devices, entry.aim
        if key not in best or _job_order(entry) < _job_order(best[key]):
            best[key] = entry
    return tuple(best[key] for key in sorted(best))


def _job_order(entry: LayoutJob) -> tuple[Fraction, Fraction, int, tuple[int, ...]]:
    load = entry.load
    first, second = (
        (load.usd, load.seconds) if entry.aim == "cheapest" else (load.seconds, load.usd)
    )
    return first, second, load.concurrency, entry.key.tie_key


def _jobs(cells: FamilyCells, rows: IndexArray, found: _Cells, job: Job) -> Iterator[LayoutJob]:
    """Candidates for the best job of every number of devices among these rows."""
    # Nobody waits for a token of a job: what users are promised does not limit it.
    possible = found.without(SPEED, TTFT)
    if not possible.any():
        return
    rest = rest_columns(job, cells.family.batches, possible)
    full, tail = rough_seconds(job, cells.family.batches, found.latency_ps, rest)
    hour = _hour(cells, rows, found)
    last = np.take_along_axis(hour, np.minimum(rest, hour.shape[1] - 1), axis=1)
    devices = cells.family.devices[rows]
    rough = {"fastest": full + tail, "cheapest": full * hour + tail * last}
    for aim, estimate in rough.items():
        able = np.where(possible, estimate, np.inf)
        for many in np.unique(devices).tolist():
            mine = np.where((devices == many)[:, None], able, np.inf)
            least = mine.min()
            if not np.isfinite(least):
                continue
            for at, column in np.argwhere(mine <= least * (1 + _FLOAT_SLACK)).tolist():
                row = int(rows[at])
                point = point_at(cells, row, found, at, column)
                left = point_at(cells, row, found, at, int(rest[at, column]))
                load = job_of(job, point, left)
                yield LayoutJob(aim, LayoutKey(cells, row), many, load)


def scan(
    instance: ReplicaInstance,
    level: ServiceLevel,
    *,
    job: Job | None = None,
    on_progress: Progress | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Scan:
    """Groups in the order of models and machines of the question.

    Raises
    ------
    FleetError
        As ``solver.lowering.economy.lowering.lower_economy``.
    """
    machines = left_alone(instance.machines)
    asked = replace(instance, machines=machines, limits=level.over(instance.limits))
    space = lower_economy(asked)
    every = [cells for cells in cells_of(asked, space.parts) if cells.good_enough]
    groups: dict[tuple[str, int], list[FamilyCells]] = {}
    for cells in every:
        place = machines.index(cells.family.machine)
        groups.setdefault((cells.part.served.model.name, place), []).append(cells)
    to_do, done = len(every), 0
    found: list[Group] = []
    left_out: list[str] = []
    for (model, place), members in groups.items():
        name = machine_name(machines[place], machines)
        bests: list[BestLoad] = []
        items: list[LongRunItem] = []
        jobs: tuple[LayoutJob, ...] = ()
        stopped = False
        for cells in members:
            for rows in row_blocks(cells):
                stopped = stopped or (should_stop is not None and should_stop())
                if stopped:
                    break
                block = evaluate(cells, rows)
                bests.extend(_bests(cells, rows, block))
                items = list(undominated_items([*items, *_items(cells, rows, block)]))
                if job is not None:
                    jobs = best_jobs((*jobs, *_jobs(cells, rows, block, job)))
            done += 1
            if on_progress is not None:
                on_progress(done, to_do)
        if stopped:
            # What is least of part of a group is not what is least.
            left_out.append(f"{model} on {name}")
            continue
        bests.sort(key=lambda best: (best.point.average, best.key.tie_key))
        keys = tuple(LayoutKey(c, row) for c in members for row in range(c.family.shape[0]))
        found.append(
            Group(
                model,
                name,
                machines[place],
                tuple(bests),
                tuple(items),
                len(keys),
                keys,
                jobs,
            )
        )
    return Scan(tuple(found), tuple(left_out))
