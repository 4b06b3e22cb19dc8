"""The tables of a benchmark's page: headers, cells and captions as plain text."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from solver.bench.cases import Case, GroupRows, Side, seconds_of
from solver.bench.summary import GroupSummary, SideSummary, Summary
from solver.bench.tables import (
    COLUMNS,
    count_text,
    gap_text,
    note_of,
    ratio_text,
    seconds_text,
    side_name,
)
from solver.report.numbers import clean

__all__ = [
    "PageTable",
    "bounds_table",
    "cases_table",
    "headline_table",
    "not_applicable_lines",
    "sides_table",
]

_OF_BOUNDS = ("LP gap mean", "root gap mean", "nodes mean", "rows median", "columns median")


@dataclass(frozen=True, slots=True)
class PageTable:
    """One table.

    Parameters
    ----------
    numeric
        Columns set to the right.
    marked, strong
        Rows with the textbook formulation; the best row.
    """

    caption: str
    headers: list[str]
    rows: list[list[str]]
    numeric: frozenset[int]
    marked: frozenset[int] = field(default_factory=frozenset)
    strong: frozenset[int] = field(default_factory=frozenset)


def _marks(group: GroupSummary) -> tuple[frozenset[int], frozenset[int]]:
    textbook = frozenset(i for i, side in enumerate(group.sides) if side.textbook)
    return textbook, frozenset(i for i, side in enumerate(group.sides) if side is group.best)


def sides_table(group: GroupSummary) -> PageTable:
    """Counts and times of every side, best first; counts that are zero everywhere are left out."""
    grave = ("wrong", "missing")
    columns = [
        column
        for column in COLUMNS
        if column.header not in _OF_BOUNDS
        and (
            column.header in grave
            or any(column.cell(side) not in ("", "0") for side in group.sides)
        )
    ]
    marked, strong = _marks(group)
    return PageTable(
        caption=f"{group.title}: answers and CPU time of every formulation and engine, best first. "
        "The columns are explained under Method.",
        headers=["formulation / engine", *(column.header for column in columns), "note"],
        rows=[
            [clean(side_name(side)), *(column.cell(side) for column in columns), note_of(side)]
            for side in group.sides
        ],
        numeric=frozenset(range(1, len(columns) + 1)),
        marked=marked,
        strong=strong,
    )


def bounds_table(group: GroupSummary) -> PageTable:
    """Sizes before and after presolve, gaps of the relaxations, effort."""
    marked, strong = _marks(group)

    def cells(side: SideSummary) -> list[str]:
        return [
            clean(side_name(side)),
            count_text(side.rows),
            count_text(side.columns),
            count_text(side.nonzeros),
            count_text(side.presolved_rows),
            count_text(side.presolved_columns),
            count_text(side.presolved_nonzeros),
            seconds_text(side.build_s),
            gap_text(side.lp_gap),
            gap_text(side.lp_gap_median),
            gap_text(side.root_gap),
            gap_text(side.root_gap_median),
            count_text(side.nodes),
            count_text(side.iterations),
            ratio_text(side.ticks),
        ]

    headers = [
        "formulation / engine", "rows", "columns", "nonzeros", "presolved rows", "columns",
        "nonzeros", "stating s", "LP gap mean", "median", "root gap mean", "median", "nodes",
        "iterations", "ticks",
    ]  # fmt: skip
    return PageTable(
        caption=f"{group.title}: sizes (medians) as stated and after presolve, seconds to state "
        "and load (median), gaps of the linear relaxation and of the root node, and effort "
        "(shifted geometric means over solved cases). An empty cell: the engine does not tell.",
        headers=headers,
        rows=[cells(side) for side in group.sides],
        numeric=frozenset(range(1, len(headers))),
        marked=marked,
        strong=strong,
    )


def headline_table(summary: Summary) -> PageTable:
    """One line a group: the best side against the textbook formulation."""
    rows = []
    for group in summary.groups:
        best, base = group.best, group.baseline
        rows.append(
            [
                group.title,
                str(group.instances),
                str(group.cases),
                clean(best.side.label) if best else "none",
                f"{best.solved}/{best.cases}" if best else "",
                seconds_text(best.sgm1_s) if best else "",
                clean(base.side.label) if base else "none",
                f"{base.solved}/{base.cases}" if base else "",
                seconds_text(base.sgm1_s) if base else "",
                ratio_text(best.ratio) if best else "",
            ]
        )
    return PageTable(
        caption="The best side of each group against the textbook formulation on its best engine: "
        "cases solved, shifted geometric mean of CPU time (shift 1 s), and the ratio of the means "
        "over the cases that both ran (below 1: faster than the textbook).",
        headers=["problem", "instances", "cases", "best", "solved", "mean s (+1 s)", "textbook",
                 "solved", "mean s (+1 s)", "ratio"],
        rows=rows,
        numeric=frozenset({1, 2, 4, 5, 7, 8, 9}),
    )  # fmt: skip


def _answer(group: GroupRows, case: Case) -> tuple[str, str]:
    """The proved answer of a case and who proved it."""
    for side in group.sides:
        row = group.row(side, case)
        if row is not None and row.best_by:
            if row.points_best is not None:
                return f"{row.points_best} points", row.best_by
            return ("infeasible" if row.best is None else f"{row.best:,}"), row.best_by
    return "not proved", ""


def cases_table(group: GroupRows, summary: GroupSummary) -> PageTable:
    """One line a case: its answer, who was fastest, and the textbook formulation beside it."""
    base = summary.baseline
    rows = []
    for case in group.cases:
        times: dict[Side, float] = {}
        for side in group.sides:
            spent = seconds_of(group.row(side, case))
            if spent is not None:
                times[side] = spent
        fastest = min(times, key=lambda side: (times[side], side), default=None)
        answer, by = _answer(group, case)
        rows.append(
            [
                clean(case.instance),
                case.size,
                str(case.level),
                str(case.seed),
                answer,
                clean(by),
                f"{len(times)}/{len(group.run_sides)}",
                clean(fastest.label) if fastest else "none",
                seconds_text(times[fastest]) if fastest else "",
                (seconds_text(times[base.side]) if base.side in times else "unsolved")
                if base
                else "",
            ]
        )
    return PageTable(
        caption=f"{group.title}: every case, its proved answer in units of the numeric problem, by "
        "how many of the sides that ran it is solved, the fastest of them, and CPU seconds.",
        headers=["instance", "size", "level", "seed", "answer", "proved by", "solved by", "fastest",
                 "s", "textbook s"],
        rows=rows,
        numeric=frozenset({2, 3, 4, 6, 8, 9}),
    )  # fmt: skip


def not_applicable_lines(group: GroupRows) -> list[str]:
    """Why sides could not be run, each reason once with how many cases it holds for."""
    told: Counter[tuple[str, str]] = Counter()
    for side in group.sides:
        for case in group.cases:
            row = group.row(side, case)
            if row is not None and row.status in ("not_applicable", "engine_missing"):
                what = clean(row.message, limit=300) or row.status.replace("_", " ")
                told[side.label, what] += 1
    return [
        f"{clean(label)}: {what} ({count} case{'s' * (count != 1)})"
        for (label, what), count in sorted(told.items())
    ]
