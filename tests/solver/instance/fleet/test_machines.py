from __future__ import annotations

import datetime
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest

from solver.catalog import shipped_catalog
from solver.instance.fleet.domain import Contract, FleetInstance, MachineOffer, Ownership
from solver.instance.fleet.reader import fleet_instance_from_raw

Read = Callable[..., FleetInstance]


def machine(question: FleetInstance) -> MachineOffer:
    return question.machines[0]


def under(*contracts: dict[str, Any], **more: Any) -> dict[str, Any]:
    changes = {"machines.0.usd_per_hour": None, "machines.0.contracts": list(contracts)}
    return changes | {f"machines.0.{key}": value for key, value in more.items()}


def test_a_price_on_the_machine_is_one_contract_on_demand(read: Read) -> None:
    assert machine(read({})).contracts == (
        Contract("on_demand", "on_demand", Fraction(5, 2), False, source="instance file"),
    )


def test_without_a_price_the_catalog_has_one_on_demand(read: Read) -> None:
    (contract,) = machine(read({"machines.0.usd_per_hour": None})).contracts
    assert contract.kind == "on_demand"
    assert contract.usd_per_hour == shipped_catalog().price("H100 SXM", "on-demand").usd_per_hour


def test_a_tier_is_looked_up(read: Read) -> None:
    (contract,) = machine(read(under({"kind": "reserved", "tier": "reserved-3y"}))).contracts
    price = shipped_catalog().price("H100 SXM", "reserved-3y")
    assert (contract.usd_per_hour, contract.source) == (price.usd_per_hour, price.source)


@pytest.mark.parametrize(
    ("kind", "committed"), [("on_demand", False), ("reserved", True), ("spot", False)]
)
def test_reserved_machines_are_paid_all_day(read: Read, kind: str, committed: bool) -> None:
    (contract,) = machine(read(under({"kind": kind, "usd_per_hour": "7/3"}))).contracts
    assert (contract.kind, contract.committed) == (kind, committed)
    assert contract.usd_per_hour == Fraction(7, 3)


def test_an_owned_machine_has_an_ownership_and_no_rent(read: Read) -> None:
    owned = {
        "name": "ours",
        "kind": "owned",
        "purchase_usd": 40_000,
        "depreciation_years": 4,
        "utilisation": "0.9",
        "pue": "1.3",
        "usd_per_kwh": "0.09",
        "maintenance_per_year": "0.05",
        "stock_devices": 16,
    }
    (contract,) = machine(read(under(owned))).contracts
    assert contract == Contract(
        name="ours",
        kind="owned",
        usd_per_hour=None,
        committed=True,
        stock_devices=16,
        ownership=Ownership(
            purchase_usd=Fraction(40_000),
            depreciation_years=Fraction(4),
            utilisation=Fraction(9, 10),
            pue=Fraction(13, 10),
            usd_per_kwh=Fraction(9, 100),
            maintenance_per_year=Fraction(1, 20),
        ),
        source="instance file",
    )


def test_an_owner_who_states_little_uses_all_hours_and_repairs_nothing(read: Read) -> None:
    stated = {"kind": "owned", "purchase_usd": 9000, "depreciation_years": 3, "usd_per_kwh": 0}
    (contract,) = machine(read(under(stated))).contracts
    assert contract.ownership is not None
    owner = contract.ownership
    assert (owner.utilisation, owner.pue, owner.maintenance_per_year) == (1, 1, 0)


@pytest.mark.parametrize(
    ("accelerator", "watts"), [("H100 SXM", 1370), ("L40S", 350), ("Big", Fraction(5, 2) * 1000)]
)
def test_watts_are_those_of_the_catalog_all_in_before_the_board(
    read: Read, accelerator: str, watts: Fraction
) -> None:
    own = [{"extends": "H100 SXM", "name": "Big", "all_in_w": 2500}]
    question = read({"machines.0.accelerator": accelerator, "accelerators": own})
    assert machine(question).watts_per_device == watts


def test_stated_watts_win_and_stay_exact(read: Read) -> None:
    assert machine(read({"machines.0.watts_per_device": "650.1"})).watts_per_device == Fraction(
        6501, 10
    )


def test_several_contracts_of_one_kind_need_names(faults_of: Callable[..., list[str]]) -> None:
    spot = {"kind": "spot", "usd_per_hour": 1}
    (fault,) = faults_of(under(spot, spot))
    assert "machines.h100.contracts: the name 'spot' stands twice" in fault


def test_an_owner_pays_for_energy_so_watts_must_be_known(
    faults_of: Callable[..., list[str]],
) -> None:
    stated = {"kind": "owned", "purchase_usd": 9000, "depreciation_years": 3, "usd_per_kwh": 1}
    changes = under(stated, accelerator=None)
    changes |= {"workloads.0.points": "p.csv", "workloads.0.model": None}
    changes |= {"trade_off": ["throughput"], "limits.max_devices": 8}
    (fault,) = faults_of(changes, p="devices,requests_per_s\n1,1\n")
    assert "machines.h100.watts_per_device: is missing, and an owner pays for energy" in fault


def test_old_prices_are_flagged_once_each(raw: Callable[..., dict[str, Any]]) -> None:
    tables = raw({"machines.0.as_of": "2024-03"})
    question = fleet_instance_from_raw(tables, today=datetime.date(2026, 11, 1))
    (warning,) = question.warnings
    assert "H100 SXM" in warning
    assert "2024-03" in warning
    assert fleet_instance_from_raw(tables, today=datetime.date(2024, 6, 1)).warnings == ()


def test_racks_are_in_watts_and_bytes(read: Read) -> None:
    racks = [{"name": "r", "count": 3, "slots": 8, "kw": "40.5", "uplink_gb_per_s": "12.5"}]
    (rack,) = read({"racks": racks}).racks
    assert (rack.count, rack.slots, rack.machines) == (3, 8, ())
    assert rack.watts == 40_500
    assert rack.uplink_bytes_per_s == 12_500_000_000
