"""The placement script: published clusters where they are at hand, and files that are not."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT / "../shared/data/placement/helix"
NAME = "measure_placement"

needs_data = pytest.mark.skipif(
    not DATA.is_dir(), reason="the reference data lie beside the checkout and are absent"
)


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The module of the script, forgotten again afterwards."""
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    yield importlib.import_module(NAME)
    sys.modules.pop(NAME, None)


@needs_data
@pytest.mark.parametrize(
    ("case", "rate"),
    [
        ("quality10_l30b", 286.587409),
        ("l4x8_l30b", 252.649846),
        ("t4x12_l30b", 397.685064),
        ("a100x4_l30b", 1044.533345),
        ("single24_l70b", 2045.641047),
        ("noprune24_l70b", 1754.381889),
        ("noprune42_l70b", 6050.770297),
    ],
)
def test_a_published_cluster_is_closed_and_replayed(
    script: ModuleType, tmp_path: Path, case: str, rate: float
) -> None:
    out = tmp_path / "rows.json"
    assert script.main([str(DATA), "--only", case, "--json", str(out)]) == 0
    (row,) = json.loads(out.read_text())
    assert (row["value"], row["bound"], row["confirmed"]) == (rate, rate, True)


def test_a_folder_without_files_is_bad_input(script: ModuleType, tmp_path: Path) -> None:
    assert script.main([str(tmp_path), "--only", "l4x8_l30b"]) == 2


def test_a_time_limit_that_is_not_positive_is_bad_input(script: ModuleType) -> None:
    assert script.main(["--time-limit", "0"]) == 2
