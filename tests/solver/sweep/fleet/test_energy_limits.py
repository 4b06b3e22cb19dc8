"""Energy, carbon and hourly prices of fleets, against every plan counted by hand."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import pytest

from solver.errors import InstanceError
from solver.instance.energy import EnergyTerms, HourProfile
from solver.instance.fleet.domain import (
    Answers,
    Contract,
    FleetInstance,
    FleetLimits,
    Ownership,
    Period,
)
from solver.lowering.fleet.lowering import lower_fleet
from solver.sweep.fleet.answers import answer_questions
from solver.sweep.fleet.certificate import verify_fleet
from solver.sweep.fleet.conflict import explain_infeasible
from solver.sweep.fleet.document import outcome_to_dict
from solver.sweep.fleet.frontier import sweep_fleet
from solver.sweep.fleet.image import Objectives
from solver.sweep.fleet.reprove import reprove_fleet
from solver.sweep.fleet.roads import Road, Stop

F = Fraction
HOURS = (F(8), F(16))
FACTORS = (F(1, 2), F(1))
DEMAND, OUTPUT = F(6), 10
GRAMS = tuple(F(100 + 20 * hour) for hour in range(24))
USD = tuple(F(hour, 50) for hour in range(24))
PUE = F(13, 10)
RATES = {"lean": F(2), "strong": F(3)}
WATTS = {"lean": F(300), "strong": F(900)}
RENT = {"lean": F(3), "strong": F(2)}
TOK_PER_S = DEMAND * OUTPUT * (HOURS[0] * FACTORS[0] + HOURS[1] * FACTORS[1]) / 24
TERMS = EnergyTerms(
    usd_per_kwh=HourProfile(USD), g_co2_per_kwh=HourProfile(GRAMS), pue=PUE, source="made up"
)


@dataclass(frozen=True)
class Plan:
    """Replicas by machine in each period, and what they come to, hour by hour."""

    counts: dict[str, tuple[int, int]]

    @property
    def serves(self) -> bool:
        return all(
            sum(RATES[name] * self.counts[name][k] for name in RATES) >= DEMAND * FACTORS[k]
            for k in range(2)
        )

    def watts(self, hour: int) -> Fraction:
        k = 0 if hour < HOURS[0] else 1
        return sum((WATTS[name] * self.counts[name][k] for name in WATTS), F(0))

    @property
    def rent(self) -> Fraction:
        return sum(
            (RENT[name] * self.counts[name][k] * HOURS[k] / 24 for name in RENT for k in range(2)),
            F(0),
        )

    @property
    def joules_per_token(self) -> Fraction:
        return sum((self.watts(hour) for hour in range(24)), F(0)) / 24 / TOK_PER_S

    @property
    def kg_per_day(self) -> Fraction:
        grams = sum((self.watts(h) / 1000 * PUE * GRAMS[h] for h in range(24)), F(0))
        return grams / 1000

    @property
    def electricity_per_h(self) -> Fraction:
        return sum((self.watts(h) / 1000 * PUE * USD[h] for h in range(24)), F(0)) / 24


def every_plan() -> Iterator[Plan]:
    """All that serve, with as many replicas as anybody needs."""
    for night_a, day_a, night_b, day_b in itertools.product(range(4), range(4), range(3), range(3)):
        plan = Plan({"lean": (night_a, day_a), "strong": (night_b, day_b)})
        if plan.serves:
            yield plan


def ask(make: Any, **changes: Any) -> FleetInstance:
    """Two machines on demand, two periods, demand that halves at night."""
    machines = [
        make.machine(name, make.contract(str(RENT[name])), watts_per_device=WATTS[name])
        for name in RATES
    ]
    served = make.workload(6, *(make.point(name, int(rate)) for name, rate in RATES.items()))
    given: dict[str, Any] = {
        "periods": (Period("night", HOURS[0]), Period("day", HOURS[1])),
        "trade_off": ("speed", "cost"),
        "energy": TERMS,
        **changes,
    }
    return make.question([replace(served, by_period=FACTORS)], machines, **given)  # type: ignore[no-any-return]


def cheapest(instance: FleetInstance) -> Fraction | None:
    """US$/h of the cheapest plan that the sweep finds; ``None`` where it proves there is none."""
    outcome = sweep_fleet(lower_fleet(instance))
    objectives = outcome.objectives
    assert outcome.status in ("complete", "infeasible")
    return min((objectives.stated(p.image)["cost"] for p in outcome.points), default=None)


@pytest.mark.parametrize("kg", ["20", "16.5", "14.5", "10", "9", "8"])
def test_a_limit_on_carbon_is_met_at_least_cost(make: Any, kg: str) -> None:
    limits = FleetLimits(max_kg_co2_per_day=F(kg))
    fit = [plan.rent for plan in every_plan() if plan.kg_per_day <= F(kg)]
    assert cheapest(ask(make, limits=limits)) == min(fit, default=None)


def test_some_of_these_limits_on_carbon_bind_and_some_cannot_be_met() -> None:
    plans = list(every_plan())
    free = min(plan.rent for plan in plans)
    needed = [
        min((p.rent for p in plans if p.kg_per_day <= kg), default=None) for kg in (8, 10, 99)
    ]
    assert needed[0] is None
    assert needed[1] is not None
    assert needed[1] > free == needed[2]


@pytest.mark.parametrize("joules", ["50", "30", "29.9", "27", "20", "16", "15.9"])
def test_a_limit_on_energy_per_token_is_met_at_least_cost(make: Any, joules: str) -> None:
    limits = FleetLimits(max_j_per_token=F(joules))
    fit = [plan.rent for plan in every_plan() if plan.joules_per_token <= F(joules)]
    assert cheapest(ask(make, limits=limits)) == min(fit, default=None)


def test_cost_against_energy_is_the_frontier_of_all_plans(make: Any) -> None:
    space = lower_fleet(ask(make, trade_off=("cost", "energy")))
    outcome = sweep_fleet(space)
    found = {tuple(outcome.objectives.stated(p.image).values()) for p in outcome.points}
    images = {(plan.rent, plan.joules_per_token) for plan in every_plan()}
    best = {p for p in images if not any(q != p and q[0] <= p[0] and q[1] <= p[1] for q in images)}
    assert outcome.status == "complete"
    assert len(best) > 1
    assert found == best


def test_energy_is_in_joules_a_token_the_less_the_better(make: Any) -> None:
    described = Objectives.of(lower_fleet(ask(make, trade_off=("cost", "energy")))).described()
    assert [(entry.name, entry.unit, entry.sense) for entry in described] == [
        ("cost", "usd/h", "min"),
        ("energy", "J/token", "min"),
    ]


def test_electricity_that_is_billed_costs_the_price_of_its_hour(make: Any) -> None:
    billed = ask(make, energy=replace(TERMS, billed=True))
    assert cheapest(billed) == min(plan.rent + plan.electricity_per_h for plan in every_plan())
    assert cheapest(billed) != cheapest(ask(make))


def test_an_owner_without_a_price_of_his_own_pays_the_price_of_the_hour(make: Any) -> None:
    owned = Contract(
        "owned",
        "owned",
        None,
        committed=True,
        ownership=Ownership(F(35040), F(4), F(1), PUE, HourProfile(USD).mean, F(0)),
        at_grid_price=True,
    )
    instance = ask(make, trade_off=("speed", "cost"))
    machines = tuple(replace(machine, contracts=(owned,)) for machine in instance.machines)
    # 35040 US$ over four years are 1 US$/h; nodes are held all day, energy is paid as used.
    costs = [
        sum(max(counts) for counts in plan.counts.values()) + plan.electricity_per_h
        for plan in every_plan()
    ]
    assert cheapest(replace(instance, machines=machines)) == min(costs)


def test_an_owner_with_a_price_of_his_own_pays_that(make: Any) -> None:
    owner = Ownership(F(35040), F(4), F(1), F(1), F(1, 10), F(0))
    owned = Contract("owned", "owned", None, committed=True, ownership=owner)
    instance = ask(make)
    machines = tuple(replace(machine, contracts=(owned,)) for machine in instance.machines)
    costs = [
        sum(max(counts) for counts in plan.counts.values())
        + sum((plan.watts(hour) for hour in range(24)), F(0)) / 24 / 1000 * F(1, 10)
        for plan in every_plan()
    ]
    assert cheapest(replace(instance, machines=machines)) == min(costs)


def test_the_account_of_a_design_is_that_of_its_hours(make: Any) -> None:
    outcome = sweep_fleet(lower_fleet(ask(make)))
    best = min(every_plan(), key=lambda plan: plan.rent)
    assert [plan.rent for plan in every_plan()].count(best.rent) == 1
    document = outcome_to_dict(outcome)
    design = min(document["points"], key=lambda point: point["objectives"]["cost"])["design"]
    account = design["energy"]
    assert account["j_per_token"] == pytest.approx(float(best.joules_per_token))
    assert account["kg_co2_per_day"] == pytest.approx(float(best.kg_per_day))
    assert account["electricity_usd_per_day"] == pytest.approx(float(best.electricity_per_h * 24))
    assert account["kwh_per_day"] == pytest.approx(
        float(sum((best.watts(hour) for hour in range(24)), F(0)) * PUE / 1000)
    )
    assert [entry["period"] for entry in account["by_period"]] == ["night", "day"]


def test_limits_are_told_in_their_own_units(make: Any) -> None:
    limits = FleetLimits(max_kg_co2_per_day=F(15), max_j_per_token=F(29))
    outcome = sweep_fleet(lower_fleet(ask(make, limits=limits)))
    used = outcome_to_dict(outcome)["points"][0]["design"]["utilisation"]
    assert (used["carbon a day"]["limit"], used["carbon a day"]["unit"]) == (15.0, "kg")
    per_token = used["energy per token"]
    assert (per_token["limit"], per_token["unit"]) == (29.0, "J/token")
    fit = [p for p in every_plan() if p.kg_per_day <= 15 and p.joules_per_token <= 29]
    best = min(fit, key=lambda plan: plan.rent)
    assert per_token["used"] == pytest.approx(float(best.joules_per_token))
    assert used["carbon a day"]["used"] == pytest.approx(float(best.kg_per_day))


def test_a_conflict_says_how_far_carbon_must_give(make: Any) -> None:
    space = lower_fleet(ask(make, limits=FleetLimits(max_kg_co2_per_day=F(8))))
    (entry,) = explain_infeasible(space, road=Road, stop=Stop(None, None))
    assert entry["limit"] == "carbon a day"
    least = min(plan.kg_per_day for plan in every_plan())
    assert Fraction(entry["needed_exact"]) == least


@pytest.mark.parametrize("kg", [10, 15, 16, 17])
def test_a_kilogram_is_worth_what_the_next_plan_costs(make: Any, kg: int) -> None:
    limits = FleetLimits(max_kg_co2_per_day=F(kg))
    space = lower_fleet(ask(make, limits=limits, answers=Answers(limits=True)))
    (entry,) = answer_questions(space, sweep_fleet(space))["limits"]

    def least(kg: int) -> Fraction:
        return min(plan.rent for plan in every_plan() if plan.kg_per_day <= kg)

    assert entry["limit"] == "carbon a day"
    assert Fraction(entry["more"]["exact"]) == least(kg) - least(kg + 1)
    assert Fraction(entry["less"]["exact"]) == least(kg - 1) - least(kg)


def test_a_result_with_energy_is_verified_and_proved_again(make: Any) -> None:
    limits = FleetLimits(max_kg_co2_per_day=F(9))
    space = lower_fleet(ask(make, limits=limits, trade_off=("speed", "cost", "energy")))
    document = json.loads(json.dumps(outcome_to_dict(sweep_fleet(space))))
    checks = verify_fleet(document, reprove=reprove_fleet).checks
    assert [check.name for check in checks if not check.passed] == []


def test_a_forged_account_of_carbon_is_seen(make: Any) -> None:
    space = lower_fleet(ask(make))
    document = json.loads(json.dumps(outcome_to_dict(sweep_fleet(space))))
    document["points"][0]["design"]["energy"]["kg_co2_per_day"] = 0.0
    assert not all(check.passed for check in verify_fleet(document).checks)


def test_a_tenth_of_a_joule_less_is_never_rounded_away(make: Any) -> None:
    # 5 tok/s: a tenth of a joule a token is half a watt, and all watts are whole.
    machines = [
        make.machine(name, make.contract(usd), watts_per_device=F(watts))
        for name, usd, watts in (("cheap", "1", 301), ("lean", "3", 300))
    ]
    served = make.workload(F(1, 2), make.point("cheap", 1), make.point("lean", 1))
    instance = make.question(
        [served],
        machines,
        energy=TERMS,
        limits=FleetLimits(max_j_per_token=F(301, 5)),
        answers=Answers(limits=True),
    )
    space = lower_fleet(instance)
    (entry,) = answer_questions(space, sweep_fleet(space))["limits"]
    assert Fraction(entry["more"]["exact"]) == 0
    assert Fraction(entry["less"]["exact"]) == 2


def test_a_replica_with_a_price_of_its_own_pays_for_billed_electricity_too(make: Any) -> None:
    points = [
        make.point(name, int(rate), usd_per_hour=RENT[name], watts=WATTS[name])
        for name, rate in RATES.items()
    ]
    instance = ask(make, energy=replace(TERMS, billed=True))
    served = replace(instance.workloads[0], points=tuple(points))
    billed = replace(instance, workloads=(served,))
    assert cheapest(billed) == min(plan.rent + plan.electricity_per_h for plan in every_plan())


def test_billed_electricity_of_unknown_watts_is_refused(make: Any) -> None:
    point = make.point("", 2, usd_per_hour=F(3))
    instance = ask(make, energy=replace(TERMS, billed=True))
    served = replace(instance.workloads[0], points=(point,))
    with pytest.raises(InstanceError, match=r"points.csv:2: energy is paid for, .* its watts"):
        lower_fleet(replace(instance, workloads=(served,)))
