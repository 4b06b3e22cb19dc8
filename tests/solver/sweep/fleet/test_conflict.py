"""Conflicts of small fleets against all subsets of limits and all plans."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from solver.instance.fleet.columns import ColumnFleet, ColumnType
from solver.instance.fleet.domain import CurrentFleet, CurrentReplicas, Period, RackOrbit
from solver.lowering.fleet.lowering import lower_fleet
from solver.lowering.fleet.space import FleetSpace
from solver.lowering.fleet.stated import stated_limits
from solver.sweep.fleet.conflict import RACKS, explain_infeasible
from solver.sweep.fleet.roads import Road, Stop

F = Fraction
Plans = Callable[..., list[Any]]


def _bare(types: list[tuple[int, int, int]], columns: list[Any], power: int) -> ColumnFleet:
    """Two workloads of demand 4; columns as (type, workload, capacity); two devices at most
    lie between every stock and what serves all."""
    return ColumnFleet(
        name="bare",
        types=tuple(ColumnType(*entry) for entry in types),
        power_limit_w=power,
        demand_milli_tok_per_s=(4, 4),
        column_type=tuple(c[0] for c in columns),
        column_gpus=tuple(1 for _ in columns),
        column_workload=tuple(c[1] for c in columns),
        column_capacity_milli_tok_per_s=tuple(c[2] for c in columns),
        column_latency_level=(),
    )


def _without_limits(fleet: ColumnFleet) -> FleetSpace:
    """The same fleet where every limit is so wide that bounds of columns come from demand."""
    types = tuple(replace(entry, stock=1000) for entry in fleet.types)
    return lower_fleet(replace(fleet, types=types, power_limit_w=10**6))


def _conflicts(fleet: ColumnFleet, plans: Plans) -> tuple[list[set[str]], dict[str, int | None]]:
    """Smallest sets of limits that no plan meets, and the least use of each with others kept."""
    wide = _without_limits(fleet)
    sides = {limit.name: limit.rows[0].side for limit in stated_limits(lower_fleet(fleet))}
    rows = {limit.name: limit.rows[0].row for limit in stated_limits(wide)}
    uses = [wide.problem.use.dot(plan) for plan in plans(wide.problem)]
    broken = [{n for n in sides if use[rows[n]] > sides[n]} for use in uses]
    found: list[set[str]] = []
    for size in range(1, len(sides) + 1):
        found = [
            set(chosen)
            for chosen in itertools.combinations(sides, size)
            if all(not b.isdisjoint(chosen) for b in broken)
        ]
        if found:
            break
    least = {
        name: min(
            (use[rows[name]] for use, b in zip(uses, broken, strict=True) if b <= {name}),
            default=None,
        )
        for name in sides
    }
    return found, least


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    stocks=st.lists(st.integers(0, 2), min_size=2, max_size=2),
    watts=st.lists(st.integers(1, 4), min_size=2, max_size=2),
    capacity=st.lists(st.integers(1, 4), min_size=4, max_size=4),
    power=st.integers(1, 8),
)
def test_a_conflict_is_a_smallest_one_and_says_exactly_how_far_each_must_give(
    plans: Plans, stocks: list[int], watts: list[int], capacity: list[int], power: int
) -> None:
    types = [(5, w, s) for w, s in zip(watts, stocks, strict=True)]
    places = [(0, 0), (0, 1), (1, 0), (1, 1)]
    fleet = _bare(types, [(*p, c) for p, c in zip(places, capacity, strict=True)], power)
    expected, least = _conflicts(fleet, plans)
    space = lower_fleet(fleet)
    if plans(space.problem):
        with pytest.raises(ValueError, match="meets every limit"):
            explain_infeasible(space)
        return
    found = explain_infeasible(space)
    assert {entry["limit"] for entry in found} in expected
    for entry in found:
        assert entry["set"] == "minimum"
        needed = least[entry["limit"]]
        assert entry["needed_exact"] == (None if needed is None else str(needed))


def test_money_that_is_needed_can_be_typed_back(make: Any) -> None:
    box = make.machine("box", make.contract("1.2345678"))
    asked = make.question(
        [make.workload(7, make.point("box", 1))], [box],
        limits=make.limits(max_usd_per_hour=F(5)),
    )  # fmt: skip
    (entry,) = explain_infeasible(lower_fleet(asked))
    assert (entry["limit"], entry["unit"], entry["stated"]) == ("budget", "US$/h", 5.0)
    assert F(entry["needed_exact"]) == 7 * F("1.2345678")
    assert entry["needed"] == 8.64198
    again = replace(asked, limits=make.limits(max_usd_per_hour=F(str(entry["needed"]))))
    with pytest.raises(ValueError, match="meets every limit"):
        explain_infeasible(lower_fleet(again))


def test_what_another_limit_forbids_no_change_of_one_can_mend(make: Any) -> None:
    """Three devices are needed: two are in stock, and the budget pays for two."""
    box = make.machine("box", make.contract("1"), stock_devices=2)
    limits = make.limits(max_usd_per_hour=F(2))
    asked = make.question([make.workload(3, make.point("box", 1))], [box], limits=limits)
    (entry,) = explain_infeasible(lower_fleet(asked))
    assert entry["needed"] is None
    assert "no other value mends this" in entry["text"]


def test_changes_are_told_with_what_is_gone_anyway(make: Any) -> None:
    """Two that are offered no longer stop, three start: five changes."""
    current = CurrentFleet((CurrentReplicas("chat", "old", "z", 2),), max_changes=4)
    box = make.machine("box", make.contract("1"))
    asked = make.question([make.workload(3, make.point("box", 1))], [box], current=current)
    (entry,) = explain_infeasible(lower_fleet(asked))
    assert (entry["limit"], entry["stated"], entry["needed"]) == ("changes", 4.0, 5.0)


def test_power_is_told_in_the_unit_of_the_file(make: Any) -> None:
    box = make.machine("box", make.contract("1"))
    asked = make.question(
        [make.workload(3, make.point("box", 1))], [box], limits=make.limits(max_watts=F(1000))
    )
    (entry,) = explain_infeasible(lower_fleet(asked))
    assert (entry["unit"], entry["stated"], entry["needed"]) == ("kW", 1.0, 1.5)


def test_a_share_of_spot_devices_is_told_as_a_share(make: Any) -> None:
    """Two devices on demand and three by spot serve five: 3/5 is the least share."""
    box = make.machine(
        "box", make.contract("2", stock_devices=2), make.contract("1", "spot", "spot")
    )
    limits = make.limits(max_spot_fraction=F(1, 4))
    asked = make.question([make.workload(5, make.point("box", 1))], [box], limits=limits)
    found = {entry["limit"]: entry for entry in explain_infeasible(lower_fleet(asked))}
    assert set(found) == {"spot share", "stock of box on_demand"}
    assert found["spot share"]["needed_exact"] == "3/5"
    assert found["spot share"]["stated"] == 0.25
    assert found["stock of box on_demand"]["needed"] == 4.0


def test_where_no_spot_is_allowed_the_least_share_is_told_all_the_same(make: Any) -> None:
    """A share of 0 says nothing of devices that are not spot; still 3/5 is what is needed."""
    box = make.machine(
        "box", make.contract("2", stock_devices=2), make.contract("1", "spot", "spot")
    )
    limits = make.limits(max_spot_fraction=F(0))
    asked = make.question([make.workload(5, make.point("box", 1))], [box], limits=limits)
    found = {entry["limit"]: entry for entry in explain_infeasible(lower_fleet(asked))}
    assert found["spot share"]["needed_exact"] == "3/5"
    assert found["spot share"]["stated"] == 0.0


def test_the_least_share_may_need_replicas_that_are_beaten_at_the_stated_one(make: Any) -> None:
    """The budget pays for two replicas that are not spot. Where no spot is allowed, those of two
    devices are beaten by those of one; but three of seven devices are fewer than three of five."""
    box = make.machine("box", make.contract("1", "spot", "spot"))
    rented = [
        replace(make.point("", 1), devices=devices, usd_per_hour=F(3), layout=f"of {devices}")
        for devices in (1, 2)
    ]
    limits = make.limits(max_spot_fraction=F(0), max_usd_per_hour=F(10))
    asked = make.question([make.workload(5, make.point("box", 1), *rented)], [box], limits=limits)
    found = {entry["limit"]: entry for entry in explain_infeasible(lower_fleet(asked))}
    assert found["spot share"]["needed_exact"] == "3/7"


def test_a_limit_of_several_periods_is_one_limit(make: Any) -> None:
    """Both periods need more than the stock, the busier one five: 5 in the file mends both."""
    box = make.machine("box", make.contract("1"), stock_devices=2)
    load = replace(make.workload(5, make.point("box", 1)), by_period=(F(1), F(3, 5)))
    periods = (Period("day", F(12)), Period("night", F(12)))
    asked = make.question([load], [box], periods=periods)
    (entry,) = explain_infeasible(lower_fleet(asked))
    assert (entry["limit"], entry["needed_exact"]) == ("stock of box", "5")


def test_power_over_several_periods_is_the_greatest_of_them(make: Any) -> None:
    box = make.machine("box", make.contract("1"))
    load = replace(make.workload(5, make.point("box", 1)), by_period=(F(3, 5), F(1)))
    periods = (Period("day", F(12)), Period("night", F(12)))
    asked = make.question([load], [box], periods=periods, limits=make.limits(max_watts=F(1000)))
    (entry,) = explain_infeasible(lower_fleet(asked))
    assert (entry["limit"], entry["needed_exact"]) == ("power", "5/2")


def test_racks_are_one_limit_and_say_how_many_more_would_do(make: Any) -> None:
    box = make.machine("box", make.contract("1"))
    racks = (RackOrbit("row", count=2, slots=3),)
    asked = make.question([make.workload(20, make.point("box", 1))], [box], racks=racks)
    (entry,) = explain_infeasible(lower_fleet(asked))
    assert (entry["limit"], entry["needed"]) == (RACKS, 5.0)


def test_racks_too_small_for_a_replica_are_not_mended_by_more_of_them(make: Any) -> None:
    box = make.machine("box", make.contract("1"))
    racks = (RackOrbit("row", count=2, slots=3),)
    big = make.point("box", 10, devices=4)
    asked = make.question([make.workload(10, big)], [box], racks=racks)
    (entry,) = explain_infeasible(lower_fleet(asked))
    assert (entry["limit"], entry["needed"]) == (RACKS, None)


def test_many_limits_still_give_an_irreducible_conflict(make: Any) -> None:
    """Fourteen machines with a stock of 1 each: all of them conflict, and the budget does not."""
    machines = [make.machine(f"m{k}", make.contract("1"), stock_devices=1) for k in range(14)]
    points = [make.point(f"m{k}", 1) for k in range(14)]
    asked = make.question(
        [make.workload(15, *points)], machines, limits=make.limits(max_usd_per_hour=F(100))
    )
    found = explain_infeasible(lower_fleet(asked))
    assert {entry["limit"] for entry in found} == {f"stock of m{k}" for k in range(14)}
    assert {entry["set"] for entry in found} == {"irreducible"}
    assert {entry["needed"] for entry in found} == {2.0}


def test_a_search_that_is_stopped_says_so(make: Any) -> None:
    box = make.machine("box", make.contract("1"), stock_devices=2)
    asked = make.question([make.workload(3, make.point("box", 1))], [box])
    stop = Stop(deadline=time.monotonic() - 1)
    (entry,) = explain_infeasible(lower_fleet(asked), stop=stop)
    assert (entry["set"], entry["unanswered"]) == ("not reduced", "time limit")


def test_another_engine_gives_the_same_conflict(make: Any) -> None:
    box = make.machine("box", make.contract("2"), stock_devices=3)
    tub = make.machine("tub", make.contract("3"), stock_devices=1)
    asked = make.question(
        [make.workload(6, make.point("box", 1), make.point("tub", 2))], [box, tub],
        limits=make.limits(max_usd_per_hour=F(30)),
    )  # fmt: skip
    space = lower_fleet(asked)

    def highs(problem: Any) -> Road:
        return Road(problem, formulation="counts", engine="highs")

    assert explain_infeasible(space, road=highs) == explain_infeasible(space)
