"""Found parts laid over the instance that is there: what stays, what is added, what contradicts.

Nothing that a person wrote is changed. A figure that is there already and equal stays as it is
written; one that differs is a fault that names both values, for only a person can say which holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from solver.errors import Fault, InstanceError
from solver.importers.findings import Figure, Tables
from solver.importers.visible import visible
from solver.instance.record_types import exact_fraction

__all__ = ["Addition", "Merged", "Place", "identity", "merge", "same_value"]

Place = tuple[str | int, ...]
"""Keys on the way into an instance; a number picks an entry of a list of tables."""


@dataclass(frozen=True, slots=True)
class Addition:
    """A figure that the instance does not have yet, and where it goes."""

    place: Place
    figure: Figure


@dataclass(frozen=True, slots=True)
class Merged:
    """The instance with the parts in it, and what had to be added, in order."""

    tables: dict[str, Any]
    additions: tuple[Addition, ...]


def merge(existing: Mapping[str, Any], found: Tables, *, where: str) -> Merged:
    """Lay ``found`` over ``existing``.

    Entries of lists of tables are met by their ``name``; a contract without one by its ``kind``.

    Parameters
    ----------
    existing
        Tables as ``tomllib`` reads them, decimals exact; left as they are.
    where
        The instance's file, for the faults.

    Raises
    ------
    InstanceError
        With every figure that is there and differs, and every place that holds another kind of
        thing than was found.
    """
    tables = deepcopy(dict(existing))
    additions: list[Addition] = []
    faults: list[Fault] = []
    _lay(tables, found, (), where, additions, faults)
    if faults:
        raise InstanceError.all_of(faults)
    return Merged(tables, tuple(additions))


def _lay(
    table: dict[str, Any],
    found: Tables,
    place: Place,
    where: str,
    additions: list[Addition],
    faults: list[Fault],
) -> None:
    for key, part in found.items():
        here = (*place, key)
        if isinstance(part, Figure):
            if key not in table:
                value = part.value
                table[key] = list(value) if isinstance(value, list) else value
                additions.append(Addition(here, part))
            elif not same_value(table[key], part.value):
                faults.append(_difference(here, table[key], part, where))
        elif isinstance(part, list):
            entries = table.setdefault(key, [])
            if not _lists_tables(entries):
                faults.append(_other_kind(here, "a list of tables", where))
                continue
            for entry in part:
                _lay_entry(entries, entry, here, where, additions, faults)
        else:
            inner = table.setdefault(key, {})
            if not isinstance(inner, dict):
                faults.append(_other_kind(here, "a table", where))
                continue
            _lay(inner, part, here, where, additions, faults)


def _lay_entry(
    entries: list[dict[str, Any]],
    found: Tables,
    place: Place,
    where: str,
    additions: list[Addition],
    faults: list[Fault],
) -> None:
    """Lay one found entry over the one of the same identity, or add it."""
    wanted = identity(found)
    position = next(
        (index for index, entry in enumerate(entries) if identity(entry) == wanted), len(entries)
    )
    if position == len(entries):
        entries.append({})
    _lay(entries[position], found, (*place, position), where, additions, faults)


def identity(entry: Mapping[str, Any]) -> str:
    """What tells an entry of a list from others: its ``name``, or where it has none its ``kind``.

    Raises
    ------
    ValueError
        If it has neither: an importer's slip.
    """
    for key in ("name", "kind"):
        value = entry.get(key)
        value = value.value if isinstance(value, Figure) else value
        if isinstance(value, str):
            return value
    raise ValueError(f"an entry without a name: {dict(entry)!r:.200}")


def _lists_tables(value: object) -> bool:
    return isinstance(value, list) and all(
        isinstance(entry, dict) and any(isinstance(entry.get(key), str) for key in ("name", "kind"))
        for entry in value
    )


def same_value(one: object, other: object) -> bool:
    """Whether two values say the same: ``"2.50"`` is the number 2.5."""
    if isinstance(one, list) or isinstance(other, list):
        return (
            isinstance(one, list)
            and isinstance(other, list)
            and len(one) == len(other)
            and all(map(same_value, one, other))
        )
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if one == other:
        return True
    try:
        return exact_fraction(one) == exact_fraction(other)
    except ValueError:
        return False


def _dotted(place: Place) -> str:
    return visible(".".join(str(part) for part in place), 120)


def _difference(place: Place, had: object, found: Figure, where: str) -> Fault:
    source = f" ({visible(found.source, 160)})" if found.source else ""
    return Fault(
        f"{where}: {_dotted(place)}",
        f"is {visible(repr(had))}, where {visible(repr(found.value))} was found{source}",
        "Keep one of the two: change the line in the instance, or leave this part out",
    )


def _other_kind(place: Place, wanted: str, where: str) -> Fault:
    return Fault(
        f"{where}: {_dotted(place)}",
        f"is not {wanted} with names, which the found parts need",
        "Write it so, or import into a new file",
    )
