"""Rows that state one measurement twice: dumps of public sweeps overlap."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from solver.performance.validation.measured.rows import MeasuredRow

__all__ = ["same_measurements"]

_LEAST_DIGITS = 3
"""Significant digits below which two equal times may be two measurements."""


def _same_time(one: float, other: float) -> bool:
    """Whether two stated times are one, the coarser of them rounded."""
    if one == other:
        return True
    if abs(one - other) > 0.005 * max(one, other):
        # Rounding to three digits moves a number by half a percent at most.
        return False
    a, b = Decimal(repr(one)), Decimal(repr(other))
    # The shortest text of a float64 is what the file wrote, but for zeros at its end.
    coarser = max(a, b, key=lambda value: _exponent(value))
    if len(coarser.as_tuple().digits) < _LEAST_DIGITS:
        return False
    unit = Decimal(1).scaleb(_exponent(coarser))
    return 2 * abs(a - b) <= unit


def _exponent(value: Decimal) -> int:
    return int(value.normalize().as_tuple().exponent)


def _same(one: MeasuredRow, other: MeasuredRow) -> bool:
    return all(
        a is not None and b is not None and _same_time(a, b)
        for a, b in ((one.ttft_s, other.ttft_s), (one.tpot_s, other.tpot_s))
    )


def same_measurements(
    rows: Sequence[MeasuredRow], shapes: Sequence[str], readable: Sequence[bool]
) -> tuple[int, ...]:
    """For each row the position of the row that stands for it: itself, or an equal measurement.

    Two rows state one measurement where system, engine, lengths, concurrency and the shape of the
    model are equal, and TTFT and TPOT are to the digits that the coarser row gives: times are given
    to a microsecond or so, and two runs do not agree in both. Layout columns, engine version and
    the name of a model of that shape may differ, since dumps write them differently.

    Of the rows that are ``readable`` (of all, where none is) the one that states a version stands
    for the others, and of several the latest dump's: later dumps describe more. A row without
    measured times stands for itself.
    """
    cells: dict[tuple[object, ...], list[list[int]]] = {}
    for at, row in enumerate(rows):
        groups = cells.setdefault(
            (row.system, row.backend, shapes[at], row.isl, row.osl, row.concurrency), []
        )
        group = next((g for g in groups if any(_same(rows[other], row) for other in g)), None)
        if group is None:
            groups.append([at])
        else:
            group.append(at)
    leaders = list(range(len(rows)))
    for groups in cells.values():
        for members in groups:
            leader = max(
                members,
                key=lambda at: (readable[at], rows[at].version is not None, _date(rows[at]), -at),
            )
            for at in members:
                leaders[at] = leader
    return tuple(leaders)


def _date(row: MeasuredRow) -> str:
    """Date in the source, to take the latest description; what has none counts as the oldest."""
    text = (row.source or "").removeprefix("source_file=").removeprefix("db-dump/")
    return text if text[:2] == "20" else ""
