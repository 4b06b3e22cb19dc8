"""What the worked fleets with a batch and with drafts show."""

from __future__ import annotations

import itertools
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

from solver.api import read_instance, solve
from solver.economics.valleys import Valleys, valleys_of
from solver.fleet_frontier import FleetFrontier
from solver.instance.fleet.domain import FleetInstance

FOLDER = Path(__file__).resolve().parents[3] / "instances" / "fleet"


@cache
def valleys() -> Valleys:
    instance = read_instance(FOLDER / "batch-in-the-valleys.toml")
    assert isinstance(instance, FleetInstance)
    (found,) = valleys_of(instance)
    return found


@cache
def drafts() -> FleetFrontier:
    found = solve(read_instance(FOLDER / "drafts-by-workload.toml"))
    assert isinstance(found, FleetFrontier)
    return found


def lengths(design: Any) -> dict[str, set[int]]:
    """Drafted tokens in use by workload."""
    used: dict[str, set[int]] = {}
    for entry in design["replicas"]:
        used.setdefault(entry["workload"], set()).add(entry.get("draft_tokens", 0))
    return used


def test_sixteen_hours_take_a_tenth_off_the_bill_of_a_flat_rate() -> None:
    assert valleys().flat.usd_per_hour == Fraction(1055, 48)
    assert valleys().stated.usd_per_hour == Fraction(937, 48)


def test_more_time_is_never_dearer_in_the_worked_example() -> None:
    costs = [entry.usd_per_hour for entry in valleys().curve]
    assert None not in costs
    assert all(a >= b for a, b in itertools.pairwise(costs) if a and b)


def test_the_fastest_fleet_drafts_for_both() -> None:
    assert lengths(drafts()[0].design) == {"code": {2}, "chat": {1}}


def test_the_cheapest_fleet_drafts_for_code_alone() -> None:
    used = lengths(drafts()[len(drafts()) - 1].design)
    assert used["chat"] == {0}
    assert 0 not in used["code"]
