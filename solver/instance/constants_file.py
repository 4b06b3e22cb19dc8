"""The calibration file of a question: its text, and the accelerator that it offers by name.

What its constants mean is the performance model's to say; here the file is found, told from other
files, and its ``[[accelerators]]`` entry joins the catalog of the question.
"""

from __future__ import annotations

import tomllib
from decimal import Decimal

from solver.catalog import Catalog, parse_entries, shipped_catalog
from solver.errors import InstanceError
from solver.instance.domain import NamedFile
from solver.instance.loading import read_bytes
from solver.instance.lookup import Lookup
from solver.instance.records import ReplicaFile

__all__ = ["constants_of"]

_KEY = "performance.constants"
_GIVE = "Give a file that 'fleetfront calibrate --out' wrote"


def constants_of(record: ReplicaFile, lookup: Lookup) -> NamedFile | None:
    """The calibration file that a question names; its accelerator joins ``lookup``.

    ``None`` where it names none, or where a fault was noted: the file cannot be read, is no
    calibration file, or was measured on an accelerator that the question does not offer.
    """
    name = record.performance.constants
    if name is None:
        return None
    path = lookup.folder / name
    try:
        data = read_bytes(path)
    except InstanceError as error:
        for fault in error.faults:
            lookup.fault(_KEY, f"{fault.where} {fault.what}", _GIVE)
        return None
    try:
        text = data.decode("utf-8-sig")
        raw = tomllib.loads(text, parse_float=Decimal)
    except (ValueError, ArithmeticError, RecursionError) as error:
        lookup.fault(_KEY, f"{path} is not a TOML file ({error})", _GIVE)
        return None
    missing = [key for key in ("schema", "measured", "accelerators") if key not in raw]
    if missing:
        lookup.fault(_KEY, f"{path} is no calibration file: no {', '.join(missing)}", _GIVE)
        return None
    if raw["schema"] != 1 or isinstance(raw["schema"], bool):
        lookup.fault(_KEY, f"{path} has schema {raw['schema']!r}, not 1", _GIVE)
        return None
    entries = {"accelerators": raw["accelerators"]}
    catalog, faults = parse_entries(entries, where=str(path), base=shipped_catalog())
    for fault in faults:
        lookup.fault(_KEY, f"{fault.where}: {fault.what}", fault.mend)
    if faults:
        return None
    named = [str(entry["name"]) for entry in raw["accelerators"] if "name" in entry]
    own = {str(entry.get("name")) for entry in record.accelerators if isinstance(entry, dict)}
    for accelerator in sorted(own.intersection(named)):
        lookup.fault(
            _KEY,
            f"{accelerator!r} is an accelerator of {name} and one of the question",
            "Give the question's another name",
        )
    if not set(named) & set(record.design.accelerator):
        lookup.fault(
            _KEY,
            f"{name} was measured on {', '.join(map(repr, named)) or 'nothing'}, which the "
            f"question does not offer (it offers {', '.join(record.design.accelerator)})",
            "Name that accelerator in design.accelerator, or leave the constants out",
        )
    found = {entry: catalog.accelerators[entry] for entry in named}
    lookup.catalog = lookup.catalog.merged(Catalog(accelerators=found))
    return NamedFile(name=name, text=text)
