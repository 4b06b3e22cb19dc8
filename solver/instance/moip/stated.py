"""A program as its author wrote it: rational numbers, any sense, bounds that may be missing.

Both readers end here, whatever the file looked like. Nothing has been judged yet but the shape.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from formulations.moip.problem import Sense
from solver.instance.moip.faults import FaultList, shown
from solver.instance.moip.numerals import Number

__all__ = [
    "ColumnType",
    "StatedColumns",
    "StatedObjectives",
    "StatedRows",
    "Terms",
    "check_names",
]

ColumnType = Literal["B", "I", "C"]
"""Binary, integer, continuous."""
Terms = list[tuple[int, Number]]
"""Column and coefficient, sorted by column, no column twice, no zeros."""


@dataclass(frozen=True, slots=True)
class StatedColumns:
    """``n`` columns; a bound of ``None`` is infinite."""

    names: tuple[str, ...]
    types: tuple[ColumnType, ...]
    lower: list[Number | None]
    upper: list[Number | None]


@dataclass(frozen=True, slots=True)
class StatedObjectives:
    """``p`` objectives: terms plus a constant, each in its own sense."""

    names: tuple[str, ...]
    senses: tuple[Sense, ...]
    terms: list[Terms]
    constants: list[Number]


@dataclass(frozen=True, slots=True)
class StatedRows:
    """``m`` rows between two sides; a side of ``None`` is open."""

    names: tuple[str, ...]
    terms: list[Terms]
    lower: list[Number | None]
    upper: list[Number | None]


def check_names(names: Sequence[str], *, place: str, faults: FaultList) -> None:
    """Note names that are empty, unprintable or used twice; solutions are told by name."""
    seen: set[str] = set()
    for index, name in enumerate(names):
        if not name or not name.isprintable():
            faults.add(
                f"{place}.{index}", f"{ascii(name)[:60]} is no printable name", "Write a plain name"
            )
        elif name in seen:
            faults.add(
                f"{place}.{index}",
                f"the name {shown(name)} is used twice",
                "Give each a name of its own",
            )
        seen.add(name)
