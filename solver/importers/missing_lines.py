"""Lines of a draft that say what is still missing, and which of them are answered by now.

A line stands where the key belongs, ready to be filled in::

    # usd_per_hour = "2.50"   # missing: What does an hour of one device cost? (--usd-per-hour)

What belongs into a table that is not there yet is said at the end of the file, by its whole key.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from solver.importers.findings import Missing
from solver.importers.merging import Place
from solver.importers.visible import visible
from solver.instance.fleet.machine_records import ContractRecord, MachineEntry
from solver.instance.fleet.workload_records import WorkloadEntry

__all__ = ["MISSING_LINE", "MissingPlace", "is_answered", "is_line", "missing_line", "place_of"]

MISSING_LINE = re.compile(
    r"^#\s*(?P<key>[\w.+() /-]+?) = (?P<example>.*?)\s+"
    r"# missing: (?P<question>.*?) \((?P<flag>(?:--|import ).*)\)$"
)
"""A line as ``missing_line`` writes it."""

_IN_PLACE_OF: Mapping[str, tuple[str, ...]] = {
    "usd_per_hour": ("tier", "contracts", "purchase_usd"),
    "tier": ("usd_per_hour", "contracts"),
    "contracts": ("usd_per_hour", "tier"),
    "model": ("models",),
    "input_tokens": ("sizes", "histogram", "service"),
    "output_tokens": ("sizes", "histogram", "service"),
    "requests_per_s": ("tok_per_s", "batch", "service"),
    "context_tokens": ("input_tokens", "service"),
    "purchase_usd": ("usd_per_hour", "tier"),
}
"""Keys of which the format takes either; see the records of instances."""


_KEYS_OF: Mapping[str, frozenset[str]] = {
    "workloads": frozenset(WorkloadEntry.model_fields),
    "machines": frozenset({*MachineEntry.model_fields, *ContractRecord.model_fields}),
}
"""Keys of the tables that are met by name."""


@dataclass(frozen=True, slots=True)
class MissingPlace:
    """Where a missing key belongs; ``table`` is None where that table is not there yet."""

    table: Place | None
    key: str


def place_of(missing: Missing, tables: Mapping[str, Any]) -> MissingPlace:
    """Find the table that a missing key belongs into.

    Entries of lists are met by name, which may hold dots, or by number.
    """
    parts = missing.key.split(".")
    node: Any = tables
    place: tuple[str | int, ...] = ()
    depth = 0
    while depth < len(parts) - 1:
        if isinstance(node, list):
            found = _entry(node, parts, depth)
            if found is None:
                return MissingPlace(None, missing.key)
            position, depth = found
            node, place = node[position], (*place, position)
            continue
        if not isinstance(node, dict) or not isinstance(node.get(parts[depth]), dict | list):
            return MissingPlace(None, missing.key)
        node, place = node[parts[depth]], (*place, parts[depth])
        depth += 1
    if not isinstance(node, dict):
        return MissingPlace(None, missing.key)
    return MissingPlace(place, ".".join(parts[depth:]))


def _entry(entries: list[Any], parts: list[str], depth: int) -> tuple[int, int] | None:
    """Position of the entry named from ``depth`` on, and the depth behind its name."""
    for end in range(len(parts) - 1, depth, -1):
        name = ".".join(parts[depth:end])
        for position, entry in enumerate(entries):
            if isinstance(entry, dict) and name in (entry.get("name"), entry.get("kind")):
                return position, end
    word = parts[depth]
    if word.isdecimal() and int(word) < len(entries):
        return int(word), depth + 1
    return None


def is_line(missing: Missing) -> bool:
    """Whether the key is one that a line of the instance may give.

    Others are asked as well, such as the machine of a measured point, which a table beside the
    instance holds: only an option of the import answers those.
    """
    root, _, rest = missing.key.partition(".")
    key = rest.rpartition(".")[2]
    return root not in _KEYS_OF or key in _KEYS_OF[root]


def is_answered(missing: Missing, tables: Mapping[str, Any]) -> bool:
    """Whether the key, or one that stands in its place, is there."""
    found = place_of(missing, tables)
    if found.table is None:
        return False
    node: Any = tables
    for part in found.table:
        node = node[part]
    keys = (found.key, *_IN_PLACE_OF.get(found.key, ()))
    return any(node.get(key) not in (None, [], {}) for key in keys)


def missing_line(missing: Missing, key: str) -> str:
    """The comment that names a missing key, without the leading ``#``."""
    asked = f"{visible(missing.question, 300)} ({visible(missing.flag, 120)})"
    return f"{visible(key, 120)} = {_as_written(missing.example)}   # missing: {asked}"


def _as_written(example: str) -> str:
    """An example as TOML holds it."""
    shown = visible(example, 120)
    if re.fullmatch(r"[0-9]+|true|false", shown) or shown[:1] in ("[", "{", '"'):
        return shown
    escaped = shown.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
