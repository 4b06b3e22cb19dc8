"""All families by name: every module of this folder that has a ``FAMILY``."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module

import solver.bench.families
from solver.bench.families.family import Family

__all__ = ["families"]


@cache
def families() -> dict[str, Family]:
    """Name -> family, in order of names."""
    found: dict[str, Family] = {}
    for module in pkgutil.iter_modules(solver.bench.families.__path__):
        family = vars(import_module(f"solver.bench.families.{module.name}")).get("FAMILY")
        if isinstance(family, Family):
            found[family.name] = family
    return dict(sorted(found.items()))
