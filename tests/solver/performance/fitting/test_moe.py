from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from solver.performance.fitting.fit import RANDOM, SHAPE, SYSTEM
from solver.performance.fitting.moe import LOW_LATENCY, NONGATED, fit_family, report_lines
from solver.performance.operators.device import device_of_system
from solver.performance.operators.moe import MoeConstants, constants_from, moe_s

DATA = Path(__file__).resolve().parents[4] / "../shared/data/kernels"
TRUTH = MoeConstants(
    launch_s=3e-5,
    expert_s=5e-8,
    token_s=1e-9,
    compute_share=0.6,
    tile_half_rows=20.0,
    fill_waves=2.0,
    memory_share=0.85,
    activation_share=0.6,
    overlap_exponent=2.0,
)


def made_up_rows() -> pd.DataFrame:
    """Rows of both distributions that the model explains exactly, on an H100."""
    shapes = [(4096, 1536, 8, 128), (7168, 2048, 8, 256), (2048, 768, 8, 128), (4096, 14336, 2, 8)]
    rows = [
        (tokens, *shape, tp, ep, name)
        for shape in shapes
        for tokens in (1, 8, 64, 512, 4096, 16384)
        for tp in (1, 4)
        for ep in (1, 4)
        for name in ("balanced", "power_law_1.2")
    ]
    names = ["tokens", "hidden", "inter", "topk", "experts", "moe_tp", "moe_ep", "distribution"]
    frame = pd.DataFrame(rows, columns=names)
    for name in ("balanced", "power_law_1.2"):
        part = frame[frame["distribution"] == name]
        frame.loc[part.index, "latency_s"] = moe_s(
            TRUTH,
            device_of_system("h100_sxm"),
            precision="bfloat16",
            gated=True,
            tokens=part["tokens"].to_numpy(),
            hidden=part["hidden"].to_numpy(),
            inter=part["inter"].to_numpy(),
            top_k=part["topk"].to_numpy(),
            experts=part["experts"].to_numpy(),
            tensor_parallel=part["moe_tp"].to_numpy(),
            expert_parallel=part["moe_ep"].to_numpy(),
            distribution="balanced" if name == "balanced" else "power_law_1.2",
        )
    return frame.assign(
        system="h100_sxm",
        backend="trtllm",
        version="1.0",
        kernel="moe_torch_flow_cutlass",
        dtype="bfloat16",
        op="moe",
    )


def test_constants_behind_made_up_times_are_found_again(tmp_path: Path) -> None:
    made_up_rows().to_parquet(tmp_path / "moe.parquet")
    (fit,) = fit_family(tmp_path, systems=["h100_sxm"])
    assert fit.errors[RANDOM].median < 0.005
    assert fit.errors[SHAPE].median < 0.02
    assert SYSTEM not in fit.errors
    assert fit.constants["memory_share"] == pytest.approx(TRUTH.memory_share, rel=0.05)
    assert fit.constants["launch_s"] == pytest.approx(TRUTH.launch_s, rel=0.05)


def test_low_latency_kernels_are_a_precision_of_their_own_fitted_to_the_loads_they_state(
    tmp_path: Path,
) -> None:
    frame = made_up_rows()
    few = frame.assign(kernel="moe_torch_flow_min_latency", system="b200_sxm", dtype="nvfp4")
    pd.concat([frame, few]).to_parquet(tmp_path / "moe.parquet")
    (fit,) = fit_family(tmp_path, systems=["b200_sxm"])
    assert fit.precision == f"nvfp4{LOW_LATENCY}"
    stated = (few["distribution"] == "power_law_1.2") & (few["experts"] > 8)
    assert fit.rows == stated.sum()


def test_the_same_seed_gives_the_same_fit(tmp_path: Path) -> None:
    frame = made_up_rows()
    noise = np.random.default_rng(1).normal(0.0, 0.05, len(frame))
    frame["latency_s"] *= np.exp(noise)
    frame.to_parquet(tmp_path / "moe.parquet")
    first, second = (fit_family(tmp_path, systems=["h100_sxm"], seed=3)[0] for _ in range(2))
    assert first.constants == second.constants
    assert first.errors == second.errors


@pytest.mark.skipif(not DATA.exists(), reason="the reference kernel times are not at hand")
def test_kernels_of_blackwell_for_four_bits_are_within_ten_percent_unseen(tmp_path: Path) -> None:
    frame = pd.read_parquet(DATA / "moe.parquet", filters=[("system", "==", "gb200")])
    kept = frame["kernel"].isin(["moe_torch_flow_min_latency", "moe_torch_flow"])
    frame[kept].to_parquet(tmp_path / "moe.parquet")
    fits = {fit.precision: fit for fit in fit_family(tmp_path, systems=["gb200"])}
    for precision in ("nvfp4 low_latency", "w4a8_mxfp4_mxfp8"):
        assert fits[precision].errors[RANDOM].median <= 0.10


@pytest.mark.skipif(not DATA.exists(), reason="the reference kernel times are not at hand")
def test_measured_experts_on_h100_are_within_twelve_percent_unseen() -> None:
    fits = {fit.precision: fit for fit in fit_family(DATA, systems=["h100_sxm"])}
    for precision in ("bfloat16", "fp8", "fp8_block"):
        assert fits[precision].errors[RANDOM].median <= 0.12
        constants_from(fits[precision].constants)
    assert f"bfloat16{NONGATED}" in fits
    assert len(report_lines(list(fits.values()))) == 1 + len(fits)
