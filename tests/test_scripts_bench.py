"""The scripts that check the benchmark and write its instances out."""

from __future__ import annotations

import csv
import hashlib
import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from solver.bench import run as run_module
from solver.bench.run import BenchPlan, plan_bench
from tests.solver.bench.bench_runs import TINY, serially

SCRIPTS = Path(__file__).resolve().parents[1] / "scripts"


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"script_{name}", SCRIPTS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The check over one small instance and two formulations, with a baseline of its own."""
    module = script("benchmark_check")

    def planned(asked: str, **options: Any) -> BenchPlan:
        assert asked == "tiny"
        return plan_bench(
            TINY, formulations=["column_selection", "enumeration"], engines=["own", "highs"],
            **options,
        )  # fmt: skip

    monkeypatch.setattr(run_module, "run_all", serially)
    monkeypatch.setattr(module, "plan_bench", planned)
    monkeypatch.setattr(module, "BASELINE", tmp_path / "baseline.json")
    assert module.main(["--renew"]) == 0
    return module


def change(module: ModuleType, **fields: Any) -> None:
    told = json.loads(module.BASELINE.read_text())
    told["replica"]["column_selection / highs"] |= fields
    module.BASELINE.write_text(json.dumps(told))


def test_a_baseline_holds_the_work_of_every_side(check: ModuleType) -> None:
    told = json.loads(check.BASELINE.read_text())
    assert set(told["replica"]) == {"column_selection / highs", "enumeration / own"}
    assert told["replica"]["column_selection / highs"]["solved"] == 2


def test_the_same_work_passes(check: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert check.main([]) == 0
    assert capsys.readouterr().out == "4 solves, 0 wrong or missing, 0 graver than before\n"


def test_fewer_solved_than_before_fails(
    check: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    change(check, solved=3)
    assert check.main([]) == 1
    assert "solves 2 of 2, 3 before" in capsys.readouterr().out


def test_a_side_that_is_gone_fails(check: ModuleType) -> None:
    told = json.loads(check.BASELINE.read_text())
    told["replica"]["lost / highs"] = told["replica"]["column_selection / highs"]
    check.BASELINE.write_text(json.dumps(told))
    assert check.main([]) == 1


def test_instances_are_written_with_a_manifest_of_their_hashes(tmp_path: Path) -> None:
    assert script("generate_instances").main([str(tmp_path / "a"), f"{TINY},seeds=2"]) == 0
    with (tmp_path / "a" / "manifest.csv").open(newline="", encoding="utf-8") as stream:
        lines = list(csv.DictReader(stream))
    assert [line["group"] for line in lines] == ["replica", "replica"]
    for line in lines:
        data = (tmp_path / "a" / line["file"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == line["sha256"]


def test_an_unknown_set_ends_with_status_2_and_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert script("generate_instances").main([str(tmp_path), "soup"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert "soup" in captured.err
