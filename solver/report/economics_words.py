"""What the tables of economics share: columns that fit, and rows that stand for a long curve."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from rich.table import Table

from solver.report.table import fitted_table

__all__ = ["chosen_points", "entry", "limit_words", "table_of"]

_BROKEN = {
    "HBM": "no memory",
    "speed": "too slow",
    "time to first token": "first token late",
    "devices": "too many devices",
    "throughput cap": "above the cap",
    "watts": "too many watts",
    "energy per token": "too much energy",
}


def limit_words(broken: Sequence[str]) -> str:
    """What is wrong with a concurrency that breaks these limits."""
    return ", ".join(_BROKEN.get(name, name) for name in broken)


def entry(value: str) -> Fraction:
    """A fraction of a document."""
    return Fraction(value)


def table_of(
    columns: Sequence[tuple[str, int, bool]],
    rows: Sequence[Sequence[str]],
    *,
    width: int,
    ascii_only: bool,
) -> Table:
    """A table; columns are (header, when to give it up, whether it holds numbers).

    The last column of words may fold.
    """
    words = [index for index, (_, _, numeric) in enumerate(columns) if not numeric]
    return fitted_table(
        [header for header, _, _ in columns],
        rows,
        width=width,
        give_up=[give_up for _, give_up, _ in columns],
        numeric=[numeric for _, _, numeric in columns],
        folds=frozenset(words),
        ascii_only=ascii_only,
    )


def chosen_points(
    points: Sequence[Mapping[str, Any]],
    rows: int,
    wanted: set[int],
    *,
    key: str = "concurrency",
) -> list[Mapping[str, Any]]:
    """About ``rows`` points spaced evenly in the logarithm of ``key``, ``wanted`` among them."""
    if len(points) <= rows:
        return list(points)
    low, high = math.log(points[0][key]), math.log(points[-1][key])
    chosen = {index for index, point in enumerate(points) if point[key] in wanted}
    for number in range(rows):
        target = low + (high - low) * number / (rows - 1)
        chosen.add(
            min(range(len(points)), key=lambda i: (abs(math.log(points[i][key]) - target), i))
        )
    return [points[index] for index in sorted(chosen)]
