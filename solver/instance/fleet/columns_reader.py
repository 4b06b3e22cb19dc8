"""Bare column problems (``fleet-columns/1``) from JSON, and as plain JSON again.

====================================  ===========================================================
``types``                             objects of ``price_cents_per_h``, ``watts``, ``stock`` (the
                                      last two may be ``null``)
``power_limit_w``                     a number or ``null``
``demand_milli_tok_per_s``            one number a workload
``columns``                           lists of one length: ``type`` and ``workload`` (counted from
                                      0), ``gpus``, ``capacity_milli_tok_per_s`` and, where known,
                                      ``latency_level``
====================================  ===========================================================

All are whole numbers but latency levels, which are exact decimals. ``title``, ``note``, ``source``
and ``best_known`` are for people and are not read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from solver.errors import Fault, InstanceError, ResultError
from solver.instance.fleet.columns import ColumnFleet, ColumnType
from solver.instance.fleet.fault_limit import listed
from solver.instance.loading import apply_settings, digest_of, read_bytes
from solver.instance.record_types import Exact, Record, Whole
from solver.instance.validation import validated

__all__ = [
    "FORMAT",
    "columns_from_raw",
    "columns_from_resolved",
    "read_column_fleet",
    "resolved_columns",
]

FORMAT = "fleet-columns/1"
_HELP = (
    "Keys are format, name, types, power_limit_w, demand_milli_tok_per_s and columns, "
    "which holds type, gpus, workload, capacity_milli_tok_per_s and latency_level"
)
_MOST = 10**15
_Amount = Annotated[Whole, Field(ge=0, le=_MOST)]
_Place = Annotated[Whole, Field(ge=0)]
_Gpus = Annotated[Whole, Field(ge=1, le=10**9)]


class _TypeRecord(Record):
    price_cents_per_h: _Amount
    watts: _Amount | None = None
    stock: _Amount | None = None


class _ColumnsRecord(Record):
    type: list[_Place]
    gpus: list[_Gpus]
    workload: list[_Place]
    capacity_milli_tok_per_s: list[_Amount]
    latency_level: list[Annotated[Exact, Field(ge=0)]] = Field(default=[])


class _ColumnsFile(Record):
    format: Literal["fleet-columns/1"]
    name: str = Field(min_length=1)
    types: list[_TypeRecord] = Field(min_length=1)
    power_limit_w: _Amount | None = None
    demand_milli_tok_per_s: list[_Amount] = Field(min_length=1)
    columns: _ColumnsRecord
    title: str = ""
    note: str = ""
    source: str = ""
    best_known: Any = None


def read_column_fleet(path: Path, *, settings: Mapping[str, Any] | None = None) -> ColumnFleet:
    """Read a bare column problem, with ``settings`` (dotted key to value) laid over it.

    Raises
    ------
    InstanceError
        With every fault of the file, twenty at most of them listed.
    """
    where = str(path)
    data = read_bytes(path)

    def without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            names = [key for key, _ in pairs]
            twice = next(key for key in names if names.count(key) > 1)
            raise ValueError(f"the key {twice!r} is given twice")
        return found

    def refused(word: str) -> None:
        raise ValueError(f"{word} is not a number")

    try:
        raw = json.loads(
            data.decode("utf-8-sig"),
            parse_float=Decimal,
            parse_constant=refused,
            object_pairs_hook=without_repeats,
        )
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise InstanceError.one(f"is not JSON ({error})", where=where, mend=_HELP) from error
    if isinstance(raw, dict) and settings:
        apply_settings(raw, settings)
    return replace(columns_from_raw(raw, where=where), sha256=digest_of(data, settings))


def columns_from_raw(raw: object, *, where: str = "instance") -> ColumnFleet:
    """Build a column problem from a parsed document; decimals are ``Decimal`` or text.

    Raises
    ------
    InstanceError
        With every fault found.
    """
    if not isinstance(raw, Mapping) or raw.get("format") != FORMAT:
        said = raw.get("format") if isinstance(raw, Mapping) else raw
        raise InstanceError.one(
            f"is not a fleet in columns: {str(said)[:60]!r} is not its format",
            where=f"{where}: format",
            mend=f"Write {FORMAT!r}; a program of 'fleetfront moip' is read by that command",
        )
    try:
        record, faults = validated(_ColumnsFile, raw, where, hint=_HELP)
    except InstanceError as error:
        raise InstanceError.all_of(listed(error.faults, where)) from error
    faults.extend(_faults(record, where))
    if faults:
        raise InstanceError.all_of(listed(faults, where))
    columns = record.columns
    return ColumnFleet(
        name=record.name,
        types=tuple(
            ColumnType(entry.price_cents_per_h, entry.watts, entry.stock) for entry in record.types
        ),
        power_limit_w=record.power_limit_w,
        demand_milli_tok_per_s=tuple(record.demand_milli_tok_per_s),
        column_type=tuple(columns.type),
        column_gpus=tuple(columns.gpus),
        column_workload=tuple(columns.workload),
        column_capacity_milli_tok_per_s=tuple(columns.capacity_milli_tok_per_s),
        column_latency_level=tuple(columns.latency_level),
        source=where,
    )


def _faults(record: _ColumnsFile, where: str) -> list[Fault]:
    columns = record.columns
    faults = []

    def add(key: str, what: str, mend: str) -> None:
        faults.append(Fault(f"{where}: {key}", what, mend))

    n = len(columns.type)
    for name in ("gpus", "workload", "capacity_milli_tok_per_s", "latency_level"):
        length = len(getattr(columns, name))
        if length != n and not (name == "latency_level" and length == 0):
            add(f"columns.{name}", f"has {length} elements, not the {n} of type", "Correct it")
    for name, size, of in (
        ("type", len(record.types), "types"),
        ("workload", len(record.demand_milli_tok_per_s), "demand_milli_tok_per_s"),
    ):
        for at, place in enumerate(getattr(columns, name)):
            if place >= size:
                add(
                    f"columns.{name}.{at}",
                    f"{place} is beyond the last of {of}, {size - 1}",
                    "Counting starts at 0; correct it",
                )
    for entry in record.types:
        if entry.watts is None and record.power_limit_w is not None:
            add("types", "one has no watts, and power_limit_w is given", "Give watts of every type")
            break
    served = {
        workload
        for workload, capacity in zip(
            columns.workload, columns.capacity_milli_tok_per_s, strict=False
        )
        if capacity
    }
    for at, demand in enumerate(record.demand_milli_tok_per_s):
        if demand and at not in served:
            add(
                f"demand_milli_tok_per_s.{at}",
                f"{demand} is asked for, and no column serves workload {at}",
                "Add a column for it, or write 0",
            )
    return faults


def resolved_columns(fleet: ColumnFleet) -> dict[str, Any]:
    """Everything the answer depends on, as JSON; latency levels are texts, exact."""
    return {
        "kind": fleet.kind,
        "format": FORMAT,
        "name": fleet.name,
        "types": [
            {
                "price_cents_per_h": entry.price_cents_per_h,
                "watts": entry.watts,
                "stock": entry.stock,
            }
            for entry in fleet.types
        ],
        "power_limit_w": fleet.power_limit_w,
        "demand_milli_tok_per_s": list(fleet.demand_milli_tok_per_s),
        "columns": {
            "type": list(fleet.column_type),
            "gpus": list(fleet.column_gpus),
            "workload": list(fleet.column_workload),
            "capacity_milli_tok_per_s": list(fleet.column_capacity_milli_tok_per_s),
            "latency_level": [str(level) for level in fleet.column_latency_level],
        },
    }


def columns_from_resolved(
    resolved: Mapping[str, Any], *, where: str = "result: instance.resolved", sha256: str = ""
) -> ColumnFleet:
    """Rebuild the problem from ``resolved_columns``'s output.

    Raises
    ------
    ResultError
        If anything is missing, unknown or of the wrong type.
    """
    document = dict(resolved)
    if document.pop("kind", None) != "fleet":
        raise ResultError.one(
            "is damaged (it is not of kind 'fleet')", where=where, mend="Solve the instance again"
        )
    try:
        return replace(columns_from_raw(document, where=where), sha256=sha256)
    except InstanceError as error:
        raise ResultError(*error.faults) from error
