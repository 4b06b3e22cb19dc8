"""The frontier as a sheet of every point with every key of its design, and as a native chart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from solver.report.fleet_bill import node_names, replica_names
from solver.report.fleet_facts import Goal, devices_by_machine, is_helper, is_supply
from solver.report.numbers import clean
from solver.report.placement_facts import hosts_by_machine
from solver.report.workbook.sheet import Book
from solver.report.workbook.values import Cell, Column, as_cell, flat, name_of, unit_of
from solver.report.workbook.view import View

__all__ = ["write_frontier"]

_APART = frozenset({"replicas", "nodes", "stages", "links", "flows", "utilisation", "energy"})
"""Keys of a design with sheets or columns of their own."""
_WIDE = 12.0
"""Greatest over least value from which on an axis of the chart is logarithmic."""
_MOST_ROWS = 1_000_000


def write_frontier(book: Book, view: View) -> None:
    """Sheet ``Frontier``, and ``Chart`` where two goals have two points or more; none without."""
    if not view.points:
        return
    sheet = book.sheet("Frontier")
    shown = range(min(len(view.points), _MOST_ROWS))
    columns, table = _columns(view, shown)
    if len(shown) < len(view.points):
        sheet.line(
            f"The first {len(shown):,} of {len(view.points):,} points; all are in the result file."
        )
    rows = [list(row) for row in zip(*table, strict=True)]
    top = sheet.table(columns, rows, main=True, marked=frozenset(view.marks))
    if view.axes is not None and len(shown) > 1:
        _chart(book, view, top + 1, top + len(shown), columns)


def _columns(view: View, shown: Sequence[int]) -> tuple[list[Column], list[list[Cell]]]:
    points = [view.points[index] for index in shown]
    columns = [Column("point"), Column("worth a look", form="text")]
    cells: list[list[Cell]] = [
        [index + 1 for index in shown],
        [", ".join(view.marks.get(index, ())) or None for index in shown],
    ]

    def add(column: Column, values: Sequence[Any]) -> None:
        found = [as_cell(value) for value in values]
        if any(value is not None and value != "" for value in found):
            columns.append(column)
            cells.append(found)

    for goal in view.goals:
        add(Column(goal.name, goal.unit), [p["objectives"][goal.name] for p in points])
    for goal in view.goals:
        exact = [view.exact_of(index, goal) for index in shown]
        add(Column(f"{goal.name} exact", goal.unit, form="text", width=18), exact)
    add(
        Column("latency exact", "ps", form="text", width=16),
        [_text(point.get("exact", {}).get("latency_ps")) for point in points],
    )
    add(
        Column("design", form="text", width=34), [view.design_in_short(p["design"]) for p in points]
    )
    for key, values in _design_columns(points).items():
        add(_column_of(key, values), values)
    if view.kind == "fleet":
        _fleet_columns(view, points, add)
    elif view.kind == "placement":
        held = [hosts_by_machine(point["design"]) for point in points]
        for name in sorted({name for entry in held for name in entry}):
            add(Column(f"hosts of {clean(name)}", "hosts"), [e.get(name, 0) for e in held])
    for key in ("nondominated", "engine", "closed_by"):
        values = [point.get("proof", {}).get(key) for point in points]
        add(Column(f"proof: {key.replace('_', ' ')}", form="text"), values)
    return columns, cells


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _design_columns(points: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Every key of the designs, nested ones joined by dots, in order of appearance."""
    designs = [
        dict(flat({k: v for k, v in point["design"].items() if k not in _APART}))
        for point in points
    ]
    keys = list(dict.fromkeys(key for design in designs for key in design))
    return {key: [design.get(key) for design in designs] for key in keys}


def _column_of(key: str, values: Sequence[Any]) -> Column:
    unit = unit_of(key)
    told = name_of(key)
    numeric = all(
        value is None or (isinstance(value, int | float) and not isinstance(value, bool))
        for value in values
    )
    if not numeric:
        return Column(told, form="text")
    return Column(told, unit)


def _fleet_columns(view: View, points: Sequence[Mapping[str, Any]], add: Any) -> None:
    designs = [point["design"] for point in points]
    held = [devices_by_machine(view.document, design) for design in designs]
    for name in sorted({name for entry in held for name in entry}):
        add(Column(f"devices of {name}", "devices"), [entry.get(name, 0) for entry in held])
    for key in ("j_per_token", "kwh_per_day", "electricity_usd_per_day", "kg_co2_per_day"):
        values = [(design.get("energy") or {}).get(key) for design in designs]
        add(Column(f"account: {name_of(key)}", unit_of(key)), values)
    limits: dict[str, str] = {}
    for design in designs:
        for name, entry in (design.get("utilisation") or {}).items():
            # Rows that only tie replicas to devices or nodes say nothing of a limit.
            if not is_helper(name) and not is_supply(name):
                limits.setdefault(name, clean(entry.get("unit", ""), limit=30))
    for name, unit in limits.items():
        entries = [(design.get("utilisation") or {}).get(name, {}) for design in designs]
        add(Column(f"{clean(name, limit=60)}: used", unit), [e.get("used") for e in entries])
        add(Column(f"{clean(name, limit=60)}: limit", unit), [e.get("limit") for e in entries])
    for title, names in (("replicas", replica_names), ("nodes", node_names)):
        told = [
            clean("; ".join(f"{n} × {what}" for what, n in names(d).items()), limit=2000) or None
            for d in designs
        ]
        add(Column(title, form="text", width=50), told)


def _chart(book: Book, view: View, first: int, last: int, columns: Sequence[Column]) -> None:
    """A scatter chart whose series lie in the sheet ``Frontier``."""
    assert view.axes is not None  # the caller has looked
    names = [column.name for column in columns]
    x, y = (names.index(goal.name) for goal in view.axes)
    series: list[dict[str, Any]] = [
        {
            "name": "frontier",
            "categories": ["Frontier", first, x, last, x],
            "values": ["Frontier", first, y, last, y],
            "line": {"color": "#0072b2", "width": 1.25} if len(view.goals) == 2 else {"none": True},
            "marker": {
                "type": "circle",
                "size": 4,
                "fill": {"color": "#0072b2"},
                "border": {"none": True},
            },
        }
    ]
    for index, marks in sorted(view.marks.items()):
        if first + index > last:
            continue
        row = first + index
        series.append(
            {
                "name": ", ".join(marks),
                "categories": ["Frontier", row, x, row, x],
                "values": ["Frontier", row, y, row, y],
                "line": {"none": True},
                "marker": {
                    "type": ("diamond", "square", "triangle", "star", "x")[(len(series) - 1) % 5],
                    "size": 10, "fill": {"color": "#f0c419"}, "border": {"color": "#222222"},
                },
            }
        )  # fmt: skip
    book.chart(
        "Chart",
        {
            "title": clean(view.title, limit=120),
            "series": series,
            "x": _axis(view, view.axes[0]),
            "y": _axis(view, view.axes[1]),
        },
    )


def _axis(view: View, goal: Goal) -> dict[str, Any]:
    values = [float(point["objectives"][goal.name]) for point in view.points]
    axis: dict[str, Any] = {
        "name": f"{clean(goal.name, limit=30)}, {goal.unit}",
        "major_gridlines": {"visible": True, "line": {"color": "#d9dde3"}},
        "num_format": "General",
    }
    low, high = min(values), max(values)
    if low > 0 and high > _WIDE * low:
        # Decades around the values, so that no point lies outside the axis.
        axis |= {"log_base": 10, "min": _decade(low, down=True), "max": _decade(high, down=False)}
        axis["crossing"] = "min"
    elif low > 0.6 * high > 0:
        air = (high - low) * 0.1 or 0.1 * high
        axis |= {"min": low - air, "max": high + air}
    return axis


def _decade(value: float, *, down: bool) -> float:
    power = 10.0 ** int(f"{value:e}".split("e")[1])
    return power if down or power == value else 10 * power
