"""The standing benchmark: kept rows, and the section of the README made from them."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from solver.bench.outputs import textbooks
from solver.bench.row import Row
from solver.bench.standing import BEGIN, END, read_standing, standing_text, written_section
from solver.bench.summary import summarise
from solver.errors import ResultError

ROOT = Path(__file__).resolve().parents[3]
ROWS = ROOT / "instances" / "bench" / "standing.jsonl.gz"
KINDS = {
    "replica": ("replica",),
    "placement": ("placement", "flow"),
    "fleet": ("fleet", "racks"),
    "moip": ("moip",),
}


def test_the_readme_shows_what_the_kept_rows_come_to() -> None:
    header, rows = read_standing(ROWS)
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert written_section(text, header, summarise(rows, textbook=textbooks())) == text


def test_no_kept_row_is_wrong_or_lacks_a_point() -> None:
    _, rows = read_standing(ROWS)
    summary = summarise(rows, textbook=textbooks())
    assert summary.sound
    assert {row.verdict for row in rows} <= {"right", "open", "none"}


@pytest.mark.parametrize("kind", KINDS)
def test_the_kept_rows_cover_thirty_instances_a_kind(kind: str) -> None:
    _, rows = read_standing(ROWS)
    assert len({row.instance_sha256 for row in rows if row.group in KINDS[kind]}) >= 30


def test_rows_come_back_but_for_the_course_of_bounds(tmp_path: Path) -> None:
    row = Row(
        group="fleet", instance="one", instance_sha256="ab", size="small", family="x",
        formulation="counts", engine="highs", seed=1, level=0, objective="cost", upper={},
        time_limit_s=5.0, status="optimal", verdict="right", incumbent=3, bound=3, best=3,
        best_by="blocks", cpu_s=0.5, trajectory=((0.1, 3.0, 3.0),),
    )  # fmt: skip
    path = tmp_path / "rows.gz"
    path.write_bytes(gzip.compress(standing_text({"set": "x"}, [row]).encode()))
    header, rows = read_standing(path)
    assert header == {"set": "x"}
    assert [one.cpu_s for one in rows] == [0.5]
    assert rows[0].trajectory == ()


def test_a_file_of_something_else_is_told(tmp_path: Path) -> None:
    path = tmp_path / "rows.gz"
    path.write_bytes(b"no rows")
    with pytest.raises(ResultError, match=r"rows\.gz"):
        read_standing(path)


def test_a_readme_without_markers_is_refused() -> None:
    header, rows = read_standing(ROWS)
    with pytest.raises(ValueError, match="markers"):
        written_section(f"{BEGIN} {END} {END}", header, summarise(rows, textbook=textbooks()))
