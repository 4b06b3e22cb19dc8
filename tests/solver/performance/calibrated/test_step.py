"""Rectangles of steps: equal to their cells alone, parts that add up, the way of the physics."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solver.catalog import shipped_catalog
from solver.errors import UnsupportedModelError
from solver.performance.calibrated.curve_store import CurveStore
from solver.performance.calibrated.kernels import Formats
from solver.performance.calibrated.point import Layout
from solver.performance.calibrated.setting import CalibratedSetting
from solver.performance.calibrated.step import CalibratedSteps

MODELS = shipped_catalog().models
MACHINES = shipped_catalog().accelerators

DEPLOYMENTS = {
    "Llama-3.1-8B": ("H100 SXM", Formats("bf16", "bf16", "bf16")),
    "Llama-3.1-70B": ("B200 SXM", Formats("fp8", "fp8", "fp8")),
    "Gemma-3-27B": ("A100-80GB SXM", Formats("bf16", "bf16", "bf16")),
    "DeepSeek-V3": ("H200 SXM", Formats("fp8_block", "fp8_block", "bf16")),
    "gpt-oss-120b": ("B200 SXM", Formats("bf16", "mxfp4", "fp8")),
    "Llama-4-Scout": ("GB200 NVL72", Formats("fp8", "fp8", "fp8")),
    "Qwen3.5-397B-A17B": ("H200 SXM", Formats("fp8", "fp8", "bf16")),
}
PROMPTS = {"input_tokens": 1800, "output_tokens": 300}


def setting_of(name: str, **changes: object) -> CalibratedSetting:
    machine, formats = DEPLOYMENTS[name]
    plain = CalibratedSetting(
        model=MODELS[name],
        accelerator=MACHINES[machine],
        weight_format=formats.weight,
        expert_format=formats.expert,
        kv_format=formats.kv,
        context_tokens=2000,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def steps_of(
    setting: CalibratedSetting, layouts: list[Layout], batches: list[int]
) -> CalibratedSteps:
    """With curves of their own: nothing is remembered from other tests."""
    return CalibratedSteps(setting, layouts, batches, curves=CurveStore())


def all_cells(steps: CalibratedSteps) -> tuple[np.ndarray, np.ndarray]:
    rows, columns = np.ogrid[: len(steps.layouts), : len(steps.batches)]
    return rows, columns


def latency_s(setting: CalibratedSetting, layout: Layout, batch: int) -> float:
    steps = steps_of(setting, [layout], [batch])
    return float(steps.latency_s(*all_cells(steps))[0, 0])


@st.composite
def rectangles(draw: st.DrawFn) -> tuple[CalibratedSetting, list[Layout], list[int]]:
    name = draw(st.sampled_from(sorted(DEPLOYMENTS)))
    routed = MODELS[name].moe is not None
    stages = draw(st.sampled_from((1, 2, 4)))
    groups = draw(st.sampled_from((1, 4))) if routed else 1
    layouts = [
        Layout(t, stages, ep, groups)
        for t in draw(st.sets(st.sampled_from((1, 2, 4, 8)), min_size=1, max_size=3))
        for ep in ((1, min(t * groups, 16)) if routed else (1,))
    ]
    batches = draw(st.sets(st.integers(1, 3000), min_size=1, max_size=5))
    prompts = draw(st.sampled_from(({}, PROMPTS, {**PROMPTS, "prefix_hit": 0.7})))
    verified = draw(st.sampled_from((1, 3)))
    setting = setting_of(name, tokens_per_sequence=verified, **prompts)
    return setting, layouts, [b * stages * groups for b in sorted(batches)]


@settings(max_examples=30, deadline=None)
@given(rectangles())
def test_every_cell_of_a_rectangle_equals_the_cell_alone_bit_for_bit(
    case: tuple[CalibratedSetting, list[Layout], list[int]],
) -> None:
    setting, layouts, batches = case
    steps = steps_of(setting, layouts, batches)
    rows, columns = all_cells(steps)
    latency, ttft = steps.latency_s(rows, columns), steps.ttft_s(rows, columns)
    hbm = steps.hbm_bytes(rows, columns)
    for row, layout in enumerate(layouts):
        for column, batch in enumerate(batches):
            one = steps_of(setting, [layout], [batch])
            cell = all_cells(one)
            assert one.latency_s(*cell)[0, 0] == latency[row, column]
            assert np.array_equal(one.ttft_s(*cell)[0, 0], ttft[row, column], equal_nan=True)
            assert one.hbm_bytes(*cell)[0, 0] == hbm[row, column]


@settings(max_examples=20, deadline=None)
@given(rectangles())
def test_what_was_asked_before_does_not_change_an_answer(
    case: tuple[CalibratedSetting, list[Layout], list[int]],
) -> None:
    setting, layouts, batches = case
    used = CurveStore()
    CalibratedSteps(setting, layouts[::-1], [4096, 16 * 700], curves=used).latency_s(
        np.zeros(1, int), np.zeros(1, int)
    )
    again = CalibratedSteps(setting, layouts, batches, curves=used)
    fresh = steps_of(setting, layouts, batches)
    cells = all_cells(again)
    assert np.array_equal(again.latency_s(*cells), fresh.latency_s(*cells))


@settings(max_examples=20, deadline=None)
@given(rectangles())
def test_parts_are_not_negative_and_sum_to_the_latency(
    case: tuple[CalibratedSetting, list[Layout], list[int]],
) -> None:
    steps = steps_of(*case)
    cells = all_cells(steps)
    cost = steps.cost(*cells)
    parts = [cost.arithmetic_s, cost.hbm_s, cost.network_s, cost.launch_s]
    assert all(np.all(np.asarray(part) >= 0) for part in parts)
    np.testing.assert_allclose(sum(parts), steps.latency_s(*cells), rtol=1e-12)


@settings(max_examples=20, deadline=None)
@given(rectangles())
def test_the_fixed_part_of_the_network_is_no_more_than_the_network(
    case: tuple[CalibratedSetting, list[Layout], list[int]],
) -> None:
    steps = steps_of(*case)
    cost = steps.cost(*all_cells(steps))
    assert np.all(cost.network_fixed_s <= np.asarray(cost.network_s) * (1 + 1e-12))


@pytest.mark.parametrize("name", sorted(DEPLOYMENTS))
def test_a_longer_context_takes_longer(name: str) -> None:
    times = [
        latency_s(setting_of(name, context_tokens=tokens), Layout(2), 16)
        for tokens in (500, 4000, 16_000, 64_000)
    ]
    assert times == sorted(times)
    assert times[-1] > times[0]


@pytest.mark.parametrize("name", sorted(DEPLOYMENTS))
@pytest.mark.parametrize("batch", [1, 64])
def test_faster_memory_never_makes_a_step_slower(name: str, batch: int) -> None:
    setting = setting_of(name)
    slow = setting.accelerator
    times = [
        latency_s(
            replace(
                setting,
                accelerator=replace(slow, hbm_bytes_per_s=slow.hbm_bytes_per_s * factor),
            ),
            Layout(4),
            batch,
        )
        for factor in (1.0, 1.5, 3.0)
    ]
    assert times == sorted(times, reverse=True)


@pytest.mark.parametrize("name", sorted(DEPLOYMENTS))
def test_faster_arithmetic_never_makes_a_prompt_slower(name: str) -> None:
    setting = setting_of(name, **PROMPTS)
    slow = setting.accelerator
    fast = replace(slow, flop_per_s={bits: 2 * peak for bits, peak in slow.flop_per_s.items()})
    once = latency_s(setting, Layout(4), 64)
    assert latency_s(replace(setting, accelerator=fast), Layout(4), 64) <= once


@pytest.mark.parametrize("name", sorted(DEPLOYMENTS))
def test_prompts_between_the_steps_take_time(name: str) -> None:
    plain = latency_s(setting_of(name), Layout(4), 32)
    assert latency_s(setting_of(name, **PROMPTS), Layout(4), 32) > plain


@pytest.mark.parametrize("name", sorted(DEPLOYMENTS))
def test_a_prefix_found_in_the_cache_saves_time(name: str) -> None:
    none = latency_s(setting_of(name, **PROMPTS), Layout(4), 32)
    assert latency_s(setting_of(name, **PROMPTS, prefix_hit=0.8), Layout(4), 32) < none


def test_verifying_a_draft_takes_longer_than_one_token_and_less_than_as_many_steps() -> None:
    one = latency_s(setting_of("Llama-3.1-70B"), Layout(4), 8)
    four = latency_s(setting_of("Llama-3.1-70B", tokens_per_sequence=4), Layout(4), 8)
    assert one < four < 2 * one


def test_one_device_has_no_network_time() -> None:
    steps = steps_of(setting_of("Llama-3.1-8B"), [Layout(1)], [64])
    assert np.all(steps.cost(*all_cells(steps)).network_s == 0)


def test_stages_hand_their_activations_over() -> None:
    steps = steps_of(setting_of("Llama-3.1-8B"), [Layout(1, 2)], [64])
    assert np.all(np.asarray(steps.cost(*all_cells(steps)).network_s) > 0)


def test_without_prompts_there_is_no_time_to_the_first_token() -> None:
    steps = steps_of(setting_of("Llama-3.1-8B"), [Layout(1), Layout(2)], [1, 2, 3])
    assert np.isnan(steps.ttft_s(*all_cells(steps))).all()


def test_the_first_token_comes_later_from_a_fuller_replica() -> None:
    steps = steps_of(setting_of("Llama-3.1-70B", **PROMPTS), [Layout(4)], [1, 16, 256])
    times = steps.ttft_s(*all_cells(steps))[0]
    assert np.all(np.diff(times) > 0)


def test_layouts_of_different_depths_are_no_rectangle() -> None:
    with pytest.raises(ValueError, match="one pipeline depth"):
        steps_of(setting_of("Llama-3.1-8B"), [Layout(1), Layout(1, 2)], [2])


def test_four_bit_floats_are_refused_where_the_machine_has_no_arithmetic_for_them() -> None:
    setting = replace(
        setting_of("Llama-3.1-70B"), accelerator=MACHINES["H100 SXM"], weight_format="nvfp4"
    )
    with pytest.raises(UnsupportedModelError, match="nvfp4"):
        steps_of(setting, [Layout(4)], [1])
