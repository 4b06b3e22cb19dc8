"""Questions small enough to check by hand or by brute force."""

from __future__ import annotations

import copy
import datetime
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from solver.instance.domain import ReplicaInstance
from solver.instance.reader import replica_instance_from_raw

ROOT = Path(__file__).resolve().parents[2]
TODAY = datetime.date(2026, 11, 1)

BASE: dict[str, Any] = {
    "schema": 1,
    "kind": "replica",
    "name": "small",
    "workload": {"model": "Llama-3.1-8B", "context_tokens": 2048},
    "design": {
        "accelerator": "H100 SXM",
        "tensor_parallel": [1, 2, 4],
        "pipeline_parallel": [1, 2],
        "batch": "1..48",
        "weight_bits": [8, 16],
        "kv_bits": [16],
    },
    "price": {"usd_per_hour": "2.10"},
    "performance": {"model": "epoch2025"},
}


MIXTURE: dict[str, Any] = {
    "schema": 1,
    "kind": "replica",
    "name": "mixture",
    "workload": {"model": "Qwen3-30B-A3B", "context_tokens": 3000},
    "design": {
        "accelerator": "H100 SXM",
        "tensor_parallel": [1, 2, 4],
        "expert_parallel": [1, 2],
        "attention_data_parallel": [1, 2],
        "batch": "1..12",
    },
    "price": {"usd_per_hour": "2.95"},
}
"""A question to the calibrated model, the default."""


def merge(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """``base`` with dotted keys changed; a value of ``None`` removes the key."""
    raw = copy.deepcopy(base)
    for key, value in changes.items():
        *path, last = key.split(".")
        table = raw
        for part in path:
            table = table.setdefault(part, {})
        if value is None:
            table.pop(last, None)
        else:
            table[last] = value
    return raw


@pytest.fixture
def small_raw() -> Callable[..., dict[str, Any]]:
    """Tables of a small question, with dotted keys changed."""

    def build(**changes: Any) -> dict[str, Any]:
        return merge(BASE, {key.replace("__", "."): value for key, value in changes.items()})

    return build


@pytest.fixture
def small(small_raw: Callable[..., dict[str, Any]]) -> Callable[..., ReplicaInstance]:
    """A small question, with dotted keys changed (``__`` stands for the dot)."""

    def build(**changes: Any) -> ReplicaInstance:
        return replica_instance_from_raw(small_raw(**changes), today=TODAY)

    return build


@pytest.fixture
def mixture_raw() -> Callable[..., dict[str, Any]]:
    """Tables of a small question to the calibrated model, with dotted keys changed."""

    def build(**changes: Any) -> dict[str, Any]:
        return merge(MIXTURE, {key.replace("__", "."): value for key, value in changes.items()})

    return build


@pytest.fixture
def mixture(mixture_raw: Callable[..., dict[str, Any]]) -> Callable[..., ReplicaInstance]:
    """A small question to the calibrated model, with dotted keys changed (``__`` for the dot)."""

    def build(**changes: Any) -> ReplicaInstance:
        return replica_instance_from_raw(mixture_raw(**changes), today=TODAY)

    return build


@pytest.fixture
def instances_folder() -> Path:
    """The instances of the checkout."""
    return ROOT / "instances"


@pytest.fixture
def shared_epoch() -> Path:
    """Reference outputs beside the checkout; the test is skipped where they are absent."""
    folder = ROOT.parent / "shared" / "data" / "epoch"
    if not folder.is_dir():
        pytest.skip("reference outputs are not beside this checkout (shared/data/epoch)")
    return folder
