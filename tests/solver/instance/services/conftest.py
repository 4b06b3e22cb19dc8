"""One small agent with everything a service may have, in a fleet and in a replica question."""

from __future__ import annotations

import copy
import datetime
from collections.abc import Callable
from typing import Any

import pytest

from solver.errors import InstanceError
from solver.instance.domain import ReplicaInstance
from solver.instance.fleet.domain import FleetInstance
from solver.instance.fleet.reader import fleet_instance_from_raw
from solver.instance.reader import replica_instance_from_raw

TODAY = datetime.date(2026, 11, 1)
SERVICE: dict[str, Any] = {
    "turns": 2,
    "system_tokens": 1000,
    "user_tokens": 100,
    "visible_tokens": 50,
    "tools": {"calls": 1, "call_tokens": 10, "output_tokens": 300, "schema_tokens": 500},
    "reasoning": {"tokens_per_visible": 2},
    "retrieval": {"passages": 2, "passage_tokens": 100, "retrieval_s": "0.3"},
    "cache": {"hit_share": "0.9"},
}
FLEET: dict[str, Any] = {
    "schema": 1,
    "kind": "fleet",
    "name": "small",
    "workloads": [
        {
            "name": "agent",
            "model": "Llama-3.1-8B",
            "max_ttft_s": 2,
            "service": {**SERVICE, "sessions_per_s": 3},
        }
    ],
    "machines": [{"name": "h100", "accelerator": "H100 SXM", "usd_per_hour": "2.5"}],
    "design": {"tensor_parallel": [1, 2], "batch": [1, 8, 64]},
    "performance": {"model": "calibrated"},
}
REPLICA: dict[str, Any] = {
    "schema": 1,
    "kind": "replica",
    "name": "small",
    "workload": {"model": "Llama-3.1-8B", "service": SERVICE},
    "design": {"accelerator": "H100 SXM", "tensor_parallel": [1, 2], "batch": [1, 8, 64]},
    "price": {"usd_per_hour": "2.5"},
    "limits": {"max_ttft_s": 2},
    "performance": {"model": "calibrated"},
}
Changes = dict[str, Any]


def changed(base: dict[str, Any], changes: Changes) -> dict[str, Any]:
    """``base`` with dotted keys changed, numbers leading into lists; ``None`` removes a key."""
    raw = copy.deepcopy(base)
    for key, value in changes.items():
        *path, last = key.split(".")
        place: Any = raw
        for part in path:
            place = place[int(part)] if isinstance(place, list) else place.setdefault(part, {})
        if value is None:
            place.pop(last, None)
        else:
            place[last] = value
    return raw


@pytest.fixture
def fleet() -> Callable[[Changes], FleetInstance]:
    """The fleet question with dotted keys changed."""
    return lambda changes: fleet_instance_from_raw(
        changed(FLEET, changes), where="f.toml", today=TODAY
    )


@pytest.fixture
def replica() -> Callable[[Changes], ReplicaInstance]:
    """The replica question with dotted keys changed."""
    return lambda changes: replica_instance_from_raw(
        changed(REPLICA, changes), where="r.toml", today=TODAY
    )


@pytest.fixture
def faults() -> Callable[[Callable[[], object]], list[str]]:
    """Every fault that reading brings."""

    def told(read: Callable[[], object]) -> list[str]:
        with pytest.raises(InstanceError) as caught:
            read()
        return [str(fault) for fault in caught.value.faults]

    return told
