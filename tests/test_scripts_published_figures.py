"""The script that lays published figures beside the model's."""

from __future__ import annotations

import csv
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[1]
QUICK = ["context-tax-hbm", "a800-hour", "wingpt-score"]


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    yield importlib.import_module("published_figures")
    sys.modules.pop("published_figures", None)


def test_it_prints_figures_with_their_error_and_those_not_asked_with_a_reason(
    script: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    assert script.main(["--only", *QUICK]) == 0
    printed = capsys.readouterr().out
    for part in ("26 to 50", "within", "0.79", "-18.1 %", "cannot be asked about", "WiNEval"):
        assert part in printed


def test_it_writes_one_row_a_comparison(script: ModuleType, tmp_path: Path) -> None:
    target = tmp_path / "figures.csv"
    assert script.main(["--only", *QUICK, "--csv", str(target)]) == 0
    with target.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["key"] for row in rows] == [
        "context-tax-hbm", "context-tax-hbm", "a800-hour", "wingpt-score",
    ]  # fmt: skip
    assert all(row["source"] for row in rows)


@pytest.mark.parametrize("columns", [80, 100])
def test_the_tables_fit_the_terminal(
    script: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    columns: int,
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    assert script.main(["--only", *QUICK, "h200-batch-128", "draft-batch-128"]) == 0
    assert max(len(line) for line in capsys.readouterr().out.splitlines()) <= columns


def test_both_performance_models_stand_in_one_line(
    script: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    """H200, Phi-3-mini at batch 128 is published with 516.9 W."""
    assert script.main(["--only", "h200-batch-128", "--markdown"]) == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if "516.9" in line]
    cells = [cell.strip() for cell in line.strip("| ").split("|")]
    calibrated, published_model = float(cells[2]), float(cells[3])
    told = [float(error.strip(" %")) for error in cells[4].split(" / ")]
    recomputed = [100 * (ours / 516.9 - 1) for ours in (calibrated, published_model)]
    assert told == pytest.approx(recomputed, abs=0.1)


def test_a_remark_is_numbered_as_its_line(
    script: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    assert script.main(["--only", "context-tax-hbm", "--markdown"]) == 0
    printed = capsys.readouterr().out
    assert "the same (2)" in printed
    assert "* (2) H100 SXM: idle with a context less bare idle" in printed


def test_markdown_goes_into_a_file_that_is_named(
    script: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "figures.md"
    assert script.main(["--only", *QUICK, "--markdown", str(target)]) == 0
    text = target.read_text(encoding="utf-8")
    assert text.startswith("| figure | published | ours, calibrated | ours, epoch2025 | error |")
    assert "* score of WiNGPT-3.5 (arXiv 2510.26136): 76.2 WiNEval. Why not: " in text
    assert capsys.readouterr().out == ""


def test_every_comparison_stands_in_one_line_of_the_table(script: ModuleType) -> None:
    figures = [f for f in script.published_figures() if f.key in (*QUICK, "ml-energy-8b")]
    rows = script.compared(figures, script.ANSWERS)
    lines = script.lines_of(rows)
    told = [row for line in lines for row in line.rows]
    assert told == [row for row in rows if row.answer is not None]


def test_a_key_that_there_is_not_is_refused(
    script: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        script.main(["--only", "nothing"])
    assert stopped.value.code == 2
    assert "known: " in capsys.readouterr().err
