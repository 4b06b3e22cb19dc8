"""The calibrated model as a table: cells alone, terms, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest

from solver.catalog import shipped_catalog
from solver.performance.calibrated import step
from solver.performance.calibrated.curve_store import CurveStore
from solver.performance.calibrated.setting import CalibratedSetting
from solver.performance.calibrated_table import CalibratedTable, unsupported_formats
from solver.performance.step_table import StepLayout, StepPrecision

MODELS = shipped_catalog().models
MACHINES = shipped_catalog().accelerators
LAYOUTS = [
    StepLayout(4),
    StepLayout(8, expert_parallel=8),
    StepLayout(2, expert_parallel=4, attention_data_parallel=4),
]
BATCHES = [4, 8, 60, 512]
ROWS, COLUMNS = np.arange(3)[:, None], np.arange(4)[None, :]
ZERO = np.zeros(1, dtype=np.intp)


def table(**changes: int) -> CalibratedTable:
    setting = CalibratedSetting(
        model=MODELS["Qwen3-235B-A22B"],
        accelerator=MACHINES["H200 SXM"],
        weight_format="fp8_block",
        expert_format="fp8_block",
        kv_format="bf16",
        context_tokens=3000,
        **changes,  # type: ignore[arg-type]
    )
    return CalibratedTable(setting, StepPrecision(8, 16, "fp8_block", "bf16"), LAYOUTS, BATCHES)


@pytest.mark.parametrize("prompts", [{}, {"input_tokens": 2000, "output_tokens": 400}])
def test_a_cell_alone_gives_the_same_floats(prompts: dict[str, int]) -> None:
    whole = table(**prompts)
    latency_s, hbm_bytes = whole.latency_s(ROWS, COLUMNS), whole.hbm_bytes(ROWS, COLUMNS)
    for row, column in np.ndindex(3, 4):
        alone = whole.alone(row, column)
        assert alone.latency_s(ZERO, ZERO)[0] == latency_s[row, column]
        assert alone.hbm_bytes(ZERO, ZERO)[0] == hbm_bytes[row, column]


@pytest.mark.parametrize("prompts", [{}, {"input_tokens": 2000, "output_tokens": 400}])
def test_a_cell_alone_sees_nothing_of_the_curves_of_rectangles(
    monkeypatch: pytest.MonkeyPatch, prompts: dict[str, int]
) -> None:
    store = CurveStore()
    monkeypatch.setattr(step, "_OF_THE_PROCESS", store)
    sound_s = table(**prompts).latency_s(ROWS, COLUMNS)
    curves = [curve for found in store._parts.values() for curve in found.values()]
    assert curves
    for curve in curves:
        curve._values *= 0.5
    poisoned = table(**prompts)
    assert poisoned.latency_s(ROWS, COLUMNS) == pytest.approx(sound_s / 2)
    for row, column in np.ndindex(3, 4):
        alone = poisoned.alone(row, column)
        assert alone.latency_s(ZERO, ZERO)[0] == sound_s[row, column]


@pytest.mark.parametrize("prompts", [{}, {"input_tokens": 2000, "output_tokens": 400}])
def test_terms_add_up_to_the_latency(prompts: dict[str, int]) -> None:
    whole = table(**prompts)
    terms = whole.terms(ROWS, COLUMNS)
    total_s = terms.arithmetic_s + terms.hbm_s + terms.network_s + terms.launch_s
    assert not terms.overlapped
    assert total_s == pytest.approx(whole.latency_s(ROWS, COLUMNS), rel=1e-12)
    assert (terms.network_latency_s <= terms.network_s).all()


def test_a_time_to_the_first_token_needs_prompts() -> None:
    assert table().ttft_s(ROWS, COLUMNS) is None
    ttft_s = table(input_tokens=2000, output_tokens=400).ttft_s(ROWS, COLUMNS)
    assert ttft_s is not None
    assert (ttft_s > 0).all()


def test_utilisation_is_measured_against_the_arithmetic_of_the_weights() -> None:
    assert table().peak_flop_per_s == MACHINES["H200 SXM"].flop_per_s[8]


def test_a_format_that_the_machine_lacks_is_a_fault() -> None:
    (fault,) = unsupported_formats(
        MODELS["Llama-3.1-8B"], MACHINES["H100 SXM"], weight="nvfp4", expert="nvfp4", kv="bf16"
    )
    assert "nvfp4" in fault.what


def test_a_known_format_is_no_fault() -> None:
    assert not unsupported_formats(
        MODELS["DeepSeek-V3"],
        MACHINES["B200 SXM"],
        weight="fp8_block",
        expert="nvfp4",
        kv="fp8",
    )
