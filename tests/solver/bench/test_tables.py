from __future__ import annotations

import csv
import io

import pytest
from rich.console import Console

from solver.bench.summary import Summary, summarise
from solver.bench.tables import (
    best_markdown,
    group_table,
    print_summary,
    summary_csv,
    summary_markdown,
)
from tests.solver.bench.made_rows import made_row, realistic_rows, stopped_row

TEXTBOOK = {"replica": "textbook_big_m"}


@pytest.fixture(scope="module")
def realistic() -> Summary:
    return summarise(realistic_rows(), textbook=TEXTBOOK)


def printed(summary: Summary, width: int = 120, encoding: str = "utf-8") -> str:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding, write_through=True)
    print_summary(summary, Console(file=stream, width=width, color_system=None))
    return raw.getvalue().decode(encoding)


@pytest.mark.parametrize("width", [80, 120])
def test_no_line_is_wider_than_the_terminal(realistic: Summary, width: int) -> None:
    assert max(map(len, printed(realistic, width).splitlines())) <= width


@pytest.mark.parametrize("width", [80, 120])
def test_every_side_solved_count_and_mean_are_told(realistic: Summary, width: int) -> None:
    text = printed(realistic, width)
    for side in realistic.groups[0].sides:
        (line,) = [line for line in text.splitlines() if line.startswith(f"{side.side.label} ")]
        assert f"{side.solved}/{side.cases}" in line


def test_the_best_side_comes_first_and_the_textbook_is_marked(realistic: Summary) -> None:
    lines = [line for line in printed(realistic).splitlines() if " / " in line]
    assert lines[1].startswith("column_selection / cp-sat")
    assert [line for line in lines if line.startswith("textbook_big_m / highs †")]


def test_missing_engines_and_what_cannot_be_stated_stand_in_the_note(realistic: Summary) -> None:
    text = printed(realistic, 80)
    (scip,) = [line for line in text.splitlines() if line.startswith("multiple_big_m / scip")]
    (log,) = [line for line in text.splitlines() if line.startswith("log_encoded")]
    assert scip.rstrip().endswith("engine missing")
    assert log.rstrip().endswith("3 n/a")


def test_a_wrong_row_is_printed_with_its_message() -> None:
    rows = [made_row("a", verdict="wrong", message="better than the optimum"), made_row("b")]
    text = printed(summarise(rows, textbook={}))
    assert "wrong: one, a / highs, level 0, seed 0: better than the optimum" in text
    assert "No answer is wrong" not in text


def test_on_a_narrow_terminal_soundness_is_told_below_the_tables(realistic: Summary) -> None:
    assert "No answer is wrong, no point is missing." in printed(realistic, 80)


def test_columns_of_wrong_answers_stay_on_a_narrow_terminal_where_there_are_any() -> None:
    rows = [made_row("a", verdict="wrong"), made_row("b")]
    (group,) = summarise(rows, textbook={}).groups
    headers = [str(column.header) for column in group_table(group, width=60).columns]
    assert "wrong" in headers


def test_contradicting_rows_are_printed() -> None:
    unknown = {"best": None, "best_by": "", "verdict": "open"}
    rows = [made_row("a", **unknown), made_row("b", incumbent=7, bound=7, **unknown)]
    assert "different proofs" in printed(summarise(rows, textbook={}))


def test_a_terminal_without_unicode_gets_plain_signs(realistic: Summary) -> None:
    assert "textbook_big_m / highs *" in printed(realistic, 120, "ascii")


def test_the_csv_has_a_line_a_side_with_numbers_in_full(realistic: Summary) -> None:
    rows = list(csv.DictReader(io.StringIO(summary_csv(realistic))))
    sides = realistic.groups[0].sides
    assert [(row["formulation"], row["engine"]) for row in rows] == [one.side for one in sides]
    assert [row["sgm1_s"] for row in rows] == [
        "" if one.sgm1_s is None else repr(one.sgm1_s) for one in sides
    ]


def test_markdown_has_fixed_formats_and_the_best_in_bold() -> None:
    rows = [
        made_row("strong", cpu_s=0.5),
        made_row("textbook_big_m", cpu_s=2.0),
    ]
    text = summary_markdown(summarise(rows, textbook=TEXTBOOK), headers=["solved", "ratio to †"])
    assert "| **strong / highs** | 1/1 | 0.250 |  |" in text
    assert "| textbook_big_m / highs † | 1/1 | 1.00 |  |" in text


def test_the_short_markdown_holds_the_best_against_the_textbook() -> None:
    rows = [made_row("strong", cpu_s=0.5), stopped_row("textbook_big_m")]
    line = best_markdown(summarise(rows, textbook=TEXTBOOK)).splitlines()[-1]
    assert line == (
        "| Replica | 1 | 1 | strong / highs | 1/1 | 0.500 | textbook_big_m / highs | 0/1 | 10.00 "
        "| 0.050 |"
    )


def test_a_group_that_nobody_solved_is_told_as_such() -> None:
    line = best_markdown(summarise([stopped_row("a")], textbook={})).splitlines()[-1]
    assert line == "| Replica | 1 | 1 | none |  |  | none |  |  |  |"
