"""``fleetfront calibrate`` at the door: what it needs, and what it refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import solver.calibration.torch_backend
from solver.cli import main


def test_without_pytorch_the_cure_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def absent(name: str) -> Any:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    monkeypatch.setattr(solver.calibration.torch_backend, "import_module", absent)
    assert main(["calibrate", "--out", str(tmp_path / "x.toml")]) == 2
    complaint = capsys.readouterr().err
    assert "PyTorch is not installed" in complaint
    assert "pip install 'fleetfront[calibrate]'" in complaint
    _fault, example = complaint.splitlines()
    assert example.startswith("Example: ")


def test_a_broken_pytorch_is_not_called_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def broken(_name: str) -> Any:
        raise ModuleNotFoundError("No module named 'typing_extensions'", name="typing_extensions")

    monkeypatch.setattr(solver.calibration.torch_backend, "import_module", broken)
    with pytest.raises(ModuleNotFoundError, match="typing_extensions"):
        main(["calibrate", "--out", str(tmp_path / "x.toml")])


def test_an_unknown_device_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["calibrate", "--device", "tpu", "--out", str(tmp_path / "x.toml")]) == 2
    fault, example = capsys.readouterr().err.splitlines()
    assert fault == "--device: no device 'tpu'. Use cuda or cpu."
    assert example.startswith("Example: fleetfront calibrate")


def test_a_calibration_needs_a_file_to_write(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["calibrate"]) == 2
    assert "--out" in capsys.readouterr().err


def test_help_shows_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["calibrate", "--help"]) == 0
    assert "fleetfront calibrate --out my-gpu.toml" in " ".join(capsys.readouterr().out.split())
