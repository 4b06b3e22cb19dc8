"""Core clocks on offer in an instance file, and which of them an accelerator can be set to."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, WithJsonSchema

from solver.catalog.domain import Accelerator
from solver.catalog.power import ClockRange
from solver.errors import Fault, InstanceError
from solver.instance.ranges import parse_integers
from solver.instance.record_types import INTEGERS_SCHEMA
from solver.instance.validation import slip

__all__ = ["ALL_CLOCKS", "ClockChoice", "clocks_of", "clocks_on_offer"]

ALL_CLOCKS: Literal["all"] = "all"
_MAX_MHZ = 20_000


def _clocks(value: object) -> Any:
    if value == ALL_CLOCKS:
        return ALL_CLOCKS
    if isinstance(value, str) and not any(letter.isdigit() for letter in value):
        raise slip(
            f"{value!r} is no list of clocks",
            "Write whole MHz, such as '810..1410 step 150', or 'all'",
        )
    found = parse_integers(value, maximum=_MAX_MHZ)
    if not found:
        raise ValueError("an empty list leaves no clock; leave the key out for the highest")
    return found


ClockChoice = Annotated[
    tuple[int, ...] | Literal["all"],
    BeforeValidator(_clocks),
    WithJsonSchema({"anyOf": [{"const": ALL_CLOCKS}, *INTEGERS_SCHEMA["anyOf"]]}),
]
"""Whole MHz as ``solver.instance.ranges`` reads them, or ``"all"``: every clock of the range."""


def clocks_on_offer(clocks: ClockRange) -> tuple[int, ...]:
    """Every clock of a range in whole MHz, lowest first.

    Steps are counted down from the highest and rounded down, as drivers list them: a step of 7.5
    below 1530 is 1522.
    """
    found, clock = [], Fraction(clocks.highest_mhz)
    while clock >= clocks.lowest_mhz:
        found.append(int(clock))
        clock -= clocks.step_mhz
    return tuple(reversed(found))


def clocks_of(
    choice: tuple[int, ...] | Literal["all"], accelerator: Accelerator
) -> tuple[int, ...]:
    """The clocks that ``choice`` means on ``accelerator``, whole MHz, lowest first.

    Raises
    ------
    InstanceError
        With a fault for the clocks outside the accelerator's range, one for those off its steps,
        or one where its range is not known. ``where`` is the name of the accelerator; a reader
        puts its own key there.
    """
    clocks = None if accelerator.power is None else accelerator.power.clocks
    name = accelerator.name
    if clocks is None:
        raise InstanceError.one(
            f"the catalog knows no range of clocks of {name}",
            where=name,
            mend="Leave it out, choose another accelerator, or add the range to an entry of your "
            "own in [[accelerators]]",
        )
    offered = clocks_on_offer(clocks)
    if choice == ALL_CLOCKS:
        return offered
    asked = tuple(int(clock) for clock in choice)
    outside = [clock for clock in asked if not clocks.lowest_mhz <= clock <= clocks.highest_mhz]
    off_step = [clock for clock in asked if clock not in outside and clock not in offered]
    span = f"{clocks.lowest_mhz} to {clocks.highest_mhz} MHz in steps of {_shown(clocks.step_mhz)}"
    faults = []
    if outside:
        faults.append(
            Fault(
                where=name,
                what=f"{_listed(outside)} MHz is outside the clocks of {name}",
                mend=f"Choose from {span}, or write 'all'",
            )
        )
    if off_step:
        first = off_step[0]
        nearest = [*(c for c in offered if c < first)][-1:] + [c for c in offered if c > first][:1]
        faults.append(
            Fault(
                where=name,
                what=f"{_listed(off_step)} MHz is between two clocks of {name}",
                mend=f"Choose from {span}, such as {' or '.join(map(str, nearest))}",
            )
        )
    if faults:
        raise InstanceError(*faults)
    return asked


def _shown(step: Fraction) -> str:
    return str(step) if step.denominator == 1 else f"{float(step):g}"


def _listed(clocks: list[int]) -> str:
    """The first few of a list."""
    more = f" and {len(clocks) - 3} more" if len(clocks) > 3 else ""
    return ", ".join(map(str, clocks[:3])) + more
