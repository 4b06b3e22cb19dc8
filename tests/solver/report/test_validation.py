from __future__ import annotations

import io
import math
from dataclasses import replace

import pytest
from rich.console import Console

from solver.performance.validation import (
    FileComparison,
    IgnoredFile,
    ValidationReport,
    WorstRow,
)
from solver.report.validation import print_validation

GOOD = FileComparison(
    file="exact/GPT_3__H100__il0.csv",
    kind="exact designs, 0 tokens of context",
    rows=1552,
    columns=("latency_s", "usd_per_mtok"),
    worst_relative_error=5.9e-16,
    worst=WorstRow("line 698", {"batch": "718", "n_tp": "4"}, "usd_per_mtok", 0.28, 0.281),
)
BAD = replace(
    GOOD,
    file="collectives.csv",
    kind="collectives",
    rows=496,
    worst_relative_error=math.inf,
    worst=WorstRow("line 3", {"gpu": "[red]H100"}, "chosen_algo", "LL", "Simple"),
)


def printed(report: ValidationReport, *, width: int = 100, encoding: str = "utf-8") -> str:
    buffer = io.BytesIO()
    stream = io.TextIOWrapper(buffer, encoding=encoding)
    print_validation(report, Console(file=stream, width=width))
    stream.flush()
    return buffer.getvalue().decode(encoding)


def report_of(*files: FileComparison, ignored: tuple[IgnoredFile, ...] = ()) -> ValidationReport:
    return ValidationReport("somewhere/reference", "epoch2025", files, ignored)


def test_the_last_line_says_passed_with_rows_and_worst_error() -> None:
    last = printed(report_of(GOOD)).rstrip().splitlines()[-1]
    assert last == (
        "passed: 1,552 rows of 1 file compared, worst relative error 5.9e-16, at most 1e-09 allowed"
    )


def test_the_last_line_says_failed_with_the_number_of_files() -> None:
    last = printed(report_of(GOOD, BAD)).rstrip().splitlines()[-1]
    assert last.startswith("failed: 1 of 2 files beyond 1e-09 relative error; 2,048 rows")


def test_each_file_is_one_row_with_its_verdict() -> None:
    lines = printed(report_of(GOOD, BAD)).splitlines()
    good, bad = (next(line for line in lines if line.startswith(item.file)) for item in (GOOD, BAD))
    assert good.split()[-2:] == ["5.9e-16", "ok"]
    assert bad.split()[-2:] == ["inf", "FAILED"]


def test_the_worst_row_is_told_with_arguments_and_both_values() -> None:
    text = printed(report_of(GOOD))
    assert "exact/GPT_3__H100__il0.csv, line 698: batch 718, n_tp 4" in text
    assert "usd_per_mtok: stated 0.28, computed 0.281" in text


def test_markup_in_a_file_is_shown_not_obeyed() -> None:
    assert "gpu [red]H100" in printed(report_of(BAD))


def test_ignored_files_are_listed_with_the_reason() -> None:
    text = printed(report_of(GOOD, ignored=(IgnoredFile("a.md", "its name is none of ours"),)))
    assert "Not compared:\n  a.md: its name is none of ours" in text


@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_no_line_is_wider_than_the_console(width: int) -> None:
    lines = printed(report_of(GOOD, BAD), width=width).splitlines()
    assert max(len(line) for line in lines) <= width


def test_an_ascii_terminal_gets_ascii() -> None:
    assert printed(report_of(GOOD, BAD), encoding="ascii").isascii()
