"""Every point of an economic frontier as one row of a table for other programs."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Any

from solver.report.economy_choose import marks_of
from solver.report.fleet_facts import goals_of

__all__ = ["economy_csv"]

_FIRST = ("model", "accelerator", "clock_mhz", "devices")


def _flat(tree: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """``tree`` without nesting, keys joined by dots; lists stay as they are."""
    found: dict[str, Any] = {}
    for key, value in tree.items():
        if isinstance(value, Mapping):
            found.update(_flat(value, f"{prefix}{key}."))
        else:
            found[f"{prefix}{key}"] = value
    return found


def economy_csv(document: Mapping[str, Any]) -> str:
    """All points as CSV (RFC 4180, but lines end in a plain newline).

    Columns: objectives as decimals, their units in the headers; ``exact_`` columns, all integers
    and fractions that are known, traded or not (``latency_ps``, ``cost``, ``power_mw``,
    ``energy``, ``carbon``, ``quality``); the design, nested keys joined by dots; what closed the
    point; what it is worth a look for. What a point does not have is an empty cell; floats have
    every digit they need to come back the same.
    """
    points, goals = document["points"], goals_of(document)
    flat = [_flat(point["design"]) for point in points]
    exact = list(dict.fromkeys(key for point in points for key in point.get("exact", {})))
    keys = list(dict.fromkeys((*_FIRST, *(key for design in flat for key in design))))
    keys = [key for key in keys if any(key in design for design in flat)]
    marks = marks_of(document)
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(
        [
            *(
                goal.name if goal.unit == "score" else f"{goal.name} [{goal.unit}]"
                for goal in goals
            ),
            *(f"exact_{key}" for key in exact),
            *keys,
            "proof_engine",
            "proof_closed_by",
            "worth_a_look",
        ]
    )
    for index, (point, design) in enumerate(zip(points, flat, strict=True)):
        row = [
            *(point["objectives"][goal.name] for goal in goals),
            *(point.get("exact", {}).get(key) for key in exact),
            *(design.get(key) for key in keys),
            point.get("proof", {}).get("engine"),
            point.get("proof", {}).get("closed_by"),
            " ".join(name.replace(" ", "_") for name in marks.get(index, ())),
        ]
        writer.writerow(["" if value is None else value for value in row])
    return stream.getvalue()
