"""Batch work with a deadline: one row over the periods that end in time."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from formulations.fleet.problem import COST
from solver.api import solve, verify
from solver.errors import InstanceError
from solver.instance.fleet.domain import (
    BatchJob,
    Contract,
    FleetInstance,
    FleetLimits,
    Period,
    RequestSize,
    Service,
    Workload,
)
from solver.lowering.fleet.batch_cells import demand_cells, served_periods
from solver.lowering.fleet.lowering import lower_fleet
from solver.lowering.fleet.space import FleetSpace
from solver.sweep.fleet.asking import ask_least
from solver.sweep.fleet.roads import Road, Stop

F = Fraction
Make = dict[str, Callable[..., Any]]
DAY = (Period("night", F(8)), Period("day", F(10)), Period("evening", F(6)))
RESERVED = Contract("reserved", "reserved", F(1), committed=True)
ON_DEMAND = Contract("on_demand", "on_demand", F(3), committed=False)


def batch(make: Make, requests: int, arrives: str, hours: int, **changes: Any) -> Workload:
    """Batch work for replicas of one request/s on one device, ``requests`` a day."""
    given = {
        "name": "bulk",
        "requests_per_s": F(requests, 86_400),
        "by_period": (F(1),) * len(DAY),
        "batch": BatchJob(F(requests), arrives, F(hours)),
        **changes,
    }
    points = given.pop("points", (make["point"](workload="bulk", layout="b"),))
    return make["workload"](*points, **given)


def chat(make: Make, *by_period: int) -> Workload:
    """Chat of so many requests/s, for replicas of one request/s."""
    return make["workload"](
        make["point"](layout="c"), requests_per_s=F(1), by_period=tuple(map(F, by_period))
    )


def question(make: Make, *workloads: Workload, **changes: Any) -> FleetInstance:
    given = {
        "periods": DAY,
        "machines": (make["machine"](contracts=(RESERVED, ON_DEMAND), stock_devices=None),),
        **changes,
    }
    return make["question"](*workloads, **given)


def least_cost(space: FleetSpace) -> Fraction:
    found = ask_least(space.problem, COST, road=Road, stop=Stop())
    assert found.value is not None
    assert not found.unproved
    return found.value * space.units[COST]


def by_hand(chats: tuple[int, ...], requests: int, window: tuple[int, ...]) -> Fraction:
    """Least US$/h over all numbers of batch replicas in each period, nodes counted out."""
    hours = [int(period.hours) for period in DAY]
    most = [-(-requests // (3600 * h)) if p in window else 0 for p, h in enumerate(hours)]
    best = None
    for extra in itertools.product(*(range(n + 1) for n in most)):
        if sum(n * h * 3600 for n, h in zip(extra, hours, strict=True)) < requests:
            continue
        needed = [a + b for a, b in zip(chats, extra, strict=True)]
        for reserved in range(max(needed) + 1):
            rented = sum(
                max(n - reserved, 0) * F(h, 24) for n, h in zip(needed, hours, strict=True)
            )
            cost = reserved + 3 * rented
            best = cost if best is None else min(best, cost)
    assert best is not None
    return best


@pytest.mark.parametrize(
    ("arrives", "hours", "window"),
    [
        ("night", 8, (0,)),
        ("night", 9, (0,)),
        ("night", 18, (0, 1)),
        ("night", 24, (0, 1, 2)),
        ("evening", 6, (2,)),
        ("evening", 14, (0, 2)),
        ("evening", 24, (0, 1, 2)),
        ("day", 17, (1, 2)),
    ],
)
def test_a_batch_is_worked_off_in_the_periods_that_end_in_time(
    make: Make, arrives: str, hours: int, window: tuple[int, ...]
) -> None:
    work = batch(make, 1000, arrives, hours)
    assert served_periods(question(make, work), work) == window


def test_a_deadline_within_the_first_period_leaves_no_period(make: Make) -> None:
    work = batch(make, 1000, "night", 7)
    with pytest.raises(InstanceError, match="no period from 'night' on is over within 7 h"):
        served_periods(question(make, work), work)


def test_the_cell_of_a_batch_counts_the_seconds_of_each_period(make: Make) -> None:
    work = batch(make, 1000, "evening", 14)
    (cell,) = demand_cells(question(make, work), work)
    assert (cell.wanted, dict(cell.weights)) == (1000, {0: F(28_800), 2: F(21_600)})


def test_no_column_of_a_batch_stands_outside_its_periods(make: Make) -> None:
    space = lower_fleet(question(make, batch(make, 1000, "evening", 14)), prune=False)
    periods = {column.period for column in space.columns if column.kind == "replicas"}
    assert periods == {"night", "evening"}


@pytest.mark.parametrize(
    ("chats", "requests", "arrives", "hours", "window"),
    [
        ((1, 4, 2), 80_000, "night", 8, (0,)),
        ((1, 4, 2), 80_000, "evening", 14, (0, 2)),
        ((1, 4, 2), 80_000, "night", 24, (0, 1, 2)),
        ((3, 0, 1), 130_000, "day", 16, (1, 2)),
        ((0, 0, 0), 50_000, "night", 24, (0, 1, 2)),
        ((2, 2, 2), 30_000, "day", 10, (1,)),
    ],
)
def test_the_least_cost_is_that_of_brute_force(
    make: Make,
    chats: tuple[int, ...],
    requests: int,
    arrives: str,
    hours: int,
    window: tuple[int, ...],
) -> None:
    workloads = [batch(make, requests, arrives, hours)]
    if any(chats):
        workloads.append(chat(make, *chats))
    space = lower_fleet(question(make, *workloads))
    assert least_cost(space) == by_hand(chats, requests, window)


def test_idle_reserved_nodes_do_the_batch_for_nothing(make: Make) -> None:
    streams = chat(make, 1, 4, 2)
    alone = least_cost(lower_fleet(question(make, streams)))
    # Four nodes are held for the day; three of them stand idle for 8 h of night.
    both = question(make, streams, batch(make, 3 * 8 * 3600, "night", 8))
    assert least_cost(lower_fleet(both)) <= alone + 3 * 3 * F(8, 24)
    held = question(
        make,
        streams,
        batch(make, 3 * 8 * 3600, "night", 8),
        machines=(make["machine"](contracts=(RESERVED,), stock_devices=None),),
    )
    assert least_cost(lower_fleet(held)) == 4


def test_a_longer_deadline_is_never_dearer(make: Make) -> None:
    costs = [
        least_cost(
            lower_fleet(question(make, chat(make, 1, 3, 5), batch(make, 95_000, "night", h)))
        )
        for h in (8, 18, 24)
    ]
    assert costs == sorted(costs, reverse=True)


def test_pruning_keeps_the_frontier_of_a_batch_beside_chat(
    make: Make, images: Callable[[Any], Any]
) -> None:
    slow = make["point"](rate="2", workload="bulk", layout="slow", tpot_s=F(1, 10))
    quick = make["point"](rate="1", workload="bulk", layout="quick")
    asked = question(
        make,
        chat(make, 1, 2, 1),
        batch(make, 60_000, "night", 18, points=(slow, quick)),
        machines=(make["machine"](contracts=(ON_DEMAND,), stock_devices=3),),
    )
    kept, all_of_it = lower_fleet(asked), lower_fleet(asked, prune=False)

    def in_usd(space: FleetSpace) -> set[tuple[Any, ...]]:
        return {(*image[:-1], image[-1] * space.units["cost"]) for image in images(space.problem)}

    assert in_usd(kept) == in_usd(all_of_it)


def test_a_batch_has_no_part_in_the_speed_of_a_fleet(make: Make) -> None:
    slow = make["point"](rate="2", workload="bulk", layout="slow", tpot_s=F(1, 2))
    asked = question(make, chat(make, 1, 2, 1), batch(make, 9000, "night", 8, points=(slow,)))
    assert [float(level.speed) for level in lower_fleet(asked).speed_levels] == [100.0]


def test_no_percentile_of_waiting_holds_for_a_batch(make: Make) -> None:
    asked = question(
        make,
        batch(make, 9000, "night", 8),
        service=Service(wait_percentile=F(9, 10), max_wait_s=F(1), max_pool=3),
    )
    columns = [c for c in lower_fleet(asked, prune=False).columns if c.kind == "replicas"]
    assert {column.replicas for column in columns} == {1}


def test_spares_hold_for_a_batch_too(make: Make) -> None:
    asked = question(
        make, batch(make, 9000, "night", 8), service=Service(spare_replicas=1, max_pool=2)
    )
    columns = [c for c in lower_fleet(asked, prune=False).columns if c.kind == "replicas"]
    assert {column.replicas for column in columns} == {2}


def test_a_throughput_cannot_be_traded_off_beside_a_batch(make: Make) -> None:
    asked = question(
        make,
        batch(make, 9000, "night", 8),
        trade_off=("throughput", "cost"),
        limits=FleetLimits(max_devices=3),
    )
    with pytest.raises(InstanceError, match="a number of requests a day"):
        lower_fleet(asked)


def test_prefill_and_decode_apart_are_refused_where_work_may_be_spread(make: Make) -> None:
    points = tuple(
        make["point"](workload="bulk", layout=phase, phase=phase) for phase in ("prefill", "decode")
    )
    asked = question(
        make, batch(make, 9000, "night", 18, points=points), phases=("prefill", "decode")
    )
    with pytest.raises(InstanceError, match="caches would have to be kept"):
        lower_fleet(asked)


def test_prefill_and_decode_apart_are_balanced_within_one_period(make: Make) -> None:
    points = tuple(
        make["point"](workload="bulk", layout=phase, phase=phase) for phase in ("prefill", "decode")
    )
    asked = question(
        make,
        batch(make, 2 * 8 * 3600, "night", 8, points=points),
        phases=("prefill", "decode"),
        machines=(make["machine"](contracts=(ON_DEMAND,), stock_devices=None),),
    )
    # Two of each for 8 of 24 hours at 3 US$.
    assert least_cost(lower_fleet(asked)) == 4


def test_several_sizes_of_a_batch_are_routed_over_all_its_periods(make: Make) -> None:
    sizes = (RequestSize(100, 10, F(1, 2)), RequestSize(400, 10, F(1, 2)))
    points = tuple(
        make["point"](rate=rate, workload="bulk", layout="b", size=(tokens, 10))
        for rate, tokens in (("2", 100), ("1", 400))
    )
    asked = question(
        make,
        batch(make, 28_800, "night", 18, sizes=sizes, points=points),
        machines=(make["machine"](contracts=(ON_DEMAND,), stock_devices=None),),
    )
    space = lower_fleet(asked)
    (routing,) = space.problem.routings
    assert len(routing.columns) == 2
    # 14,400 at 2/s and 14,400 at 1/s take 6 h: one replica for the 8 h of the night.
    assert least_cost(space) == 3 * F(8, 24)


def test_a_fleet_with_a_batch_is_proved_again_by_another_engine(make: Make) -> None:
    slow = make["point"](rate="1/2", layout="slower", tpot_s=F(1, 200))
    streams = replace(chat(make, 1, 4, 2), points=(*chat(make, 1, 4, 2).points, slow))
    asked = question(make, streams, batch(make, 80_000, "evening", 14))
    found = solve(asked)
    assert (found.status, len(found)) == ("complete", 2)
    assert verify(found.to_dict(), reprove=True).passed


def test_blocks_and_programs_agree_on_a_batch_rented_by_the_hour(make: Make) -> None:
    asked = question(
        make,
        chat(make, 1, 4, 2),
        batch(make, 80_000, "evening", 14),
        machines=(make["machine"](contracts=(ON_DEMAND,), stock_devices=None),),
    )
    costs = [
        [point.exact["cost"] for point in solve(asked, formulation=name)]
        for name in ("blocks", "counts")
    ]
    assert costs[0] == costs[1]
