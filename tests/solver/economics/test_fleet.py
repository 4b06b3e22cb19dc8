"""Economics of a small fleet."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from solver.api import economics, read_instance, solve
from solver.economics.fleet import FleetEconomics, fleet_economics, scaled, tokens_per_s
from solver.economics.service import terms_of
from solver.errors import InstanceError
from solver.instance.economics import ApiOffer, StatedPreference
from solver.instance.fleet.domain import FleetInstance
from solver.instance.ownership import Ownership

FLEET = """
schema = 1
kind = "fleet"
name = "small"
title = "A small fleet"

[[periods]]
name = "day"
hours = 16

[[periods]]
name = "night"
hours = 8

[[workloads]]
name = "chat"
model = "Llama-3.1-8B"
input_tokens = 1000
output_tokens = 250
requests_per_s = 40
by_period = [1, 0.25]

[[machines]]
name = "h100"
accelerator = "H100 SXM"
usd_per_hour = "3"
as_of = "2026-05"
source = "an example"

[design]
tensor_parallel = [1, 2]
batch = [16, 64, 256]

[performance]
model = "epoch2025"
"""
API = ApiOffer("api", Fraction(1, 10), Fraction(1, 5), "a list", "2026-08")
OWNED = Ownership(
    Fraction(25_000),
    Fraction(4),
    Fraction(7, 10),
    Fraction(13, 10),
    Fraction(1, 10),
    Fraction(5, 100),
)


@pytest.fixture
def fleet(tmp_path: Path) -> FleetInstance:
    path = tmp_path / "fleet.toml"
    path.write_text(FLEET)
    found = read_instance(path)
    assert isinstance(found, FleetInstance)
    return found


def studied(fleet: FleetInstance, *levels: Fraction, **terms: object) -> FleetEconomics:
    told = replace(terms_of(fleet), **terms)  # type: ignore[arg-type]
    return fleet_economics(fleet, told, levels=levels or (Fraction(1, 2), Fraction(1)))


def test_output_is_the_mean_over_the_day(fleet: FleetInstance) -> None:
    # 40 requests/s of 250 tokens for 16 hours, a quarter of that for 8.
    assert tokens_per_s(fleet) == 10_000 * (Fraction(16, 24) + Fraction(1, 4) * Fraction(8, 24))


def test_the_stated_demand_costs_the_cheapest_point_of_the_frontier(fleet: FleetInstance) -> None:
    full = studied(fleet, Fraction(1)).levels[-1]
    cheapest = solve(fleet).cheapest()
    assert cheapest is not None
    assert full.usd_per_hour == Fraction(str(cheapest.exact["cost"]))


def test_a_scaled_level_costs_what_the_scaled_question_does(fleet: FleetInstance) -> None:
    half = studied(fleet).levels[0]
    cheapest = solve(scaled(fleet, Fraction(1, 2))).cheapest()
    assert cheapest is not None
    assert half.usd_per_hour == Fraction(str(cheapest.exact["cost"]))


def test_marginal_cost_is_of_the_tokens_between_two_levels(fleet: FleetInstance) -> None:
    half, full = studied(fleet).levels
    assert half.usd_per_hour is not None
    assert full.usd_per_hour is not None
    more = (full.tok_per_s - half.tok_per_s) * 3600 / 10**6
    assert full.marginal == (full.usd_per_hour - half.usd_per_hour) / more


def test_the_stated_demand_is_always_among_the_levels(fleet: FleetInstance) -> None:
    assert [level.share for level in studied(fleet, Fraction(1, 2)).levels] == [Fraction(1, 2), 1]


def test_mean_load_is_demand_over_what_replicas_carry(fleet: FleetInstance) -> None:
    found = studied(fleet)
    day, night = found.use
    assert day.capacity is not None
    assert night.capacity is not None
    asked = 16 * day.demand + 8 * night.demand
    assert found.utilisation == asked / (16 * day.capacity + 8 * night.capacity)


def test_at_the_mean_load_a_token_costs_what_the_plan_says(fleet: FleetInstance) -> None:
    plain = studied(fleet)
    assert plain.utilisation is not None
    found = studied(fleet, utilisations=(plain.utilisation, Fraction(1)))
    assert found.loaded[0].usd_per_mtok == found.levels[-1].usd_per_mtok


def test_by_the_token_prompts_and_output_are_both_paid(fleet: FleetInstance) -> None:
    api = studied(fleet, api=(API,)).api
    assert api is not None
    requests = tokens_per_s(fleet) / 250 * 3600
    assert api.usd_per_hour == requests * (1000 * Fraction(1, 10) + 250 * Fraction(1, 5)) / 10**6


def test_the_plan_held_fixed_beats_the_api_from_where_both_bills_meet(fleet: FleetInstance) -> None:
    found = studied(fleet, api=(API,))
    assert found.api is not None
    assert found.api.from_share is not None
    assert found.api.from_share * found.api.usd_per_hour == found.levels[-1].usd_per_hour


def test_an_api_that_lacks_a_model_is_not_compared_with(fleet: FleetInstance) -> None:
    assert studied(fleet, api=(replace(API, model="Llama-3.1-70B"),)).api is None


def test_owning_is_told_against_the_rent_of_the_machine(fleet: FleetInstance) -> None:
    (owning,) = studied(fleet, owning=OWNED).owning
    assert owning.rented_usd_per_hour == 3


def test_a_budget_takes_the_fastest_plan_within_it(fleet: FleetInstance) -> None:
    frontier = solve(fleet)
    budget = Fraction(12)
    wish = StatedPreference("budget", max_usd_per_hour=budget)
    (choice,) = economics(fleet, preferences=[wish], levels=[Fraction(1)]).choices
    within = frontier.fastest(max_cost=budget)
    assert within is not None
    assert choice.option is not None
    assert choice.option.speed == Fraction(str(within.exact["speed"]))


def test_a_quality_floor_is_refused_for_a_fleet(fleet: FleetInstance) -> None:
    wish = StatedPreference("good", min_quality=Fraction(1, 2))
    with pytest.raises(InstanceError, match="traded off, not limited"):
        economics(fleet, preferences=[wish])


def test_a_layout_is_refused_for_a_fleet(fleet: FleetInstance) -> None:
    with pytest.raises(InstanceError, match="--layout"):
        economics(fleet, layouts=["TP1"])


def test_a_fleet_that_maximises_its_rate_has_no_demand_to_scale(fleet: FleetInstance) -> None:
    free = replace(fleet, trade_off=("throughput",))
    with pytest.raises(InstanceError, match="no demand to scale"):
        fleet_economics(free, terms_of(free))


def test_a_stop_leaves_levels_unproved_and_says_so(fleet: FleetInstance) -> None:
    found = economics(fleet, levels=[Fraction(1)], should_stop=lambda: True)
    assert found.status == "partial"
    assert found.found.levels[0].unproved == "stopped by the user"  # type: ignore[union-attr]


def test_owning_takes_the_modelled_watts_of_the_plan(tmp_path: Path) -> None:
    path = tmp_path / "powered.toml"
    path.write_text(FLEET + "\n[energy]\nusd_per_kwh = 0.1\nsource = 'an example'\n")
    powered = read_instance(path)
    assert isinstance(powered, FleetInstance)
    (owning,) = studied(powered, Fraction(1), owning=OWNED).owning
    assert owning.modelled
    # A board that is neither idle nor beyond what it may draw, and its share of a host.
    assert 70 < owning.watts < 1400


def test_a_machine_whose_watts_nobody_states_is_left_out_of_owning_and_named(
    fleet: FleetInstance,
) -> None:
    bare = replace(
        fleet,
        machines=tuple(replace(m, watts_per_device=None) for m in fleet.machines),
    )
    found = studied(bare, Fraction(1), owning=OWNED)
    assert not found.owning
    assert found.owning_unknown == (("h100", "its watts_per_device are not stated"),)


def test_a_section_that_was_not_asked_for_is_not_worked_out(fleet: FleetInstance) -> None:
    found = economics(fleet, sections=["preferences"])
    assert isinstance(found.found, FleetEconomics)
    assert found.found.solved == ()
    assert len(found.choices) == 1


def test_load_alone_solves_the_stated_demand_alone(fleet: FleetInstance) -> None:
    found = economics(fleet, sections=["utilisation"])
    assert isinstance(found.found, FleetEconomics)
    assert [level.share for level in found.found.solved] == [1]
    assert found.found.loaded


def test_work_with_a_deadline_has_no_cost_at_other_loads() -> None:
    path = Path(__file__).resolve().parents[3] / "instances/fleet/batch-in-the-valleys.toml"
    question = read_instance(path)
    assert isinstance(question, FleetInstance)
    found = fleet_economics(question, terms_of(question), sections=frozenset({"utilisation"}))
    # Its tokens are in the bill and not in the load, so that no quotient of both means anything.
    assert found.utilisation is not None
    assert found.loaded == ()
