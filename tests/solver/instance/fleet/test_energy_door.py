"""Energy, clocks, carbon and quality penalties in fleet files, and the slips that are told."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest

from solver.instance.energy import HourProfile
from solver.instance.fleet.domain import FleetInstance
from solver.instance.fleet.resolved import fleet_from_resolved, resolved_fleet

Read = Callable[..., FleetInstance]
Faults = Callable[..., list[str]]

OWNED: dict[str, Any] = {
    "machines.0.usd_per_hour": None,
    "machines.0.contracts": [
        {"kind": "owned", "purchase_usd": 27_500, "depreciation_years": 4},
    ],
}
SCORED: dict[str, Any] = {
    "workloads.0.model": None,
    "workloads.0.models": [{"model": "Llama-3.1-8B", "quality": "69.4", "source": "its card"}],
}
DAY = [Fraction(hour, 100) for hour in range(24)]


def test_without_energy_nothing_of_it_is_there(read: Read) -> None:
    question = read({})
    assert (question.energy, question.penalties, question.economics) == (None, (), None)
    assert not question.machines[0].modelled_watts
    assert "energy" not in resolved_fleet(question)
    assert "modelled_watts" not in resolved_fleet(question)["machines"][0]


def test_energy_terms_are_exact(read: Read) -> None:
    question = read({"energy": {"usd_per_kwh": "0.123", "g_co2_per_kwh": 380, "pue": "1.25"}})
    assert question.energy is not None
    assert question.energy.usd_per_kwh == HourProfile((Fraction(123, 1000),))
    assert question.energy.g_co2_per_kwh == HourProfile((Fraction(380),))
    assert question.energy.pue == Fraction(5, 4)


def test_with_energy_designs_draw_what_the_model_says(read: Read) -> None:
    assert read({"energy": {}}).machines[0].modelled_watts


def test_watts_that_are_stated_stay(read: Read) -> None:
    (machine,) = read({"energy": {}, "machines.0.watts_per_device": 900}).machines
    assert (machine.modelled_watts, machine.watts_per_device) == (False, 900)


def test_an_owner_may_leave_price_and_pue_to_the_grid(read: Read) -> None:
    question = read({**OWNED, "energy": {"usd_per_kwh": DAY, "pue": "1.3"}})
    (contract,) = question.machines[0].contracts
    assert contract.at_grid_price
    assert contract.ownership is not None
    assert contract.ownership.usd_per_kwh == sum(DAY) / 24
    assert contract.ownership.pue == Fraction(13, 10)


def test_an_owner_may_keep_a_price_of_his_own(read: Read) -> None:
    changes = {**OWNED, "energy": {"usd_per_kwh": DAY, "pue": "1.3"}}
    changes["machines.0.contracts"] = [
        {**OWNED["machines.0.contracts"][0], "usd_per_kwh": "0.2", "pue": "1.1"}
    ]
    (contract,) = read(changes).machines[0].contracts
    assert not contract.at_grid_price
    assert contract.ownership is not None
    assert (contract.ownership.usd_per_kwh, contract.ownership.pue) == (
        Fraction(1, 5),
        Fraction(11, 10),
    )


def test_an_owner_needs_a_price_from_somewhere(faults_of: Faults) -> None:
    assert faults_of(OWNED) == [
        "bad.toml: machines.h100.contracts.0.usd_per_kwh: is missing. An owned machine needs it, "
        "or energy.usd_per_kwh."
    ]


def test_limits_and_objectives_are_read(read: Read) -> None:
    question = read(
        {
            "energy": {"g_co2_per_kwh": 300},
            "trade_off": ["cost", "energy"],
            "limits.max_j_per_token": "1.5",
            "limits.max_kg_co2_per_day": 200,
        }
    )
    assert question.trade_off == ("cost", "energy")
    assert question.limits.max_j_per_token == Fraction(3, 2)
    assert question.limits.max_kg_co2_per_day == 200


def test_a_question_with_everything_survives_its_result(read: Read) -> None:
    question = read(
        {
            **OWNED,
            **SCORED,
            "energy": {"usd_per_kwh": DAY, "g_co2_per_kwh": [7] * 168, "source": "grid"},
            "design.clock_mhz": [1200, 1980],
            "limits.max_kg_co2_per_day": 200,
            "penalties": [{"weight_format": "fp8", "points": "0.35", "source": "a card"}],
            "economics": {"tolerance": "0.2"},
        }
    )
    again = fleet_from_resolved(resolved_fleet(question))
    assert resolved_fleet(again) == resolved_fleet(question)
    assert again.energy == question.energy
    assert again.machines[0].clocks_mhz == (1200, 1980)
    assert again.penalties == question.penalties
    assert again.economics == question.economics


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("trade_off", ["cost", "energy"]),
        ("limits.max_j_per_token", 2),
        ("limits.max_kg_co2_per_day", 2),
        ("design.clock_mhz", [1200]),
        ("machines.0.clock_mhz", [1200]),
    ],
)
def test_what_needs_energy_says_so(faults_of: Faults, key: str, value: object) -> None:
    (fault,) = faults_of({key: value})
    assert fault.startswith(f"bad.toml: {key.replace('machines.0', 'machines.h100')}: ")
    assert "[energy] is missing" in fault
    assert "Add [energy]" in fault


def test_carbon_needs_an_intensity(faults_of: Faults) -> None:
    (fault,) = faults_of({"energy": {}, "limits.max_kg_co2_per_day": 5})
    assert fault.startswith("bad.toml: limits.max_kg_co2_per_day: what a kWh emits is not stated")
    assert "energy.g_co2_per_kwh" in fault


@pytest.mark.parametrize("hours", [1, 23, 167])
def test_a_profile_has_24_or_168_entries(faults_of: Faults, hours: int) -> None:
    (fault,) = faults_of({"energy": {"usd_per_kwh": ["0.1"] * hours}})
    assert fault.startswith("bad.toml: energy.usd_per_kwh: ")
    assert "168" in fault


def test_carbon_is_not_negative(faults_of: Faults) -> None:
    (fault,) = faults_of({"energy": {"g_co2_per_kwh": -5}})
    assert fault.startswith("bad.toml: energy.g_co2_per_kwh: ")
    assert "below zero" in fault


@pytest.mark.parametrize("other", ["power", "throughput"])
def test_energy_goes_with_neither_power_nor_throughput(faults_of: Faults, other: str) -> None:
    (fault,) = faults_of({"energy": {}, "trade_off": ["energy", other], "limits.max_devices": 8})
    assert fault.startswith("bad.toml: trade_off: ")


def test_energy_per_token_is_no_limit_where_tokens_are_maximised(faults_of: Faults) -> None:
    changes = {
        "energy": {},
        "trade_off": ["throughput"],
        "limits.max_devices": 8,
        "limits.max_j_per_token": 2,
    }
    (fault,) = faults_of(changes)
    assert fault.startswith("bad.toml: limits.max_j_per_token: ")
    assert "max_kw" in fault


def test_all_clocks_are_those_of_the_machine(read: Read) -> None:
    (machine,) = read({"energy": {}, "design.clock_mhz": "all"}).machines
    assert (machine.clocks_mhz[0], machine.clocks_mhz[-1]) == (345, 1980)
    assert len(machine.clocks_mhz) == 110


def test_each_machine_takes_the_clocks_it_has(read: Read) -> None:
    question = read(
        {
            "energy": {},
            "design.clock_mhz": [1410, 1980],
            "machines": [
                {"name": "h100", "accelerator": "H100 SXM", "usd_per_hour": 2},
                {"name": "a100", "accelerator": "A100-80GB SXM", "usd_per_hour": 1},
                {"name": "b200", "accelerator": "B200 SXM", "usd_per_hour": 4},
                {
                    "name": "slow",
                    "accelerator": "H100 SXM",
                    "usd_per_hour": 2,
                    "clock_mhz": [1200],
                },
            ],
        }
    )
    assert [machine.clocks_mhz for machine in question.machines] == [
        (1410, 1980),
        (1410,),
        (),
        (1200,),
    ]


def test_a_clock_of_no_machine_is_refused_by_name(faults_of: Faults) -> None:
    (fault,) = faults_of({"energy": {}, "design.clock_mhz": [1980, 1981]})
    assert fault.startswith("bad.toml: design.clock_mhz: 1981 MHz is a clock of no machine")
    assert "write 'all'" in fault


def test_a_machine_refuses_a_clock_outside_its_range(faults_of: Faults) -> None:
    (fault,) = faults_of({"energy": {}, "machines.0.clock_mhz": [2500]})
    assert fault.startswith("bad.toml: machines.h100.clock_mhz: 2500 MHz is outside the clocks")


def test_clocks_need_a_machine_that_can_be_set(faults_of: Faults) -> None:
    (fault,) = faults_of(
        {"energy": {}, "design.clock_mhz": "all", "machines.0.accelerator": "B200 SXM"}
    )
    assert fault.startswith("bad.toml: design.clock_mhz: the catalog knows no range of clocks")


def test_one_figure_of_power_does_not_go_with_a_choice_of_clocks(faults_of: Faults) -> None:
    (fault,) = faults_of(
        {"energy": {}, "design.clock_mhz": [1200], "machines.0.watts_per_device": 900}
    )
    assert fault.startswith("bad.toml: machines.h100.watts_per_device: is one figure")


def test_a_score_needs_a_source(faults_of: Faults) -> None:
    models = [{"model": "Llama-3.1-8B", "quality": 60}]
    (fault,) = faults_of({"workloads.0.model": None, "workloads.0.models": models})
    assert fault.startswith("bad.toml: workloads.chat.models.0.quality: the score 60 has no source")


def test_a_source_is_kept(read: Read) -> None:
    (model,) = read(SCORED).workloads[0].models
    assert (model.quality, model.quality_source) == (Fraction(347, 5), "its card")


@pytest.mark.parametrize(
    ("penalty", "more", "key"),
    [
        ({"weight_format": "fp8", "points": 1, "source": ""}, {}, "penalties.0.source"),
        ({"weight_format": "fp8", "points": -1, "source": "x"}, {}, "penalties.0.points"),
        ({"points": 1, "source": "x"}, {}, "penalties.0"),
        (
            {"kv_bits": 8, "points": 1, "source": "x", "model": "Llama-3.1-9B"},
            {},
            "penalties.0.model",
        ),
        (
            {"weight_format": "fp8", "points": 1, "source": "x"},
            {"performance.model": "epoch2025"},
            "penalties.0.weight_format",
        ),
    ],
)
def test_a_penalty_that_says_nothing_is_refused(
    faults_of: Faults, penalty: dict[str, Any], more: dict[str, Any], key: str
) -> None:
    (fault,) = faults_of({**SCORED, "penalties": [penalty], **more})
    assert fault.startswith(f"bad.toml: {key}: ")


def test_penalties_need_a_score(faults_of: Faults) -> None:
    penalty = {"weight_bits": 8, "points": 1, "source": "x"}
    (fault,) = faults_of({"penalties": [penalty]})
    assert fault.startswith("bad.toml: penalties: no model of a design has a score")


def test_a_machine_without_power_by_phase_is_told(read: Read) -> None:
    question = read(
        {
            "energy": {},
            "machines.0.accelerator": "Gaudi 3",
            "performance.model": "epoch2025",
        }
    )
    assert not question.machines[0].modelled_watts
    assert any("knows no power by phase of Gaudi 3" in warning for warning in question.warnings)


def test_a_faulty_grid_price_is_the_only_fault_of_an_owner_who_pays_it(faults_of: Faults) -> None:
    (told,) = faults_of({**OWNED, "energy": {"usd_per_kwh": DAY[:23]}})
    assert "energy.usd_per_kwh: a profile of 23 entries" in told
