"""Which limits of energy and quality stand against each other, and how far each must give."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from solver.instance.domain import Limits, ReplicaInstance
from solver.lowering.economy.lowering import lower_economy
from solver.sweep.economy.conflict import explain_economic_conflict, refused_by_limit
from solver.sweep.economy.search import search_economy
from tests.oracles.economic_questions import BILLED, every_candidate, small_question, two_models


def _conflict(question: ReplicaInstance) -> dict[str, dict[str, Any]]:
    (found,) = explain_economic_conflict(lower_economy(question))
    return {limit["limit"]: limit for limit in found["limits"]}


def _is_feasible(question: ReplicaInstance) -> bool:
    return bool(search_economy(lower_economy(question)).points)


@pytest.mark.parametrize(
    ("key", "name", "value"),
    [
        ("max_j_per_token", "max_j_per_token", "1/1000"),
        ("max_watts", "max_watts", "10"),
        ("max_g_co2_per_mtok", "max_g_co2_per_mtok", "1/10"),
        ("max_cost_usd_per_mtok", "max_cost", "1/1000"),
        ("min_quality", "min_quality", "90"),
    ],
)
def test_a_limit_that_nothing_meets_is_named_and_what_it_needs_lets_a_design_in(
    key: str, name: str, value: str
) -> None:
    question = two_models(energy=BILLED)
    strict = replace(question, limits=Limits(**{key: Fraction(value)}))
    (limit,) = _conflict(strict).values()
    assert limit["limit"] == name
    needed = Fraction(str(limit["needed"]))
    assert _is_feasible(replace(question, limits=Limits(**{key: needed})))
    # Six digits are shown: a little less does not do.
    closer = needed * (1 + Fraction(2, 10**5) * (1 if name == "min_quality" else -1))
    assert not _is_feasible(replace(question, limits=Limits(**{key: closer})))


def test_two_limits_that_each_can_be_met_alone_are_both_named() -> None:
    question = small_question(trade_off=("speed", "energy"))
    fast, frugal = (
        Limits(min_speed_tok_per_s=Fraction(540)),
        Limits(max_j_per_token=Fraction(1, 2)),
    )
    assert _is_feasible(replace(question, limits=fast))
    assert _is_feasible(replace(question, limits=frugal))
    both = replace(fast, max_j_per_token=frugal.max_j_per_token)
    found = _conflict(replace(question, limits=both))
    assert set(found) == {"min_speed", "max_j_per_token"}
    for limit in found.values():
        assert limit["needed"] is not None


def test_the_nearest_candidate_names_model_clock_and_what_refused_it() -> None:
    question = two_models(clocks=(1980, 1005), limits=Limits(max_watts=Fraction(300)))
    (found,) = explain_economic_conflict(lower_economy(question))
    nearest = found["nearest"]
    assert nearest["model"] in {"Llama-3.1-8B", "Llama-2-7B"}
    assert nearest["clock_mhz"] == 1005
    assert [entry["limit"] for entry in nearest["refused_by"]] == ["max_watts"]


def test_there_is_no_conflict_where_a_candidate_meets_every_limit() -> None:
    assert explain_economic_conflict(lower_economy(small_question(energy=BILLED))) == ()


def test_refusals_are_counted_limit_by_limit() -> None:
    question = two_models(limits=Limits(min_quality=Fraction(69)), design={"batch": [1, 2]})
    counts = refused_by_limit(lower_economy(question))
    assert counts == {"hbm": 0, "min_quality": 18, "feasible": 18}
    assert len(every_candidate(question)) == 18


def test_dollars_an_hour_need_what_devices_and_billed_electricity_cost_together() -> None:
    question = two_models(energy=BILLED)
    strict = replace(question, limits=Limits(max_usd_per_hour=Fraction("2.1")))
    (limit,) = _conflict(strict).values()
    assert limit["limit"] == "max_usd_per_hour"
    needed = Fraction(str(limit["needed"]))
    assert needed > Fraction("2.1")
    assert _is_feasible(replace(question, limits=Limits(max_usd_per_hour=needed)))
    closer = needed * (1 - Fraction(2, 10**5))
    assert not _is_feasible(replace(question, limits=Limits(max_usd_per_hour=closer)))
