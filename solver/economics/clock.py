r"""Energy along the clock: joules a token of one layout and batch at every clock on offer.

With power P(f) of a replica (``solver.performance.power``) and a step of T(f) seconds a token takes
:math:`P(f)\, T(f) / B` joules. A lower clock saves power, at no loss while memory is what a step
waits for; far down steps grow and idle power adds up over them. So energy is U-shaped where both
ends are on offer. Its minimum over the finite list of clocks is exact.

Two designs are followed: the layout and batch of least energy over all clocks, and those of least
cost. Both keep the service level.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from solver.economics.curve import CurvePoint
from solver.economics.scan import (
    LayoutKey,
    evaluate,
    left_alone,
    machine_name,
    point_at,
    row_blocks,
)
from solver.economics.service import DEVICES, HBM, ServiceLevel
from solver.instance.domain import ReplicaInstance
from solver.lowering.economy.cells import FamilyCells, cells_of
from solver.lowering.economy.lowering import lower_economy

__all__ = ["AlongClock", "ClockPoint", "GroupClock", "along_the_clock"]

_FLOAT_SLACK = 1e-9
"""Relative; far above what rounding of a few products does to a float."""


@dataclass(frozen=True, slots=True, eq=False)
class ClockPoint:
    """A layout and batch at one clock; ``j_per_token`` of devices and hosts."""

    clock_mhz: int
    point: CurvePoint
    j_per_token: Fraction


@dataclass(frozen=True, slots=True, eq=False)
class AlongClock:
    """One layout and batch along the clock.

    Parameters
    ----------
    aim
        ``least energy`` or ``least cost``: what it is the best of.
    chosen_mhz
        The clock at which it is that.
    points
        By rising clock, those that fit; what breaks the service level says so.
    """

    aim: str
    layout: str
    devices: int
    batch: int
    chosen_mhz: int
    points: tuple[ClockPoint, ...]

    @property
    def least(self) -> ClockPoint:
        """Least energy of a token among what keeps the service level; of equals the lower clock."""
        kept = [entry for entry in self.points if not entry.point.broken]
        return min(kept, key=lambda entry: (entry.j_per_token, entry.clock_mhz))

    @property
    def place(self) -> str:
        """``interior``, ``lowest clock`` or ``highest clock`` of those kept; ``only`` one is."""
        kept = [entry.clock_mhz for entry in self.points if not entry.point.broken]
        if len(kept) == 1:
            return "only"
        at = self.least.clock_mhz
        return (
            "lowest clock" if at == kept[0] else "highest clock" if at == kept[-1] else "interior"
        )

    @property
    def saved_at_highest(self) -> Fraction:
        """Share of energy that the best clock takes off that of the highest clock that fits."""
        return 1 - self.least.j_per_token / self.points[-1].j_per_token


@dataclass(frozen=True, slots=True, eq=False)
class GroupClock:
    """One model on one machine; empty ``curves``: nothing keeps the service level."""

    model: str
    machine: str
    curves: tuple[AlongClock, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Best:
    key: LayoutKey
    column: int
    order: tuple[Fraction, Fraction, tuple[int, ...], int, int]


def along_the_clock(
    instance: ReplicaInstance,
    level: ServiceLevel,
    *,
    on_progress: Callable[[int, int], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> tuple[tuple[GroupClock, ...], tuple[str, ...]]:
    """Follow both designs of every model and machine that has several clocks on offer.

    Returns
    -------
    groups, left_out
        Those looked at in full, and the names of those that a stop left out.
    """
    asked = replace(instance, limits=level.over(instance.limits))
    space = lower_economy(asked)
    groups: dict[tuple[str, str], list[FamilyCells]] = {}
    for cells in cells_of(asked, space.parts):
        machine = cells.family.machine
        if not cells.good_enough or machine.clock_mhz is None or machine.accelerator.power is None:
            continue
        name = machine_name(machine, left_alone(instance.machines))
        groups.setdefault((cells.part.served.model.name, name), []).append(cells)
    groups = {
        key: members
        for key, members in groups.items()
        if len({cells.family.machine.clock_mhz for cells in members}) > 1
    }
    to_do, done = sum(len(members) for members in groups.values()), 0
    found, left_out = [], []
    for (model, name), members in groups.items():
        best: dict[str, _Best] = {}
        stopped = False
        for cells in members:
            stopped = stopped or (should_stop is not None and should_stop())
            if stopped:
                break
            for aim, entry in _candidates(cells):
                if aim not in best or entry.order < best[aim].order:
                    best[aim] = entry
            done += 1
            if on_progress is not None:
                on_progress(done, to_do)
        if stopped:
            left_out.append(f"{model} on {name}, along the clock")
            continue
        curves = tuple(_followed(aim, entry, members) for aim, entry in best.items())
        found.append(GroupClock(model, name, curves))
    return tuple(found), tuple(left_out)


def _candidates(cells: FamilyCells) -> Iterator[tuple[str, _Best]]:
    """Designs of one family that may be the best of each aim."""
    for rows in row_blocks(cells):
        columns = np.arange(cells.family.shape[1], dtype=np.intp)[None, :]
        found = evaluate(cells, rows)
        block = cells.block(rows[:, None], columns)
        if block.energy is None:
            continue
        for aim, estimate in (("least energy", block.energy), ("least cost", block.cost)):
            rough = np.where(found.kept, estimate, np.inf)
            least = rough.min(initial=np.inf)
            if not np.isfinite(least):
                continue
            for at, column in np.argwhere(rough <= least * (1 + _FLOAT_SLACK)).tolist():
                row = int(rows[at])
                key, point = LayoutKey(cells, row), point_at(cells, row, found, at, column)
                joules = _joules(point)
                figures = (joules, point.average)
                if aim == "least cost":
                    figures = (point.average, joules)
                clock = cells.family.machine.clock_mhz or 0
                yield aim, _Best(key, column, (*figures, key.tie_key, point.concurrency, clock))


def _joules(point: CurvePoint) -> Fraction:
    joules = point.joules_per_token
    if joules is None:
        raise ValueError("this machine's power is not known")
    return joules


def _followed(aim: str, best: _Best, members: Sequence[FamilyCells]) -> AlongClock:
    """The same layout, precision, draft and batch at every clock."""
    key, family = best.key, best.key.cells.family
    layout, batch = family.layout(key.row), int(family.batches[best.column])
    points = []
    for cells in members:
        other = cells.family
        if other.step.precision != family.step.precision:
            continue
        for row in range(other.shape[0]):
            if other.layout(row) != layout or LayoutKey(cells, row).name != key.name:
                continue
            columns = np.flatnonzero(other.batches == batch).tolist()
            found = evaluate(cells, np.array([row], dtype=np.intp))
            for column in columns:
                point = point_at(cells, row, found, 0, column)
                if not {HBM, DEVICES} & set(point.broken):
                    points.append(ClockPoint(other.machine.clock_mhz or 0, point, _joules(point)))
    points.sort(key=lambda entry: entry.clock_mhz)
    return AlongClock(
        aim,
        key.name,
        int(family.devices[key.row]),
        batch,
        family.machine.clock_mhz or 0,
        tuple(points),
    )
