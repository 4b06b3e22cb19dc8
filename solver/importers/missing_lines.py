"""Remarks of a draft that say what is still missing, and which of them are answered by now.

A remark stands where the key belongs, above the line that is to be filled in::

    # missing: What does one H100 SXM of h100-pool cost in US$ per hour? (--usd-per-hour)
    # usd_per_hour = "2.50"

A question that is longer than a line goes on behind ``#   ``. What belongs into a table that is not
there yet stands above all tables, by its whole key; a cell of a table beside the instance is no
line of TOML and is told as one of that file.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from solver.importers.findings import Missing
from solver.importers.merging import Place
from solver.importers.visible import visible
from solver.instance.fleet.machine_records import ContractRecord, MachineEntry
from solver.instance.fleet.workload_records import WorkloadEntry

__all__ = [
    "ASKED",
    "BEGIN",
    "GO_ON",
    "LINE",
    "MissingPlace",
    "is_answered",
    "is_line",
    "missing_lines",
    "place_of",
]

BEGIN = "# missing: "
GO_ON = "#   "
ASKED = re.compile(r"^(?P<question>.*) \((?P<flag>(?:--|import |write )[^()]*)\)$")
"""What a remark says, its lines joined."""
LINE = re.compile(r"^# (?:in (?P<file>\S+): )?(?P<key>[\w.+() /-]+?) = (?P<example>.*)$")
"""The line below a remark, as ``missing_lines`` writes it."""

_WIDTH = 98
_CELLS = ("devices", "machine")
"""Columns of measured points that an import asks for."""

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


def missing_lines(missing: Missing, key: str) -> list[str]:
    """The remark on a missing key, and the line that would give it."""
    asked = f"{visible(missing.question, 400)} ({visible(missing.flag, 120)})"
    lines = textwrap.wrap(
        f"{BEGIN}{asked}",
        _WIDTH,
        subsequent_indent=GO_ON,
        break_long_words=False,
        break_on_hyphens=False,
    )
    name = visible(key, 120)
    file, _, column = name.rpartition(".")
    if file and column in _CELLS:
        name = f"in {file}: {column}"
    return [*lines, f"# {name} = {_as_written(missing.example)}"]


def _as_written(example: str) -> str:
    """An example as TOML holds it."""
    shown = visible(example, 120)
    if re.fullmatch(r"[0-9]+|true|false", shown) or shown[:1] in ("[", "{", '"'):
        return shown
    escaped = shown.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
