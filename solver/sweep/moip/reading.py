"""From the result file of a multi-objective integer program back to what the search found.

Strict: keys missing or unknown, numbers of another type and vectors of another length are refused.
Nothing is checked against the program but shapes; images are evaluated anew from the columns, so
what a file tells about objectives is not believed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import numpy as np

from formulations.milp import IntArray
from formulations.moip.problem import MultiObjectiveProgram
from solver.errors import ResultError
from solver.instance.moip import resolved_program
from solver.sweep.moip.claims import Claim, ClosedBy, Corner, FoundPoint
from solver.sweep.moip.document import KIND
from solver.sweep.moip.outcome import ClosedBox, OpenBox, ProvedPoint, SearchOutcome

__all__ = ["TOP_KEYS", "MoipResult", "outcome_from_dict"]

TOP_KEYS = frozenset(
    {
        "schema", "status", "instance", "objectives", "points", "candidates", "closed_boxes",
        "open_boxes", "gap", "conflict", "ideal", "nadir", "provenance", "digest",
    }
)  # fmt: skip
_CLAIM_KEYS = {"upper", "weights", "bound", "engine", "closed_by"}
_WAYS = ("infeasible", "bound", "enumeration")
_MOST = 2**63 - 1
_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class MoipResult:
    """A result file as the search's own objects, and the rows that it names as conflicting."""

    outcome: SearchOutcome
    conflict: tuple[str, ...]


def outcome_from_dict(document: Mapping[str, Any], *, where: str = "result") -> MoipResult:
    """Read a result document of kind ``moip``.

    Raises
    ------
    FleetError
        If it is none: ``ResultError`` with the place, or what the program inside is refused for.
    """
    reader = _Reader(where)
    top = reader.mapping(document, "document", TOP_KEYS)
    if type(top["schema"]) is not int or top["schema"] != 1:
        raise reader.fault("schema", "is not 1")
    instance = reader.mapping(
        top["instance"], "instance", {"name", "kind", "sha256", "units", "resolved"}
    )
    if instance["kind"] != KIND:
        raise reader.fault("instance.kind", f"is not {KIND!r}")
    program = resolved_program(
        reader.mapping(instance["resolved"], "instance.resolved", None),
        where=f"{where}: instance.resolved",
    )
    reader.take(program)
    provenance = reader.mapping(top["provenance"], "provenance", None)
    solves = reader.mapping(provenance.get("solves_by_engine"), "provenance.solves_by_engine", None)
    times = [
        reader.seconds(provenance.get(key), f"provenance.{key}") for key in ("wall_s", "cpu_s")
    ]
    outcome = SearchOutcome(
        program=program,
        points=reader.each(top["points"], "points", reader.point),
        candidates=reader.each(top["candidates"], "candidates", reader.candidate),
        closed_boxes=reader.each(top["closed_boxes"], "closed_boxes", reader.closed_box),
        open_boxes=reader.each(top["open_boxes"], "open_boxes", reader.open_box),
        solves={
            str(name): reader.integer(count, f"provenance.solves_by_engine.{name}")
            for name, count in solves.items()
        },
        wall_s=times[0],
        cpu_s=times[1],
        notes=reader.each(provenance.get("notes"), "provenance.notes", reader.text),
    )
    conflict = reader.each(top["conflict"], "conflict", reader.conflicting_row)
    return MoipResult(outcome, conflict)


class _Reader:
    """Typed access to JSON values, with the place of each for messages."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._program: MultiObjectiveProgram | None = None
        self._column_of: dict[str, int] = {}

    def take(self, program: MultiObjectiveProgram) -> None:
        """The program that vectors and columns belong to."""
        self._program = program
        self._column_of = {name: index for index, name in enumerate(program.column_names)}
        if len(self._column_of) != len(program.column_names):
            raise self.fault("instance.resolved", "two columns have the same name")

    @property
    def program(self) -> MultiObjectiveProgram:
        """What ``take`` was given."""
        if self._program is None:
            raise ValueError("no program taken yet")
        return self._program

    def fault(self, place: str, what: str) -> ResultError:
        return ResultError.one(
            f"{place} {what}",
            where=self._where,
            mend="Give a file written by 'fleetfront moip --out', unchanged",
        )

    def mapping(
        self, value: Any, place: str, keys: set[str] | frozenset[str] | None
    ) -> Mapping[str, Any]:
        if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
            raise self.fault(place, "is not an object")
        if keys is not None and set(value) != keys:
            odd = ", ".join(sorted(set(value) ^ keys)[:5])
            raise self.fault(place, f"has keys missing or unknown: {odd}")
        return value

    def integer(self, value: Any, place: str) -> int:
        if type(value) is not int:
            raise self.fault(place, f"is not an integer (got {value!r:.60})")
        return value

    def seconds(self, value: Any, place: str) -> float:
        if type(value) not in (int, float) or not 0 <= value < float("inf"):
            raise self.fault(place, f"is not a number of seconds (got {value!r:.60})")
        return float(value)

    def text(self, value: Any, place: str) -> str:
        if not isinstance(value, str):
            raise self.fault(place, f"is not text (got {value!r:.60})")
        return value

    def each(self, value: Any, place: str, item: Callable[[Any, str], _Item]) -> tuple[_Item, ...]:
        if not isinstance(value, list):
            raise self.fault(place, "is not a list")
        return tuple(item(entry, f"{place}.{index}") for index, entry in enumerate(value))

    def vector(self, value: Any, place: str) -> Corner:
        vector = self.each(value, place, self.integer)
        if len(vector) != self.program.n_objectives:
            raise self.fault(place, f"has {len(vector)} components, one for each objective needed")
        return vector

    def claim(self, value: Any, place: str) -> Claim:
        told = self.mapping(value, place, _CLAIM_KEYS)
        weights, bound = told["weights"], told["bound"]
        if (weights is None) != (bound is None):
            raise self.fault(place, "has weights without bound, or the reverse")
        if weights is not None:
            weights = self.vector(weights, f"{place}.weights")
            bound = self.integer(bound, f"{place}.bound")
            if min(weights) < 0 or not any(weights):
                raise self.fault(f"{place}.weights", "must be non-negative, and not all zero")
        way = self.text(told["closed_by"], f"{place}.closed_by")
        if way not in _WAYS:
            raise self.fault(f"{place}.closed_by", f"is none of {', '.join(_WAYS)}")
        return Claim(
            upper=self.vector(told["upper"], f"{place}.upper"),
            weights=weights,
            bound=bound,
            engine=self.text(told["engine"], f"{place}.engine"),
            closed_by=cast("ClosedBy", way),
        )

    def columns(self, value: Any, place: str) -> IntArray:
        told = self.mapping(value, place, {"columns"})
        values = self.mapping(told["columns"], f"{place}.columns", None)
        x = np.zeros(len(self._column_of), dtype=np.int64)
        for name, number in values.items():
            if name not in self._column_of:
                raise self.fault(f"{place}.columns", f"names an unknown column {name!r:.60}")
            number = self.integer(number, f"{place}.columns.{name}")
            if abs(number) > _MOST:
                raise self.fault(f"{place}.columns.{name}", "does not fit into 64 bits")
            x[self._column_of[name]] = number
        return x

    def point(self, value: Any, place: str) -> ProvedPoint:
        told = self.mapping(value, place, {"objectives", "exact", "design", "proof"})
        x = self.columns(told["design"], f"{place}.design")
        proof = self.mapping(told["proof"], f"{place}.proof", {"engine", "closed_by", "claims"})
        claims = self.each(proof["claims"], f"{place}.proof.claims", self.claim)
        if len(claims) != self.program.n_objectives:
            raise self.fault(f"{place}.proof.claims", "must be one for each objective")
        return ProvedPoint(self.program.image(x), x, claims)

    def candidate(self, value: Any, place: str) -> FoundPoint:
        told = self.mapping(value, place, {"objectives", "exact", "design"})
        x = self.columns(told["design"], f"{place}.design")
        return FoundPoint(self.program.image(x), x)

    def closed_box(self, value: Any, place: str) -> ClosedBox:
        told = self.mapping(value, place, {"corner", "claim"})
        return ClosedBox(
            self.vector(told["corner"], f"{place}.corner"),
            self.claim(told["claim"], f"{place}.claim"),
        )

    def open_box(self, value: Any, place: str) -> OpenBox:
        told = self.mapping(value, place, {"corner", "floor", "reason"})
        return OpenBox(
            self.vector(told["corner"], f"{place}.corner"),
            self.vector(told["floor"], f"{place}.floor"),
            self.text(told["reason"], f"{place}.reason"),
        )

    def conflicting_row(self, value: Any, place: str) -> str:
        told = self.mapping(value, place, {"row", "text"})
        name = self.text(told["row"], f"{place}.row")
        if name not in self.program.row_names:
            raise self.fault(f"{place}.row", f"names an unknown row {name!r:.60}")
        return name
