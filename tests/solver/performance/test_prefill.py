"""The prompt of one request: hand-computed terms, and what must rise with what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from solver.catalog.domain import Accelerator
from solver.performance.epoch2025.step import StepSetting
from solver.performance.prefill import prefill_pass_s


def seconds(setting: StepSetting, tokens: int, degree: int = 1, stages: int = 1) -> float:
    found = prefill_pass_s(
        setting,
        input_tokens=tokens,
        tensor_degrees=[degree],
        two_dimensional=False,
        stages=stages,
    )
    assert found.shape == (1,)
    return float(found[0])


@pytest.fixture
def setting(make_setting: Callable[..., StepSetting]) -> StepSetting:
    """The dense model in 16 bits."""
    return make_setting()


def test_a_long_prompt_takes_its_arithmetic(setting: StepSetting) -> None:
    tokens, c = 100_000, setting.counts
    flop = 2 * c.active_params * tokens + 4 * 100 * 8 * 10 * (tokens // 2) * tokens
    launch = 4 * 10 * setting.accelerator.kernel_launch_s
    peak = setting.accelerator.flop_per_s[16]
    assert seconds(setting, tokens) == pytest.approx(flop / peak + launch, rel=1e-12)


def test_one_token_takes_reading_the_weights(setting: StepSetting) -> None:
    weights = 2 * (setting.counts.params - setting.counts.embedding_params // 2)
    read = weights / setting.accelerator.hbm_bytes_per_s
    launch = 4 * 10 * setting.accelerator.kernel_launch_s
    # Activations of one token and its cache add well under a hundredth.
    assert read + launch < seconds(setting, 1) < 1.01 * (read + launch)


def test_a_longer_prompt_takes_longer(setting: StepSetting) -> None:
    times = [seconds(setting, tokens) for tokens in (1, 10, 1000, 10_000, 20_000)]
    assert times == sorted(times)


def test_stages_do_not_shorten_one_prompt(setting: StepSetting) -> None:
    # Each stage works on its layers in turn: only the hand-over is added.
    assert seconds(setting, 4000, stages=2) > seconds(setting, 4000)


def test_arithmetic_of_two_stages_is_that_of_one(setting: StepSetting) -> None:
    fast = replace(setting, accelerator=replace(setting.accelerator, scale_out_bytes_per_s=1e30))
    alone, piped = seconds(fast, 100_000), seconds(fast, 100_000, stages=2)
    assert piped == pytest.approx(alone, rel=1e-3)


def test_more_devices_in_a_stage_shorten_a_long_prompt(setting: StepSetting) -> None:
    assert seconds(setting, 100_000, degree=4) < seconds(setting, 100_000, degree=2)


def test_efficiency_slows_arithmetic_in_proportion(
    setting: StepSetting, device: Accelerator
) -> None:
    half = replace(setting, flop_efficiency=0.5)
    launch = 4 * 10 * device.kernel_launch_s
    ratio = (seconds(half, 100_000) - launch) / (seconds(setting, 100_000) - launch)
    assert ratio == pytest.approx(2.0, rel=1e-9)


def test_many_layouts_at_once_are_each_the_same_alone(setting: StepSetting) -> None:
    together = prefill_pass_s(
        setting, input_tokens=777, tensor_degrees=[1, 2, 4], two_dimensional=False, stages=2
    )
    assert together.tolist() == [seconds(setting, 777, degree, 2) for degree in (1, 2, 4)]
    assert together.dtype == np.float64


def test_a_prompt_has_tokens(setting: StepSetting) -> None:
    with pytest.raises(ValueError, match="at least one token"):
        seconds(setting, 0)
