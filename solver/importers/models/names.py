"""What to call a model that a config.json describes.

A file does not say its model's name. Where the catalog holds a model of exactly the same shape, its
name is taken, so that measurements and prices of others meet it; else that of the file's folder.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from solver.catalog import Catalog
from solver.catalog.domain import Model
from solver.importers.visible import visible

__all__ = ["catalog_twin", "folder_name"]


def folder_name(path: Path) -> str:
    """The folder of a ``config.json``, or the name of a file that is called otherwise."""
    name = path.resolve().parent.name if path.name == "config.json" else path.stem
    return visible(name, 100) or "imported"


def catalog_twin(model: Model, catalog: Catalog, hint: str) -> Model | None:
    """The catalog's model of exactly this shape; of several the one that ``hint`` names.

    Weights and cache may be of another width there, and counts stated by a publisher are no shape.
    None where there is none, or where several are alike and the hint names none of them.
    """
    shape = _shape(model)
    twins = [entry for entry in map(catalog.model, catalog.models) if _shape(entry) == shape]
    if len(twins) == 1:
        return twins[0]
    wanted = _bare(hint)
    named = [entry for entry in twins if _bare(entry.name) in wanted]
    return max(named, key=lambda entry: len(entry.name)) if named else None


def _shape(model: Model) -> Model:
    return replace(
        model,
        name="",
        source="",
        as_of="",
        confidence="",
        note="",
        stated_params=None,
        stated_active_params=None,
        max_context_tokens=None,
        native_weight_bits=16,
        native_kv_bits=16,
    )


def _bare(name: str) -> str:
    """A name without what spellings differ in: ``Llama-3.1-8B`` and ``llama3.1_8b`` are alike."""
    return re.sub(r"[^a-z0-9.]", "", name.lower())
