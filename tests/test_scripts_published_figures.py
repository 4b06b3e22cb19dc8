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


def test_a_key_that_there_is_not_is_refused(
    script: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        script.main(["--only", "nothing"])
    assert stopped.value.code == 2
    assert "known: " in capsys.readouterr().err
