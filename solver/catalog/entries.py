"""Turn the catalog tables of a parsed document into entries, or into faults.

Three kinds of tables: ``[[accelerators]]``, ``[[models]]`` and ``[[prices]]``. An entry replaces
the one of the same name; with ``extends = "H100 SXM"`` it starts from that entry and changes only
the keys it gives (a nested table such as ``moe`` is replaced whole). All faults are
reported at once.
"""

from __future__ import annotations

import tomllib
from collections import ChainMap
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, TypeVar, cast, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from solver.catalog.accelerator_records import AcceleratorRecord, PriceRecord, accelerator_keys
from solver.catalog.collection import Catalog, suggestion
from solver.catalog.domain import Accelerator, Model, Price
from solver.catalog.model_records import ModelRecord, model_keys
from solver.errors import CatalogError, Fault

__all__ = ["parse_document", "parse_entries"]

SCHEMA = 1
_KINDS = ("accelerators", "models", "prices")
_Entry = TypeVar("_Entry", Accelerator, Model)
_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


@dataclass(slots=True)
class _Reading:
    """What has been read of one document so far."""

    where: str
    accelerators: MutableMapping[str, Accelerator]
    models: MutableMapping[str, Model]
    prices: MutableMapping[tuple[str, str], Price]
    faults: list[Fault] = field(default_factory=list)
    seen: set[tuple[str, ...]] = field(default_factory=set)
    broken: set[tuple[str, str]] = field(default_factory=set)

    def fault(self, place: str, what: str, mend: str) -> None:
        self.faults.append(Fault(where=f"{self.where}: {place}", what=what, mend=mend))

    def first_time(self, place: str, kind: str, *key: str) -> bool:
        """Note an entry of this document; a second one under the same key is a fault."""
        if (kind, *key) in self.seen:
            self.fault(place, f"a second entry for {', '.join(key)!r}", "Keep one of them")
            return False
        self.seen.add((kind, *key))
        return True


def _shown(value: object) -> str:
    text = str(value) if isinstance(value, Decimal) else repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _report(reading: _Reading, place: str, error: ValidationError, record: type[BaseModel]) -> None:
    """Turn what pydantic found into one fault a key."""
    for detail in error.errors(include_url=False):
        path = ".".join([place, *(str(part) for part in detail["loc"])])
        reading.fault(path, *_what_and_cure(detail, record))


def _wanted(loc: tuple[int | str, ...], record: type[BaseModel]) -> str | None:
    """What the innermost described key on the way to ``loc`` asks for."""
    wanted: str | None = None
    inside: type[BaseModel] | None = record
    for part in loc:
        known = inside.model_fields if inside is not None else {}
        info = next((f for name, f in known.items() if part in (name, f.alias)), None)
        if info is None:
            break
        wanted = info.description or wanted
        kinds = (info.annotation, *get_args(info.annotation))
        inside = next((k for k in kinds if isinstance(k, type) and issubclass(k, BaseModel)), None)
    return wanted


def _what_and_cure(detail: ErrorDetails, record: type[BaseModel]) -> tuple[str, str]:
    loc = detail["loc"]
    known = {info.alias or name: info for name, info in record.model_fields.items()}
    wanted = _wanted(loc, record)
    if detail["type"] == "extra_forbidden":
        if len(loc) > 1:
            return "unknown key", "Remove it"
        return "unknown key", suggestion(str(loc[0]), known, what="keys")
    if detail["type"] == "missing":
        return "missing", f"Add it: {wanted or 'the table needs it'}"
    message = detail["msg"].removeprefix("Value error, ")
    what = f"{message[:1].lower()}{message[1:]} (got {_shown(detail['input'])})"
    return what, f"Give {wanted}" if wanted else "Correct the value"


def _own_source(given: Mapping[str, Any], base_source: str) -> str:
    """Provenance of an entry that changes another one and names no source for it."""
    changed = sorted(set(given) - {"name", "extends", "source", "as_of", "confidence", "note"})
    return f"{base_source}; changed by the user: {', '.join(changed)}" if changed else base_source


def _extended(
    raw: Mapping[str, Any],
    *,
    kind: str,
    place: str,
    reading: _Reading,
    entries: Mapping[str, _Entry],
    keys_of: Callable[[_Entry], dict[str, Any]],
) -> dict[str, Any] | None:
    """The keys of one entry, those of the entry it extends included; None where it cannot be."""
    given = dict(raw)
    if "extends" not in given:
        return given
    base_name = given.pop("extends")
    if not isinstance(base_name, str) or base_name not in entries:
        if isinstance(base_name, str) and (kind, base_name) in reading.broken:
            mend = "Mend that entry first"
        else:
            known = suggestion(str(base_name), entries, what=kind)
            mend = f"{known}. An entry can extend the catalog's, or one above it in the file"
        reading.fault(f"{place}.extends", f"no {kind[:-1]} {base_name!r} to extend", mend)
        return None
    base = entries[base_name]
    return {**keys_of(base), "source": _own_source(given, base.source), **given}


def _read_named(
    raw: object,
    *,
    kind: str,
    place: str,
    reading: _Reading,
    entries: MutableMapping[str, _Entry],
    record: type[BaseModel],
    build: Callable[[Any], _Entry],
    keys_of: Callable[[_Entry], dict[str, Any]],
) -> None:
    """Read one accelerator or model into ``entries``."""
    if not isinstance(raw, Mapping):
        reading.fault(place, f"not a table (got {_shown(raw)})", f"Write it under [[{kind}]]")
        return
    name = raw.get("name")
    if isinstance(name, str) and not reading.first_time(place, kind, name):
        return
    keys = _extended(raw, kind=kind, place=place, reading=reading, entries=entries, keys_of=keys_of)
    if keys is not None and "extends" in raw and "name" not in raw:
        # Otherwise the entry would quietly take the place of the one it extends.
        del keys["name"]
    try:
        if keys is not None:
            entry = build(record.model_validate(keys))
            entries[entry.name] = entry
            return
    except ValidationError as error:
        _report(reading, place, error, record)
    except ValueError as error:
        reading.fault(place, str(error), "Correct the entry")
    if isinstance(name, str):
        reading.broken.add((kind, name))


def _read_price(raw: object, place: str, reading: _Reading) -> None:
    """Read one price; its accelerator must be known by now."""
    if not isinstance(raw, Mapping):
        reading.fault(place, f"not a table (got {_shown(raw)})", "Write it under [[prices]]")
        return
    try:
        price = PriceRecord.model_validate(dict(raw)).to_domain()
    except ValidationError as error:
        _report(reading, place, error, PriceRecord)
        return
    if price.accelerator not in reading.accelerators:
        if ("accelerators", price.accelerator) not in reading.broken:
            mend = suggestion(price.accelerator, reading.accelerators, what="accelerators")
            reading.fault(f"{place}.accelerator", f"no accelerator {price.accelerator!r}", mend)
        return
    if reading.first_time(place, "prices", price.accelerator, price.tier):
        reading.prices[price.accelerator, price.tier] = price


def _over(base: Mapping[_Key, _Value], own: MutableMapping[_Key, _Value]) -> ChainMap[_Key, _Value]:
    """Look-ups in ``own`` first, then in ``base``; additions go to ``own``."""
    # ChainMap writes to its first map only, so the rest may be read-only.
    return ChainMap(own, cast("MutableMapping[_Key, _Value]", base))


def parse_entries(
    raw: Mapping[str, Any], *, where: str, base: Catalog
) -> tuple[Catalog, list[Fault]]:
    """Read the catalog tables of a parsed document on top of ``base``.

    Parameters
    ----------
    raw
        A TOML document read with ``parse_float=Decimal``; only ``accelerators``, ``models`` and
        ``prices`` are looked at.
    where
        The file's name, for the faults: ``"my.toml: accelerators.3.hbm_gb"``.
    base
        What entries may extend and override.

    Returns
    -------
    tuple
        ``base`` with every sound entry added, and all faults found (empty: all is well).
    """
    own = _Reading(where=where, accelerators={}, models={}, prices={})
    # Chained, not copied: an entry of the base is only read once somebody asks for it.
    reading = replace(
        own,
        accelerators=_over(base.accelerators, own.accelerators),
        models=_over(base.models, own.models),
        prices=_over(base.prices, own.prices),
    )
    # Prices come last: they may name an accelerator of the same document.
    for kind in _KINDS:
        tables = raw.get(kind, [])
        if not isinstance(tables, list | tuple):
            reading.fault(kind, f"not a list of tables (got {_shown(tables)})", f"Use [[{kind}]]")
            continue
        for index, table in enumerate(tables):
            place = f"{kind}.{index}"
            if kind == "accelerators":
                _read_named(
                    table,
                    kind=kind,
                    place=place,
                    reading=reading,
                    entries=reading.accelerators,
                    record=AcceleratorRecord,
                    build=AcceleratorRecord.to_domain,
                    keys_of=accelerator_keys,
                )
            elif kind == "models":
                _read_named(
                    table,
                    kind=kind,
                    place=place,
                    reading=reading,
                    entries=reading.models,
                    record=ModelRecord,
                    build=ModelRecord.to_domain,
                    keys_of=model_keys,
                )
            else:
                _read_price(table, place, reading)
    return base.merged(Catalog(own.accelerators, own.models, own.prices)), reading.faults


def parse_document(text: str, *, where: str, base: Catalog) -> Catalog:
    """Read the text of one catalog file on top of ``base``.

    Raises
    ------
    CatalogError
        With every fault: not TOML, unknown keys, bad values, unknown names.
    """
    try:
        raw = tomllib.loads(text, parse_float=Decimal)
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise CatalogError.one(
            f"not TOML: {error}", where=where, mend="Correct the syntax at that place"
        ) from error
    catalog, faults = parse_entries(raw, where=where, base=base)
    known = ("schema", *_KINDS)
    faults += [
        Fault(f"{where}: {key}", "unknown key", suggestion(key, known, what="keys"))
        for key in raw
        if key not in known
    ]
    if raw.get("schema") != SCHEMA or isinstance(raw.get("schema"), bool):
        what = "missing" if "schema" not in raw else f"unknown schema {_shown(raw['schema'])}"
        faults.append(Fault(f"{where}: schema", what, f"Write schema = {SCHEMA} at the top"))
    if faults:
        raise CatalogError.all_of(faults)
    return catalog
