"""Every fault names file, key, value and cure, and no fault brings a misleading second one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Faults = Callable[..., list[str]]
OWNED = {"kind": "owned", "purchase_usd": 30000, "depreciation_years": 4, "usd_per_kwh": "0.1"}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        # keys and names
        ({"workloads.0.modle": "x"}, ["workloads.chat.modle", "not a known key", "'x'"]),
        ({"workloads.0.model": "Llama-9"}, ["workloads.chat.model", "'Llama-9'", "Close names"]),
        ({"workloads.0.model": None}, ["workloads.chat.model", "is missing", "give points"]),
        ({"machines.0.accelerator": "H1000"}, ["machines.h100.accelerator", "'H1000'"]),
        ({"schema": 2}, ["schema", "2"]),
        ({"name": "a b"}, ["name", "'a b'"]),
        (
            {"racks": [{"name": "r", "count": 2, "machines": ["h100", "b200"]}]},
            ["racks.r.machines", "'b200'", "h100"],
        ),
        (
            {"answers": {"preferences": [{"name": "one", "machines": ["b200"]}]}},
            ["answers.preferences.one.machines", "'b200'", "h100"],
        ),
        (
            {"current": {"replicas": [{"workload": "chta", "layout": "tp1", "count": 1}]}},
            ["current.replicas.0.workload", "'chta'", "'chat'"],
        ),
        # demand
        (
            {"workloads.0.requests_per_s": 0},
            ["workloads.chat.requests_per_s", "of 0", "more than 0"],
        ),
        ({"workloads.0.requests_per_s": -3}, ["workloads.chat.requests_per_s", "-3", "leave"]),
        ({"workloads.0.requests_per_s": None}, ["workloads.chat.requests_per_s", "tok_per_s"]),
        ({"workloads.0.tok_per_s": 50}, ["workloads.chat", "twice", "10", "50", "Keep"]),
        ({"workloads.0.by_period": [1, 2]}, ["workloads.chat.by_period", "2 factors", "1 periods"]),
        ({"workloads.0.by_period": [0]}, ["workloads.chat.by_period", "every factor is 0"]),
        ({"workloads.0.output_tokens": None}, ["workloads.chat.output_tokens", "Give both"]),
        ({"workloads.0.histogram": "x.csv"}, ["workloads.chat", "one way", "histogram"]),
        ({"workloads.0.input_tokens": 200_000}, ["workloads.chat", "200200", "131072"]),
        ({"machines.0.accelerator": None}, ["machines", "nobody can serve 'chat'", "accelerator"]),
        # limits that contradict
        (
            {"machines.0.stock_devices": 7, "machines.0.node_devices": 8},
            ["h100.stock_devices", "7", "8"],
        ),
        ({"limits.max_devices": 4, "machines.0.node_devices": 8}, ["limits.max_devices", "4", "8"]),
        (
            {
                "machines.0.usd_per_hour": None,
                "machines.0.node_devices": 8,
                "machines.0.contracts": [
                    {"name": "base", "kind": "reserved", "usd_per_hour": 2, "stock_devices": 4}
                ],
            },
            ["machines.h100.contracts.base.stock_devices", "4", "node of 8"],
        ),
        (
            {"service.survive_rack_loss": True},
            ["service.survive_rack_loss", "no racks", "[[racks]]"],
        ),
        (
            {"service.survive_rack_loss": True, "racks": [{"name": "r", "count": 1}]},
            ["service.survive_rack_loss", "one rack", "[[racks]]"],
        ),
        (
            {
                "machines": [
                    {"name": "h100", "accelerator": "H100 SXM"},
                    {"name": "l4", "accelerator": "L40S"},
                ],
                "racks": [{"name": "r", "count": 2, "machines": "h100"}],
            },
            ["machines.l4", "no rack", "Add it"],
        ),
        ({"service": {"wait_percentile": 0.9}}, ["service", "come together", "both"]),
        ({"service": {"spare_replicas": 16}}, ["service", "16 spare", "max_pool"]),
        ({"trade_off": ["throughput"]}, ["trade_off", "nothing limits", "limits.max_devices"]),
        ({"trade_off": ["speed"]}, ["trade_off", "['speed']", '["speed", "cost"]']),
        ({"trade_off": ["cost", "cost"]}, ["trade_off", "twice"]),
        ({"periods": [{"name": "day", "hours": 23}]}, ["periods", "23", "24"]),
        ({"cost_in": "usd"}, ["horizon_years", "missing", "cost_in"]),
        ({"horizon_years": 3}, ["horizon_years", "'usd_per_hour'", "give both"]),
        ({"design": None}, ["design", "'chat' has no measured points", "Add [design]"]),
        ({"design.tensor_parallel": []}, ["design.tensor_parallel", "empty", "List one"]),
        ({"design.weight_bits": [3]}, ["design.weight_bits", "3-bit", "8, 16"]),
        # prices
        (
            {"machines.0.accelerator": "Gaudi 3", "machines.0.usd_per_hour": None},
            ["machines.h100.usd_per_hour", "price is missing", "usd_per_hour"],
        ),
        (
            {"machines.0.tier": "gift", "machines.0.usd_per_hour": None},
            ["machines.h100.tier", "'gift'", "on-demand"],
        ),
        ({"machines.0.tier": "on-demand"}, ["machines.h100.usd_per_hour", "stated twice"]),
        (
            {"machines.0.contracts": [{"kind": "spot", "usd_per_hour": 1}]},
            ["machines.h100", "price of its own and contracts", "on_demand"],
        ),
        (
            {"machines.0.tier": "spot", "machines.0.usd_per_hour": None},
            ["machines.h100.tier", "'spot'", "kind = 'spot'"],
        ),
        (
            {"machines.0.usd_per_hour": None, "machines.0.contracts": [{**OWNED, "tier": "lease"}]},
            ["machines.h100.contracts.0.tier", "rented", "Leave it out"],
        ),
        (
            {
                "machines.0.usd_per_hour": None,
                "machines.0.contracts": [
                    {"kind": "owned"}
                    | {key: OWNED[key] for key in ("purchase_usd", "depreciation_years")}
                ],
            },
            ["machines.h100.contracts.0.usd_per_kwh", "is missing", "owned"],
        ),
        (
            {
                "machines.0.usd_per_hour": None,
                "machines.0.contracts": [{"kind": "spot", "usd_per_hour": 1, "pue": 1.3}],
            },
            ["machines.h100.contracts.0.pue", "spot", "kind = 'owned'"],
        ),
        # units
        (
            {"machines.0.usd_per_hour": 3000},
            ["machines.h100.usd_per_hour", "3000 US$/h", "purchase price", "cents"],
        ),
        (
            {"machines.0.usd_per_hour": "0.0004"},
            ["machines.h100.usd_per_hour", "0.0004 US$/h", "per device and hour"],
        ),
        ({"limits.max_kw": 2_000_000}, ["limits.max_kw", "2000000 kW", "in watts"]),
        (
            {"machines.0.watts_per_device": 30_000},
            ["machines.h100.watts_per_device", "30000 W", "rack"],
        ),
        ({"machines.0.watts_per_device": "0.7"}, ["machines.h100.watts_per_device", "0.7 W", "kW"]),
        ({"workloads.0.max_ttft_s": 5000}, ["workloads.chat.max_ttft_s", "5000 s", "milliseconds"]),
        (
            {"service": {"wait_percentile": 95, "max_wait_s": 1}},
            ["service.wait_percentile", "95", "Write 0.95, not 95"],
        ),
        ({"limits.max_spot_fraction": 50}, ["limits.max_spot_fraction", "50", "Write 0.95"]),
        (
            {"machines.0.node_devices": 200_000},
            ["machines.h100.node_devices", "200000", "stock_devices"],
        ),
        (
            {"racks": [{"name": "r", "count": 2, "kw": 40_000}]},
            ["racks.r.kw", "40000 kW", "in watts"],
        ),
        (
            {
                "machines.0.usd_per_hour": None,
                "machines.0.contracts": [{**OWNED, "utilisation": 90}],
            },
            ["machines.h100.contracts.0.utilisation", "90", "Write 0.95, not 95"],
        ),
        (
            {"machines.0.usd_per_hour": None, "machines.0.contracts": [{**OWNED, "pue": 130}]},
            ["machines.h100.contracts.0.pue", "130", "1.3"],
        ),
        (
            {
                "machines.0.usd_per_hour": None,
                "machines.0.contracts": [{**OWNED, "usd_per_kwh": 90}],
            },
            ["machines.h100.contracts.0.usd_per_kwh", "90 US$/kWh", "MWh"],
        ),
        (
            {
                "machines.0.usd_per_hour": None,
                "machines.0.contracts": [{**OWNED, "purchase_usd": "2.5"}],
            },
            ["machines.h100.contracts.0.purchase_usd", "2.5 US$", "per hour"],
        ),
        ({"workloads.0.max_ttft_s": 2000}, ["workloads.chat.max_ttft_s", "2000 s", "millisec"]),
        ({"workloads.0.max_ttft_s": "0.0002"}, ["workloads.chat.max_ttft_s", "0.0002 s", "unit"]),
        (
            {
                "machines.0.usd_per_hour": None,
                "machines.0.contracts": [{**OWNED, "depreciation_years": 48}],
            },
            ["machines.h100.contracts.0.depreciation_years", "48 years", "months"],
        ),
        ({"cost_in": "usd", "horizon_years": 36}, ["horizon_years", "36 years", "months"]),
        ({"transfer.gb_per_s": 50_000_000_000}, ["transfer.gb_per_s", "GB/s", "bytes/s"]),
        (
            {"racks": [{"name": "r", "count": 2, "uplink_gb_per_s": "1e-9"}]},
            ["racks.r.uplink_gb_per_s", "0.000000001 GB/s", "TB/s"],
        ),
        (
            {"racks": [{"name": "r", "count": 2, "uplink_gb_per_s": 10**12}]},
            ["racks.r.uplink_gb_per_s", "1000000000000 GB/s", "bytes/s"],
        ),
        # types
        ({"answers.limits": "yes"}, ["answers.limits", "true or false", "'yes'"]),
        ({"answers.limits": 1}, ["answers.limits", "true or false", "1"]),
        ({"answers.break_even": 0}, ["answers.break_even", "true or false", "0"]),
        ({"service.survive_rack_loss": "no"}, ["service.survive_rack_loss", "true or false"]),
        ({"rules.degrees_divide": "off"}, ["rules.degrees_divide", "true or false", "'off'"]),
        ({"rules.stages_divide_batch": 1}, ["rules.stages_divide_batch", "true or false"]),
        ({"workloads.0.points_meet_limits": 1}, ["points_meet_limits", "true or false", "1"]),
        ({"workloads.0.sizes": []}, ["workloads.chat.sizes", "list is empty", "leave the key"]),
        ({"workloads.0.models": []}, ["workloads.chat.models", "list is empty", "leave the key"]),
        ({"machines.0.contracts": []}, ["machines.h100.contracts", "list is empty", "entry"]),
    ],
)
def test_a_fault_names_file_key_value_and_cure(
    faults_of: Faults, changes: dict[str, Any], words: list[str]
) -> None:
    faults = faults_of(changes)
    assert len(faults) == 1, faults
    assert faults[0].startswith("bad.toml: ")
    for word in words:
        assert word in faults[0]
    assert "\n" not in faults[0]


def test_all_faults_of_a_file_are_reported_at_once(faults_of: Faults) -> None:
    faults = faults_of(
        {
            "workloads.0.model": "nope",
            "workloads.0.requests_per_s": -1,
            "machines.0.usd_per_hour": 3000,
            "machines.0.stock_devices": 0,
            "limits.max_kw": "many",
            "extra": 1,
        }
    )
    assert len(faults) == 6


@pytest.mark.parametrize(
    ("key", "entry"),
    [
        (
            "workloads",
            {
                "name": "chat",
                "model": "Llama-3.1-8B",
                "input_tokens": 1,
                "output_tokens": 1,
                "requests_per_s": 1,
            },
        ),
        ("machines", {"name": "h100", "accelerator": "H100 SXM"}),
    ],
)
def test_a_name_that_stands_twice_is_a_fault(
    faults_of: Faults, raw: Callable[..., dict[str, Any]], key: str, entry: dict[str, Any]
) -> None:
    faults = faults_of({key: [*raw({})[key], entry]})
    assert faults == [
        f"bad.toml: {key}: the name {entry['name']!r} stands twice. Give every entry its own name."
    ]


def test_more_workloads_than_layouts_contradict(
    faults_of: Faults, raw: Callable[..., dict[str, Any]]
) -> None:
    chat = raw({})["workloads"][0]
    faults = faults_of({"workloads": [chat, {**chat, "name": "code"}], "limits.max_layouts": 1})
    assert len(faults) == 1
    assert "limits.max_layouts: 1 is fewer than the 2 workloads" in faults[0]


def test_a_missing_price_names_the_tiers_that_the_catalog_has(faults_of: Faults) -> None:
    faults = faults_of(
        {
            "machines.0.usd_per_hour": None,
            "machines.0.accelerator": "Mine",
            "accelerators": [{"extends": "H100 SXM", "name": "Mine"}],
            "prices": [
                {
                    "accelerator": "Mine",
                    "tier": "lease",
                    "usd_per_hour": "2",
                    "as_of": "2026-10",
                    "source": "a quote",
                }
            ],
        }
    )
    assert len(faults) == 1
    assert "machines.h100.usd_per_hour" in faults[0]
    assert "tier = one of: lease" in faults[0]


def test_power_that_is_limited_must_be_known(faults_of: Faults) -> None:
    faults = faults_of(
        {
            "limits.max_kw": 10,
            "machines.0.accelerator": None,
            "workloads.0.points": "p.csv",
            "workloads.0.model": None,
            "trade_off": ["power", "throughput"],
        },
        p="devices,requests_per_s\n2,3\n",
    )
    assert len(faults) == 1
    assert "machines.h100.watts_per_device: is missing" in faults[0]


def test_quality_that_is_traded_off_must_be_stated(faults_of: Faults) -> None:
    (fault,) = faults_of({"trade_off": ["speed", "cost", "quality"]})
    assert "workloads.chat.models: 'Llama-3.1-8B' has no quality" in fault


def test_demand_of_some_workloads_alone_is_a_fault_where_a_rate_is_maximised(
    faults_of: Faults, raw: Callable[..., dict[str, Any]]
) -> None:
    chat = raw({})["workloads"][0]
    code = {key: value for key, value in chat.items() if key != "requests_per_s"}
    (fault,) = faults_of(
        {
            "workloads": [chat, {**code, "name": "code"}],
            "trade_off": ["throughput"],
            "limits.max_devices": 8,
        }
    )
    assert "workloads.code.requests_per_s: demand is missing" in fault
