"""Fitting matrix multiplications, on made-up rows and against the reference measurements."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from solver.performance.fitting import gemm as family
from solver.performance.fitting.fit import summarise_errors
from solver.performance.fitting.gemm import (
    FREE,
    SIBLINGS,
    fit_family,
    predict_rows_s,
)
from solver.performance.fitting.gemm_rows import gemm_rows
from solver.performance.operators.catalog import operator_catalog
from solver.performance.operators.device import MEASURED_SYSTEMS, device_of_system
from solver.performance.operators.gemm import UNITS

KERNELS = Path(__file__).resolve().parents[4] / "../shared/data/kernels"
TRUTH = {free.name: free.start for free in FREE} | {"fixed_s": 4e-6, "hbm_share": 0.7}


def _made_up_rows(system: str) -> pd.DataFrame:
    """What the model itself would measure, with one percent of noise."""
    m, n, k = (
        axis.ravel().astype(float)
        for axis in np.meshgrid(
            [1, 16, 128, 1024, 8192], [256, 2048, 4096, 16384], [512, 4096, 8192, 16384]
        )
    )
    latency_s = predict_rows_s(
        TRUTH, device_of_system(system), precision="bfloat16", m=m, n=n, k=k
    ) * np.exp(np.random.default_rng(3).normal(0.0, 0.01, m.size))
    return pd.DataFrame(
        {"system": system, "backend": "trtllm", "version": "1.0.0", "kernel": "plain",
         "dtype": "bfloat16",
         "m": m, "n": n, "k": k, "latency_s": latency_s}
    )  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(family, "EVALUATIONS", 15)
    rows = pd.concat([_made_up_rows("h100_sxm"), _made_up_rows("h200_sxm")], ignore_index=True)
    rows.to_parquet(tmp_path / "gemm.parquet")
    return tmp_path


def test_rows_that_follow_the_model_are_predicted_in_all_three_splits(folder: Path) -> None:
    fits = fit_family(folder, systems=["h100_sxm"])
    assert [(fit.system, fit.precision, fit.rows) for fit in fits] == [("h100_sxm", "bfloat16", 80)]
    fit = fits[0]
    assert fit.constants["fixed_s"] == pytest.approx(4e-6, rel=0.1)
    assert fit.constants["hbm_share"] == pytest.approx(0.7, rel=0.05)
    assert fit.units == UNITS
    assert set(fit.errors) == {"random", "shape", "system"}
    assert all(error.median < 0.03 for error in fit.errors.values())
    # Sixteen matrices: three are held out, with all five numbers of tokens.
    assert fit.errors["shape"].rows == 15
    assert fit.errors["system"].rows == 80


def test_a_system_without_rows_is_refused_by_name(folder: Path) -> None:
    with pytest.raises(ValueError, match="no matrix multiplications of b200_sxm"):
        fit_family(folder, systems=["b200_sxm"])


def test_every_system_has_another_as_its_sibling() -> None:
    assert SIBLINGS.keys() == MEASURED_SYSTEMS.keys()
    assert all(system != sibling for system, sibling in SIBLINGS.items())


@pytest.mark.skipif(not KERNELS.is_dir(), reason="the reference measurements are not at hand")
@pytest.mark.parametrize(
    ("system", "precision", "target"),
    [
        ("h100_sxm", "bfloat16", 0.045),
        ("h200_sxm", "bfloat16", 0.045),
        ("b200_sxm", "bfloat16", 0.06),
        ("gb200", "bfloat16", 0.06),
        ("b200_sxm", "fp8_block", 0.045),
        ("b200_sxm", "nvfp4", 0.06),
        ("h200_sxm", "fp8", 0.08),
        ("gb200", "fp8", 0.10),
    ],
)
def test_shipped_constants_reproduce_the_reference_measurements(
    system: str, precision: str, target: float
) -> None:
    frame = pd.read_parquet(KERNELS / "gemm.parquet", filters=[("dtype", "==", precision)])
    rows = gemm_rows(frame, system, precision)
    assert rows is not None
    fit = operator_catalog("gemm").find(system=system, precision=precision)
    predicted_s = predict_rows_s(
        fit.constants, device_of_system(system), precision=precision, m=rows.m, n=rows.n, k=rows.k
    )
    summary = summarise_errors(predicted_s, rows.latency_s)
    assert summary.rows == fit.rows
    assert summary.median <= target
    assert abs(summary.bias) <= 0.05
