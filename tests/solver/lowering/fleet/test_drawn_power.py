"""Watts, clocks and quality of designs: what the power model and the penalties say of each."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from solver.catalog import shipped_catalog
from solver.instance.domain import DesignSpace, Performance
from solver.instance.energy import EnergyTerms
from solver.instance.fleet.domain import (
    FleetInstance,
    FleetLimits,
    Phase,
    RackOrbit,
    RequestSize,
    WorkloadModel,
)
from solver.instance.quality import QualityPenalty
from solver.lowering.fleet.designs import design_options
from solver.lowering.fleet.lowering import lower_fleet
from solver.lowering.fleet.options import Option

F = Fraction
MODEL = shipped_catalog().models["Llama-3.1-8B"]
H100 = shipped_catalog().accelerators["H100 SXM"]
POWER = H100.power
assert POWER is not None
HOST_W = 150.0
CLOCKS = (345, 600, 900, 1200, 1500, 1800, 1980)
DESIGN = DesignSpace(
    tensor_parallel=(1, 2),
    tensor_parallel_2d=(),
    pipeline_parallel=(1,),
    expert_parallel=(1,),
    attention_data_parallel=(1,),
    batch=(1, 8, 64),
    weight_bits=(8,),
    kv_bits=(16,),
)
MODELS = ("epoch2025", "calibrated")


@pytest.fixture
def ask(make: dict[str, Any]) -> Any:
    """Llama 8B on H100 at 150 W of host a device, energy asked about."""

    def build(model: str = "epoch2025", **changes: Any) -> FleetInstance:
        offer = {"accelerator": H100, "modelled_watts": True, **changes.pop("machine", {})}
        served = {
            "name": "chat",
            "models": (WorkloadModel("8B", MODEL, F(70), "a card"),),
            "sizes": (RequestSize(1000, 300, F(1)),),
            **changes.pop("workload", {}),
        }
        question: FleetInstance = make["question"](
            make["workload"](**served),
            **{
                "machines": (make["machine"]("h100", **offer),),
                "design": DESIGN,
                "performance": Performance(model=model),
                "energy": EnergyTerms(host_w_per_device=F(150)),
                "trade_off": ("speed", "cost", "power"),
                **changes,
            },
        )
        return question

    return build


def options_of(instance: FleetInstance, phase: Phase = "aggregated") -> list[Option]:
    options, _, _ = design_options(replace(instance, phases=(phase,)), 0)
    assert options
    return options


def watts(option: Option) -> float:
    assert option.watts is not None
    return float(option.watts)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("phase", ["aggregated", "prefill", "decode"])
def test_every_design_draws_between_idle_and_the_most(ask: Any, model: str, phase: Phase) -> None:
    assert POWER is not None
    if model == "calibrated" and phase == "prefill":
        # Prefill asks who receives its caches.
        options, _, _ = design_options(replace(ask(model), phases=("prefill", "decode")), 0)
        options = [option for option in options if option.phase == "prefill"]
    else:
        options = options_of(ask(model), phase)
    for option in options:
        least = option.devices * (POWER.idle_w + HOST_W)
        most = option.devices * (max(POWER.prefill_w, POWER.decode_w) + HOST_W)
        assert least < watts(option) <= math.ceil(most)


@pytest.mark.parametrize("model", MODELS)
def test_watts_are_whole(ask: Any, model: str) -> None:
    assert all(o.watts is not None and o.watts.denominator == 1 for o in options_of(ask(model)))


def test_prompts_draw_more_than_steps_of_few_sequences(ask: Any) -> None:
    of_prompts = {o.devices: watts(o) for o in options_of(ask(), "prefill")}
    of_steps = {o.devices: watts(o) for o in options_of(ask(), "decode") if o.facts["batch"] == 1}
    assert of_prompts.keys() == of_steps.keys()
    assert all(of_prompts[devices] > of_steps[devices] for devices in of_prompts)


def test_a_replica_that_does_both_draws_between_its_phases(ask: Any) -> None:
    for batch in DESIGN.batch:
        design = replace(DESIGN, batch=(batch,), tensor_parallel=(1,))
        found = [
            watts(option)
            for phase in ("decode", "aggregated", "prefill")
            for option in options_of(ask(design=design), phase)
        ]
        assert found == sorted(found)


def test_a_machine_that_states_its_watts_draws_them(ask: Any) -> None:
    stated = ask(machine={"modelled_watts": False, "watts_per_device": F(500)})
    assert all(option.watts is None for option in options_of(stated))
    columns = lower_fleet(stated).columns
    assert {column.watts / column.devices for column in columns} == {F(500)}


def test_without_energy_nothing_is_modelled(ask: Any) -> None:
    assert all(option.watts is None for option in options_of(ask(energy=None)))


def test_power_leaves_the_other_figures_of_a_design_as_they_were(ask: Any) -> None:
    before = ask(energy=None, trade_off=("speed", "cost"))
    after = replace(before, energy=EnergyTerms())
    assert [replace(o, watts=None) for o in options_of(after)] == options_of(before)


@pytest.mark.parametrize("model", MODELS)
def test_the_least_energy_lies_between_the_lowest_and_the_highest_clock(
    ask: Any, model: str
) -> None:
    design = replace(DESIGN, batch=(8,), tensor_parallel=(1,))
    options = options_of(ask(model, design=design, machine={"clocks_mhz": CLOCKS}))
    joules = {o.facts["clock_mhz"]: watts(o) / float(o.rates[0] * 300) for o in options}
    assert joules.keys() == set(CLOCKS)
    assert min(joules, key=joules.__getitem__) in CLOCKS[1:-1]


@pytest.mark.parametrize("model", MODELS)
def test_a_lower_clock_is_slower_and_draws_less(ask: Any, model: str) -> None:
    design = replace(DESIGN, batch=(64,), tensor_parallel=(1,))
    options = options_of(ask(model, design=design, machine={"clocks_mhz": CLOCKS}))
    rising = sorted(options, key=lambda option: option.facts["clock_mhz"])
    assert [watts(o) for o in rising] == sorted(watts(o) for o in rising)
    assert [o.rates[0] for o in rising] == sorted(o.rates[0] for o in rising)


def test_the_clock_stands_in_the_name_of_a_column(ask: Any) -> None:
    space = lower_fleet(ask(machine={"clocks_mhz": (1200, 1980)}))
    names = [n for n in space.problem.column_names if "TP1 W8 KV16 on h100, batch 8, 1200 MHz" in n]
    assert len(names) == 1


def test_where_power_is_worth_nothing_lower_clocks_are_left_out(ask: Any) -> None:
    instance = ask(machine={"clocks_mhz": (1200, 1980)}, trade_off=("speed", "cost"))
    clocks = {column.facts.get("clock_mhz") for column in lower_fleet(instance).columns}
    assert clocks == {1980}


def test_a_limit_on_energy_brings_them_back(ask: Any) -> None:
    instance = ask(
        machine={"clocks_mhz": (1200, 1980)},
        trade_off=("speed", "cost"),
        limits=FleetLimits(max_j_per_token=F(1)),
    )
    clocks = {column.facts.get("clock_mhz") for column in lower_fleet(instance).columns}
    assert clocks == {1200, 1980}


def test_the_watts_of_two_sizes_are_those_of_the_one_that_draws_more(ask: Any) -> None:
    design = replace(DESIGN, batch=(8,), tensor_parallel=(1,))
    small, large = RequestSize(100, 300, F(1)), RequestSize(4000, 300, F(1))
    both = tuple(replace(size, share=F(1, 2)) for size in (small, large))
    drawn = [
        watts(options_of(ask(design=design, workload={"sizes": sizes}))[0])
        for sizes in ((small,), (large,), both)
    ]
    assert drawn[2] == max(drawn[:2])
    assert drawn[0] != drawn[1]


@pytest.mark.parametrize("model", MODELS)
def test_precisions_pay_their_penalties(ask: Any, model: str) -> None:
    penalties = (
        QualityPenalty(F(1, 2), "a card", weight_bits=8),
        QualityPenalty(F(1, 4), "a paper", kv_bits=8),
        QualityPenalty(F(9), "not this one", weight_bits=8, model="70B"),
    )
    instance = ask(
        model,
        design=replace(DESIGN, weight_bits=(8, 16), kv_bits=(8, 16)),
        penalties=penalties,
        trade_off=("speed", "cost", "quality"),
    )
    scores = {(o.facts["weight_bits"], o.facts["kv_bits"]): o.quality for o in options_of(instance)}
    # Wider caches and weights are slower: what stays is each width at its score.
    expected = {(8, 8): F("69.25"), (8, 16): F("69.5"), (16, 8): F("69.75"), (16, 16): F(70)}
    assert scores == {key: expected[key] for key in scores}
    assert {(8, 8), (16, 16)} <= scores.keys()


def test_a_penalty_on_a_format_takes_that_format_alone(ask: Any) -> None:
    instance = ask(
        "calibrated",
        design=replace(DESIGN, weight_bits=()),
        weight_formats=("bf16", "fp8"),
        penalties=(QualityPenalty(F(35, 100), "a card", weight_format="fp8"),),
        trade_off=("speed", "cost", "quality"),
    )
    scores = {o.facts["weight_format"]: o.quality for o in options_of(instance)}
    assert scores == {"bf16": F(70), "fp8": F("69.65")}


def test_levels_of_quality_are_those_of_the_designs(ask: Any) -> None:
    instance = ask(
        design=replace(DESIGN, weight_bits=(8, 16)),
        penalties=(QualityPenalty(F(1, 2), "a card", weight_bits=8),),
        trade_off=("speed", "cost", "quality"),
    )
    assert lower_fleet(instance).quality_levels == (F(70), F("69.5"))


@pytest.mark.parametrize(("host_w", "of_a_node"), [(2000, 4 * 2662), (0, 4 * 1370)])
def test_a_node_in_a_rack_draws_what_its_hungriest_replica_may(
    ask: Any, host_w: int, of_a_node: int
) -> None:
    machine = {"node_devices": 4, "watts_per_device": F(1370)}
    asked = ask(
        machine=machine,
        energy=EnergyTerms(host_w_per_device=F(host_w)),
        racks=(RackOrbit("row", 3, watts=F(40_000)),),
    )
    racks = lower_fleet(asked).problem.racks
    assert racks is not None
    # 661.7 W of prefill, the most the board draws, rounded up; never less than the machine states.
    assert racks.size.tolist() == [[of_a_node]]
    for option in options_of(asked):
        assert watts(option) / option.devices <= of_a_node / 4
