"""An economic replica frontier on the terminal: at most 20 points, least energy, what is open."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from solver.report.design import BINDINGS, layout_name, precision_name
from solver.report.economy_choose import marks_of, representatives, slice_table
from solver.report.economy_facts import (
    axes_of,
    clock_name,
    economy_title,
    goal_columns,
    headlines,
    plain,
    told_value,
)
from solver.report.economy_findings import (
    conflict_heading,
    conflict_lines,
    economy_status,
    energy_line,
    nearest_of,
    notes_of,
    open_lines,
)
from solver.report.findings import count_of
from solver.report.fleet_facts import Goal, goals_of
from solver.report.model_error import error_sentence
from solver.report.numbers import aligned, clean
from solver.report.table import fitted_table
from solver.report.terminal import show

__all__ = ["economy_columns", "print_economy", "slices_of"]

_MAX_BOXES = 8
_CELL = 24
_COLOURS = {"complete": "green", "partial": "yellow", "infeasible": "red"}

Column = tuple[str, list[str], int, bool]
"""Header (unit below the name), cells, when it is given up (0 never, largest first), a number."""


def _layout(design: Mapping[str, Any]) -> str:
    return layout_name(design) if "tensor_parallel" in design else ""


def _stated(key: str) -> Callable[[Mapping[str, Any]], str]:
    """What a design says under ``key``, as text; empty where it says nothing."""

    def told(design: Mapping[str, Any]) -> str:
        value = design.get(key)
        return "" if value is None else clean(value)

    return told


CELLS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "model": _stated("model"),
    "machine": _stated("accelerator"),
    "precision": precision_name,
    "layout": _layout,
    "devices": _stated("devices"),
    "batch": _stated("batch"),
    "clock": lambda design: "" if design.get("clock_mhz") is None else clock_name(design),
    "quality": lambda design: "" if design.get("quality") is None else plain(design["quality"]),
}
"""What may tell designs apart, each as text."""


def _varies(cells: Sequence[str]) -> bool:
    return any(cells) and len(set(cells)) > 1


def economy_columns(document: Mapping[str, Any], indices: Sequence[int]) -> list[Column]:
    """Columns of some points: every goal, then what of the design differs, most telling first."""
    designs = [document["points"][index]["design"] for index in indices]
    goals = {goal.name for goal in goals_of(document)}
    everyone = [point["design"] for point in document["points"]]
    columns: list[Column] = [
        (goal.header.removesuffix("\nscore"), cells, 0, True)
        for goal, cells in goal_columns(document, indices)
    ]

    def numbers(key: str) -> list[str]:
        values = [design.get(key) for design in designs]
        return aligned([None if value is None else float(value) for value in values])

    for name, key, header, give_up in (
        ("energy", "j_per_token", "energy\nJ/token", 4),
        ("power", "watts", "power\nW", 6),
        ("quality", "quality", "quality", 5),
    ):
        if name not in goals and len({design.get(key) for design in everyone}) > 1:
            columns.append((header, numbers(key), give_up, True))
    told: list[Column] = []
    for name, give_up in (("model", 1), ("machine", 1), ("precision", 2), ("layout", 3)):
        cell = CELLS[name]
        if len({cell(design) for design in everyone}) > 1:
            header = "precision\nbits" if name == "precision" else name
            told.append((header, [cell(design)[:_CELL] for design in designs], give_up, False))
    clocks = [d.get("clock_mhz") for d in everyone]
    if len(set(clocks)) > 1:
        cells = ["free" if d.get("clock_mhz") is None else f"{d['clock_mhz']:,}" for d in designs]
        told.append(("clock\nMHz", cells, 1, True))
    if len({d.get("devices") for d in everyone}) > 1:
        told.append(("devices", numbers("devices"), 7, True))
    if len({d.get("batch") for d in everyone}) > 1:
        told.append(("batch", numbers("batch"), 2, True))
    paces = [BINDINGS[d["binding"]].brief if d.get("binding") in BINDINGS else "" for d in designs]
    if _varies(paces):
        told.append(("pace\nset by", paces, 8, False))
    return [column for column in (*columns, *told) if any(column[1])]


def _item(text: str) -> RenderableType:
    return Padding(Text(text), (0, 0, 0, 2), expand=False)


def _frontier(
    document: Mapping[str, Any], where_all: str, *, width: int, ascii_only: bool
) -> list[RenderableType]:
    points = document["points"]
    if not points:
        return []
    chosen, marks = representatives(document), marks_of(document)
    star = "*" if ascii_only else "★"
    stars = [
        f"{star} {_marks_text(marks[index], ascii_only=ascii_only)}" if index in marks else ""
        for index in chosen
    ]
    columns = economy_columns(document, chosen)
    told = count_of(len(points), "point")
    if len(chosen) < len(points):
        told = f"{len(chosen)} of {told}"
    table = fitted_table(
        ["", *(header for header, *_ in columns)],
        [list(row) for row in zip(stars, *(cells for _, cells, *_ in columns), strict=True)],
        width=width,
        give_up=[0, *(give_up for _, _, give_up, _ in columns)],
        numeric=[False, *(numeric for *_, numeric in columns)],
        bold=frozenset(k for k, cell in enumerate(stars) if cell),
        ascii_only=ascii_only,
    )
    line = "; ".join(text for text in (told, clean(where_all)) if text)
    return [Text(""), table, Text(""), Text(line, style="dim")]


def _marks_text(names: Sequence[str], *, ascii_only: bool) -> str:
    """Two names at most: the table must leave room for the numbers."""
    text = ", ".join(names[:2]) + (" +" if len(names) > 2 else "")
    return text.replace("⁴", "^4") if ascii_only else text


def _same(document: Mapping[str, Any]) -> list[RenderableType]:
    """What all points share, so that it needs no column."""
    designs = [point["design"] for point in document["points"]]
    if len(designs) < 2:
        return []
    parts = []
    for name, cell in CELLS.items():
        found = {cell(design) for design in designs}
        if len(found) == 1 and "" not in found:
            parts.append(f"{name} {found.pop()}")
    return [Text(f"all points: {', '.join(parts)}", style="dim")] if parts else []


def slices_of(document: Mapping[str, Any]) -> tuple[str, list[str], list[list[str]]] | None:
    """Three goals: the best in one at floors of the two others; ``None`` of two goals.

    Title, floors of one goal across, and rows: a floor of the other and the best value at each.
    """
    axes = axes_of(goals_of(document))
    if axes.third is None or len(document["points"]) < 3:
        return None
    target, across, down = axes.y, axes.x, axes.third
    floors, levels, found = slice_table(document, target, across, down)
    rows = []
    for level, indices in zip(levels, found, strict=True):
        values = [
            None if i is None else float(document["points"][i]["objectives"][target.name])
            for i in indices
        ]
        rows.append([_bound(down, level), *(cell or "none" for cell in aligned(values))])
    unit = "" if target.unit == "score" else f", {target.unit}"
    word = {"cost": "Cheapest", "energy": "Least energy", "power": "Least power"}.get(
        target.name, f"Best {target.name}"
    )
    title = f"{word} at {down.name} and {across.name} no worse than stated{unit}"
    return title, [_bound(across, floor) for floor in floors], rows


def _slices(document: Mapping[str, Any], *, width: int, ascii_only: bool) -> list[RenderableType]:
    found = slices_of(document)
    if found is None:
        return []
    title, floors, rows = found
    table = fitted_table(
        ["", *floors],
        rows,
        width=width,
        give_up=[0, *range(1, len(floors) + 1)],
        numeric=[False, *[True] * len(floors)],
        ascii_only=ascii_only,
    )
    return [Text(""), Text(title, style="bold"), table]


def _bound(goal: Goal, value: float) -> str:
    """``speed >= 50``."""
    return f"{goal.name} {'>=' if goal.maximised else '<='} {plain(value)}"


def print_economy(document: Mapping[str, Any], console: Console, where_all: str = "") -> None:
    """Print the result ``document`` of an economic replica question for people.

    Parameters
    ----------
    console
        Where to; its width decides how many columns the tables have.
    where_all
        Where all points are, for the line under the table.
    """
    width, ascii_only = console.width, console.options.ascii_only
    parts: list[RenderableType] = [Text(economy_title(document), style="bold")]
    parts += [Text(line) for line in headlines(document)]
    parts.append(Text(economy_status(document), style=_COLOURS[document["status"]]))
    error = error_sentence(document.get("model_error"))
    if error:
        parts.append(Text(error, style="dim"))
    parts += _frontier(document, where_all, width=width, ascii_only=ascii_only)
    parts += _same(document)
    parts += _slices(document, width=width, ascii_only=ascii_only)
    line = energy_line(document)
    if line:
        parts += [Text(""), Text(line)]
    lines = open_lines(document)
    if lines:
        parts += [Text(""), Text("Better designs may hide where", style="yellow")]
        parts += [_item(text) for text in lines[:_MAX_BOXES]]
        if len(lines) > _MAX_BOXES:
            rest = count_of(len(lines) - _MAX_BOXES, "more region")
            parts.append(_item(f"and {rest}, all in the result file"))
    if conflict_heading(document):
        parts += [Text(""), Text(conflict_heading(document), style="bold")]
        parts += [_item(text) for text in conflict_lines(document)]
        nearest = nearest_of(document)
        if nearest:
            parts += [Text(""), Text("The candidate that came closest:")]
            parts += [_item(f"{what}: {value}") for what, value in nearest]
    if len(document["points"]) == 1:
        point = document["points"][0]
        values = ", ".join(
            told_value(goal, float(point["objectives"][goal.name])) for goal in goals_of(document)
        )
        parts += [Text(""), Text(f"The only point: {values}")]
    parts += [Text(f"{kind}: {text}", style="yellow") for kind, text in notes_of(document)]
    show(console, Group(*parts))
