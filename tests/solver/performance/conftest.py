"""Small made-up devices and models, whose every term can be worked out on paper."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from solver.catalog.domain import Accelerator, MixtureOfExperts, Model
from solver.performance.epoch2025.counts import count
from solver.performance.epoch2025.step import StepSetting
from solver.performance.validation.constants import ReferenceConstants, reference_constants

DEVICE = Accelerator(
    name="device",
    vendor="nobody",
    year=2024,
    flop_per_s={16: 1e15, 8: 2e15},
    hbm_bytes=80_000_000_000,
    hbm_bytes_per_s=3.3e12,
    scale_up_bytes_per_s=450e9,
    scale_out_bytes_per_s=50e9,
    node_devices=8,
    kernel_launch_s=4e-6,
)
DENSE = Model(
    name="dense",
    family="made-up",
    layers=10,
    d_model=1000,
    n_heads=8,
    n_kv_heads=2,
    head_dim=100,
    d_ff=3000,
    ff_up_matrices=2,
    ff_down_matrices=1,
    vocab=5000,
)
EXPERTS = replace(
    DENSE, name="experts", d_ff=0, moe=MixtureOfExperts(n_experts=8, top_k=2, expert_d_ff=3000)
)


@pytest.fixture(scope="session")
def device() -> Accelerator:
    """Reference H100 constants, without the catalog."""
    return DEVICE


@pytest.fixture(scope="session")
def dense() -> Model:
    """Ten layers of width 1000: 1,200 QKV columns, 120,000,000 parameters."""
    return DENSE


@pytest.fixture(scope="session")
def experts() -> Model:
    """The dense model with 8 experts, of which a token uses 2."""
    return EXPERTS


@pytest.fixture(scope="session")
def make_setting() -> Callable[..., StepSetting]:
    """A step of the dense model on the device, 16 bits, no context; any part by keyword."""

    def build(model: Model = DENSE, **changes: Any) -> StepSetting:
        fields: dict[str, Any] = {
            "counts": count(model),
            "accelerator": DEVICE,
            "weight_bits": 16,
            "kv_bits": 16,
            "context_tokens": 0,
        }
        fields.update(changes)
        return StepSetting(**fields)

    return build


@pytest.fixture(scope="session")
def constants() -> ReferenceConstants:
    """The reference's own constants, as shipped."""
    return reference_constants()
