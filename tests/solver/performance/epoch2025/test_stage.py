"""Time and memory of pipeline stages, against the replica's own step and memory."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from solver.catalog import shipped_catalog
from solver.errors import InstanceError
from solver.performance.epoch2025 import StepFamily, StepSetting, count
from solver.performance.epoch2025.memory import deployable_bytes_per_device
from solver.performance.epoch2025.stage import (
    accelerator_in_host,
    layer_times_ps,
    stage_bytes,
)

ONE = np.zeros(1, dtype=np.intp)
CATALOG = shipped_catalog()


def setting_of(model: str, accelerator: str, *, weight_bits: int = 16) -> StepSetting:
    return StepSetting(
        counts=count(CATALOG.model(model)),
        accelerator=CATALOG.accelerator(accelerator),
        weight_bits=weight_bits,
        kv_bits=16,
        context_tokens=2048,
    )


def family_of(setting: StepSetting, degree: int, batch: int, stages: int = 1) -> StepFamily:
    return StepFamily(
        setting,
        tensor_degrees=[degree],
        batches=[batch],
        two_dimensional=False,
        stages=stages,
    )


SETTINGS = st.sampled_from(
    [
        setting_of("Llama-3.1-70B", "H100 SXM"),
        setting_of("Llama-3.1-8B", "H100 SXM", weight_bits=8),
        setting_of("Mixtral-8x7B", "H100 SXM"),
    ]
)
DEGREES = st.sampled_from((1, 2, 4, 8, 16))


@given(SETTINGS, DEGREES, st.integers(1, 300))
def test_a_host_of_all_layers_takes_a_whole_step_up_to_a_picosecond_a_layer(
    setting: StepSetting, degree: int, batch: int
) -> None:
    step_ps = math.ceil(float(family_of(setting, degree, batch).latency_s(ONE, ONE)[0]) * 1e12)
    (layer_ps,) = layer_times_ps(setting, tensor_parallel=degree, microbatches=[batch])
    assert 0 <= setting.counts.layers * layer_ps - step_ps < setting.counts.layers


@given(SETTINGS, DEGREES, st.lists(st.integers(1, 300), min_size=2, max_size=5))
def test_many_microbatches_at_once_take_what_each_takes_alone(
    setting: StepSetting, degree: int, microbatches: list[int]
) -> None:
    together = layer_times_ps(setting, tensor_parallel=degree, microbatches=microbatches)
    apart = [
        layer_times_ps(setting, tensor_parallel=degree, microbatches=[microbatch])[0]
        for microbatch in microbatches
    ]
    assert list(together) == apart


@given(SETTINGS, DEGREES, st.integers(1, 300))
def test_a_host_of_all_layers_needs_what_the_deployable_account_says(
    setting: StepSetting, degree: int, batch: int
) -> None:
    layers = setting.counts.layers
    need = stage_bytes(setting, tensor_parallel=degree, microbatch=batch, in_flight=1)
    family = family_of(setting, degree, batch)
    told = float(deployable_bytes_per_device(family, ONE, ONE)[0])
    mine = layers * need.layer + need.fixed + need.alone
    assert -1e-9 * told <= mine - told <= layers + 2 + 1e-9 * told


@given(SETTINGS, DEGREES, st.integers(1, 40), st.sampled_from((2, 4, 8)))
def test_equal_stages_need_what_the_deployable_account_says_of_a_pipeline(
    setting: StepSetting, degree: int, microbatch: int, stages: int
) -> None:
    held = setting.counts.layers // stages
    need = stage_bytes(setting, tensor_parallel=degree, microbatch=microbatch, in_flight=stages)
    family = family_of(setting, degree, microbatch * stages, stages)
    told = float(deployable_bytes_per_device(family, ONE, ONE)[0])
    mine = held * need.layer + need.fixed
    assert -1e-9 * told <= mine - told <= held + 1 + 1e-9 * told


def test_a_host_without_a_stated_bandwidth_keeps_the_catalog_s_accelerator() -> None:
    entry = CATALOG.accelerator("H100 SXM")
    assert accelerator_in_host(entry, devices=4, device_bytes_per_s=None) is entry


def test_a_stated_bandwidth_makes_the_host_one_node_of_it() -> None:
    entry = replace(CATALOG.accelerator("H100 SXM"), node_devices=1)
    here = accelerator_in_host(entry, devices=4, device_bytes_per_s=64 * 10**9)
    assert (here.scale_up_bytes_per_s, here.node_devices) == (64e9, 4)


def test_a_stated_bandwidth_stands_for_the_fabric_where_collectives_take_one_hop_a_rank() -> None:
    entry = replace(CATALOG.accelerator("H100 SXM"), collectives="linear")
    here = accelerator_in_host(entry, devices=4, device_bytes_per_s=64 * 10**9)
    assert here.scale_out_bytes_per_s == 64e9


def test_a_slower_bandwidth_inside_the_host_slows_its_layers() -> None:
    setting = setting_of("Llama-3.1-70B", "H100 SXM")
    slow = accelerator_in_host(setting.accelerator, devices=8, device_bytes_per_s=10**10)
    fast_ps, slow_ps = (
        layer_times_ps(one, tensor_parallel=8, microbatches=[64])[0]
        for one in (setting, replace(setting, accelerator=slow))
    )
    assert slow_ps > fast_ps


def test_a_step_of_over_an_hour_is_refused() -> None:
    setting = setting_of("Llama-3.1-70B", "H100 SXM")
    crawling = replace(setting.accelerator, hbm_bytes_per_s=1e6)
    with pytest.raises(InstanceError, match="longer than an hour"):
        layer_times_ps(replace(setting, accelerator=crawling), tensor_parallel=1, microbatches=[1])
