"""What a fleet result says of conflicting limits, as far as it shows without solving.

Every entry is written again from the limit it names and the value it says is needed, by the code
that wrote it, and compared: so limits, units, stated values, rounding and sentences are those of
the question. Whether the limits conflict, and what is needed, is asked by ``conflict_reprove``.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from fractions import Fraction
from time import monotonic
from typing import Any

from formulations.fleet.plan import FleetPlan
from solver.lowering.fleet.space import FleetSpace
from solver.lowering.fleet.stated import StatedLimit
from solver.sweep.certificate import Check
from solver.sweep.checking import differences, first_faults
from solver.sweep.fleet.conflict import RACKS, ConflictSearch, UnprovedError
from solver.sweep.fleet.outcome import FleetOutcome
from solver.sweep.fleet.roads import Road, Stop

__all__ = ["MOST_FOR_MINIMUM", "SETS", "check_conflict", "needed_of"]

MOST_FOR_MINIMUM = 12
"""Up to so many limits a conflict is a smallest one, beyond irreducible."""
SETS = ("minimum", "irreducible", "not reduced")
NAME = "wording of the conflict"
_EXACT = re.compile(r"\d{1,60}(/[1-9]\d{0,59})?")
"""Longer numbers, and powers of ten, would be worked out for ever before they are found wrong."""
_LIMIT_S = 60.0
"""For the one question that is asked where no limit is named."""


def needed_of(entry: Mapping[str, Any]) -> Fraction | None:
    """The value that an entry says is needed; ``None`` where none is.

    Raises
    ------
    ValueError
        If it is neither a fraction nor ``None``.
    """
    told = entry.get("needed_exact")
    if told is None:
        return None
    if not isinstance(told, str) or not _EXACT.fullmatch(told):
        raise ValueError(f"needed_exact is {told!r:.80}, not a fraction")
    return Fraction(told)


def check_conflict(outcome: FleetOutcome) -> Check:
    """Whether the conflict of a result can be what the program writes for its question."""
    entries = outcome.conflict
    if outcome.status != "infeasible":
        told = ("limits conflict although the question is not infeasible",)
        return Check("conflict", told if entries else ())
    writer = _Writer(outcome.objectives.space)
    if not entries:
        return Check(NAME, *_nothing_named(writer))
    faults = [*_set_faults(writer, entries)]
    for number, entry in enumerate(entries, start=1):
        faults += [f"entry {number}: {fault}" for fault in _entry_faults(writer, entry)]
    return Check(
        "conflict", first_faults(faults), f"{len(entries)} limits as the question has them"
    )


class _Writer(ConflictSearch):
    """Writes entries as the search does, from values that are told instead of worked out."""

    def __init__(self, space: FleetSpace) -> None:
        super().__init__(space, Road, Stop(monotonic() + _LIMIT_S))
        self._needed: Fraction | None = None
        self._unanswered = ""

    def unlimited(self) -> FleetPlan | None:
        """A plan with every limit lifted; ``None`` where it is proved that there is none."""
        return self._plan([])

    def written(self, entry: Mapping[str, Any], name: str) -> dict[str, Any]:
        """The entry of a limit, as it would be with the needed value of ``entry``."""
        self._needed = needed_of(entry)
        self._unanswered = str(entry.get("unanswered", ""))
        return {**self.explained(name), "set": entry.get("set")}

    def _told(self) -> Fraction | None:
        if self._unanswered:
            raise UnprovedError(self._unanswered)
        return self._needed

    def _least_use(self, _limit: StatedLimit) -> Fraction | None:
        return self._told()

    def _least_share(self, _limit: StatedLimit) -> Fraction | None:
        return self._told()

    def _racks_needed(self) -> int | None:
        told = self._told()
        if told is not None and told.denominator != 1:
            raise ValueError(f"{told} racks are no whole number")
        return None if told is None else int(told)


def _nothing_named(writer: _Writer) -> tuple[tuple[str, ...], str]:
    """Faults of an empty conflict: with all limits lifted there must be no plan."""
    if not writer.names:
        return (), "the question states no limit"
    try:
        plan = writer.unlimited()
    except UnprovedError as reason:
        return (f"no limit is named, and that none is to blame stays open ({reason})",), ""
    if plan is not None:
        return ("no limit is named, though there is a plan without the limits",), ""
    return (), "no limit is to blame: there is no plan without the limits either"


def _set_faults(writer: _Writer, entries: tuple[Mapping[str, Any], ...]) -> Iterator[str]:
    names = [entry.get("limit") for entry in entries]
    if any(one == other for one, other in itertools.combinations(names, 2)):
        yield "a limit is named twice"
    kinds = [entry.get("set") for entry in entries]
    if kinds[0] not in SETS or any(kind != kinds[0] for kind in kinds):
        yield f"the set is {kinds[0]!r:.40}, or not the same in every entry"
    elif (kinds[0] == "minimum") != (len(writer.names) <= MOST_FOR_MINIMUM) and (
        kinds[0] != "not reduced"
    ):
        yield f"of {len(writer.names)} limits no conflict is called {kinds[0]}"


def _entry_faults(writer: _Writer, entry: Mapping[str, Any]) -> Iterator[str]:
    name = entry.get("limit")
    if not isinstance(name, str) or name not in writer.names:
        yield f"{name!r:.80} is not a limit of the question"
        return
    if "unanswered" in entry and not (isinstance(entry["unanswered"], str) and entry["unanswered"]):
        yield "no reason is given for what is not answered"
        return
    try:
        ours = writer.written(entry, name)
        needed = needed_of(entry)
    except ValueError as error:
        yield str(error)
        return
    yield from differences(dict(entry), ours, name)
    stated = Fraction(0) if name == RACKS else writer.limits[name].stated
    if needed is not None and needed <= stated:
        yield f"{name}: {needed} would do, though {stated} is stated and does not"
