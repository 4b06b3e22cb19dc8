"""The summary of a benchmark as tables: on a terminal, as CSV, as Markdown.

CSV carries every number in full; the others carry fixed formats, so that equal rows give equal
texts.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from solver.bench.kinds.kind import OWN
from solver.bench.row import Row
from solver.bench.summary import GroupSummary, SideSummary, Summary, outcome_of
from solver.report.numbers import clean, fixed
from solver.report.table import fitted_table
from solver.report.terminal import show

__all__ = [
    "COLUMNS", "Column", "best_markdown", "count_text", "fault_line", "gap_text", "group_heading",
    "group_table", "note_of", "print_summary", "ratio_text", "seconds_text", "side_name",
    "summary_csv", "summary_markdown",
]  # fmt: skip

_MOST_FAULTS = 20
_NOTHING = ("", "0")
_FIRST_TO_GO = 20


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a summary table.

    Parameters
    ----------
    name, unit
        Header, in two lines on a terminal.
    cell
        Text of a side.
    give_up
        0 never; others go from the largest down where a terminal is narrow.
    meaning
        One phrase, for the page.
    """

    name: str
    unit: str
    cell: Callable[[SideSummary], str]
    give_up: int
    meaning: str

    @property
    def header(self) -> str:
        """Name and unit in one line."""
        return f"{self.name} {self.unit}".strip()


def seconds_text(value: float | None) -> str:
    """Seconds: four places below 0.1, three below 10, two below 100, one beyond."""
    if value is None:
        return ""
    return fixed(value, 4 if value < 0.1 else 3 if value < 10 else 2 if value < 100 else 1)


def count_text(value: float | None) -> str:
    """A count, or the median of counts, whole from 10 on."""
    if value is None:
        return ""
    return fixed(value, 0) if value >= 10 or float(value).is_integer() else fixed(value, 1)


def ratio_text(value: float | None) -> str:
    """A ratio: ``0.285``, ``3.25``, ``41.0``."""
    return "" if value is None else fixed(value, 3 if value < 1 else 2 if value < 10 else 1)


def gap_text(value: float | None) -> str:
    """A gap in per cent: ``21.0 %``."""
    return "" if value is None else f"{100 * value:,.{1 if value < 10 else 0}f} %"


def _wins_text(side: SideSummary) -> str:
    return fixed(side.wins, 1) if side.ran else ""


def note_of(side: SideSummary) -> str:
    """What must be said beside the numbers: not applicable, engine missing, no row."""
    if side.engine_missing == side.cases:
        return "engine missing"
    told = [
        (side.not_applicable, "n/a"),
        (side.engine_missing, "engine missing"),
        (side.no_row, "no row"),
    ]
    return ", ".join(f"{count} {what}" for count, what in told if count)


def side_name(side: SideSummary) -> str:
    """Formulation and engine; ``†`` marks the textbook formulation."""
    return side.side.label + (" †" if side.textbook else "")


COLUMNS: tuple[Column, ...] = (
    Column(
        "solved", "", lambda s: f"{s.solved}/{s.cases}", 0,
        "cases proved and right, of all cases of the group",
    ),
    Column("mean", "s (+1 s)", lambda s: seconds_text(s.sgm1_s), 0,
           "shifted geometric mean of CPU time, shift 1 s, unsolved at the limit"),
    Column("mean", "s (+10 s)", lambda s: seconds_text(s.sgm10_s), 12,
           "the same with a shift of 10 s"),
    Column("PAR10", "s", lambda s: seconds_text(s.par10_s), 5,
           "mean of CPU time, unsolved at ten times the limit"),
    Column("median", "s", lambda s: seconds_text(s.median_s), 14,
           "median of CPU time, unsolved at the limit"),
    Column("wins", "", _wins_text, 3, "cases on which it was fastest, ties shared"),
    Column("ratio", "to †", lambda s: ratio_text(s.ratio), 2,
           "ratio of means (+1 s) to the textbook formulation on its best engine, over the cases "
           "that both ran"),
    Column("ratio to †", "same engine", lambda s: ratio_text(s.ratio_same_engine), 9,
           "the same ratio to the textbook formulation on the same engine"),
    Column("wrong", "", lambda s: count_text(s.wrong), 0, "answers that contradict the proved one"),
    Column("missing", "", lambda s: count_text(s.missing), 0,
           "called infeasible or complete where a point exists"),
    Column("open", "", lambda s: count_text(s.open), 7, "stopped at the limit, or only bounded"),
    Column("refused", "", lambda s: count_text(s.refused), 8,
           "claimed proofs that do not hold in integers"),
    Column("failed", "", lambda s: count_text(s.failed), 6, "crashed or out of memory"),
    Column("LP gap", "mean", lambda s: gap_text(s.lp_gap), 10,
           "geometric mean (shift 1 %) of (optimum - bound of the linear relaxation) / optimum"),
    Column("root gap", "mean", lambda s: gap_text(s.root_gap), 13,
           "the same of the bound after the root node, cuts included"),
    Column("nodes", "mean", lambda s: count_text(s.nodes), 11,
           "shifted geometric mean (shift 100) over solved cases"),
    Column("rows", "median", lambda s: count_text(s.rows), 16, "rows of the program as stated"),
    Column("columns", "median", lambda s: count_text(s.columns), 15,
           "columns of the program as stated"),
)  # fmt: skip
"""What a summary tells of a side, without its name and its note."""


def group_heading(group: GroupSummary) -> str:
    """``Replica: 30 instances, 60 cases, 58 solved by at least one side``."""
    return (
        f"{group.title}: {group.instances} instance{'s' * (group.instances != 1)}, "
        f"{group.cases} case{'s' * (group.cases != 1)}, {group.solved_by_any} solved by at least "
        "one side"
    )


def _cells(group: GroupSummary) -> list[list[str]]:
    return [
        [side_name(side), *(column.cell(side) for column in COLUMNS), note_of(side)]
        for side in group.sides
    ]


def group_table(group: GroupSummary, *, width: int = 120, ascii_only: bool = False) -> Table:
    """One group as a rich table of at most ``width`` cells, best side first and in bold.

    Columns that tell nothing go, then as many as the width needs.
    """
    cells = _cells(group)
    if ascii_only:
        cells = [[row[0].replace("†", "*"), *row[1:]] for row in cells]
    mark = "*" if ascii_only else "†"
    headers = [
        "formulation / engine",
        *(f"{column.name}\n{column.unit.replace('†', mark)}".strip() for column in COLUMNS),
        "note",
    ]
    give_up = [0, *(column.give_up for column in COLUMNS), 0]
    # A count that is zero everywhere tells as little as no cell at all; wrong and missing answers
    # are always told, on a narrow terminal by the line below the tables.
    grave = {headers.index("wrong"), headers.index("missing")}
    told = {
        index for index in range(len(headers)) if any(row[index] not in _NOTHING for row in cells)
    }
    kept = [index for index in range(len(headers)) if index == 0 or index in told | grave]
    for index in grave - told:
        give_up[index] = _FIRST_TO_GO
    return fitted_table(
        [headers[index] for index in kept],
        [[row[index] for index in kept] for row in cells],
        width=width,
        give_up=[give_up[index] for index in kept],
        numeric=[0 < index < len(headers) - 1 for index in kept],
        bold=frozenset({0} if group.best is not None else ()),
        folds=frozenset({len(kept) - 1} if kept[-1] == len(headers) - 1 else ()),
        ascii_only=ascii_only,
    )


def fault_line(row: Row) -> str:
    """``wrong: fleet-03, counts / highs, level 2, seed 0: ...``."""
    told = clean(row.message, limit=400) or "no message"
    return (
        f"{outcome_of(row)}: {clean(row.instance)}, {clean(row.side)}, level {row.level}, "
        f"seed {row.seed}: {told}"
    )


def print_summary(summary: Summary, console: Console) -> None:
    """Print all groups, and each wrong, missing, failed and refused row, for people."""
    ascii_only = console.options.ascii_only
    parts: list[RenderableType] = []
    for group in summary.groups:
        parts += [
            Text(group_heading(group), style="bold"),
            group_table(group, width=console.width, ascii_only=ascii_only),
            Text(""),
        ]
    if any(group.textbook for group in summary.groups):
        parts.append(Text(f"{'*' if ascii_only else '†'} textbook formulation", style="dim"))
    grave = {"wrong", "missing"}
    shown = [
        row
        for number, row in enumerate(summary.faults)
        if row.verdict in grave or number < _MOST_FAULTS
    ]
    parts += [
        Text(fault_line(row), style="red" if row.verdict in grave else "yellow") for row in shown
    ]
    if summary.sound:
        parts.append(Text("No answer is wrong, no point is missing.", style="green"))
    if len(shown) < len(summary.faults):
        parts.append(Text(f"and {len(summary.faults) - len(shown)} more refused or failed"))
    if summary.contradictions:
        parts.append(Text("Answers that contradict each other:", style="red"))
        parts += [Padding(Text(one.what), (0, 0, 0, 2)) for one in summary.contradictions]
    parts += [Text(f"doubtful: {line}", style="yellow") for line in summary.doubtful]
    show(console, Group(*parts))


_CSV_FIELDS = tuple(one.name for one in fields(SideSummary) if one.name != "side")


def _plain(value: object) -> str:
    return "" if value is None else repr(value) if isinstance(value, float) else str(value)


def summary_csv(summary: Summary) -> str:
    """One line a side, all numbers in full; an empty cell is a number that is not known."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["group", "formulation", "engine", *_CSV_FIELDS])
    for group in summary.groups:
        writer.writerows(
            [
                group.group, side.side.formulation, side.side.engine,
                *(_plain(getattr(side, name)) for name in _CSV_FIELDS),
            ]
            for side in group.sides
        )  # fmt: skip
    return out.getvalue()


_MARKDOWN = (
    "solved", "mean s (+1 s)", "mean s (+10 s)", "PAR10 s", "wins", "ratio to †", "LP gap mean",
    "nodes mean", "wrong", "missing",
)  # fmt: skip


def best_markdown(summary: Summary) -> str:
    """One line a group: the best side against the textbook formulation on its best engine.

    Where the best is an algorithm of this project, a second line has the best side that an engine
    solves.
    """
    lines = [
        "| problem | instances | cases | best formulation / engine | solved | mean s (+1 s) "
        "| textbook formulation / engine | solved | mean s (+1 s) | ratio of means |",
        "| --- | ---: | ---: | --- | ---: | ---: | --- | ---: | ---: | ---: |",
    ]
    for group in summary.groups:
        lines.append(_best_line(group, group.best, group.title))
        if group.best is not None and group.best.side.engine == OWN:
            by_engines = [side for side in group.sides if side.side.engine != OWN]
            lines.append(_best_line(group, by_engines[0] if by_engines else None, "by engines"))
    return "\n".join(lines) + "\n"


def _best_line(group: GroupSummary, best: SideSummary | None, title: str) -> str:
    told = [
        [_escaped(clean(side.side.label)), f"{side.solved}/{side.cases}", seconds_text(side.sgm1_s)]
        if side is not None
        else ["none", "", ""]
        for side in (best, group.baseline)
    ]
    ratio = ratio_text(best.ratio) if best is not None else ""
    cells = [title, str(group.instances), str(group.cases), *told[0], *told[1], ratio]
    return "| " + " | ".join(cells) + " |"


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")


def summary_markdown(summary: Summary, *, headers: Sequence[str] = _MARKDOWN) -> str:
    """A table a group for a text such as a README; the best side is in bold.

    Parameters
    ----------
    headers
        Which columns, by ``Column.header``; the name and the note are always there.
    """
    by_header = {column.header: column for column in COLUMNS}
    chosen = [by_header[header] for header in headers]
    blocks = []
    for group in summary.groups:
        names = [column.header for column in chosen]
        lines = [
            f"**{group_heading(group)}**",
            "",
            "| " + " | ".join(["formulation / engine", *names, "note"]) + " |",
            "| --- |" + " ---: |" * len(chosen) + " --- |",
        ]
        for side in group.sides:
            name = _escaped(clean(side_name(side)))
            name = f"**{name}**" if side is group.best else name
            cells = [name, *(column.cell(side) for column in chosen), note_of(side)]
            lines.append("| " + " | ".join(cells) + " |")
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks) + "\n"
