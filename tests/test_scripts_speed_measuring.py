"""Measuring a child process alone: what it took, and how it is said to have failed."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
NAME = "speed_measuring"
Measure = Callable[..., Any]


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The module, forgotten again afterwards."""
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    yield importlib.import_module(NAME)
    sys.modules.pop(NAME, None)


@pytest.fixture
def measured(script: ModuleType, tmp_path: Path) -> Measure:
    """A line of Python, run in a child of its own."""

    def run(line: str, limit_s: float = 60.0) -> Any:
        return script.run_measured(
            [sys.executable, "-c", line],
            folder=tmp_path,
            environment=dict(os.environ),
            limit_s=limit_s,
        )

    return run


def test_a_child_that_ends_well_has_status_0_and_no_errors(measured: Measure) -> None:
    ended = measured("pass")
    assert (ended.exit_status, ended.late, ended.errors) == (0, False, "")


def test_peak_memory_holds_all_that_the_child_held(measured: Measure) -> None:
    assert measured("len(bytearray(400_000_000))").peak_bytes > 400e6


def test_processor_time_is_that_of_the_child(measured: Measure) -> None:
    line = "import time\nwhile time.process_time() < 0.3: pass"
    assert 0.3 <= measured(line).cpu_s < 10


def test_of_a_crash_the_last_line_is_told(measured: Measure) -> None:
    ended = measured("raise SystemExit('first\\nsecond')")
    assert (ended.exit_status, ended.word, ended.last_line) == (1, "crashed", ["second"])


def test_a_crash_without_a_word_has_no_last_line(measured: Measure) -> None:
    assert measured("raise SystemExit(3)").last_line == []


def test_a_child_far_beyond_its_limit_is_killed(
    script: ModuleType, measured: Measure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(script, "GRACE_S", 0.2)
    ended = measured("import time; time.sleep(60)", 0.1)
    assert (ended.exit_status, ended.late, ended.word) == (-9, True, "killed")


def test_documents_that_are_no_objects_are_passed_over(script: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "b.json").write_text('{"x": 1}', encoding="utf-8")
    (tmp_path / "a.json").write_text("[1]", encoding="utf-8")
    assert list(script.read_documents(tmp_path)) == [(tmp_path / "b.json", {"x": 1})]


def test_a_file_that_is_not_json_is_named(script: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{", encoding="utf-8")
    with pytest.raises(script.BadInputError, match=r"a\.json: is not JSON"):
        list(script.read_documents(tmp_path))


def test_this_checkout_is_what_a_child_imports(script: ModuleType) -> None:
    assert script.this_checkout()["PYTHONPATH"] == str(ROOT)
