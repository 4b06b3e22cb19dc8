"""What is dropped before columns are made: the frontier of all plans stays as it is."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from formulations.fleet.problem import COST
from solver.instance.fleet.domain import FleetLimits, Service
from solver.lowering.fleet.lowering import lower_fleet
from solver.lowering.fleet.options import measured_options
from solver.lowering.fleet.pruning import prune_options

F = Fraction


def layouts(make: dict[str, Any], *points: Any, **changes: Any) -> list[str]:
    asked = make["question"](make["workload"](*points), **changes)
    options = measured_options(asked, 0)
    return [option.layout for option in prune_options(asked, options, keep_layouts=False)]


def test_fewer_devices_at_no_less_rate_win(make: dict[str, Any]) -> None:
    points = make["point"]("2", devices=2), make["point"]("2", layout="b", devices=4)
    assert layouts(make, *points) == ["a"]


def test_fewer_devices_do_not_win_where_they_take_more_of_a_node(make: dict[str, Any]) -> None:
    # 3 of 8 take a whole node, 4 of 8 half of one.
    machine = make["machine"](node_devices=8, stock_devices=16)
    points = make["point"]("2", devices=3), make["point"]("2", layout="b", devices=4)
    assert layouts(make, *points, machines=(machine,)) == ["a", "b"]


def test_sizes_that_share_a_node_are_compared_whatever_else_is_on_offer(
    make: dict[str, Any],
) -> None:
    # 2 and 3 of 6 are no chain, and two devices still fit wherever three do.
    machine = make["machine"](node_devices=6, stock_devices=12)
    points = make["point"]("2", devices=2), make["point"]("2", layout="b", devices=3)
    assert layouts(make, *points, machines=(machine,)) == ["a"]


def test_more_devices_stay_where_a_share_of_them_may_be_spot(make: dict[str, Any]) -> None:
    # Devices that are not spot are what lets others be.
    points = make["point"]("2", devices=2), make["point"]("2", layout="b", devices=4)
    assert layouts(make, *points, limits=FleetLimits(max_spot_fraction=F(1, 2))) == ["a", "b"]


def test_a_share_is_met_by_replicas_of_more_devices(make: dict[str, Any]) -> None:
    """The budget pays for two replicas that are not spot: of seven devices three are spot, of five
    they would be more than the share."""
    points = [
        make["point"]("1", layout="spot"),
        *(
            make["point"](layout=f"of {n}", devices=n, machine="", usd_per_hour=F(3))
            for n in (1, 2)
        ),
    ]
    spot = make["rented"]("1", "spot", kind="spot")
    asked = make["question"](
        make["workload"](*points, requests_per_s=F(5)),
        machines=(make["machine"](contracts=(spot,)),),
        limits=FleetLimits(max_spot_fraction=F(3, 7), max_usd_per_hour=F(10)),
    )
    costs = [make["images"](lower_fleet(asked, prune=prune).problem) for prune in (True, False)]
    assert costs[0] == costs[1] != []


def test_a_faster_option_stays_while_speed_counts(make: dict[str, Any]) -> None:
    points = make["point"]("2"), make["point"]("1", layout="b", tpot_s=F(1, 200))
    assert layouts(make, *points) == ["a", "b"]
    assert layouts(make, *points, trade_off=("power", "cost")) == ["a"]


def test_a_replica_that_draws_less_stays(make: dict[str, Any]) -> None:
    points = make["point"]("2", watts=F(400)), make["point"]("1", layout="b", watts=F(300))
    assert layouts(make, *points) == ["a", "b"]


def test_layouts_stay_apart_on_request(make: dict[str, Any]) -> None:
    asked = make["question"](make["workload"](make["point"]("2"), make["point"](layout="b")))
    options = measured_options(asked, 0)
    assert len(prune_options(asked, options, keep_layouts=True)) == 2


point = st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(1, 3))


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    chosen=st.lists(point, min_size=1, max_size=4),
    node=st.sampled_from([1, 2, 3, 6]),
    stock=st.integers(3, 6),
    spare=st.booleans(),
)
def test_the_frontier_of_small_questions_is_unchanged(
    make: dict[str, Any],
    chosen: list[tuple[int, int, int]],
    node: int,
    stock: int,
    spare: bool,
) -> None:
    points = [
        make["point"](str(rate), layout=f"l{k}", devices=devices, tpot_s=F(tpot, 100))
        for k, (rate, devices, tpot) in enumerate(chosen)
    ]
    service = Service(spare_replicas=1, max_pool=2) if spare else Service()
    asked = make["question"](
        make["workload"](*points, requests_per_s=F(2)),
        machines=(make["machine"](node_devices=node, stock_devices=stock),),
        service=service,
    )

    def frontier(*, prune: bool) -> set[tuple[Fraction, Fraction]]:
        space = lower_fleet(asked, prune=prune)
        return {
            (space.speed_levels[grade].speed, cost * space.units[COST])
            for grade, cost in make["images"](space.problem)
        }

    assert frontier(prune=True) == frontier(prune=False)
