"""From answers to what stands on the page: chart, plan, limits, conflict, comparison, points."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dash import html

from solver.errors import FleetError
from solver.explore.page.chart import Axes, Curve, chart, objective_title
from solver.explore.page.open_regions import open_rectangles
from solver.explore.page.rows import rows_of
from solver.explore.page.tables import fact_list, table
from solver.explore.views import (
    FrontierRows,
    comparison,
    limits_view,
    plan_view,
    status_view,
)
from solver.report.numbers import clean

__all__ = [
    "MOST_ROWS",
    "Document",
    "comparison_parts",
    "figure_of",
    "limit_parts",
    "nearest",
    "outcome_parts",
    "plan_parts",
    "point_rows",
]

Document = Mapping[str, Any]

MOST_ROWS = 2000
"""Rows of the table of points; a frontier can have more."""
_SENTENCES = 6


def figure_of(
    documents: Mapping[str, Document], axes: Axes, chosen: Mapping[str, Any] | None
) -> dict[str, Any]:
    """The chart of the answers by scenario."""
    curves = []
    for name, document in documents.items():
        index = chosen["index"] if chosen and chosen["scenario"] == name else None
        curves.append(Curve(name, rows_of(document), open_rectangles(document), index))
    return chart(curves, axes)


def nearest(view: FrontierRows, wanted: Mapping[str, Any] | None) -> int | None:
    """The point to show after a new answer: the one closest to what was shown.

    With nothing chosen so far, the knee where one is named, or the first point.
    """
    if not view.points:
        return None
    if wanted is None or not wanted.get("values"):
        named = [point for point in view.points if "knee" in point.marks]
        return (named or list(view.points))[0].index
    aims = [float(value) for value in wanted["values"]]

    def distance(values: tuple[float, ...]) -> float:
        pairs = zip(values, aims, strict=False)
        return sum(abs(value - aim) / (abs(aim) or 1.0) for value, aim in pairs)

    return min(view.points, key=lambda point: distance(point.values)).index


def plan_parts(document: Document, index: int, scenario: str) -> tuple[str, list[Any]]:
    """Heading and body of the plan behind point ``index``."""
    plan = plan_view(document, index)
    body: list[Any] = [fact_list(plan.facts)]
    if plan.binding:
        body += [html.H3("What binds"), html.Ul([html.Li(text) for text in plan.binding])]
    body += limit_parts(document, index)
    body += [table(entry.caption, entry.header, entry.rows) for entry in plan.tables]
    return f"Scenario {scenario}, {plan.title[:1].lower()}{plan.title[1:]}", body


def limit_parts(document: Document, index: int) -> list[Any]:
    """The limits and how much of each the point uses, those that bind marked."""
    # What sets the pace has no value of its own; "What binds" says it in a sentence.
    limits = [row for row in limits_view(document, index) if row.value or row.share is not None]
    if not limits:
        return []
    header = ("Limit", "Allowed", "Used", "Binds")
    rows = [(row.limit, row.value, row.used, "yes" if row.binds else "no") for row in limits]
    marks = ["binds" if row.binds else "" for row in limits]
    return [table("Limits at this point", header, rows, row_classes=marks)]


def outcome_parts(scenario: str, document: Document) -> list[Any]:
    """What an answer means where it is more than its points: conflict, open regions, warnings."""
    status = status_view(document)
    parts: list[Any] = []
    if status.status == "infeasible":
        parts += _conflict(scenario, document, status.conflict_heading, status.conflict)
    if status.open_regions:
        shown = status.open_regions[:_SENTENCES]
        left = len(status.open_regions) - len(shown)
        more = [html.Li(f"{left:,} more; the JSON has all.")] if left else []
        parts += [
            html.H3(f"Scenario {scenario}: where better plans may lie"),
            html.Ul([*(html.Li(text) for text in shown), *more]),
        ]
    warnings = [text for kind, text in status.notes if kind == "warning"]
    parts += [html.P(text, className="warning") for text in warnings[:_SENTENCES]]
    return parts


def _conflict(
    scenario: str, document: Document, heading: str, sentences: tuple[str, ...]
) -> list[Any]:
    """The limits that stand against each other, and how far each alone would have to give."""
    entries = list(document.get("conflict") or ())
    if entries and "limits" in entries[0]:
        entries = list(entries[0]["limits"])
    name = f"Scenario {scenario}: limits that stand against each other"
    parts: list[Any] = [html.H3(name), html.P(heading)]
    if len(entries) != len(sentences):
        return [*parts, html.Ul([html.Li(text) for text in sentences])]
    rows = []
    for entry, sentence in zip(entries, sentences, strict=True):
        unit = clean(entry.get("unit", ""), limit=40)
        stated, needed = entry.get("value", entry.get("stated")), entry.get("needed")
        rows.append(
            (
                clean(entry["limit"], limit=80),
                "" if stated is None else f"{_plain(stated)} {unit}".strip(),
                "cannot alone" if needed is None else f"{_plain(needed)} {unit}".strip(),
                sentence,
            )
        )
    header = ("Limit", "Now", "Would have to be", "In words")
    return [*parts, table("Each alone, the others unchanged", header, rows)]


def _plain(value: Any) -> str:
    """All digits that are there: the value is rounded to the side on which it works."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def comparison_parts(before: Document, after: Document) -> list[Any]:
    """What differs between the two answers."""
    try:
        found = comparison(before, after)
    except FleetError as error:
        return [html.P(str(fault), className="warning") for fault in error.faults]
    listed = len(found.sentences) > 1
    sentences: list[Any] = (
        [
            html.P("Before is scenario A, after is scenario B."),
            html.Ul([html.Li(t) for t in found.sentences]),
        ]
        if listed
        else [html.P(text) for text in found.sentences]
    )
    return [
        *sentences,
        *(table(entry.caption, entry.header, entry.rows) for entry in found.tables),
    ]


def point_rows(view: FrontierRows, scenario: str) -> dict[str, Any]:
    """The table of points for ``assets/points.js``: a row a point, after a button to show it."""
    shown = view.points[:MOST_ROWS]
    titles = [objective_title(objective) for objective in view.objectives]
    left = len(view.points) - len(shown)
    more = f"; {left:,} more are in the CSV" if left else ""
    return {
        "scenario": scenario,
        "caption": f"Scenario {scenario}, {len(shown):,} points{more}",
        "header": ["Point", *titles, "Plan", "Recommended as"],
        "figures": [False, *(True for _ in titles), False, False],
        "rows": [
            [
                # The unit stands in the header.
                *(
                    _figure(told, objective.unit)
                    for told, objective in zip(point.told, view.objectives, strict=True)
                ),
                point.label,
                ", ".join(point.marks),
            ]
            for point in shown
        ],
    }


def _figure(told: str, unit: str) -> str:
    """``US$1.29/Mtok`` without ``US$/Mtok``: the number alone."""
    if unit.startswith("US$"):
        return told.removeprefix("US$").removesuffix(unit.removeprefix("US$")).strip()
    return told.removesuffix(unit).strip()
