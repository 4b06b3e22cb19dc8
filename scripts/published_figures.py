"""Lay published figures of energy, power and cost beside what the model says, with the error.

    python scripts/published_figures.py [--csv FILE] [--markdown [FILE]] [--only KEY ...]

Reads nothing but the package: the figures are in ``solver/catalog/published.toml``. The table on
the terminal fits 80 columns: a figure a line, an answer of each performance model beside it; what
was asked stands in numbered remarks below.
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from solver.economics.published import (
    CSV_COLUMNS,
    Comparison,
    compared,
    csv_rows,
    published_figures,
)
from solver.economics.published_choices import ANSWERS
from solver.economics.published_questions import PERFORMANCE_MODELS

_COLUMNS = ("figure", "published", *(f"ours, {name}" for name in PERFORMANCE_MODELS), "error")
_LEAST_WIDTH = 80
_PIPED_WIDTH = 100


@dataclass(frozen=True, slots=True)
class FigureLine:
    """A published figure and the answers to one question about it.

    Parameters
    ----------
    rows
        One for each performance model that was asked, in the order of ``PERFORMANCE_MODELS``; one
        alone where no performance model takes part.
    remark
        What was asked, and what should be known of the answer.
    """

    rows: tuple[Comparison, ...]
    remark: str

    def cells(self) -> tuple[str, str, str]:
        """Ours by performance model, and the errors in the same order."""
        told = {row.answer.performance: row for row in self.rows if row.answer is not None}
        if "" in told:
            # Arithmetic or the catalog alone: both models have the same answer.
            return _value(told[""]), _value(told[""]), error_text(told[""])
        ours = [_value(told[name]) if name in told else "-" for name in PERFORMANCE_MODELS]
        errors = [error_text(told[name]) for name in PERFORMANCE_MODELS if name in told]
        shown = errors[0] if len(set(errors)) == 1 else " / ".join(errors)
        return ours[0], ours[1], shown


def _value(row: Comparison) -> str:
    return "" if row.answer is None else f"{row.answer.value:.4g}"


def lines_of(rows: Sequence[Comparison]) -> list[FigureLine]:
    """Comparisons that were answered, those of one figure and question joined into one line."""
    found = []
    for _, members in groupby(rows, key=lambda row: row.figure.key):
        by_question: dict[str, list[Comparison]] = {}
        for row in members:
            if row.answer is not None:
                by_question.setdefault(row.answer.question, []).append(row)
        for question, same in by_question.items():
            found.append(FigureLine(tuple(same), ". ".join([question, *_notes(same)])))
    return found


def _notes(rows: Sequence[Comparison]) -> Iterator[str]:
    """Remarks on answers; with the name of the model where not all have the same."""
    notes = [(row.answer.performance, row.answer.note) for row in rows if row.answer is not None]
    if len({note for _, note in notes}) == 1:
        yield from (note for _, note in notes[:1] if note)
        return
    yield from (f"{name}: {note}" if name else note for name, note in notes if note)


def published_text(row: Comparison) -> str:
    """The figure with its unit."""
    return f"{row.figure.published} {row.figure.unit}".strip()


def label_of(row: Comparison) -> str:
    """What was measured, and by whom."""
    return f"{row.figure.item} ({row.figure.paper})"


def error_text(row: Comparison) -> str:
    """The error in percent, of shares in points; ``within`` for a range or bound that is met."""
    if row.miss is None:
        return ""
    if row.miss == 0 and row.figure.low != row.figure.high:
        return "within"
    if row.figure.unit == "%":
        return f"{row.miss:+z.1f} points"
    if row.error is None:
        return f"{row.miss:+z.4g} {row.figure.unit}"
    return f"{100 * row.error:+z.1f} %"


def table_of(lines: Sequence[FigureLine]) -> Table:
    """Figures that were asked about: published, ours by each model, the errors, a remark."""
    table = Table(title="Published figures and what the model says", box=None, padding=(0, 1, 0, 0))
    table.add_column("figure", ratio=1, overflow="fold")
    table.add_column("published", max_width=14)
    for name in PERFORMANCE_MODELS:
        table.add_column(f"ours\n{name}", justify="right", no_wrap=True)
    table.add_column("error", justify="right", max_width=13)
    table.add_column("", justify="right", no_wrap=True)
    before = ""
    for number, line in enumerate(lines, start=1):
        row = line.rows[0]
        new = row.figure.key != before
        before = row.figure.key
        one, two, error = line.cells()
        table.add_row(
            escape(label_of(row)) if new else "",
            escape(published_text(row)) if new else "",
            one,
            two,
            error.replace(" / ", "\n"),
            f"({number})",
        )
    return table


def remarks_of(lines: Sequence[FigureLine]) -> Iterator[tuple[str, str]]:
    """Numbers of lines with the same remark, and the remark."""
    numbers: dict[str, list[int]] = {}
    for number, line in enumerate(lines, start=1):
        numbers.setdefault(line.remark, []).append(number)
    for remark, same in numbers.items():
        yield ", ".join(f"({number})" for number in same), remark


def print_tables(rows: Sequence[Comparison], console: Console) -> None:
    """Figures with their error, the remarks, then figures that cannot be asked about."""
    lines = lines_of(rows)
    if lines:
        console.print(table_of(lines))
        console.print("\nTwo errors of one figure are in the order of the models. Remarks:")
        for numbers, remark in remarks_of(lines):
            console.print(Padding(escape(f"{numbers} {remark}"), (0, 0, 0, 2)))
    reasons = [row for row in rows if row.answer is None]
    if reasons:
        console.print("\nPublished figures that the model cannot be asked about:")
        for row in reasons:
            console.print(Padding(escape(_why_not(row)), (0, 0, 0, 2)))


def markdown_of(rows: Sequence[Comparison]) -> str:
    """The same for a page: a table, its numbered remarks, and a list of what cannot be asked."""
    lines = lines_of(rows)
    text = []
    if lines:
        text += [_markdown_row(_COLUMNS), _markdown_row(["---", "---", "---:", "---:", "---:"])]
        before = ""
        for number, line in enumerate(lines, start=1):
            row = line.rows[0]
            name = "the same" if row.figure.key == before else label_of(row)
            before = row.figure.key
            cells = [f"{name} ({number})", published_text(row), *line.cells()]
            text.append(_markdown_row([_plain(cell) for cell in cells]))
        text += ["", "Two errors in one cell are in the order of the models. Remarks:", ""]
        text += [f"* {numbers} {_plain(remark)}" for numbers, remark in remarks_of(lines)]
    reasons = [row for row in rows if row.answer is None]
    if reasons:
        text += ["", "Published figures that the model cannot be asked about:", ""]
        text += [f"* {_plain(_why_not(row))}" for row in reasons]
    return "\n".join(text).lstrip("\n") + "\n"


def _why_not(row: Comparison) -> str:
    return f"{label_of(row)}: {published_text(row)}. Why not: {row.figure.reason}."


def _markdown_row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _plain(text: str) -> str:
    """Signs that markdown would read otherwise, escaped."""
    return text.replace("|", "\\|").replace("*", "\\*").replace("_", "\\_")


def write_csv(rows: Sequence[Comparison], path: Path) -> None:
    """Every comparison as one row of ``path``."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(CSV_COLUMNS)
        writer.writerows(csv_rows(rows))


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables; exit status 2 for a key that there is not."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--csv", type=Path, help="write every comparison there")
    parser.add_argument(
        "--markdown",
        nargs="?",
        type=Path,
        const=Path("-"),
        metavar="FILE",
        help="a table for a page, in place of that of the terminal; into FILE if one is named",
    )
    parser.add_argument("--only", nargs="+", metavar="KEY", help="keys of published.toml")
    options = parser.parse_args(arguments)
    figures = published_figures()
    if options.only:
        known = {figure.key for figure in figures}
        unknown = sorted(set(options.only) - known)
        if unknown:
            parser.error(f"no figure {', '.join(unknown)}; known: {', '.join(sorted(known))}")
        figures = tuple(figure for figure in figures if figure.key in options.only)
    rows = compared(figures, ANSWERS)
    if options.csv is not None:
        write_csv(rows, options.csv)
    if options.markdown is None:
        print_tables(rows, _console())
    elif options.markdown == Path("-"):
        print(markdown_of(rows), end="")
    else:
        options.markdown.write_text(markdown_of(rows), encoding="utf-8")
    return 0


def _console() -> Console:
    """As wide as the terminal, or COLUMNS; no narrower than the table can be read."""
    console = Console(highlight=False)
    wide = console.width if sys.stdout.isatty() or "COLUMNS" in os.environ else _PIPED_WIDTH
    return Console(highlight=False, width=max(wide, _LEAST_WIDTH))


if __name__ == "__main__":
    raise SystemExit(main())
