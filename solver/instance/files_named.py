"""Files that a question reads besides its own: tables, graphs, catalogs, model configurations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from solver.instance.loading import apply_settings, load_tables

__all__ = ["NAMING_KEYS", "files_named"]

NAMING_KEYS = frozenset(
    {"points", "histogram", "config", "constants", "rates", "layer_times", "links_file", "file"}
)
"""Keys whose texts are names of files, wherever they stand; ``catalog`` is a list of them."""


def files_named(path: Path, settings: Mapping[str, Any] | None = None) -> dict[str, Path]:
    """Every file that the instance file ``path`` names, by its name there, ``settings`` laid over.

    Empty for a fleet in columns (JSON), which names none. Whether the files are there, or are what
    they should be, is the reader's to say.

    Raises
    ------
    InstanceError
        If the instance file cannot be read, or a setting leads nowhere.
    """
    if path.suffix.lower() == ".json":
        return {}
    raw, _ = load_tables(path)
    apply_settings(raw, settings or {})
    catalogs = raw.get("catalog")
    names = [n for n in catalogs if isinstance(n, str)] if isinstance(catalogs, list) else []
    return {name: path.parent / name for name in (*names, *_named(raw))}


def _named(tree: object) -> Iterator[str]:
    if isinstance(tree, dict):
        for key, value in tree.items():
            if key in NAMING_KEYS and isinstance(value, str):
                yield value
            else:
                yield from _named(value)
    elif isinstance(tree, list):
        for entry in tree:
            yield from _named(entry)
