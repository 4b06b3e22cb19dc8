"""Whatever a file holds, the reader answers with a sound question or with faults of that file."""

from __future__ import annotations

import copy
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solver.errors import InstanceError
from solver.instance.fleet.reader import fleet_instance_from_raw
from solver.instance.fleet.resolved import fleet_from_resolved, resolved_fleet
from solver.instance.fleet.soundness import unsound

FULL: dict[str, Any] = {
    "schema": 1,
    "kind": "fleet",
    "name": "full",
    "cost_in": "usd",
    "horizon_years": 3,
    "periods": [{"name": "day", "hours": 14}, {"name": "night", "hours": 10}],
    "workloads": [
        {
            "name": "chat",
            "model": "Llama-3.1-8B",
            "sizes": [{"input_tokens": 50, "output_tokens": 20, "share": 1}],
            "requests_per_s": 3,
            "by_period": [1, "1/2"],
            "min_speed_tok_per_s": 10,
            "max_ttft_s": 2,
        }
    ],
    "machines": [
        {
            "name": "h100",
            "accelerator": "H100 SXM",
            "node_devices": 8,
            "stock_devices": 64,
            "watts_per_device": 900,
            "contracts": [
                {"name": "rent", "kind": "reserved", "tier": "reserved-3y"},
                {
                    "name": "own",
                    "kind": "owned",
                    "purchase_usd": 30000,
                    "depreciation_years": 4,
                    "usd_per_kwh": "0.1",
                },
            ],
        }
    ],
    "design": {"tensor_parallel": [1, 2], "batch": [4], "phases": ["aggregated"]},
    "transfer": {"gb_per_s": 50},
    "limits": {"max_usd_per_hour": 90, "max_kw": 50, "max_spot_fraction": "0.5"},
    "racks": [{"name": "r", "count": 2, "slots": 4, "kw": 40, "machines": ["h100"]}],
    "service": {"wait_percentile": "0.9", "max_wait_s": 1, "survive_rack_loss": True},
    "current": {"replicas": [{"workload": "chat", "layout": "x", "count": 1}]},
    "answers": {"preferences": [{"name": "p", "machines": ["h100"]}]},
}
ODD: list[Any] = [
    *(None, True, 0, -1, 7, 10**30, 10**400, 0.1, float("inf")),
    *(Decimal("NaN"), Decimal("Infinity"), Decimal("1e-30")),
    *("", "x", "1/0", "1..3", "chat", "h100", "on-demand", "../..", "\x00"),
    *([], [[]], [1], ["a"], {}, {"a": 1}, {"name": "chat"}, [{}]),
]


def places_of(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    return [
        found for key, entry in inner for found in [(*path, key), *places_of(entry, (*path, key))]
    ]


PLACES = places_of(FULL)


def test_the_whole_question_is_sound() -> None:
    assert unsound(fleet_instance_from_raw(FULL)) == []


@pytest.mark.parametrize("place", PLACES, ids=lambda place: ".".join(map(str, place)))
def test_without_any_one_key_there_are_faults_of_the_file_or_a_sound_question(
    place: tuple[Any, ...],
) -> None:
    raw = copy.deepcopy(FULL)
    *path, last = place
    entry: Any = raw
    for part in path:
        entry = entry[part]
    del entry[last]
    assert_answered(raw)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(PLACES), st.sampled_from(ODD)), min_size=1, max_size=3))
def test_whatever_keys_hold_there_are_faults_of_the_file_or_a_sound_question(
    changes: list[tuple[tuple[Any, ...], Any]],
) -> None:
    raw = copy.deepcopy(FULL)
    # The deepest first, so that no place is gone before it is changed.
    for place, value in sorted(changes, key=lambda change: -len(change[0])):
        *path, last = place
        entry: Any = raw
        for part in path:
            entry = entry[part]
        entry[last] = copy.deepcopy(value)
    assert_answered(raw)


def assert_answered(raw: dict[str, Any]) -> None:
    try:
        question = fleet_instance_from_raw(raw, where="f.toml", folder=Path("nowhere"))
    except InstanceError as error:
        for fault in error.faults:
            assert fault.where.startswith("f.toml: ")
            assert "\n" not in str(fault)
    else:
        assert unsound(question) == []
        resolved = json.loads(json.dumps(resolved_fleet(question)))
        again = fleet_from_resolved(resolved, where="f.toml")
        assert resolved_fleet(again) == resolved_fleet(question)
