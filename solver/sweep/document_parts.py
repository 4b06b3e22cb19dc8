"""Parts that the result documents of several kinds share."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from solver.sweep.provenance import package_version

__all__ = ["extremes", "software"]

_LIBRARIES = {"highs": "highspy", "cp-sat": "ortools", "scip": "ortools"}
"""Distributions that engines come in; all others are part of this one."""


def software(engines: Iterable[str]) -> dict[str, Any]:
    """Versions of all that had a part in a result; the first keys of its provenance."""
    return {
        "fleetfront": package_version("fleetfront"),
        "python": platform.python_version(),
        "numpy": package_version("numpy"),
        "engines": {name: package_version(_LIBRARIES.get(name, "fleetfront")) for name in engines},
    }


def extremes(
    status: str,
    images: Iterable[Sequence[int]],
    values: Callable[[tuple[int, ...]], dict[str, Any]],
) -> dict[str, Any]:
    """Best and worst of each objective over the nondominated set; known only of a complete one.

    Parameters
    ----------
    images
        Of all points, at least one where ``status`` is ``complete``.
    values
        How an image is told.
    """
    if status != "complete":
        return {"ideal": {}, "nadir": {}}
    columns = list(zip(*images, strict=True))
    return {
        "ideal": values(tuple(min(column) for column in columns)),
        "nadir": values(tuple(max(column) for column in columns)),
    }
