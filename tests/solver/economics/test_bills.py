from __future__ import annotations

import datetime
from fractions import Fraction
from typing import Any

import pytest

from formulations.fleet.problem import COST
from solver.api import solve
from solver.economics.bill_of_fleet import fleet_at
from solver.economics.bill_of_replica import replica_at
from solver.economics.bills import Bill, bills
from solver.fleet_frontier import FleetFrontier
from solver.frontier import Frontier
from solver.instance.domain import ReplicaInstance
from solver.instance.fleet.domain import FleetInstance
from solver.instance.fleet.reader import fleet_instance_from_raw
from solver.instance.reader import replica_instance_from_raw
from solver.instance.services.demand import session_demand
from solver.lowering.fleet.lowering import lower_fleet
from tests.oracles.plain_fleet import best_value

TODAY = datetime.date(2026, 11, 1)
SERVICE: dict[str, Any] = {
    "turns": 3,
    "system_tokens": 1000,
    "user_tokens": 200,
    "visible_tokens": 100,
    "classes": 2,
    "tools": {"calls": 2, "call_tokens": 40, "output_tokens": 800},
    "reasoning": {"tokens_per_visible": 2},
    "retrieval": {"passages": 4, "passage_tokens": 250, "retrieval_s": "0.5"},
    "cache": {
        "hit_share": "0.9",
        "kept_s": 20,
        "usd_per_gb_month": "0.08",
        "source": "a price list",
    },
}
NAMES = [
    "visible tokens only",
    "+ growing context",
    "+ tool calls",
    "+ reasoning",
    "+ retrieval",
    "- prefix caching",
]


def fleet(workload: dict[str, Any] | None = None, **keys: Any) -> FleetInstance:
    service = {**SERVICE, "sessions_per_s": 4}
    asked = {"model": "Llama-3.1-8B", "max_ttft_s": 3, "service": service, **(workload or {})}
    raw = {
        "schema": 1,
        "kind": "fleet",
        "name": "small",
        "workloads": [{"name": "agent", **asked}],
        "machines": [{"name": "h100", "accelerator": "H100 SXM", "usd_per_hour": "2.5"}],
        "design": {"tensor_parallel": [1, 2], "batch": [1, 4, 16, 64], "weight_bits": [8]},
        **keys,
        "performance": {"model": "calibrated"},
    }
    return fleet_instance_from_raw(raw, today=TODAY)


def replica(**keys: Any) -> ReplicaInstance:
    raw = {
        "schema": 1,
        "kind": "replica",
        "name": "agent",
        "workload": {"model": "Llama-3.1-8B", "service": SERVICE},
        "design": {"accelerator": "H100 SXM", "tensor_parallel": [1, 2], "batch": "1..64"},
        "price": {"usd_per_hour": "2.5"},
        "limits": {"max_ttft_s": 3},
        **keys,
        "performance": {"model": "calibrated"},
    }
    return replica_instance_from_raw(raw, today=TODAY)


@pytest.fixture(scope="module")
def of_fleet() -> Bill:
    (bill,) = bills(fleet())
    return bill


@pytest.fixture(scope="module")
def of_replica() -> Bill:
    (bill,) = bills(replica())
    return bill


def test_a_bill_has_a_step_for_every_feature(of_fleet: Bill, of_replica: Bill) -> None:
    for bill in (of_fleet, of_replica):
        assert [step.name for step in bill.steps] == NAMES
        assert bill.complete


def test_rates_are_sessions_times_what_a_session_asks(of_fleet: Bill) -> None:
    first, last = of_fleet.steps[0], of_fleet.steps[-1]
    assert first.requests_per_s == 12
    assert first.prefill_tok_per_s == 4 * 3 * 1200
    assert first.decode_tok_per_s == 4 * 3 * 100
    assert last.requests_per_s == 36
    assert last.decode_tok_per_s == 4 * 3 * 3 * (40 + 40 + 100)


def test_the_whole_service_costs_what_the_frontier_says_is_cheapest(of_fleet: Bill) -> None:
    found = solve(fleet())
    assert isinstance(found, FleetFrontier)
    least = min(Fraction(str(point.exact["cost"])) for point in found.points)
    assert of_fleet.steps[-1].cheapest.serving_usd == least


def test_a_session_costs_its_tokens_at_the_cheapest_of_the_frontier(of_replica: Bill) -> None:
    found = solve(replica())
    assert isinstance(found, Frontier)
    least = min(Fraction(str(point.exact["cost"])) for point in found.points)
    step = of_replica.steps[-1]
    assert step.cheapest.serving_usd == least * step.demand.output_tokens / 10**6


def test_steps_add_up_to_the_whole(of_fleet: Bill, of_replica: Bill) -> None:
    for bill in (of_fleet, of_replica):
        added = [bill.added(place) for place in range(len(bill.steps))]
        assert sum(usd for usd in added if usd is not None) == bill.steps[-1].usd


def test_caching_takes_off_more_than_its_storage_costs(of_fleet: Bill, of_replica: Bill) -> None:
    for bill in (of_fleet, of_replica):
        assert bill.steps[-1].cheapest.storage_usd > 0
        saved = bill.added(len(bill.steps) - 1)
        assert saved is not None
        assert saved < 0


def test_only_kept_caches_are_stored(of_fleet: Bill) -> None:
    assert [bool(step.cheapest.stored_gb) for step in of_fleet.steps] == [False] * 5 + [True]


def test_an_hour_of_a_fleet_is_shared_by_its_sessions(of_fleet: Bill) -> None:
    step = of_fleet.steps[-1]
    assert step.usd is not None
    assert of_fleet.usd_per_session(step) == step.usd / (4 * 3600)


def test_a_quiet_night_has_fewer_sessions_a_day() -> None:
    periods = [{"name": "day", "hours": 12}, {"name": "night", "hours": 12}]
    (bill,) = bills(fleet({"by_period": [1, "0.5"]}, periods=periods))
    assert bill.mean_sessions_per_s == 3


def test_retrieval_leaves_less_time_to_the_first_token() -> None:
    question = fleet()
    (workload,) = question.workloads
    (bill,) = bills(question)
    left = [fleet_at(question, workload, step.shape).workloads[0].max_ttft_s for step in bill.steps]
    assert left == [3, 3, 3, 3, Fraction(5, 2), Fraction(5, 2)]
    each = [replica_at(replica(), step.shape).limits.max_ttft_s for step in bill.steps]
    assert each == left


def test_a_budget_is_no_limit_of_a_bill() -> None:
    (bill,) = bills(fleet(limits={"max_usd_per_hour": 1}))
    assert all(step.usd is not None for step in bill.steps)


def test_what_stock_cannot_serve_has_no_cost_and_says_why() -> None:
    machine = {"name": "h100", "accelerator": "H100 SXM", "usd_per_hour": "2.5"}
    (bill,) = bills(fleet(machines=[{**machine, "stock_devices": 1}]))
    step = bill.steps[3]
    assert step.usd is None
    assert step.cheapest.why_none
    assert bill.added(4) is None
    assert bill.complete


def test_what_no_replica_can_do_has_no_cost_and_says_why() -> None:
    (bill,) = bills(replica(limits={"min_speed_tok_per_s": 10_000}))
    assert [step.usd for step in bill.steps] == [None] * 6
    assert bill.steps[0].cheapest.why_none == "no candidate meets all limits"


def test_no_time_leaves_costs_unproved() -> None:
    for question in (fleet(), replica()):
        (bill,) = bills(question, time_limit_s=0)
        assert not bill.complete
        assert all(step.cheapest.unproved == "time limit" for step in bill.steps)


def test_whoever_asks_to_stop_is_heard() -> None:
    (bill,) = bills(fleet(), should_stop=lambda: True)
    assert {step.cheapest.unproved for step in bill.steps} == {"stopped by the user"}


def test_progress_counts_steps() -> None:
    told: list[tuple[int, int]] = []
    bills(replica(), on_progress=lambda done, total: told.append((done, total)))
    assert told == [(n, 6) for n in range(1, 7)]


def test_a_question_without_a_service_has_no_bill() -> None:
    plain = {"service": None, "input_tokens": 9, "output_tokens": 9, "requests_per_s": 1}
    assert bills(fleet(plain)) == ()


def test_every_demand_is_that_of_its_step(of_fleet: Bill) -> None:
    assert all(step.demand == session_demand(step.shape) for step in of_fleet.steps)


def test_no_plan_of_any_machines_serves_a_step_for_less() -> None:
    machine = {"name": "h100", "accelerator": "H100 SXM", "usd_per_hour": "2.5"}
    small = {"tensor_parallel": [1, 2], "batch": [16], "weight_bits": [8]}
    service = {**SERVICE, "sessions_per_s": "0.5", "classes": 1}
    question = fleet({"service": service}, machines=[{**machine, "stock_devices": 4}], design=small)
    (bill,) = bills(question)
    for step in bill.steps:
        space = lower_fleet(fleet_at(question, question.workloads[0], step.shape))
        least = best_value(space.problem, COST)
        assert least is not None
        assert step.cheapest.serving_usd == least * space.units[COST]


def test_reasoning_that_saves_under_a_floor_on_speed_is_told_from_other_savings() -> None:
    thinks = {"turns": 2, "user_tokens": 4000, "visible_tokens": 20, "classes": 2}
    service = {**thinks, "sessions_per_s": 4, "reasoning": {"tokens_per_visible": 3}}
    (bill,) = bills(fleet({"min_speed_tok_per_s": 100, "max_ttft_s": 9, "service": service}))
    saved = bill.added(2)
    assert saved is not None
    assert saved < 0
    assert [step.floor_saves for step in bill.steps] == [False, False, True]
    # Without the floor it costs more.
    (free,) = bills(fleet({"max_ttft_s": 9, "service": service}))
    added = free.added(2)
    assert added is not None
    assert added >= 0
    assert not any(step.floor_saves for step in free.steps)


def test_a_batch_job_beside_a_service_leaves_its_bill_alone() -> None:
    question = fleet()
    job = {
        "name": "nightly",
        "model": "Llama-3.1-8B",
        "input_tokens": 500,
        "output_tokens": 100,
        "batch": {"requests_per_day": 50_000, "arrives": "day", "deadline_hours": 24},
    }
    service = {**SERVICE, "sessions_per_s": 4}
    agent = {"name": "agent", "model": "Llama-3.1-8B", "max_ttft_s": 3, "service": service}
    periods = [{"name": "day", "hours": 24}]
    (bill,) = bills(fleet(workloads=[agent, job], periods=periods))
    (alone,) = bills(question)
    assert [step.usd for step in bill.steps] == [step.usd for step in alone.steps]


def test_phases_apart_serve_a_service_too() -> None:
    design = {
        "tensor_parallel": [1],
        "batch": [16, 64],
        "weight_bits": [8],
        "phases": ["disaggregated"],
    }
    (bill,) = bills(fleet(design=design))
    assert bill.complete
    assert all(step.usd for step in bill.steps)
    assert "prefill" in bill.steps[-1].cheapest.plan


def test_a_draft_serves_a_service_too() -> None:
    # No draft is among the choices, so that the offer of one never costs more.
    draft = {"model": "Llama-3.1-8B", "acceptance": "0.9", "tokens": [0, 2]}
    (bill,) = bills(fleet({"draft": draft}))
    (plain,) = bills(fleet())
    for step, without in zip(bill.steps, plain.steps, strict=True):
        assert step.usd is not None
        assert without.usd is not None
        assert step.usd <= without.usd
