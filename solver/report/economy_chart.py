"""Data of the page's chart and slice chooser: every point in compact columns, plain JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from solver.report.design import layout_name, precision_name
from solver.report.economy_choose import marks_of
from solver.report.economy_colours import OUTLINES, painted
from solver.report.economy_facts import axes_of, axis_title, clock_name, values_of
from solver.report.fleet_facts import Goal, goals_of
from solver.report.numbers import clean

__all__ = ["economy_chart"]

_LOGARITHMIC = ("cost", "energy", "power")
_LOG_FROM = 4.0
_WORDS = {"cost": "cheapest", "energy": "least energy", "power": "least power"}


def economy_chart(document: Mapping[str, Any]) -> dict[str, Any]:
    """All that the page's script needs.

    ``goals`` (name, unit, whether more is better, word for the best, whether drawn in logarithms)
    with ``values``, unrounded: floors are compared with them; ``x`` and ``y``, indices of the goals
    drawn; ``groups`` (name, colour, outline) and the ``group`` of every point; ``facts``: names of
    what is told of a point, each with its distinct texts and an index for every point; ``stars``.
    """
    goals = goals_of(document)
    axes = axes_of(goals)
    paint = painted(document)
    group = [0] * len(document["points"])
    for number, part in enumerate(paint.groups):
        for index in part.indices.tolist():
            group[index] = number
    return {
        "goals": [_goal(document, goal) for goal in goals],
        "x": goals.index(axes.x),
        "y": goals.index(axes.y),
        "titles": [axis_title(axes.x, "x"), axis_title(axes.y, "y")],
        "paint": paint.title,
        "groups": [
            {"name": part.name, "colour": part.colour, "outline": OUTLINES[part.marker]}
            for part in paint.groups
        ],
        "group": group,
        "facts": _facts(document),
        "stars": [
            {"index": index, "title": ", ".join(names)}
            for index, names in marks_of(document).items()
        ],
    }


def _goal(document: Mapping[str, Any], goal: Goal) -> dict[str, Any]:
    values = values_of(document, goal)
    low, high = float(values.min()), float(values.max())
    return {
        "name": goal.name,
        "unit": "" if goal.unit == "score" else goal.unit,
        "maximised": goal.maximised,
        "best": _WORDS.get(goal.name, "fastest" if goal.name == "speed" else "best"),
        "log": goal.name in _LOGARITHMIC and low > 0 and high / low > _LOG_FROM,
        "values": values.tolist(),
    }


def _facts(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What is told of every point besides its goals, what is nowhere known left out."""
    goals = {goal.name for goal in goals_of(document)}
    designs = [point["design"] for point in document["points"]]

    def number(key: str, unit: str) -> list[str]:
        values = [design.get(key) for design in designs]
        return ["" if value is None else f"{float(value):,.4g} {unit}".strip() for value in values]

    told = [
        ("Model", [clean(d.get("model") or "") for d in designs]),
        ("Machine", [_machine(d) for d in designs]),
        ("Clock", [clock_name(d) if d.get("clock_mhz") is not None else "" for d in designs]),
        ("Layout", [layout_name(d) if "tensor_parallel" in d else "" for d in designs]),
        ("Precision", [precision_name(d) for d in designs]),
        ("Batch", [f"{d['batch']:,}" if "batch" in d else "" for d in designs]),
        ("Replica", number("tok_per_s", "tok/s")),
        ("Price", number("usd_per_hour", "US$/h")),
        ("Energy", [] if "energy" in goals else number("j_per_token", "J/token")),
        ("Power", [] if "power" in goals else number("watts", "W")),
        ("Electricity", number("usd_electricity_per_mtok", "US$/Mtok")),
        ("CO2", number("g_co2_per_mtok", "g/Mtok")),
        ("Quality", [] if "quality" in goals else number("quality", "")),
        ("Score from", [clean(d.get("quality_source") or "", limit=400) for d in designs]),
    ]
    found = []
    for name, texts in told:
        if any(texts):
            distinct = list(dict.fromkeys(texts))
            place = {text: k for k, text in enumerate(distinct)}
            found.append({"name": name, "texts": distinct, "of": [place[text] for text in texts]})
    return found


def _machine(design: Mapping[str, Any]) -> str:
    if "accelerator" not in design:
        return ""
    devices = f"{design['devices']:,} × " if "devices" in design else ""
    return devices + clean(design["accelerator"])
