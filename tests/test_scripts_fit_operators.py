"""The fitting script: its table, its files and what it refuses."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from solver.performance.fitting.fit import ErrorSummary, Fit
from solver.performance.operators.catalog import read_operator_catalog

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The module of the script with one quick made-up family, forgotten again afterwards."""
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    module = importlib.import_module("fit_operators")
    monkeypatch.setattr(module, "family_modules", lambda: {"copy": SimpleNamespace(fit_family=fit)})
    yield module
    sys.modules.pop("fit_operators", None)


def fit(folder: Path, *, systems: Sequence[str] | None = None, seed: int = 0) -> list[Fit]:
    """A family of one constant, whose value is the seed."""
    assert folder.is_dir()
    if systems == ["nowhere"]:
        raise ValueError("no rows of nowhere")
    return [
        Fit(
            family="copy",
            system="h100_sxm",
            backend="trtllm",
            version="1",
            precision="bfloat16",
            constants={"fixed_s": float(seed)},
            units={"fixed_s": "s"},
            rows=10,
            errors={"random": ErrorSummary(0.043, 0.21, -0.012, 2)},
        )
    ]


def test_gemm_is_among_the_families() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "scripts"))
        families = importlib.import_module("fit_operators").family_modules()
    sys.modules.pop("fit_operators", None)
    assert "gemm" in families
    assert "fit" not in families


def test_errors_are_printed_in_percent_and_files_are_written(
    script: ModuleType,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    out = tmp_path / "out"
    assert script.main([str(tmp_path), "--seed", "7", "--write", str(out)]) == 0
    assert "4.3 / 21 / -1.2" in capsys.readouterr().out
    catalog = read_operator_catalog(out / "copy.toml")
    assert catalog.find(system="h100_sxm", precision="bfloat16").constants == {"fixed_s": 7.0}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--family", "juggling"], "invalid choice"),
        (["--system", "nowhere"], "copy: no rows of nowhere"),
    ],
)
def test_a_wrong_question_is_refused(
    script: ModuleType,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
) -> None:
    with pytest.raises(SystemExit) as stop:
        script.main([str(tmp_path), *arguments])
    assert stop.value.code == 2
    assert message in capsys.readouterr().err


def test_a_missing_folder_is_refused(script: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        script.main([str(tmp_path / "none")])
