"""The placement script: published clusters closed and replayed, and files that are not there."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[1]
NAME = "measure_placement"


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The module of the script, forgotten again afterwards."""
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    yield importlib.import_module(NAME)
    sys.modules.pop(NAME, None)


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
    assert script.main(["--only", case, "--json", str(out)]) == 0
    (row,) = json.loads(out.read_text())["flows"]
    assert (row["value"], row["bound"], row["confirmed"]) == (rate, rate, True)


def test_frontiers_of_single_pipelines_end_at_the_published_optimum(
    script: ModuleType, tmp_path: Path
) -> None:
    out = tmp_path / "rows.json"
    assert script.main(["--only", "quality10_l30b-latency", "--json", str(out)]) == 0
    (row,) = json.loads(out.read_text())["chains"]
    ends = [(point["latency_ms"], point["tok_per_s"]) for point in row["points"]]
    assert (row["status"], len(ends), ends[0], ends[-1]) == (
        "complete",
        5,
        (472.0, 193.496408),
        (485.0, 286.587409),
    )


def test_a_flow_that_a_narrow_link_cannot_carry_is_replayed_lower(script: ModuleType) -> None:
    instance = script.read_instance(script.FOLDER / "helix-l4x8_l30b.toml")
    stages = [
        {"host": f"L4-{number}", "first_layer": 10 * number, "layers": 10} for number in range(6)
    ]
    machine = instance.machine("L4").measured.tok_per_s[9]
    assert script.replayed_rate(instance, stages) == int(machine * script.MICRO)
    assert script.replayed_rate(instance, stages[:5]) == 0


def test_a_folder_without_files_is_bad_input(script: ModuleType, tmp_path: Path) -> None:
    assert script.main([str(tmp_path), "--only", "l4x8_l30b"]) == 2


def test_a_time_limit_that_is_not_positive_is_bad_input(script: ModuleType) -> None:
    assert script.main(["--time-limit", "0"]) == 2
