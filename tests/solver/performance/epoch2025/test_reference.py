from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from solver.catalog.domain import Accelerator, Model
from solver.performance.epoch2025.reference import (
    PIPELINE_CHOICES,
    Speculation,
    best_step_latency_s,
    reference_step,
    speculative_latency,
)

DENSE_BYTES = 2 * 120_000_000


@pytest.fixture(scope="module")
def draft(dense: Model) -> Model:
    return replace(dense, name="draft", layers=2)


def speculate(model: Model, draft: Model, device: Accelerator, **changes: Any) -> Speculation:
    arguments: dict[str, Any] = {
        "devices": 4,
        "batch": 2,
        "context_tokens": 100,
        "acceptance": 0.8,
        "max_draft_tokens": 4,
    }
    arguments.update(changes)
    return speculative_latency(model, draft, device, **arguments)


def test_a_model_that_just_fits_has_a_latency(dense: Model, device: Accelerator) -> None:
    snug = replace(device, hbm_bytes=DENSE_BYTES)
    step = reference_step(dense, snug, devices=1, batch=1, context_tokens=0)
    assert step.fits
    assert math.isfinite(step.latency_s)


def test_a_model_that_is_a_byte_too_large_takes_for_ever(dense: Model, device: Accelerator) -> None:
    short = replace(device, hbm_bytes=DENSE_BYTES - 1)
    step = reference_step(dense, short, devices=1, batch=1, context_tokens=0)
    assert not step.fits
    assert step.latency_s == math.inf


def test_the_terms_of_a_design_that_does_not_fit_are_still_told(
    dense: Model, device: Accelerator
) -> None:
    small = replace(device, hbm_bytes=1)
    fitting, refused = (
        reference_step(dense, accelerator, devices=4, batch=8, context_tokens=10)
        for accelerator in (device, small)
    )
    assert replace(refused, latency_s=fitting.latency_s, fits=True) == fitting


@pytest.mark.parametrize(("devices", "batch"), [(3, 8), (8, 3)])
def test_more_stages_than_devices_or_sequences_are_refused(
    dense: Model, device: Accelerator, devices: int, batch: int
) -> None:
    step = reference_step(dense, device, devices=devices, batch=batch, context_tokens=0, stages=4)
    assert step.fits
    assert step.latency_s == math.inf


def test_the_final_function_is_the_fastest_of_eight_branches(
    dense: Model, device: Accelerator
) -> None:
    branches = [
        reference_step(
            dense,
            device,
            devices=24,
            batch=512,
            context_tokens=10,
            two_dimensional=two_dimensional,
            stages=stages,
        ).latency_s
        for two_dimensional in (True, False)
        for stages in PIPELINE_CHOICES
    ]
    assert len(branches) == 8
    best = best_step_latency_s(dense, device, devices=24, batch=512, context_tokens=10)
    assert best == min(branches)


def test_without_draft_tokens_speculation_is_plain_decoding(
    dense: Model, draft: Model, device: Accelerator
) -> None:
    found = speculate(dense, draft, device, max_draft_tokens=0)
    assert found.draft_tokens == 0
    assert found.latency_s == pytest.approx(found.base_latency_s, rel=1e-15)


def test_a_draft_that_is_never_right_is_not_used(
    dense: Model, draft: Model, device: Accelerator
) -> None:
    found = speculate(dense, draft, device, acceptance=0.0)
    assert found.draft_tokens == 0


def test_the_latency_of_a_draft_length_is_the_window_over_the_tokens_it_yields(
    dense: Model, draft: Model, device: Accelerator
) -> None:
    found = speculate(dense, draft, device, acceptance=0.5, max_draft_tokens=1)
    window_s = best_step_latency_s(
        dense, device, devices=4, batch=2, context_tokens=100, tokens_per_sequence=2
    )
    # One token is certain, a second one has even odds.
    assert found.draft_tokens == 1
    assert found.latency_s == pytest.approx((window_s + found.draft_latency_s) / 1.5, rel=1e-12)


def test_more_draft_tokens_to_choose_from_never_hurt(
    dense: Model, draft: Model, device: Accelerator
) -> None:
    latencies = [
        speculate(dense, draft, device, max_draft_tokens=longest).latency_s for longest in range(7)
    ]
    assert latencies == sorted(latencies, reverse=True)
    assert latencies[-1] < latencies[0]


def test_erratum_b6_target_and_draft_are_each_checked_against_all_memory(
    dense: Model, draft: Model, device: Accelerator
) -> None:
    # The target alone fills the device to the last byte; its draft has no room, and is used.
    full = replace(device, hbm_bytes=DENSE_BYTES)
    found = speculate(dense, draft, full, devices=1, batch=1, context_tokens=0)
    assert found.draft_tokens > 0
    assert math.isfinite(found.latency_s)


def test_erratum_b15_certain_acceptance_is_refused(
    dense: Model, draft: Model, device: Accelerator
) -> None:
    with pytest.raises(ValueError, match="acceptance must be at least 0 and below 1, got 1"):
        speculate(dense, draft, device, acceptance=1)


def test_erratum_b15_the_draft_takes_all_devices_on_its_own_best_layout(
    dense: Model, draft: Model, device: Accelerator
) -> None:
    found = speculate(dense, draft, device, devices=24, batch=64)
    own_best = best_step_latency_s(draft, device, devices=24, batch=64, context_tokens=100)
    assert found.draft_latency_s == own_best


def test_a_draft_that_does_not_fit_leaves_plain_decoding(
    dense: Model, draft: Model, device: Accelerator
) -> None:
    huge = replace(draft, d_ff=10**9)
    found = speculate(dense, huge, device)
    assert (found.draft_tokens, found.draft_latency_s) == (0, math.inf)
    assert found.latency_s == pytest.approx(found.base_latency_s, rel=1e-15)
