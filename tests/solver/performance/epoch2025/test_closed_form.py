from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solver.catalog.domain import Accelerator, Model
from solver.performance.epoch2025.closed_form import toy_latency_s, toy_optimum
from solver.performance.validation.constants import ReferenceConstants

UNIT_S = 4 * 10 * 1e-6
WEIGHT_BYTES = 2 * 120_000_000


@pytest.mark.parametrize(
    ("model", "devices", "tok_per_s"),
    [("Llama_3_8B", 11.3, 554.6), ("Llama_3_70B", 26.1, 161.6), ("Llama_3_405B", 62.4, 71.6)],
)
def test_the_optimum_on_the_h100_is_the_published_one(
    constants: ReferenceConstants, model: str, devices: float, tok_per_s: float
) -> None:
    optimum = toy_optimum(constants.models[model], constants.accelerators["H100"])
    assert optimum.devices == pytest.approx(devices, abs=0.05)
    assert optimum.tok_per_s == pytest.approx(tok_per_s, abs=0.05)


def test_one_device_pays_the_bare_all_reduces_and_one_pass_over_the_weights(
    dense: Model, device: Accelerator
) -> None:
    expected = 40 * 6e-6 + WEIGHT_BYTES / 3.3e12
    assert toy_latency_s(dense, device, devices=1) == pytest.approx(expected, rel=1e-12)


def test_four_devices_add_a_hop_and_share_the_weights(dense: Model, device: Accelerator) -> None:
    expected = 40 * 8e-6 + WEIGHT_BYTES / 3.3e12 / 4
    assert toy_latency_s(dense, device, devices=4) == pytest.approx(expected, rel=1e-12)


def test_a_large_batch_is_bound_by_arithmetic(dense: Model, device: Accelerator) -> None:
    expected = 40 * 6e-6 + 2 * 120_000_000 * 10_000 / 1e15
    found = toy_latency_s(dense, device, devices=1, batch=10_000)
    assert found == pytest.approx(expected, rel=1e-12)


def test_the_optimum_is_where_its_own_latency_is_reached(dense: Model, device: Accelerator) -> None:
    optimum = toy_optimum(dense, device)
    there = toy_latency_s(dense, device, devices=optimum.devices)
    assert optimum.latency_s == pytest.approx(there, rel=1e-12)


@given(batch=st.floats(1, 1e6), factor=st.floats(0.01, 100))
@settings(deadline=None)
def test_no_number_of_devices_beats_the_optimum(
    dense: Model, device: Accelerator, batch: float, factor: float
) -> None:
    optimum = toy_optimum(dense, device, batch=batch)
    elsewhere = toy_latency_s(dense, device, devices=factor * optimum.devices, batch=batch)
    # Below one device the reduces cost what they cost for one.
    assert elsewhere >= optimum.latency_s * (1 - 1e-12)


def test_the_latency_above_its_floor_falls_with_the_cube_root_of_bandwidth(
    dense: Model, device: Accelerator
) -> None:
    eightfold = replace(device, hbm_bytes_per_s=8 * device.hbm_bytes_per_s)
    # Large weights, so that the optimum stays beyond one device.
    large = replace(dense, d_ff=3_000_000)
    slow, fast = (
        toy_optimum(large, accelerator).latency_s - 4 * UNIT_S
        for accelerator in (device, eightfold)
    )
    assert slow == pytest.approx(2 * fast, rel=1e-9)


def test_a_model_too_small_to_spread_stays_on_one_device(dense: Model, device: Accelerator) -> None:
    small = replace(dense, layers=1, vocab=0, d_ff=1)
    optimum = toy_optimum(small, device)
    assert optimum.devices == 1.0
    assert optimum.latency_s == toy_latency_s(small, device, devices=1)


def test_erratum_b16_only_the_toy_halves_the_reduces_of_a_parallel_block(
    dense: Model, device: Accelerator
) -> None:
    parallel = replace(dense, parallel_block=True)
    saved = toy_latency_s(dense, device, devices=1) - toy_latency_s(parallel, device, devices=1)
    assert saved == pytest.approx(20 * 6e-6, rel=1e-9)


def test_erratum_b16_the_toy_multiplies_by_every_expert(
    experts: Model, device: Accelerator
) -> None:
    params = 30_000_000 + 8 * 90_000_000
    expected = 40 * 6e-6 + 2 * params * 10_000 / 1e15
    found = toy_latency_s(experts, device, devices=1, batch=10_000)
    assert found == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("arguments", [{"devices": 0}, {"devices": 1, "batch": -1}])
def test_sizes_that_are_not_positive_are_refused(
    dense: Model, device: Accelerator, arguments: dict[str, float]
) -> None:
    with pytest.raises(ValueError, match="must be positive"):
        toy_latency_s(dense, device, **arguments)
