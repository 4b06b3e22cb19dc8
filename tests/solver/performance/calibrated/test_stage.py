"""Time and memory of pipeline stages from measured kernels, against the replica's own."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solver.catalog import shipped_catalog
from solver.errors import InstanceError
from solver.performance.calibrated.constants import serving_constants
from solver.performance.calibrated.point import Layout
from solver.performance.calibrated.replica import Columns, Replica
from solver.performance.calibrated.setting import CalibratedSetting
from solver.performance.calibrated.stage import device_in_host, layer_times_ps, stage_bytes
from solver.performance.calibrated.step import CalibratedSteps

CATALOG = shipped_catalog()
ONE = np.zeros(1, dtype=np.intp)


def setting_of(
    model: str, accelerator: str, weight: str = "bf16", expert: str = ""
) -> CalibratedSetting:
    return CalibratedSetting(
        model=CATALOG.model(model),
        accelerator=CATALOG.accelerator(accelerator),
        weight_format=weight,
        expert_format=expert or weight,
        kv_format="bf16",
        context_tokens=3000,
    )


SETTINGS = st.sampled_from(
    [
        setting_of("Llama-3.1-70B", "H100 SXM"),
        setting_of("Llama-3.1-70B", "A100-80GB SXM", "int8"),
        setting_of("Gemma-3-27B", "H100 SXM", "fp8"),
        setting_of("Qwen3-30B-A3B", "H200 SXM", "fp8_block"),
        setting_of("gpt-oss-120b", "B200 SXM", "bf16", "mxfp4"),
        setting_of("DeepSeek-V3", "B200 SXM", "fp8_block"),
    ]
)
"""Dense and routed, full, sliding and latent attention; the last three with layers that differ."""
DEGREES = st.sampled_from((1, 2, 4, 8))
slow = settings(deadline=None, max_examples=25)


def replica_of(setting: CalibratedSetting) -> Replica:
    return Replica(setting.model, setting.accelerator, setting.formats, serving_constants())


@slow
@given(SETTINGS, DEGREES, st.integers(1, 128))
def test_a_host_of_all_layers_takes_the_pass_of_a_replica(
    setting: CalibratedSetting, degree: int, batch: int
) -> None:
    whole = replica_of(setting).pass_cost(
        Columns.of([Layout(degree)]), sequences=batch, context=setting.context_tokens
    )
    (layer_ps,) = layer_times_ps(setting, tensor_parallel=degree, microbatches=[batch])
    # Up to a nanosecond, a picosecond a layer, and the last bits of sums in another order.
    step_ps = float(whole.seconds[0]) * 1e12
    more_ps = setting.model.layers * layer_ps - step_ps
    assert -1 <= more_ps <= 1000 + setting.model.layers + 1


@slow
@given(SETTINGS, DEGREES, st.integers(1, 300))
def test_a_host_of_all_layers_takes_a_step_of_the_table_up_to_a_picosecond_a_layer(
    setting: CalibratedSetting, degree: int, batch: int
) -> None:
    steps = CalibratedSteps(setting, [Layout(degree)], [batch])
    step_ps = 1000 * math.ceil(float(steps.latency_s(ONE, ONE)[0]) * 1e9)
    (layer_ps,) = layer_times_ps(setting, tensor_parallel=degree, microbatches=[batch])
    assert 0 <= setting.model.layers * layer_ps - step_ps < setting.model.layers


@slow
@given(SETTINGS, DEGREES, st.integers(1, 100), st.sampled_from((2, 4)))
def test_equal_hosts_take_the_step_of_as_many_stages_but_for_hand_overs(
    setting: CalibratedSetting, degree: int, microbatch: int, stages: int
) -> None:
    layout = Layout(degree, pipeline_parallel=stages)
    replica, columns = replica_of(setting), Columns.of([layout])
    step_s = float(replica.step_s(columns, microbatch * stages, setting.context_tokens)[0])
    step_s -= float(replica.hand_overs(columns, microbatch).seconds[0])
    (layer_ps,) = layer_times_ps(setting, tensor_parallel=degree, microbatches=[microbatch])
    assert setting.model.layers * layer_ps == pytest.approx(step_s * 1e12, rel=1e-6)


@slow
@given(SETTINGS, DEGREES, st.lists(st.integers(1, 300), min_size=2, max_size=5))
def test_many_microbatches_at_once_take_what_each_takes_alone(
    setting: CalibratedSetting, degree: int, microbatches: list[int]
) -> None:
    together = layer_times_ps(setting, tensor_parallel=degree, microbatches=microbatches)
    apart = [
        layer_times_ps(setting, tensor_parallel=degree, microbatches=[microbatch])[0]
        for microbatch in microbatches
    ]
    assert list(together) == apart


@slow
@given(SETTINGS, DEGREES, st.integers(1, 300), st.sampled_from((1, 2, 4)))
def test_a_host_of_all_layers_needs_what_the_replica_needs(
    setting: CalibratedSetting, degree: int, microbatch: int, in_flight: int
) -> None:
    need = stage_bytes(setting, tensor_parallel=degree, microbatch=microbatch, in_flight=in_flight)
    mine = setting.model.layers * need.layer + need.fixed + need.alone
    steps = CalibratedSteps(setting, [Layout(degree)], [microbatch * in_flight])
    told = float(steps.hbm_bytes(ONE, ONE)[0])
    # The replica's batch passes at once; here a microbatch does.
    memory, whole, part = steps.replica.memory, microbatch * in_flight, microbatch
    told -= float(memory.activation_bytes(degree, whole, whole))
    told += float(memory.activation_bytes(degree, part, part))
    assert -1e-9 * told <= mine - told <= setting.model.layers + 2 + 1e-9 * told


@slow
@given(SETTINGS, DEGREES, st.integers(1, 100), st.sampled_from((2, 4)))
def test_equal_stages_need_what_a_stage_of_the_replica_needs(
    setting: CalibratedSetting, degree: int, microbatch: int, stages: int
) -> None:
    need = stage_bytes(setting, tensor_parallel=degree, microbatch=microbatch, in_flight=stages)
    layout = Layout(degree, pipeline_parallel=stages)
    steps = CalibratedSteps(setting, [layout], [microbatch * stages])
    told = float(steps.hbm_bytes(ONE, ONE)[0])
    held = setting.model.layers / stages
    assert -1e-9 * told <= held * need.layer + need.fixed - told <= held + 1 + 1e-9 * told


def test_a_tied_embedding_is_held_once() -> None:
    tied = setting_of("Gemma-3-27B", "H100 SXM")
    assert tied.model.tied_embeddings
    assert stage_bytes(tied, tensor_parallel=2, microbatch=1, in_flight=1).alone == 0


def test_the_engine_keeps_its_share_on_every_device() -> None:
    setting = setting_of("Llama-3.1-8B", "H100 SXM")
    kept = replace(serving_constants(), engine_bytes=serving_constants().engine_bytes + 10**9)
    more, less = (
        stage_bytes(one, tensor_parallel=8, microbatch=1, in_flight=1).fixed
        for one in (replace(setting, serving=kept), setting)
    )
    assert more - less == 10**9


def test_a_host_within_a_node_of_the_catalog_keeps_its_entry() -> None:
    entry = CATALOG.accelerator("H100 SXM")
    assert device_in_host(entry, devices=2, device_bytes_per_s=450 * 10**9) is entry


def test_a_host_without_a_stated_bandwidth_keeps_the_catalog_s_entry() -> None:
    entry = CATALOG.accelerator("L40S")
    assert device_in_host(entry, devices=4, device_bytes_per_s=None) is entry


def test_cards_of_one_host_are_one_node() -> None:
    here = device_in_host(CATALOG.accelerator("L40S"), devices=4, device_bytes_per_s=32 * 10**9)
    assert (here.scale_up_bytes_per_s, here.node_devices) == (32e9, 4)


@pytest.mark.parametrize("degree", [2, 8])
def test_slower_links_inside_the_host_slow_its_layers(degree: int) -> None:
    setting = setting_of("Llama-3.1-70B", "H100 SXM")
    narrow = device_in_host(setting.accelerator, devices=8, device_bytes_per_s=20 * 10**9)
    fast_ps, slow_ps = (
        layer_times_ps(one, tensor_parallel=degree, microbatches=[256])[0]
        for one in (setting, replace(setting, accelerator=narrow))
    )
    assert slow_ps > fast_ps


def test_links_inside_the_host_are_nothing_to_a_single_device() -> None:
    setting = setting_of("Llama-3.1-8B", "H100 SXM")
    narrow = device_in_host(setting.accelerator, devices=8, device_bytes_per_s=10**10)
    assert layer_times_ps(setting, tensor_parallel=1, microbatches=[64]) == layer_times_ps(
        replace(setting, accelerator=narrow), tensor_parallel=1, microbatches=[64]
    )


def test_a_step_of_over_an_hour_is_refused() -> None:
    setting = setting_of("Llama-3.1-70B", "H100 SXM")
    crawling = replace(setting.accelerator, hbm_bytes_per_s=1e6)
    with pytest.raises(InstanceError, match="longer than an hour"):
        layer_times_ps(replace(setting, accelerator=crawling), tensor_parallel=1, microbatches=[1])
