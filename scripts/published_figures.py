"""Lay published figures of energy, power and cost beside what the model says, with the error.

    python scripts/published_figures.py [--csv FILE] [--only KEY ...]

Reads nothing but the package: the figures are in ``solver/catalog/published.toml``.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from solver.economics.published import (
    CSV_COLUMNS,
    Comparison,
    compared,
    csv_rows,
    published_figures,
)
from solver.economics.published_choices import ANSWERS


def table_of(rows: Sequence[Comparison]) -> Table:
    """Figures that were asked about: published, ours, and the error."""
    table = Table(title="Published figures and what the model says", show_lines=False)
    for name in ("figure", "published", "unit", "ours", "error", "model", "question"):
        table.add_column(
            name, justify="right" if name in ("published", "ours", "error") else "left"
        )
    before = ""
    for row in rows:
        if row.answer is None:
            continue
        figure, answer = row.figure, row.answer
        first = figure.key != before
        before = figure.key
        table.add_row(
            f"{figure.item} ({figure.paper})" if first else "",
            figure.published if first else "",
            figure.unit if first else "",
            f"{answer.value:.4g}",
            error_text(row),
            answer.performance,
            answer.question + (f". {answer.note}" if answer.note else ""),
        )
    return table


def error_text(row: Comparison) -> str:
    """The error in percent, of shares in points; ``within`` for a range or bound that is met."""
    if row.miss is None:
        return ""
    if row.miss == 0 and row.figure.low != row.figure.high:
        return "within"
    if row.figure.unit == "%":
        return f"{row.miss:+.1f} points"
    if row.error is None:
        return f"{row.miss:+.4g} {row.figure.unit}"
    return f"{100 * row.error:+.1f} %"


def reasons_of(rows: Sequence[Comparison]) -> Table:
    """Figures that the model cannot be asked about, and why."""
    table = Table(title="Published figures that the model cannot be asked about")
    for name in ("figure", "published", "unit", "why not"):
        table.add_column(name)
    for row in rows:
        if row.answer is None:
            figure = row.figure
            name = f"{figure.item} ({figure.paper})"
            table.add_row(name, figure.published, figure.unit, figure.reason)
    return table


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
    console = Console(width=None if sys.stdout.isatty() else 180)
    if any(row.answer is not None for row in rows):
        console.print(table_of(rows))
    if any(row.answer is None for row in rows):
        console.print(reasons_of(rows))
    if options.csv is not None:
        write_csv(rows, options.csv)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
