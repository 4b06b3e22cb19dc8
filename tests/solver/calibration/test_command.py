"""``fleetfront calibrate`` on the made-up H200."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import solver.calibration.torch_backend
from solver.cli import main
from solver.performance.operators.calibration_file import read_calibration

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(synthetic: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*arguments: object, **backend: Any) -> tuple[int, str, str]:
        monkeypatch.setattr(
            solver.calibration.torch_backend, "torch_backend", lambda _device: synthetic(**backend)
        )
        status = main(["calibrate", *(str(argument) for argument in arguments)])
        caught = capsys.readouterr()
        return status, caught.out, caught.err

    return call


def test_a_quick_calibration_writes_a_file_that_reads_back(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "my-gpu.toml"
    status, told, complaint = run("--out", out, "--quick")
    assert (status, complaint) == (0, "")
    assert "extends H200 SXM" in told
    assert "attention_decode" in told
    assert read_calibration(out).accelerator.name == "NVIDIA H200 (measured)"


def test_json_is_the_report_and_nothing_else(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "my-gpu.toml"
    status, told, _ = run("--out", out, "--budget", 30, "--no-collectives", "--json")
    report = json.loads(told)
    assert status == 0
    assert report["file"] == str(out)
    assert report["extends"] == "H200 SXM"
    assert {entry["family"] for entry in report["operators"]} == {
        "gemm",
        "attention_decode",
        "attention_context",
    }


def test_ctrl_c_writes_nothing_and_says_so(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "my-gpu.toml"
    status, told, complaint = run("--out", out, "--quick", interrupted_after=20)
    assert status == 4
    assert told == ""
    assert complaint == f"stopped: nothing was written to {out}\n"
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_leaves_an_older_file_as_it_was(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "my-gpu.toml"
    out.write_text("older")
    run("--out", out, "--quick", interrupted_after=20)
    assert out.read_text() == "older"


def test_an_unknown_entry_is_refused_before_anything_is_measured(run: Run, tmp_path: Path) -> None:
    status, _, complaint = run(
        "--out", tmp_path / "x.toml", "--extends", "H201", interrupted_after=0
    )
    assert status == 2
    assert "--extends: no accelerator 'H201' in the catalog" in complaint


def test_a_budget_that_is_too_small_is_refused(run: Run, tmp_path: Path) -> None:
    status, _, complaint = run("--out", tmp_path / "x.toml", "--budget", 5, interrupted_after=0)
    assert status == 2
    assert "--budget: 5 seconds are too few" in complaint
    assert "Give at least 30" in complaint


def test_a_file_that_cannot_be_written_is_refused_before_anything_is_measured(
    run: Run, tmp_path: Path
) -> None:
    status, _, complaint = run("--out", tmp_path / "none" / "x.toml", interrupted_after=0)
    assert status == 2
    assert "does not exist" in complaint
