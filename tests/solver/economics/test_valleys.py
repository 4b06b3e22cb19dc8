"""The bill of a batch as a flat rate, and with more and more time."""

from __future__ import annotations

import io
from fractions import Fraction

import pytest
from rich.console import Console

from solver.economics.valleys import Valleys, as_flat_rates, valleys_of
from solver.errors import InstanceError
from solver.instance.fleet.domain import (
    BatchJob,
    Contract,
    FleetInstance,
    MachineOffer,
    MeasuredPoint,
    Period,
    RequestSize,
    Workload,
    WorkloadModel,
)
from solver.report.economics_valleys import print_valleys, valleys_csv

F = Fraction
DAY = (Period("night", F(8)), Period("day", F(16)))


def workload(name: str, requests_per_s: Fraction, batch: BatchJob | None = None) -> Workload:
    """For replicas of one device and one request/s, as much by night as by day."""
    point = MeasuredPoint(
        name, "m", "box", "a", "aggregated", 1, F(1), F(1, 100), F(1), None, None, None, "p:2"
    )
    factors = (F(1), F(1)) if batch else (F(1, 4), F(1))
    return Workload(
        name=name,
        models=(WorkloadModel("m", None),),
        sizes=(RequestSize(100, 10, F(1)),),
        requests_per_s=requests_per_s,
        by_period=factors,
        points=(point,),
        batch=batch,
    )


def fleet(*workloads: Workload, stock: int | None = None) -> FleetInstance:
    """Machines reserved at 1 US$/h, or rented at 3."""
    contracts = (
        Contract("reserved", "reserved", F(1), committed=True),
        Contract("on_demand", "on_demand", F(3), committed=False),
    )
    return FleetInstance(
        name="small",
        title="",
        trade_off=("speed", "cost"),
        cost_unit="usd_per_hour",
        horizon_hours=None,
        periods=DAY,
        workloads=workloads,
        machines=(MachineOffer("box", None, 1, F(500), contracts, stock),),
        design=None,
    )


def bulk(requests: int, hours: int, name: str = "bulk") -> Workload:
    return workload(name, F(requests, 86_400), BatchJob(F(requests), "night", F(hours)))


def only(found: tuple[Valleys, ...]) -> Valleys:
    (valleys,) = found
    return valleys


def test_the_night_of_four_held_machines_is_worth_a_machine() -> None:
    # Chat holds 4 by day and 1 by night; 28,800 requests are one machine for 8 h, or a third of one
    # all day, which asks for a fifth machine by day.
    found = only(valleys_of(fleet(workload("chat", F(4)), bulk(28_800, 8))))
    assert (found.flat.usd_per_hour, found.stated.usd_per_hour) == (5, 4)
    assert (found.saved_usd_per_hour, found.saved_share) == (1, F(1, 5))


def test_the_curve_falls_with_the_deadline() -> None:
    found = only(valleys_of(fleet(workload("chat", F(1)), bulk(100_000, 8))))
    costs = [entry.usd_per_hour for entry in found.curve]
    assert [entry.deadline_hours for entry in found.curve] == [8, 24]
    assert None not in costs
    assert costs == sorted(costs, key=lambda usd: -(usd or 0))
    assert costs[0] != costs[1]


def test_a_whole_day_is_never_dearer_than_a_flat_rate() -> None:
    for requests in (1000, 28_800, 50_000, 200_000):
        found = only(valleys_of(fleet(workload("chat", F(3)), bulk(requests, 24))))
        saved = found.saved_usd_per_hour
        assert saved is not None
        assert saved >= 0


def test_a_short_deadline_may_be_dearer_than_a_flat_rate() -> None:
    found = only(valleys_of(fleet(bulk(86_400, 8))))
    # Three machines for the night are held all day, or rented for it; one does it all day long.
    assert (found.flat.usd_per_hour, found.stated.usd_per_hour) == (1, 3)


def test_a_fleet_too_small_for_a_deadline_has_no_cost() -> None:
    found = only(valleys_of(fleet(bulk(86_400, 8), stock=2)))
    assert found.stated.usd_per_hour is None
    assert found.saved_usd_per_hour is None


def test_every_batch_is_compared_while_the_others_keep_their_deadline() -> None:
    found = valleys_of(fleet(bulk(28_800, 8, "one"), bulk(28_800, 24, "two")), curve=False)
    assert [valleys.workload for valleys in found] == ["one", "two"]
    assert found[0].stated.usd_per_hour == found[1].stated.usd_per_hour


def test_only_the_named_batch_becomes_a_stream() -> None:
    flat = as_flat_rates(fleet(bulk(1, 8, "one"), bulk(1, 8, "two")), only="one")
    assert [entry.batch is None for entry in flat.workloads] == [True, False]


def test_a_fleet_without_a_batch_is_told() -> None:
    with pytest.raises(InstanceError, match="no workload has a deadline"):
        valleys_of(fleet(workload("chat", F(1))))


def test_the_table_tells_what_the_deadline_saves() -> None:
    found = valleys_of(fleet(workload("chat", F(4)), bulk(28_800, 8)))
    stream = io.StringIO()
    print_valleys(found, Console(file=stream, width=120))
    assert "bulk done within 8 h saves US$1/h, 20.0 % of the fleet" in stream.getvalue().replace(
        "US$1.00", "US$1"
    )


def test_the_csv_has_a_line_for_every_deadline_and_one_flat() -> None:
    found = valleys_of(fleet(workload("chat", F(4)), bulk(28_800, 8)))
    lines = valleys_csv(found).splitlines()
    assert [line.split(",")[1:3] for line in lines[1:]] == [
        ["", ""],
        ["8", "night"],
        ["24", "night; day"],
    ]


def test_a_stated_deadline_between_two_ends_of_periods_is_listed_too() -> None:
    found = valleys_of(fleet(workload("chat", F(4)), bulk(28_800, 10)))
    lines = valleys_csv(found).splitlines()
    assert [line.split(",")[1] for line in lines[1:]] == ["", "8", "10", "24"]
