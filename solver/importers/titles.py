"""What a drafted question asks, in a few words: the models and the machines that it names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from solver.importers.visible import visible

__all__ = ["title_of"]

_NAMED = 2
"""Names that a title lists; of more it lists one fewer, and the number of the others."""


def title_of(tables: Mapping[str, Any]) -> str:
    """The title of a replica or fleet question with these tables; it depends on nothing else."""
    if tables.get("kind") == "fleet":
        served = _models(tables.get("workloads"))
        machines = [entry.get("name") for entry in _entries(tables.get("machines"))]
    else:
        served = [_inner(tables, "workload", "model")]
        machines = [_inner(tables, "design", "accelerator")]
    what, where = _listed(served), _listed(machines)
    if what and where:
        return f"{what} on {where}"
    if what:
        return f"Where to serve {what}"
    return f"What to serve on {where}" if where else "What to serve, and where"


def _models(entries: object) -> list[object]:
    """The model of every workload, or its name where it states none."""
    return [entry.get("model") or entry.get("name") for entry in _entries(entries)]


def _entries(value: object) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def _inner(tables: Mapping[str, Any], table: str, key: str) -> object:
    value = tables.get(table)
    return value.get(key) if isinstance(value, Mapping) else None


def _listed(names: Sequence[object]) -> str:
    known = list(dict.fromkeys(visible(name, 60) for name in names if isinstance(name, str)))
    if len(known) <= _NAMED:
        return " and ".join(known)
    return f"{', '.join(known[: _NAMED - 1])} and {len(known) - _NAMED + 1} others"
