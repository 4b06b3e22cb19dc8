"""The speed script of fleets: run on a generated file, and what it calls better and worse."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
NAMES = ("measure_fleet_speed", "fleet_speed_runs", "speed_measuring")


@pytest.fixture
def scripts(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, ModuleType]]:
    """The modules of the script, forgotten again afterwards."""
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    monkeypatch.setenv("MPLBACKEND", "Agg")
    yield {name: importlib.import_module(name) for name in NAMES}
    for name in NAMES:
        sys.modules.pop(name, None)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One fleet: 20 tokens/s from replicas of 5 at 3 cents, of which stock allows two, or at 4.

    Two of the first kind and two of the second cost 14 cents; all levels.
    """
    document = {
        "format": "fleet-columns/1",
        "name": "fleet-tiny-n4",
        "types": [
            {"price_cents_per_h": 3, "watts": 10, "stock": 2},
            {"price_cents_per_h": 4, "watts": 10, "stock": None},
        ],
        "power_limit_w": None,
        "demand_milli_tok_per_s": [20_000],
        "columns": {
            "type": [0, 1, 1],
            "gpus": [1, 1, 2],
            "workload": [0, 0, 0],
            "capacity_milli_tok_per_s": [5_000, 5_000, 9_000],
            "latency_level": [3, 2, 1],
        },
        "best_known": {"upper_cents_per_h": 15, "lower_cents_per_h": 13, "by": "hand"},
    }
    (tmp_path / "fleet-tiny-n4.json").write_text(json.dumps(document), encoding="utf-8")
    return tmp_path


def test_a_fleet_is_solved_in_a_process_of_its_own_and_compared(
    scripts: dict[str, ModuleType], folder: Path, tmp_path: Path
) -> None:
    told, plot = tmp_path / "told" / "runs.json", tmp_path / "told" / "growth.png"
    told.parent.mkdir()
    main = scripts["measure_fleet_speed"].main
    assert main([str(folder), "--time-limit", "60", "--json", str(told), "--plot", str(plot)]) == 0
    (run,) = json.loads(told.read_text(encoding="utf-8"))["runs"]
    assert (run["cost"], run["bound"], run["verdict"]) == (14, 14, "better")
    assert run["binding"] == 1
    assert plot.read_bytes().startswith(b"\x89PNG")


def test_levels_are_solved_as_a_frontier(
    scripts: dict[str, ModuleType], folder: Path, tmp_path: Path
) -> None:
    told = tmp_path / "told" / "runs.json"
    told.parent.mkdir()
    main = scripts["measure_fleet_speed"].main
    assert main([str(folder), "--time-limit", "60", "--levels", "2", "--json", str(told)]) == 0
    (run,) = json.loads(told.read_text(encoding="utf-8"))["runs"]
    assert (run["levels"], run["points"], run["points_proved"]) == (2, 2, 2)


Judged = Callable[..., str]


@pytest.fixture
def verdict(scripts: dict[str, ModuleType]) -> Judged:
    """The verdict on a cost and a bound where 10 to 12 is published."""
    runs = scripts["fleet_speed_runs"]

    def judged(cost: int | None, bound: int | None, proved: bool = False) -> Any:
        fleet = runs.Fleet(Path("x.json"), "x", 12, 10)
        return runs.Run(fleet, {"cost": cost, "bound": bound, "proved": proved}, 1.0, 1).verdict

    return judged


@pytest.mark.parametrize(
    ("cost", "bound", "expected"),
    [
        (12, 10, "equal"),
        (11, 10, "better"),
        (12, 11, "better"),
        (13, 10, "worse"),
        (None, 11, "worse"),
        (11, 9, "worse"),
        (9, 9, "wrong"),
        (13, 13, "wrong"),
    ],
)
def test_verdicts_compare_both_cost_and_bound(
    verdict: Judged, cost: int | None, bound: int, expected: str
) -> None:
    assert verdict(cost, bound) == expected


def test_proved_infeasible_against_a_published_fleet_is_wrong(verdict: Judged) -> None:
    assert verdict(None, None, True) == "wrong"


def test_a_folder_that_is_not_there_is_named(
    scripts: dict[str, ModuleType], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert scripts["measure_fleet_speed"].main([str(tmp_path / "gone")]) == 2
    assert "gone: no such folder" in capsys.readouterr().out


def test_a_pattern_that_fits_nothing_is_named(
    scripts: dict[str, ModuleType], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert scripts["measure_fleet_speed"].main([str(folder), "--only", "loose"]) == 2
    assert "whose name fits 'loose'" in capsys.readouterr().err
