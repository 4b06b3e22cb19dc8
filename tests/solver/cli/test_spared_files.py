"""No command writes over what it reads, or over what somebody wrote by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from solver.cli import main

FLEET = """\
schema = 1
kind = "fleet"
name = "spared"
[[workloads]]
name = "chat"
input_tokens = 100
output_tokens = 10
requests_per_s = 5
points = "points.csv"
[[machines]]
name = "box"
usd_per_hour = 1
"""


@pytest.fixture
def question(tmp_path: Path) -> Path:
    (tmp_path / "points.csv").write_text("devices,requests_per_s,tpot_ms\n1,2.5,40\n")
    path = tmp_path / "fleet.toml"
    path.write_text(FLEET)
    return path


@pytest.mark.parametrize("option", ["--out", "--csv", "--report"])
@pytest.mark.parametrize("name", ["fleet.toml", "points.csv"])
def test_a_question_and_its_tables_are_not_written_over(
    capsys: pytest.CaptureFixture[str], question: Path, option: str, name: str
) -> None:
    kept = question.parent / name
    before = kept.read_text()
    assert main(["solve", str(question), option, str(kept)]) == 2
    error = capsys.readouterr().err
    assert f"{option} {kept}: is also" in error
    assert "Name another file." in error
    assert kept.read_text() == before


def test_a_link_to_a_table_is_the_table(capsys: pytest.CaptureFixture[str], question: Path) -> None:
    link = question.parent / "out.csv"
    link.symlink_to("points.csv")
    assert main(["solve", str(question), "--csv", str(link)]) == 2
    assert "'points.csv', read by the question" in capsys.readouterr().err


def test_a_table_named_by_a_what_if_is_spared_too(
    capsys: pytest.CaptureFixture[str], question: Path
) -> None:
    other = question.parent / "other.csv"
    other.write_text((question.parent / "points.csv").read_text())
    change = ["--set", "workloads.chat.points=other.csv"]
    assert main(["solve", str(question), *change, "--csv", str(other)]) == 2
    assert "is also 'other.csv'" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["replica", "fleet"])
def test_init_writes_over_no_file(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, kind: str
) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("hours of work")
    assert main(["init", kind, "--out", str(path)]) == 2
    assert "Name a new file, or delete this one first." in capsys.readouterr().err
    assert path.read_text() == "hours of work"
