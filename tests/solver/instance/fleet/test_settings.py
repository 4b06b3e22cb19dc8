from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from solver.errors import InstanceError
from solver.instance.fleet.reader import fleet_instance_from_raw
from solver.instance.loading import apply_settings, parse_setting


def tables() -> dict[str, Any]:
    return {
        "limits": {},
        "workloads": [{"name": "chat", "requests_per_s": 1}, {"name": "llama-3.1 fast"}],
        "machines": [{"name": "h100", "contracts": [{"kind": "spot"}, {"kind": "owned"}]}],
        "periods": [],
    }


@pytest.mark.parametrize(
    ("key", "place"),
    [
        ("workloads.chat.requests_per_s", ("workloads", 0)),
        ("workloads.1.requests_per_s", ("workloads", 1)),
        ("workloads.llama-3.1 fast.requests_per_s", ("workloads", 1)),
        ("machines.h100.node_devices", ("machines", 0)),
        ("machines.h100.contracts.1.usd_per_hour", ("machines", 0, "contracts", 1)),
        ("machines.0.contracts.0.usd_per_hour", ("machines", 0, "contracts", 0)),
        ("limits.max_kw", ("limits",)),
    ],
)
def test_a_setting_steps_into_a_list_by_name_or_number(key: str, place: tuple[Any, ...]) -> None:
    wanted, raw = tables(), tables()
    entry: Any = wanted
    for part in place:
        entry = entry[part]
    entry[key.rpartition(".")[2]] = 5
    apply_settings(raw, dict([parse_setting(f"{key}=5")]))
    assert raw == wanted


def test_a_name_comes_before_a_number() -> None:
    raw = {"racks": [{"name": "1"}, {"name": "0"}]}
    apply_settings(raw, {"racks.0.count": 7})
    assert raw == {"racks": [{"name": "1"}, {"name": "0", "count": 7}]}


def test_the_longest_name_wins() -> None:
    raw: dict[str, Any] = {"models": [{"name": "a"}, {"name": "a.b"}]}
    apply_settings(raw, {"models.a.b.x": 7})
    assert raw == {"models": [{"name": "a"}, {"name": "a.b", "x": 7}]}


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("workloads.chta.requests_per_s", ["workloads has no entry 'chta'", "chat, llama-3.1"]),
        ("workloads.2.requests_per_s", ["workloads has no entry '2'", "Choose from"]),
        ("machines.h100.contracts.2.tier", ["contracts has no entry '2'", "Choose from 0, 1"]),
        ("workloads.chat", ["workloads is a list of tables", "chat, llama-3.1 fast"]),
        ("workloads.chat.name.deeper", ["workloads.chat.name is not a table"]),
        ("periods.0.hours", ["periods is not a table"]),
    ],
)
def test_an_entry_that_is_not_there_is_a_fault_with_the_choices(key: str, words: list[str]) -> None:
    with pytest.raises(InstanceError) as caught:
        apply_settings(tables(), {key: 5})
    (fault,) = caught.value.faults
    assert fault.where == f"--set {key}"
    for word in words:
        assert word in str(fault)


def test_a_setting_reaches_the_question(raw: Callable[..., dict[str, Any]]) -> None:
    changed = raw({})
    apply_settings(changed, {"workloads.chat.requests_per_s": "7/3"})
    by_hand = raw({"workloads.0.requests_per_s": "7/3"})
    assert fleet_instance_from_raw(changed) == fleet_instance_from_raw(by_hand)
