"""The script that fits the constants of serving: its file and its tables."""

from __future__ import annotations

import importlib
import io
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from rich.console import Console

from solver.performance.calibrated.constants import read_serving_constants, serving_constants
from solver.performance.validation.measured.scores import GroupScore, errors_of

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    yield importlib.import_module("fit_serving")
    sys.modules.pop("fit_serving", None)


def test_what_it_writes_is_read_back_unchanged(script: ModuleType) -> None:
    text = script.constants_text(
        serving_constants(), source="a test", as_of="2026-11-21", note="of rows"
    )
    assert read_serving_constants(text, where="x") == serving_constants()


def test_its_file_names_the_source(script: ModuleType) -> None:
    text = script.constants_text(serving_constants(), source="a test", as_of="2026-11", note="")
    assert 'source = "a test"' in text


def test_its_table_has_a_row_for_each_part_with_rows(script: ModuleType) -> None:
    told, stated = np.array([1.1, 2.0, 3.0]), np.array([1.0, 2.0, 3.0])
    found = [
        GroupScore("some rows", errors_of(told, stated), None),
        GroupScore("no rows", None, None),
    ]
    console = Console(width=110, record=True, file=io.StringIO())
    console.print(script.report("Errors", found))
    text = console.export_text()
    assert "some rows" in text
    assert "no rows" not in text


def test_a_missing_file_is_an_error(script: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["fit_serving.py"])
    with pytest.raises(SystemExit) as stopped:
        script.main()
    assert stopped.value.code == 2
