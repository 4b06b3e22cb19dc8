"""Economics of a small replica question, against another road to every figure."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from solver.api import economics, read_instance
from solver.economics.replica import GroupEconomics, ReplicaEconomics, replica_economics
from solver.economics.service import HBM, SPEED, terms_of
from solver.errors import InstanceError
from solver.instance.domain import ReplicaInstance
from solver.instance.economics import ApiOffer, EconomicsTerms, StatedPreference
from solver.instance.ownership import Ownership
from solver.lowering.design import evaluate_alone
from solver.lowering.space import lower_replica

QUESTION = """
schema = 1
kind = "replica"
name = "small"
title = "A small question"

[workload]
model = "Llama-3.1-8B"
context_tokens = 2000

[design]
accelerator = ["H100 SXM", "A100-80GB SXM"]
tensor_parallel = [1, 2]
batch = "1..48"
weight_bits = [16]
kv_bits = [16]

[price]
tier = "on-demand"

[performance]
model = "epoch2025"
"""
OWNED = Ownership(
    Fraction(25_000),
    Fraction(4),
    Fraction(7, 10),
    Fraction(13, 10),
    Fraction(1, 10),
    Fraction(5, 100),
)
API = ApiOffer("api", Fraction(0), Fraction(2), "a list", "2026-08")


@pytest.fixture
def question(tmp_path: Path) -> ReplicaInstance:
    path = tmp_path / "small.toml"
    path.write_text(QUESTION)
    found = read_instance(path)
    assert isinstance(found, ReplicaInstance)
    return found


def studied(question: ReplicaInstance, **terms: object) -> ReplicaEconomics:
    return replica_economics(question, replace(EconomicsTerms(), **terms))  # type: ignore[arg-type]


def group_on(found: ReplicaEconomics, machine: str) -> GroupEconomics:
    return next(group for group in found.groups if group.machine == machine)


def test_every_machine_has_a_group(question: ReplicaInstance) -> None:
    machines = [group.machine for group in studied(question).groups]
    assert machines == [machine.accelerator.name for machine in question.machines]


@pytest.mark.parametrize("floor", [None, Fraction(60)])
def test_the_cheapest_is_the_least_over_all_candidates_alone(
    question: ReplicaInstance, floor: Fraction | None
) -> None:
    limited = replace(question, limits=replace(question.limits, min_speed_tok_per_s=floor))
    space = lower_replica(limited)
    costs: dict[str, list[Fraction]] = {}
    for family in space.families:
        for row in range(family.shape[0]):
            for column in range(family.shape[1]):
                alone = evaluate_alone(space, family, row, column)
                if alone.allowed:
                    name = family.machine.accelerator.name
                    costs.setdefault(name, []).append(alone.cost)
    found = studied(question, min_speed_tok_per_s=floor)
    told = {g.machine: g.best.point.average for g in found.groups if g.best is not None}
    assert told == {name: min(values) for name, values in costs.items()}


def test_the_curve_of_the_cheapest_holds_its_best_load(question: ReplicaInstance) -> None:
    for group in studied(question).groups:
        assert group.best is not None
        zone = group.curves[0].zone
        assert zone is not None
        assert zone.best == group.best.point


def test_a_service_level_ends_the_zone_by_speed(question: ReplicaInstance) -> None:
    group = group_on(studied(question, min_speed_tok_per_s=Fraction(200)), "H100 SXM")
    zone = group.curves[0].zone
    assert zone is not None
    assert zone.ended_by == (SPEED,)


def test_the_level_of_the_question_stands_where_the_terms_state_none(
    question: ReplicaInstance,
) -> None:
    limited = replace(question, limits=replace(question.limits, min_speed_tok_per_s=Fraction(100)))
    assert studied(limited).level.min_speed_tok_per_s == 100


def test_what_memory_refuses_is_not_on_the_curve(question: ReplicaInstance) -> None:
    wide = replace(question, design=replace(question.design, batch=(1, 2, 4096)))
    for group in studied(wide).groups:
        levels = [point.concurrency for point in group.curves[0].curve.points]
        assert 4096 not in levels
        assert group.curves[0].zone is not None
        assert group.curves[0].zone.ended_by == (HBM,)


def test_a_level_that_nothing_keeps_leaves_no_best(question: ReplicaInstance) -> None:
    found = studied(question, min_speed_tok_per_s=Fraction(10**6))
    assert found.cheapest is None
    assert all(group.best is None for group in found.groups)


def test_a_layout_that_is_asked_for_gets_a_curve(question: ReplicaInstance) -> None:
    found = replica_economics(question, terms_of(question), layouts=("TP2",))
    names = [[entry.curve.layout for entry in group.curves] for group in found.groups]
    assert all(any(name.startswith("TP2 ") for name in row) for row in names)


def test_a_layout_that_is_not_on_offer_is_refused(question: ReplicaInstance) -> None:
    with pytest.raises(InstanceError, match="no layout 'TP3' is on offer"):
        replica_economics(question, terms_of(question), layouts=("TP3",))


def test_the_long_run_serves_a_replica_full_at_its_hour(question: ReplicaInstance) -> None:
    group = group_on(studied(question), "H100 SXM")
    assert group.long_run is not None
    step = group.long_run.at(48)
    assert step.usd_per_hour == min(m.price.usd_per_hour for m in question.machines[:1])


def test_billed_electricity_is_part_of_cost(question: ReplicaInstance, tmp_path: Path) -> None:
    path = tmp_path / "billed.toml"
    path.write_text(
        QUESTION + "\n[energy]\nusd_per_kwh = 0.2\npue = 1.25\nbilled = true\nsource = 'a bill'\n"
    )
    billed = read_instance(path)
    assert isinstance(billed, ReplicaInstance)
    plain, dear = (group_on(studied(q), "H100 SXM") for q in (question, billed))
    assert plain.best is not None
    assert dear.best is not None
    joules = dear.best.point.joules_per_token
    assert joules is not None
    assert dear.best.point.concurrency == plain.best.point.concurrency
    # 1e6 tokens of J joules are J / 3.6 kWh, at 0.2 US$ and 1.25 times as many from the grid.
    electricity = joules * Fraction(10, 36) * Fraction(2, 10) * Fraction(125, 100)
    assert dear.best.point.average == plain.best.point.average + electricity


def test_the_earliest_load_that_pays_is_the_least_over_all_layouts(
    question: ReplicaInstance,
) -> None:
    group = group_on(studied(question, api=(API,)), "H100 SXM")
    (entry,) = group.api
    assert entry.earliest is not None
    load, best = entry.earliest
    rate = API.usd_per_mtok_output * 3600 / 10**6
    assert load == best.point.usd_per_hour / rate
    assert load <= best.point.tok_per_s


def test_an_offer_for_another_model_is_left_out(question: ReplicaInstance) -> None:
    other = replace(API, model="Llama-3.1-70B")
    assert all(not group.api for group in studied(question, api=(other,)).groups)


def test_owning_at_its_break_even_use_costs_the_rent(question: ReplicaInstance) -> None:
    group = group_on(studied(question, owning=OWNED), "H100 SXM")
    assert group.owning is not None
    least = group.owning.least_utilisation
    assert least is not None
    fixed = OWNED.purchase_usd / (OWNED.depreciation_years * 8760 * least)
    upkeep = OWNED.purchase_usd * OWNED.maintenance_per_year / 8760
    energy = group.owning.watts / 1000 * OWNED.pue * OWNED.usd_per_kwh
    assert fixed + upkeep + energy == group.owning.rented_usd_per_hour


def test_owned_replicas_pay_against_an_api_where_their_cost_meets_its_price(
    question: ReplicaInstance,
) -> None:
    group = group_on(studied(question, owning=OWNED, api=(API,)), "H100 SXM")
    (entry,) = group.api
    assert entry.owning is not None
    assert entry.owning.first is not None
    assert group.best is not None
    assert group.owning is not None
    load, devices = entry.owning.first.tok_per_s, group.best.devices
    year = OWNED.purchase_usd / OWNED.depreciation_years
    year += OWNED.purchase_usd * OWNED.maintenance_per_year
    energy = group.owning.watts / 1000 * OWNED.pue * OWNED.usd_per_kwh
    ours = devices * (year / 8760 + energy * load / group.best.point.tok_per_s)
    assert ours == load * API.usd_per_mtok_output * 3600 / 10**6


def test_a_budget_on_a_replica_hour_changes_what_is_chosen_from(question: ReplicaInstance) -> None:
    rent = question.machines[0].price.usd_per_hour
    wish = StatedPreference("small budget", max_usd_per_hour=rent)
    (choice,) = economics(question, preferences=[wish]).choices
    assert choice.option is not None
    assert choice.option.design["devices"] == 1


def test_where_nothing_is_preferred_speed_to_the_fourth_is(question: ReplicaInstance) -> None:
    (choice,) = economics(question).choices
    assert choice.preference.speed_exponent == 4


def test_a_first_token_cannot_be_limited_without_prompts(question: ReplicaInstance) -> None:
    wish = StatedPreference("soon", max_ttft_s=Fraction(1))
    with pytest.raises(InstanceError, match="needs prompts"):
        economics(question, preferences=[wish])


def test_levels_of_demand_are_refused_for_a_replica(question: ReplicaInstance) -> None:
    with pytest.raises(InstanceError, match="--levels"):
        economics(question, levels=[Fraction(1)])


def test_a_tenth_of_the_load_costs_ten_times_the_frontier(question: ReplicaInstance) -> None:
    for group in studied(question).groups:
        assert group.best is not None
        tenth = next(cost for cost in group.loaded if cost.utilisation == Fraction(1, 10))
        assert tenth.usd_per_mtok == 10 * group.best.point.average


def test_utilisations_outside_their_range_are_refused(question: ReplicaInstance) -> None:
    terms = replace(EconomicsTerms(), utilisations=(Fraction(2),), tolerance=Fraction(-1))
    with pytest.raises(InstanceError) as caught:
        economics(question, terms=terms)
    assert len(caught.value.faults) == 2


def test_a_stop_leaves_groups_out_by_name_and_is_partial(question: ReplicaInstance) -> None:
    found = economics(question, should_stop=lambda: True)
    assert isinstance(found.found, ReplicaEconomics)
    assert found.status == "partial"
    assert len(found.found.left_out) == 2
    assert not found.found.groups


def test_a_stop_keeps_the_groups_that_were_done(question: ReplicaInstance) -> None:
    whole = economics(question, sections=["costs"]).found
    done: list[int] = []
    found = economics(
        question,
        sections=["costs"],
        on_progress=lambda now, _: done.append(now),
        should_stop=lambda: bool(done),
    )
    assert isinstance(found.found, ReplicaEconomics)
    assert isinstance(whole, ReplicaEconomics)
    (group,) = found.found.groups
    assert group.best is not None
    assert whole.groups[0].best is not None
    assert group.best.point == whole.groups[0].best.point
    assert found.status == "partial"


def test_costs_alone_judge_no_principle(question: ReplicaInstance) -> None:
    found = economics(question, sections=["costs"])
    assert isinstance(found.found, ReplicaEconomics)
    assert not found.choices
    for group in found.found.groups:
        assert group.long_run is None
        assert all(not curve.principles for curve in group.curves)
