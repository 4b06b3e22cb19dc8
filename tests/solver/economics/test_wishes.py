"""Preferences as limits on the question."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from solver.api import read_instance
from solver.economics.wishes import fleet_under, replica_under
from solver.errors import InstanceError
from solver.instance.domain import ReplicaInstance
from solver.instance.economics import StatedPreference
from solver.instance.fleet.domain import FleetInstance

INSTANCES = Path(__file__).resolve().parents[3] / "instances"


@pytest.fixture(scope="module")
def fleet() -> FleetInstance:
    """Chat by day, and a batch with a deadline."""
    found = read_instance(INSTANCES / "fleet" / "batch-in-the-valleys.toml")
    assert isinstance(found, FleetInstance)
    return found


@pytest.fixture(scope="module")
def replica() -> ReplicaInstance:
    found = read_instance(INSTANCES / "replica" / "llama-3.1-8b-energy-a100.toml")
    assert isinstance(found, ReplicaInstance)
    return found


def test_a_service_level_is_promised_to_users_and_not_to_work_with_a_deadline(
    fleet: FleetInstance,
) -> None:
    wish = StatedPreference("p", min_speed_tok_per_s=Fraction(999), max_ttft_s=Fraction(1, 99))
    found = fleet_under(fleet, wish, mtok_per_hour=Fraction(1))
    for before, after in zip(fleet.workloads, found.workloads, strict=True):
        if before.batch is not None:
            assert after == before
        else:
            assert after.min_speed_tok_per_s == 999
            assert after.max_ttft_s == Fraction(1, 99)
    assert {workload.batch is None for workload in fleet.workloads} == {True, False}


def test_a_budget_for_a_token_is_one_for_the_hour_of_all_tokens(fleet: FleetInstance) -> None:
    wish = StatedPreference("p", max_usd_per_mtok=Fraction(1, 3))
    found = fleet_under(fleet, wish, mtok_per_hour=Fraction(36))
    assert found.limits.max_usd_per_hour == 12


def test_of_two_budgets_the_tighter_holds(fleet: FleetInstance) -> None:
    wish = StatedPreference("p", max_usd_per_mtok=Fraction(1, 3), max_usd_per_hour=Fraction(5))
    found = fleet_under(fleet, wish, mtok_per_hour=Fraction(36))
    assert found.limits.max_usd_per_hour == 5


def test_a_limit_of_the_question_stays_where_it_is_tighter(replica: ReplicaInstance) -> None:
    first = replica_under(replica, StatedPreference("p", min_speed_tok_per_s=Fraction(50)))
    again = replica_under(first, StatedPreference("p", min_speed_tok_per_s=Fraction(20)))
    assert again.limits.min_speed_tok_per_s == 50


def test_every_limit_of_a_preference_reaches_the_question(replica: ReplicaInstance) -> None:
    wish = StatedPreference(
        "p",
        max_usd_per_hour=Fraction(3),
        max_usd_per_mtok=Fraction(4),
        min_speed_tok_per_s=Fraction(5),
        min_quality=Fraction(6),
    )
    limits = replica_under(replica, wish).limits
    assert (
        limits.max_usd_per_hour,
        limits.max_cost_usd_per_mtok,
        limits.min_speed_tok_per_s,
        limits.min_quality,
    ) == (3, 4, 5, 6)


def test_a_first_token_is_not_limited_without_prompts(replica: ReplicaInstance) -> None:
    assert replica.traffic is None
    with pytest.raises(InstanceError, match="needs prompts"):
        replica_under(replica, StatedPreference("p", max_ttft_s=Fraction(1)))
