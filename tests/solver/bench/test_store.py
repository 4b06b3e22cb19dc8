"""Rows on disk: what an interrupted run goes on from."""

from __future__ import annotations

from pathlib import Path

import pytest

from solver.bench.kinds.level import Level
from solver.bench.row import Row, row_from_json
from solver.bench.store import Store, read_rows
from solver.errors import ResultError

HEADER = {"time_limit_s": 5.0, "levels_asked": 3, "started": "2026-01-02T03:04:05+00:00"}
LEVELS = [Level(0, "cost", {"latency": 4}, best=9, best_by="enumeration")]


def row(**changes: object) -> Row:
    fields: dict[str, object] = {
        "group": "replica", "instance": "one", "instance_sha256": "ab", "size": "small",
        "family": "", "formulation": "column_selection", "engine": "highs", "seed": 1, "level": 0,
        "objective": "cost", "upper": {"latency": 4}, "time_limit_s": 5.0, "status": "optimal",
        "verdict": "right", "incumbent": 9, "bound": 9, "best": 9, "best_by": "enumeration",
        "cpu_s": 0.5, "trajectory": ((0.1, None, 3.0), (0.2, 9.0, 9.0)),
    }  # fmt: skip
    return Row(**(fields | changes))  # type: ignore[arg-type]


def written(path: Path) -> Path:
    with Store(path, HEADER) as store:
        store.keep_levels("replica", "ab", LEVELS)
        store.keep(row())
        store.keep(row(engine="scip", status="time_limit", verdict="open", bound=3))
    return path


def test_levels_and_rows_come_back(tmp_path: Path) -> None:
    store = Store(written(tmp_path / "rows.jsonl"), HEADER)
    assert store.levels == {("replica", "ab"): LEVELS}
    assert store.rows[row().key] == row()
    assert len(store.rows) == 2


def test_the_start_of_the_first_run_stays(tmp_path: Path) -> None:
    path = written(tmp_path / "rows.jsonl")
    store = Store(path, {**HEADER, "started": "2027-01-01T00:00:00+00:00"})
    assert store.header["started"] == HEADER["started"]


def test_a_line_cut_off_in_the_middle_is_dropped(tmp_path: Path) -> None:
    path = written(tmp_path / "rows.jsonl")
    whole = path.read_text(encoding="utf-8")
    path.write_text(whole + whole.splitlines()[-1][:40], encoding="utf-8")
    assert len(Store(path, HEADER).rows) == 2
    assert path.read_text(encoding="utf-8") == whole


def test_a_broken_line_in_the_middle_is_told_with_its_number(tmp_path: Path) -> None:
    path = written(tmp_path / "rows.jsonl")
    lines = path.read_text(encoding="utf-8").splitlines()
    lines[2] = "{"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with pytest.raises(ResultError, match="line 3"):
        Store(path, HEADER)


def test_a_folder_of_another_time_limit_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "rows.jsonl")
    with pytest.raises(ResultError, match=r"time_limit_s = 5\.0, now it is 9\.0"):
        Store(path, {**HEADER, "time_limit_s": 9.0})


def test_a_later_row_of_a_key_replaces_the_earlier(tmp_path: Path) -> None:
    path = written(tmp_path / "rows.jsonl")
    with Store(path, HEADER) as store:
        store.keep(row(cpu_s=0.25))
    assert Store(path, HEADER).rows[row().key].cpu_s == 0.25


def test_finishing_keeps_one_line_a_row(tmp_path: Path) -> None:
    path = written(tmp_path / "rows.jsonl")
    with Store(path, HEADER) as store:
        store.keep(row(cpu_s=0.25))
        store.finish(store.rows.values())
    assert len(path.read_text(encoding="utf-8").splitlines()) == 4
    header, rows = read_rows(path)
    assert header["time_limit_s"] == 5.0
    assert len(rows) == 2


def test_a_row_with_an_unknown_key_is_none() -> None:
    with pytest.raises(ValueError, match="unknown keys colour"):
        row_from_json({"row": {"colour": "red"}})


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ResultError, match=r"rows\.jsonl"):
        read_rows(tmp_path / "none.jsonl")
