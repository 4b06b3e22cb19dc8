"""A fleet result file read back: the question lowered again, plans and claims as objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, cast

import numpy as np

from formulations.fleet.plan import FilledRack, FleetPlan
from solver.errors import ResultError
from solver.instance.fleet.columns_reader import columns_from_resolved
from solver.instance.fleet.resolved import fleet_from_resolved
from solver.lowering.fleet.lowering import lower_fleet
from solver.lowering.fleet.space import FleetSpace
from solver.sweep.fleet.image import Image, Objectives
from solver.sweep.fleet.outcome import FleetOutcome, FleetPoint, OpenRegion
from solver.sweep.moip.claims import Claim, ClosedBy

__all__ = ["FLEET_KEYS", "outcome_from_dict", "space_of"]

FLEET_KEYS = {
    "schema", "status", "instance", "objectives", "points", "claims", "open_boxes", "conflict",
    "answers", "ideal", "nadir", "provenance", "digest",
}  # fmt: skip
_OPTIONAL = {"model_error"}
_LARGEST = 2**62


@dataclass(frozen=True, slots=True)
class _Reader:
    """Names of the space's columns, and where the file is for messages."""

    space: FleetSpace
    place: Mapping[str, int]

    def plan(self, told: Mapping[str, Any]) -> FleetPlan:
        counts = np.zeros(self.space.problem.n_columns, dtype=np.int64)
        for name, count in _mapping(told["counts"]).items():
            counts[self._column(name)] = _integer(count)
        shares: list[dict[tuple[int, int], Fraction]] = [
            {
                (self._column(entry["column"]), _integer(entry["class"])): Fraction(entry["rate"])
                for entry in table
            }
            for table in told.get("shares", [])
        ]
        missing = len(self.space.problem.routings) - len(shares)
        shares += [{} for _ in range(missing if not shares else 0)]
        racks = tuple(
            FilledRack(
                _integer(entry["orbit"]),
                _integer(entry["times"]),
                {
                    self._column(name): _integer(units)
                    for name, units in _mapping(entry["holds"]).items()
                },
            )
            for entry in told.get("racks", [])
        )
        return FleetPlan(counts, tuple(shares), racks)

    def _column(self, name: object) -> int:
        if not isinstance(name, str) or name not in self.place:
            raise ValueError(f"the question has no column {name!r:.80}")
        return self.place[name]


def space_of(document: Mapping[str, Any]) -> FleetSpace:
    """The question inside a result file, lowered.

    Raises
    ------
    FleetError
        If it cannot be read.
    """
    instance = _mapping(document["instance"])
    resolved = _mapping(instance["resolved"])
    sha256 = str(instance["sha256"])
    where = "result: instance.resolved"
    if "format" in resolved:
        return lower_fleet(columns_from_resolved(resolved, where=where, sha256=sha256))
    return lower_fleet(fleet_from_resolved(resolved, where=where, sha256=sha256))


def outcome_from_dict(document: Mapping[str, Any], space: FleetSpace) -> FleetOutcome:
    """Plans, claims and open regions of a result file over its lowered question.

    Raises
    ------
    ResultError
        If something is missing, unknown or of the wrong type.
    """
    try:
        if set(document) - _OPTIONAL != FLEET_KEYS:
            odd = sorted((set(document) - _OPTIONAL) ^ FLEET_KEYS, key=str)
            raise ValueError(f"keys missing or unknown: {', '.join(map(str, odd))}")
        if "model_error" in document:
            _mapping(document["model_error"])
        names = space.problem.column_names
        if len(set(names)) != len(names):
            raise ValueError("columns of the question share a name")
        reader = _Reader(space, {name: j for j, name in enumerate(names)})
        objectives = Objectives.of(space)
        width = len(objectives.names)
        points = []
        for told in document["points"]:
            proof = tuple(
                None if entry is None else _claim(entry, width)
                for entry in _mapping(told["proof"])["claims"]
            )
            if len(proof) != width:
                raise ValueError(f"{len(proof)} claims for a point of {width} objectives")
            plan = reader.plan(_mapping(told["plan"]))
            points.append(FleetPoint(_image(told["image"], width), plan, proof))
        provenance = _mapping(document["provenance"])
        return FleetOutcome(
            objectives=objectives,
            points=tuple(points),
            claims=tuple(_claim(entry, width) for entry in document["claims"]),
            open_regions=tuple(
                OpenRegion(
                    _image(entry["corner"], width),
                    _image(entry["floor"], width),
                    str(entry["reason"]),
                )
                for entry in document["open_boxes"]
            ),
            solves=0,
            engines=tuple(_mapping(provenance["engines"])),
            wall_s=0.0,
            cpu_s=0.0,
            formulation=str(provenance["formulation"]),
            conflict=tuple(_mapping(entry) for entry in document["conflict"]),
            answers=_mapping(document["answers"]),
        )
    except (ArithmeticError, LookupError, TypeError, ValueError, AttributeError) as error:
        raise ResultError.one(
            f"is damaged ({error})",
            where="result",
            mend="Give a file written by 'fleetfront solve --out', unchanged",
        ) from error


def _mapping(value: object) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise TypeError(f"{value!r:.60} is not an object")
    return cast("Mapping[str, Any]", value)


def _integer(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > _LARGEST:
        raise TypeError(f"{value!r:.60} is not a whole number within 2^62")
    return value


def _image(value: Sequence[object], width: int) -> Image:
    if len(value) != width:
        raise ValueError(f"a vector of {len(value)} for {width} objectives")
    return tuple(_integer(entry) for entry in value)


def _claim(told: Mapping[str, Any], width: int) -> Claim:
    closed_by = told["closed_by"]
    if closed_by not in ("infeasible", "bound", "enumeration"):
        raise ValueError(f"{closed_by!r:.60} is no way to close a box")
    return Claim(
        _image(told["upper"], width), None, None, str(told["engine"]), cast("ClosedBy", closed_by)
    )
