"""The script of single chains: published clusters where they are at hand, and what is amiss."""

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
NAME = "measure_chains"

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
def test_the_frontier_is_told_from_the_least_latency_to_the_greatest_rate(
    script: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "chains.json"
    assert script.main([str(DATA), "--only", "quality10_l30b", "--json", str(out)]) == 0
    assert "4 x L4 of 6, 6 x T4 of 6" in capsys.readouterr().out
    points = json.loads(out.read_text())["quality10_l30b"]
    assert [points[0]["latency_s"], points[-1]["tok_per_s"]] == [0.472, 286.587409]
    assert sum(layers for _, layers in points[0]["stages"]) == 60


@needs_data
def test_a_batch_without_times_is_refused_with_those_there_are(
    script: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    assert script.main([str(DATA), "--batch", "31"]) == 2
    told = capsys.readouterr().err
    assert "at --batch 31; it has 0, 2, 4" in told


def test_a_folder_without_the_files_is_refused(
    script: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert script.main([str(tmp_path)]) == 2
    assert "instances.json" in capsys.readouterr().err
