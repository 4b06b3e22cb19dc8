"""The fit finds the constants that a machine was made with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest

from solver.calibration.backend import Machine
from solver.calibration.cases import DecodeCase
from solver.calibration.fits import FamilyFit
from solver.calibration.run import Calibrated, calibrate

Truth = Mapping[tuple[str, str], Mapping[str, float]]
DECODE = ("attention_decode", "bfloat16/kv_bfloat16")
CONTEXT = ("attention_context", "bfloat16/kv_bfloat16")
REDUCE = ("collective", "all_reduce")


def found(calibrated: Calibrated, key: tuple[str, str]) -> FamilyFit:
    return next(f for f in calibrated.fits if (f.fit.family, f.fit.precision) == key)


@pytest.mark.parametrize(
    ("key", "name"),
    [
        (("gemm", "bfloat16"), "share_of_peak"),
        (("gemm", "bfloat16"), "hbm_share"),
        (("gemm", "bfloat16"), "fixed_s"),
        (("gemm", "fp8"), "share_of_peak"),
        (("gemm", "fp8"), "hbm_share"),
        (DECODE, "grouped_hbm_share"),
        (DECODE, "grouped_launch_s"),
        (CONTEXT, "launch_s"),
        (CONTEXT, "flop_share"),
        (REDUCE, "nccl_launch_s"),
        (REDUCE, "nccl_link_share"),
    ],
)
def test_the_constants_of_the_machine_are_found_again(
    calibrated: Calibrated, truth: Truth, key: tuple[str, str], name: str
) -> None:
    constants = found(calibrated, key).fit.constants
    assert constants[name] == pytest.approx(truth[key][name], rel=0.1)


def test_the_decode_kernel_that_the_machine_runs_is_recognised(calibrated: Calibrated) -> None:
    constants = found(calibrated, DECODE).fit.constants
    assert constants["smallest_group"] == 1.0


@pytest.mark.parametrize("split", ["random", "shape"])
def test_rows_held_out_are_predicted(calibrated: Calibrated, split: str) -> None:
    for family in calibrated.fits:
        assert family.fit.errors[split].median < 0.03


def test_the_shipped_constants_were_off_by_what_this_machine_differs(
    calibrated: Calibrated,
) -> None:
    for family in calibrated.fits:
        errors = family.fit.errors
        assert errors["system"].median > 5 * errors["random"].median
        assert errors["system"].rows == family.fit.rows


def test_what_cannot_be_told_is_held_at_the_shipped_value(
    calibrated: Calibrated, truth: Truth
) -> None:
    gemm = found(calibrated, ("gemm", "bfloat16"))
    assert {"l2_speedup", "resident_share"} <= set(gemm.held)
    for name in gemm.held:
        assert gemm.fit.constants[name] == truth["gemm", "bfloat16"][name]
    assert gemm.held_at.startswith("h200_sxm")


def test_the_kernel_that_did_not_run_is_held_whole(calibrated: Calibrated) -> None:
    decode = found(calibrated, DECODE)
    per_head = {name for name in decode.fit.constants if name.startswith("per_head_")}
    assert per_head <= set(decode.held)


def test_kernels_that_pytorch_lacks_are_held_at_those_of_the_system(
    calibrated: Calibrated, truth: Truth
) -> None:
    reduce = found(calibrated, REDUCE)
    assert "one_shot_launch_s" in reduce.held
    assert reduce.fit.constants["one_shot_launch_s"] == truth[REDUCE]["one_shot_launch_s"]


def test_a_calibration_is_the_same_again(synthetic: Any, h200: Machine) -> None:
    machine = replace(h200, devices=1, precisions=("bfloat16",))
    texts = {
        calibrate(synthetic(machine), budget_s=30.0, seed=0, today=date(2026, 11, 21)).text
        for _ in range(2)
    }
    assert len(texts) == 1


def test_a_family_with_too_few_rows_is_not_fitted_and_says_so(
    synthetic: Any, h200: Machine
) -> None:
    few = iter(range(7))
    backend = synthetic(
        replace(h200, devices=1, precisions=("bfloat16",)),
        refused=lambda case: isinstance(case, DecodeCase) and next(few, None) is None,
    )
    result = calibrate(backend, budget_s=40.0, seed=0, today=date(2026, 11, 21))
    assert DECODE not in {(f.fit.family, f.fit.precision) for f in result.fits}
    assert result.refused == ("attention_decode at bfloat16/kv_bfloat16 has 7 rows, a fit needs 8",)


def test_an_unknown_device_is_fitted_to_its_measured_peaks(synthetic: Any, h200: Machine) -> None:
    odd = replace(h200, name="Nobody's GPU 1", devices=2, precisions=("bfloat16",))
    result = calibrate(synthetic(odd), budget_s=60.0, seed=0, today=date(2026, 11, 21))
    gemm = found(result, ("gemm", "bfloat16"))
    # 0.71 of the vendor's peak, stated as a share of what was reached at best.
    peak = result.entry.accelerator.flop_per_s[16]
    assert gemm.fit.constants["share_of_peak"] * peak == pytest.approx(0.71 * 989e12, rel=0.1)
    assert gemm.fit.errors["random"].median < 0.05


def test_an_unknown_device_has_no_kernels_of_an_engine(synthetic: Any, h200: Machine) -> None:
    odd = replace(h200, name="Nobody's GPU 1", devices=2, precisions=("bfloat16",))
    result = calibrate(synthetic(odd), budget_s=40.0, seed=0, today=date(2026, 11, 21))
    reduce = found(result, REDUCE)
    assert np.isinf(reduce.fit.constants["one_shot_launch_s"])
    assert {"nccl_hop_s", "contention"} <= set(reduce.held)
