"""A result on the terminal: at most 20 rows along the frontier, and what must be said with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich import box
from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from solver.report.choose import RECOMMENDATIONS, marks, spread
from solver.report.design import binding_of, hbm_share, layout_name, precision_name
from solver.report.findings import (
    box_sentence,
    conflict_heading,
    count_of,
    limit_needs,
    limit_value,
    nearest_lines,
    short_status,
    warnings_of,
)
from solver.report.model_error import error_sentence
from solver.report.numbers import aligned, clean
from solver.report.question import question_of
from solver.report.terminal import show
from solver.result import Point, Result

__all__ = ["fitted_table", "frontier_table", "mark_text", "print_result"]

_MAX_BOXES = 10
_COLUMN_GAP = 2


@dataclass(frozen=True, slots=True)
class Column:
    """One column: two header lines, its cells, and when to give it up (0 never, largest first)."""

    header: str
    unit: str
    cells: list[str]
    give_up: int
    numeric: bool = True


def _design_numbers(
    points: Sequence[Point], key: str, scale: float = 1.0, least: int = 0
) -> list[str]:
    """A column of the design, aligned; empty where a design does not carry it."""
    values = (point.design.get(key) for point in points)
    return aligned(
        [None if value is None else float(value) * scale for value in values], least=least
    )


def _hbm_cell(point: Point) -> str:
    share = hbm_share(point.design)
    return "" if share is None else f"{100 * share:.0f} %"


def _columns(result: Result, points: Sequence[Point]) -> list[Column]:
    """The columns of a frontier; those that say the same in every row go into the title instead."""
    question = question_of(result)
    speeds = aligned([point.objectives["speed"] for point in points], least=2)
    costs = aligned([point.objectives["cost"] for point in points])
    columns = [
        Column("speed", "tok/s/user", speeds, 0),
        Column("cost", "US$/Mtok", costs, 0),
        Column("step", "ms", _design_numbers(points, "step_latency_s", 1e3), 5),
    ]
    if question.accelerator_varies:
        names = [clean(point.design.get("accelerator", "")) for point in points]
        columns.append(Column("accelerator", "", names, 0, numeric=False))
    # Empty, and so left out, where no clock is set.
    clocks = [point.design.get("clock_mhz") for point in points]
    cells = ["" if clock is None else f"{clock:,}" for clock in clocks]
    columns.append(Column("clock", "MHz", cells, 1))
    columns.append(Column("devices", "", _design_numbers(points, "devices"), 1))
    layouts = [layout_name(p.design) if "tensor_parallel" in p.design else "" for p in points]
    columns.append(Column("layout", "", layouts, 0, numeric=False))
    if question.precision_varies:
        widths = [precision_name(point.design) for point in points]
        columns.append(Column("precision", "bits", widths, 2, numeric=False))
    columns += [
        Column("batch", "", _design_numbers(points, "batch"), 0),
        Column("replica", "tok/s", _design_numbers(points, "tok_per_s"), 4),
        Column("replica", "US$/h", _design_numbers(points, "usd_per_hour", least=2), 6),
        Column("HBM", "used", [_hbm_cell(point) for point in points], 3),
        Column("pace", "set by", [binding_of(point).brief for point in points], 2, numeric=False),
    ]
    return [column for column in columns if any(column.cells)]


def mark_text(keys: Sequence[str], *, ascii_only: bool) -> str:
    """``★ fastest, knee``; in ASCII ``* fastest, knee``; empty for a point not recommended."""
    if not keys:
        return ""
    if len(keys) == len(RECOMMENDATIONS) > 1:
        text = "all four"
    else:
        text = ", ".join(RECOMMENDATIONS[key].mark for key in keys)
    return f"* {text.replace('⁴', '^4')}" if ascii_only else f"★ {text}"


def fitted_table(
    headers: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    width: int,
    give_up: Sequence[int],
    numeric: Sequence[bool],
    bold: frozenset[int] = frozenset(),
    folds: frozenset[int] = frozenset(),
    ascii_only: bool = False,
) -> Table:
    """A rich table that fits ``width`` cells by leaving out columns, never by cutting numbers.

    Parameters
    ----------
    headers
        One text a column; a line break puts the unit below the name.
    rows : (rows, columns)
        Cells as plain text; markup in them is shown, not obeyed.
    give_up : (columns,)
        0 keeps a column always; others go from the largest down until the table fits.
    numeric : (columns,)
        Numbers are set to the right.
    bold
        Rows to set in bold.
    folds
        Columns that hold sentences and may go on in a next line.
    """
    widths = [
        max(cell_len(line) for line in (*header.split("\n"), *(row[index] for row in rows)))
        for index, header in enumerate(headers)
    ]
    kept = list(range(len(headers)))
    order = sorted((i for i in kept if give_up[i]), key=lambda i: -give_up[i])
    while order and sum(widths[i] + _COLUMN_GAP for i in kept) - _COLUMN_GAP > width:
        kept.remove(order.pop(0))
    table = Table(
        box=box.ASCII2 if ascii_only else box.SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        collapse_padding=True,
        padding=(0, 1, 0, 0),
    )
    for index in kept:
        table.add_column(
            Text(headers[index]),
            justify="right" if numeric[index] else "left",
            no_wrap=index not in folds,
            overflow="fold",
            vertical="top",
        )
    for number, row in enumerate(rows):
        style = "bold" if number in bold else ""
        table.add_row(*(Text(row[index], style=style) for index in kept))
    return table


def frontier_table(result: Result, *, width: int = 100, ascii_only: bool = False) -> Table:
    """Representative points of ``result`` as a rich table of at most 20 rows and ``width`` cells.

    Recommended points carry a star and what they are recommended as.
    """
    chosen = spread(result)
    columns = _columns(result, [result.points[index] for index in chosen])
    mark_of = marks(result)
    stars = [mark_text(mark_of.get(index, ()), ascii_only=ascii_only) for index in chosen]
    return fitted_table(
        ["", *(f"{column.header}\n{column.unit}".strip() for column in columns)],
        [list(row) for row in zip(stars, *(column.cells for column in columns), strict=True)],
        width=width,
        give_up=[0, *(column.give_up for column in columns)],
        numeric=[False, *(column.numeric for column in columns)],
        bold=frozenset(number for number, star in enumerate(stars) if star),
        ascii_only=ascii_only,
    )


def _headline(result: Result) -> list[RenderableType]:
    """What was asked, and how it ended."""
    question = question_of(result)
    colour = {"complete": "green", "partial": "yellow", "infeasible": "red"}[result.status]
    lines: list[RenderableType] = [Text(question.subject, style="bold")]
    circumstances = ", ".join(question.circumstances())
    if circumstances:
        lines.append(Text(circumstances))
    lines.append(Text(short_status(result), style=colour))
    error = error_sentence(result.model_error)
    if error:
        lines.append(Text(error, style="dim"))
    return lines


def _open_boxes(result: Result) -> list[RenderableType]:
    boxes = result.open_boxes
    if not boxes:
        return []
    lines: list[RenderableType] = [
        Text("Not closed by a proof; better designs may hide where", style="yellow")
    ]
    lines += [Padding(Text(box_sentence(entry)), (0, 0, 0, 2)) for entry in boxes[:_MAX_BOXES]]
    if len(boxes) > _MAX_BOXES:
        rest = count_of(len(boxes) - _MAX_BOXES, "more region")
        lines.append(Padding(Text(f"and {rest}, all in the result file"), (0, 0, 0, 2)))
    return lines


def _conflict(result: Result, width: int, *, ascii_only: bool) -> list[RenderableType]:
    conflict = result.conflict
    if conflict is None:
        return []
    rows = [
        [clean(entry.limit), limit_value(entry), limit_needs(entry), clean(entry.explanation)]
        for entry in conflict.limits
    ]
    table = fitted_table(
        ["limit", "now", "needed, the others unchanged", "why"],
        rows,
        width=width,
        give_up=[0, 0, 0, 0],
        numeric=[False, True, False, False],
        folds=frozenset({0, 2, 3}),
        ascii_only=ascii_only,
    )
    parts: list[RenderableType] = [Text(conflict_heading(result)), Text(""), table]
    if conflict.nearest:
        parts += [Text(""), Text("The candidate that came closest:")]
        parts += [
            Padding(Text(f"{what}: {value}"), (0, 0, 0, 2))
            for what, value in nearest_lines(conflict.nearest)
        ]
    return parts


def print_result(result: Result, console: Console, where_all: str = "") -> None:
    """Print ``result`` for people.

    Parameters
    ----------
    console
        Where to; its width decides how many columns the table has, its encoding whether to star in
        ASCII.
    where_all
        Where all points are, for the line under the table: ``"all 4643 points: r.json"``.
    """
    ascii_only = console.options.ascii_only
    parts = _headline(result)
    if result.points:
        shown = len(spread(result))
        total = len(result.points)
        told = (
            count_of(total, "point") if shown == total else f"{shown} of {count_of(total, 'point')}"
        )
        parts += [
            Text(""),
            frontier_table(result, width=console.width, ascii_only=ascii_only),
            Text(""),
            Text("; ".join(text for text in (told, clean(where_all)) if text), style="dim"),
        ]
    if result.near is not None:
        # Imported here: the module draws its tables with the function above.
        from solver.report.near import near_parts

        parts += near_parts(result, console.width, ascii_only=ascii_only)
    parts += _open_boxes(result) + _conflict(result, console.width, ascii_only=ascii_only)
    parts += [Text(f"warning: {text}", style="yellow") for text in warnings_of(result)]
    show(console, Group(*parts))
