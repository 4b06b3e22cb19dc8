"""One small sound question, changed key by key."""

from __future__ import annotations

import copy
import datetime
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from solver.errors import InstanceError
from solver.instance.fleet.domain import FleetInstance
from solver.instance.fleet.reader import fleet_instance_from_raw

TODAY = datetime.date(2026, 11, 1)

BASE: dict[str, Any] = {
    "schema": 1,
    "kind": "fleet",
    "name": "small",
    "workloads": [
        {
            "name": "chat",
            "model": "Llama-3.1-8B",
            "input_tokens": 1000,
            "output_tokens": 200,
            "requests_per_s": 10,
        }
    ],
    "machines": [{"name": "h100", "accelerator": "H100 SXM", "usd_per_hour": "2.5"}],
    "design": {"tensor_parallel": [1, 2], "batch": [1, 8]},
}


def changed(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
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
def raw() -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Tables of the small question with dotted keys changed."""
    return lambda changes: changed(BASE, changes)


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., FleetInstance]:
    """The small question with dotted keys changed; keywords are files beside it."""

    def build(changes: dict[str, Any], **files: str) -> FleetInstance:
        for name, text in files.items():
            (tmp_path / f"{name}.csv").write_text(text, newline="")
        return fleet_instance_from_raw(
            changed(BASE, changes), where="bad.toml", folder=tmp_path, today=TODAY
        )

    return build


@pytest.fixture
def faults_of(read: Callable[..., FleetInstance], tmp_path: Path) -> Callable[..., list[str]]:
    """Faults of the small question with dotted keys changed, without the folder of its files."""

    def build(changes: dict[str, Any], **files: str) -> list[str]:
        with pytest.raises(InstanceError) as caught:
            read(changes, **files)
        return [str(fault).replace(f"{tmp_path}/", "") for fault in caught.value.faults]

    return build
