"""A placement result on the terminal: status, points, the stages of both ends, what paces them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from solver.report.findings import count_of
from solver.report.fleet_choose import representatives
from solver.report.fleet_facts import column_of, goals_of
from solver.report.model_error import error_sentence
from solver.report.numbers import aligned, clean
from solver.report.placement_facts import (
    host_count,
    is_flow,
    latency_ms,
    setting_text,
    told_values,
)
from solver.report.placement_findings import (
    bracket_lines,
    circumstances_of,
    conflict_heading,
    conflict_lines,
    effort_text,
    flow_lines,
    open_regions,
    placement_marks,
    placement_notes,
    placement_status,
    placement_title,
    what_to_do,
)
from solver.report.placement_short import design_in_short
from solver.report.placement_stages import NUMBERS, StageTable, stage_tables
from solver.report.table import fitted_table
from solver.report.terminal import show

__all__ = ["print_placement"]

_MAX_BOXES = 8
_MAX_STAGES = 24
_MAX_REPLICAS = 4
_COLOURS = {"complete": "green", "partial": "yellow", "infeasible": "red"}
_FOLDING = frozenset({"host", "machine", "named"})
_GIVE_UP = {"US$/h": 3, "tok/s": 2, "named": 0}
_WIDE = 76
"""Below this many cells the table of points has no column that its others imply."""


def print_placement(document: Mapping[str, Any], console: Console, where_all: str = "") -> None:
    """Print the result ``document`` of a placement question for people.

    Parameters
    ----------
    console
        Where to; its width decides how many columns the tables have.
    where_all
        Where all points are, for the line under the table.
    """
    width, ascii_only = console.width, console.options.ascii_only
    parts: list[RenderableType] = [
        Text(placement_title(document), style="bold"),
        Text(circumstances_of(document)),
        Text(placement_status(document), style=_COLOURS[document["status"]]),
    ]
    error = error_sentence(document.get("model_error"))
    if error:
        parts.append(Text(error, style="dim"))
    effort = effort_text(document)
    if effort:
        parts.append(Text(effort, style="dim"))
    parts += _frontier(document, where_all, width=width, ascii_only=ascii_only)
    parts += _bracket(document)
    parts += _open(document)
    last = len(document["points"]) - 1
    for index in sorted({0, last}) if last >= 0 else ():
        parts += _point(document, index, width=width, ascii_only=ascii_only)
    if document.get("conflict"):
        parts += [Text(""), Text(conflict_heading(document), style="bold")]
        parts += [_item(line) for line in conflict_lines(document)]
    notes = placement_notes(document)
    parts += [Text("")] * bool(notes)
    parts += [Text(f"{kind}: {text}", style="yellow") for kind, text in notes]
    show(console, Group(*parts))


def _item(text: str) -> RenderableType:
    return Padding(Text(text), (0, 0, 0, 2), expand=False)


def _frontier(
    document: Mapping[str, Any], where_all: str, *, width: int, ascii_only: bool
) -> list[RenderableType]:
    points, goals = document["points"], goals_of(document)
    if not points or is_flow(points[0]["design"]):
        return []
    chosen = representatives(document)
    shown = [points[index] for index in chosen]
    marks, star = placement_marks(document), "*" if ascii_only else "★"
    settings = [setting_text(point["design"]) for point in shown]
    columns = [
        ("", [f"{star} {', '.join(marks[i])}" if i in marks else "" for i in chosen], False, True),
        *((goal.header, column_of(shown, goal), True, False) for goal in goals),
    ]
    if width >= _WIDE:
        columns.append(("token\nms", aligned([latency_ms(p) for p in shown]), True, False))
        columns.append(("hosts", [str(host_count(p["design"])) for p in shown], True, False))
    # Where all points have the one setting there is, the stages' sentences tell it.
    # Replicas tell their settings one by one.
    several = any("replicas" in point["design"] for point in points)
    if not several and len({setting_text(point["design"]) for point in points}) > 1:
        columns.append(("microb. ×\nin flight", settings, False, True))
    chains = [design_in_short(point["design"]) for point in shown]
    what = "pipelines and their settings" if several else "pipeline: layers of its stages"
    columns.append((what, chains, False, True))
    columns = [column for column in columns if column[0] == "" or any(column[1])]
    told = count_of(len(points), "point")
    if len(chosen) < len(points):
        told = f"{len(chosen)} of {told}"
    if where_all:
        told += f"; exact values: {clean(where_all)}"
    table = fitted_table(
        [column[0] for column in columns],
        [list(row) for row in zip(*(column[1] for column in columns), strict=True)],
        width=width,
        give_up=[0] * len(columns),
        numeric=[column[2] for column in columns],
        bold=frozenset(k for k, index in enumerate(chosen) if index in marks),
        folds=frozenset(k for k, column in enumerate(columns) if column[3]),
        ascii_only=ascii_only,
    )
    return [Text(""), table, Text(""), Text(told, style="dim")]


def _bracket(document: Mapping[str, Any]) -> list[RenderableType]:
    lines = bracket_lines(document)
    if not lines:
        return []
    heading = "Best designs on the cautious network, against what none can exceed"
    return [Text(""), Text(heading, style="bold"), *(_item(line) for line in lines)]


def _open(document: Mapping[str, Any]) -> list[RenderableType]:
    reason, lines = open_regions(document)
    advice = what_to_do(document)
    parts: list[RenderableType] = []
    if lines:
        why = f" ({reason})" if reason else ""
        parts.append(Text(f"Better designs may hide where{why}", style="yellow"))
        parts += [_item(line) for line in lines[:_MAX_BOXES]]
        if len(lines) > _MAX_BOXES:
            rest = count_of(len(lines) - _MAX_BOXES, "more region")
            parts.append(_item(f"and {rest}, all in the result file"))
    return [*parts, Text(advice)] if advice else parts


def _point(
    document: Mapping[str, Any], index: int, *, width: int, ascii_only: bool
) -> list[RenderableType]:
    point = document["points"][index]
    marks = placement_marks(document).get(index, ())
    values = told_values(point, goals_of(document))
    parts: list[RenderableType] = [Text("")]
    if is_flow(point["design"]):
        parts += [Text(line) for line in flow_lines(document, index)]
    else:
        name = ", ".join(marks).capitalize() if marks else f"Point {index + 1}"
        parts.append(Text(f"{name}: {values}", style="bold"))
    tables = stage_tables(point["design"])
    for table in tables[:_MAX_REPLICAS]:
        parts += _stages(table, width=width, ascii_only=ascii_only)
    if len(tables) > _MAX_REPLICAS:
        rest = count_of(len(tables) - _MAX_REPLICAS, "more replica")
        parts.append(Text(f"and {rest}, all in the result file", style="dim"))
    return parts


def _stages(table: StageTable, *, width: int, ascii_only: bool) -> list[RenderableType]:
    parts: list[RenderableType] = [Text(table.heading)] if table.heading else []
    parts.append(
        fitted_table(
            table.headers,
            table.rows[:_MAX_STAGES],
            width=width,
            give_up=[_GIVE_UP.get(name, 0) for name in table.headers],
            numeric=[name in NUMBERS for name in table.headers],
            folds=frozenset(k for k, name in enumerate(table.headers) if name in _FOLDING),
            ascii_only=ascii_only,
        )
    )
    if len(table.rows) > _MAX_STAGES:
        rest = count_of(len(table.rows) - _MAX_STAGES, "more row")
        parts.append(Text(f"and {rest}, all in the result file", style="dim"))
    return parts + [Text(sentence) for sentence in table.sentences]
