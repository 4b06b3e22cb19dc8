"""Cost at real load, of a replica or of a fleet's plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from solver.report.economics_words import table_of
from solver.report.numbers import aligned, short

__all__ = ["utilisation_parts"]


def utilisation_parts(
    found: Mapping[str, Any], title: str, *, rates: bool, width: int, ascii_only: bool
) -> Iterator[RenderableType]:
    """A row for each load of ``found["utilisation"]``; ``rates``: with the tokens/s behind it."""
    rows = found["utilisation"]
    if not rows:
        return
    columns = {
        "load": [f"{100 * row['utilisation']:.4g} %" for row in rows],
        "tok/s": [short(row["tok_per_s"]) for row in rows],
        "US$/Mtok": aligned([row["usd_per_mtok"] for row in rows]),
        "times": aligned([row["times"] for row in rows]),
    }
    if not rates:
        del columns["tok/s"]
    yield Text("")
    yield Text(title, style="bold")
    yield table_of(
        [(name, 0, True) for name in columns],
        [list(row) for row in zip(*columns.values(), strict=True)],
        width=width,
        ascii_only=ascii_only,
    )
    yield Text(found["utilisation_text"])
