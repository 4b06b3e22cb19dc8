"""What one more and one less of every limit is worth, by solving again.

One unit is what people count in: a device (a node, where all that a limit counts is had by nodes),
a US$/h, a kW, a tenth of a joule per token, a kilogram of CO2, a layout, a replica, a percentage
point of spot devices, a rack. All limits lifted at once tell the most that can be gained; where
that is nothing, no limit is asked alone. A limit that the plan at hand meets with one less costs
nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np

from formulations.fleet.problem import FleetProblem
from formulations.milp import INFINITY
from solver.instance.fleet.domain import FleetInstance
from solver.lowering.fleet.lowering import lower_fleet
from solver.lowering.fleet.space import FleetSpace
from solver.lowering.fleet.stated import StatedLimit, StatedRow, stated_limits
from solver.lowering.fleet.uppers import with_implied_uppers, with_limits
from solver.sweep.fleet.asking import Least, MakeRoad, as_text, ask_least, plain
from solver.sweep.fleet.reference import Reference
from solver.sweep.fleet.roads import Stop

__all__ = ["worth_of_limits"]

_POINT = Fraction(1, 100)
_STEPS = {"J/token": Fraction(1, 10)}
"""Limits of which one whole unit is too much to ask about."""
_COUNTED = {
    "devices": "device",
    "layouts": "layout",
    "replicas": "replica",
    "racks": "rack",
    "share": "percentage point",
    "kg": "kilogram of CO2",
}


@dataclass(frozen=True, slots=True, eq=False)
class _Change:
    """A limit one unit away: its new value, the problem then, what its integer is worth there.

    ``nothing``: no plan can meet a negative amount; ``free``: the plan at hand meets it.
    """

    value: Fraction
    problem: FleetProblem | None
    scale: Fraction
    nothing: bool = False
    free: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    """A limit and both changes to it; ``step`` is what one unit is called: ``one``, ``device``."""

    name: str
    unit: str
    stated: Fraction
    more: _Change | None
    less: _Change | None
    step: tuple[str, str] | None = None


def worth_of_limits(reference: Reference, *, road: MakeRoad, stop: Stop) -> list[dict[str, Any]]:
    """One entry a limit, JSON values.

    Returns
    -------
    list of dict
        ``limit``, ``unit``, ``stated``; ``more`` and ``less``, each with the limit's new ``value``
        and ``gain`` (0 or more, exact as ``exact``) or ``cost`` in ``money_unit`` (the pivot's),
        ``cost`` being ``None`` where nothing meets the limit then, or ``unanswered``; and ``text``.
        A share that is 1 already has no ``more``, one of 0 no ``less``.
    """
    least = _with_everything_lifted(reference, road, stop)
    found = []
    for asked in _questions(reference):
        entry: dict[str, Any] = {
            "limit": asked.name,
            "unit": asked.unit,
            "stated": float(asked.stated),
            "money_unit": reference.unit,
        }
        texts = []
        if asked.more is not None:
            entry["more"], text = _more(reference, asked, asked.more, least, road, stop)
            texts.append(text)
        if asked.less is not None:
            entry["less"], text = _less(reference, asked, asked.less, road, stop)
            texts.append(text)
        entry["text"] = f"{asked.name} ({_value(asked.stated, asked.unit)}): {'; '.join(texts)}"
        found.append(entry)
    return found


def _value(value: Fraction, unit: str) -> str:
    return f"{plain(value * 100)} %" if unit == "share" else f"{plain(value)} {unit}"


def _with_everything_lifted(reference: Reference, road: MakeRoad, stop: Stop) -> int | None:
    """No plan has less whatever limit is raised; ``None`` where that is not known."""
    space = reference.space
    if any(column.kind == "rate" for column in space.columns):
        return None  # without limits a rate has no end
    lifted = with_limits(
        replace(space.problem, racks=None),
        {name: INFINITY for limit in stated_limits(space) for name in limit.row_names},
    )
    found = ask_least(lifted, reference.pivot, road=road, stop=stop)
    return None if found.unproved else found.value


def _questions(reference: Reference) -> Iterator[_Asked]:
    space = reference.space
    used = space.problem.use.dot(reference.plan.counts)
    for limit in stated_limits(space):
        if limit.is_share:
            yield _of_share(space, reference.pivot, limit)
        else:
            yield _of_rows(reference, limit, used)
    racks = space.problem.racks
    if racks is None:
        return
    for orbit, (name, count) in enumerate(
        zip(racks.orbit_names, racks.count.tolist(), strict=True)
    ):
        filled = sum(rack.times for rack in reference.plan.racks if rack.orbit == orbit)
        yield _Asked(
            f"racks of {name}",
            "racks",
            Fraction(count),
            _of_racks(reference, orbit, count + 1, filled),
            _of_racks(reference, orbit, count - 1, filled),
        )


def _of_rows(reference: Reference, limit: StatedLimit, used: Sequence[int]) -> _Asked:
    problem = reference.space.problem

    def side(row: StatedRow, value: Fraction) -> int:
        # From the side as it is: a row may leave out what is gone anyway. Never rounded upwards:
        # half a unit less is a whole unit less.
        return row.side + math.floor((value - limit.stated) * row.per_unit)

    def changed(value: Fraction) -> _Change:
        sides = {row.name: side(row, value) for row in limit.rows}
        for row in limit.rows:
            gives = (problem.use.row(row.row)[1] < 0).any()
            if sides[row.name] < 0 and not gives:
                return _Change(value, None, reference.scale, nothing=True)
        return _Change(
            value,
            with_limits(problem, sides),
            reference.scale,
            free=all(used[row.row] <= sides[row.name] for row in limit.rows),
        )

    if limit.unit in _STEPS:
        size = _STEPS[limit.unit]
        up, down = limit.stated + size, limit.stated - size
        name = (plain(size), limit.unit)
        return _Asked(limit.name, limit.unit, limit.stated, changed(up), changed(down), name)
    piece, step = _piece(reference.space, limit)
    if piece == 1:
        up, down = limit.stated + 1, limit.stated - 1
    else:
        # What is left over beyond whole pieces is of no use: 10 devices are two nodes of 4.
        whole = limit.stated // piece * piece
        up, down = Fraction(whole + piece), Fraction(whole - piece)
    return _Asked(limit.name, limit.unit, limit.stated, changed(up), changed(down), step)


def _piece(space: FleetSpace, limit: StatedLimit) -> tuple[int, tuple[str, str] | None]:
    """Devices that come together in all that the limit counts, and what people call them.

    A limit on devices that come by nodes of 4 holds back nothing before it is raised by 4. Replicas
    had by the device are counted one by one, however large they are: so a machine is had.
    """
    instance = space.instance
    if limit.unit != "devices" or not isinstance(instance, FleetInstance):
        return 1, None
    nodes = {machine.name: machine.node_devices for machine in instance.machines}
    pieces = set()
    for row in limit.rows:
        for j in space.problem.use.row(row.row)[0].tolist():
            column = space.columns[j]
            held = int(column.facts.get("held", 0))
            pieces.add(math.gcd(held, nodes.get(column.machine, 1)))
    piece = math.gcd(*pieces) or 1
    if piece == 1:
        return 1, None
    if pieces == {piece} and piece in nodes.values():
        return piece, ("one", f"node of {piece} devices")
    return piece, (str(piece), "devices")


def _of_share(space: FleetSpace, pivot: str, limit: StatedLimit) -> _Asked:
    """The share is in the coefficients of its rows, so the question is lowered again."""
    instance = space.instance
    if not isinstance(instance, FleetInstance):
        raise ValueError("bare columns have no share of spot devices")

    def changed(share: Fraction) -> _Change | None:
        if share == limit.stated:
            return None
        limits = replace(instance.limits, max_spot_fraction=share)
        again = lower_fleet(replace(instance, limits=limits))
        return _Change(share, again.problem, again.units[pivot])

    return _Asked(
        limit.name,
        "share",
        limit.stated,
        changed(min(limit.stated + _POINT, Fraction(1))),
        changed(max(limit.stated - _POINT, Fraction(0))),
    )


def _of_racks(reference: Reference, orbit: int, count: int, filled: int) -> _Change:
    problem = reference.space.problem
    if problem.racks is None or count < 0:
        return _Change(Fraction(count), None, reference.scale, nothing=True)
    counts = problem.racks.count.copy()
    counts[orbit] = count
    changed = replace(problem, racks=replace(problem.racks, count=counts.astype(np.int64)))
    return _Change(
        Fraction(count), with_implied_uppers(changed), reference.scale, free=filled <= count
    )


def _step(change: _Change, asked: _Asked) -> str:
    """``one more device``, or how much more of a share there can be."""
    direction = "more" if change.value > asked.stated else "less"
    if asked.step is not None:
        return f"{asked.step[0]} {direction} {asked.step[1]}"
    step = abs(change.value - asked.stated)
    word = _COUNTED.get(asked.unit, asked.unit)
    if asked.unit == "share" and step != _POINT:
        word = f"{word} ({plain(step * 100)} of it)"
    return f"one {direction} {word}"


def _more(
    reference: Reference,
    asked: _Asked,
    change: _Change,
    least: int | None,
    road: MakeRoad,
    stop: Stop,
) -> tuple[dict[str, Any], str]:
    entry: dict[str, Any] = {"value": float(change.value)}
    text = _step(change, asked)
    gain = Fraction(0)
    if least is None or least < reference.value:
        found = _ask(reference, change, road, stop, below=True)
        if found.unproved:
            entry["unanswered"] = found.unproved
            return entry, f"what {text} is worth was not worked out ({found.unproved})"
        if found.value is not None:
            gain = reference.amount - found.value * change.scale
    entry.update(gain=float(gain), exact=as_text(gain))
    if not gain:
        return entry, f"{text} is worth nothing"
    return entry, f"{text} is worth {plain(gain)} {reference.unit}"


def _less(
    reference: Reference, asked: _Asked, change: _Change, road: MakeRoad, stop: Stop
) -> tuple[dict[str, Any], str]:
    entry: dict[str, Any] = {"value": float(change.value)}
    text = _step(change, asked)
    if change.free:
        entry.update(cost=0.0, exact="0")
        return entry, f"{text} costs nothing"
    found = Least(None, None, "")
    if not change.nothing:
        found = _ask(reference, change, road, stop, below=False)
    if found.unproved:
        entry["unanswered"] = found.unproved
        return entry, f"what {text} costs was not worked out ({found.unproved})"
    if found.value is None:
        entry.update(cost=None, exact=None)
        return entry, f"with {text} no plan is left"
    cost = found.value * change.scale - reference.amount
    entry.update(cost=float(cost), exact=as_text(cost))
    return (
        entry,
        f"{text} costs {plain(cost)} {reference.unit}" if cost else f"{text} costs nothing",
    )


def _ask(
    reference: Reference, change: _Change, road: MakeRoad, stop: Stop, *, below: bool
) -> Least:
    """The least pivot after the change; with ``below`` only what beats the reference."""
    if change.problem is None:
        raise ValueError("there is nothing to ask")
    # A question lowered again may count in another unit: what is below is told afterwards.
    same = change.scale == reference.scale
    return ask_least(
        change.problem,
        reference.pivot,
        road=road,
        stop=stop,
        below=reference.value if below and same else None,
        at_least=None if below or not same else reference.value,
    )
