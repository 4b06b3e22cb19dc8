"""Files and words that a benchmark leaves behind, from rows that never ran."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from solver.bench.outputs import (
    print_run,
    summary_json,
    summary_of,
    textbooks,
    write_run,
    wrong_rows,
)
from solver.bench.registry import GROUPS
from solver.bench.run import BenchRun
from solver.errors import OutputError
from tests.solver.bench.made_rows import made_row, stopped_row

HEADER: dict[str, Any] = {
    "set": "some", "machine": "a", "processor": "b", "cores": 2, "python": "3", "versions": {},
    "time_limit_s": 10.0, "seeds": 1, "levels_asked": 3, "workers": 1, "engines": ["highs"],
    "engines_missing": {}, "started": "2026-01-01T00:00:00+00:00",
}  # fmt: skip


def run_of(*rows: Any, complete: bool = True) -> BenchRun:
    return BenchRun(HEADER, (), tuple(rows), complete)


@pytest.fixture
def mixed() -> BenchRun:
    return run_of(
        made_row("factored_big_m"), made_row("column_selection", cpu_s=0.1),
        stopped_row("factored_big_m", instance="two"),
        made_row("column_selection", instance="two", verdict="wrong", message="it is off"),
        made_row("counts", group="fleet"),
    )  # fmt: skip


def words(run: BenchRun) -> str:
    stream = io.StringIO()
    console = Console(file=stream, width=200, highlight=False)
    print_run(run, summary_of(run), Path("folder"), console)
    return stream.getvalue()


def test_every_group_has_a_textbook_formulation_to_be_measured_against() -> None:
    assert set(textbooks()) == set(GROUPS)


def test_a_folder_gets_tables_pictures_and_a_page(mixed: BenchRun, tmp_path: Path) -> None:
    write_run(mixed, summary_of(mixed), tmp_path)
    pictures = {
        f"{name}.{suffix}"
        for name in ("profile-replica", "gaps-replica", "profile-fleet", "gaps-fleet", "overview")
        for suffix in ("png", "svg")
    }
    tables = {"summary.csv", "summary.md", "profiles.csv", "gaps.csv", "report.html"}
    assert {path.name for path in tmp_path.iterdir()} == pictures | tables
    assert all(path.stat().st_size for path in tmp_path.iterdir())


def test_a_run_without_a_row_still_writes_its_files(tmp_path: Path) -> None:
    run = run_of(complete=False)
    write_run(run, summary_of(run), tmp_path)
    assert (tmp_path / "report.html").exists()
    assert "Stopped before the end" in words(run)


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    run = run_of()
    with pytest.raises(OutputError):
        write_run(run, summary_of(run), tmp_path / "file")


def test_json_names_wrong_rows_and_whether_the_run_is_whole(mixed: BenchRun) -> None:
    told = json.loads(summary_json(mixed, summary_of(mixed)))
    assert told["complete"] is True
    assert told["set"] == "some"
    assert [(row["formulation"], row["message"]) for row in told["wrong"]] == [
        ("column_selection", "it is off")
    ]
    assert len(told["groups"]) == 2


def test_missing_points_count_among_the_wrong_rows() -> None:
    run = run_of(made_row(verdict="missing"), made_row(engine="scip"))
    assert [row.verdict for row in wrong_rows(summary_of(run))] == ["missing"]


def test_words_say_where_the_files_are_and_no_more_of_a_whole_run(mixed: BenchRun) -> None:
    text = words(mixed)
    assert str(Path("folder") / "rows.jsonl") in text
    assert "Stopped before the end" not in text
