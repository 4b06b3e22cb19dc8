"""What has to be served: phases, sizes, throughput."""

from __future__ import annotations

import itertools
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from formulations.fleet.problem import COST, QUALITY, SPEED, THROUGHPUT
from solver.errors import InstanceError
from solver.instance.fleet.domain import (
    FleetLimits,
    Period,
    RackOrbit,
    RequestSize,
    Service,
    WorkloadModel,
)
from solver.lowering.fleet.lowering import lower_fleet
from solver.lowering.fleet.space import FleetSpace
from solver.sweep.fleet.roads import Box, Road, Stop
from tests.oracles.plain_fleet import best_value, can_serve

F = Fraction


def solved(space: FleetSpace, measure: str) -> int:
    """Least value of a measure, proved."""
    value = Road(space.problem).least(measure, Box({}, {}), stop=Stop()).value
    assert value is not None
    return value


PHASES = ("aggregated", "prefill", "decode")

SIZES = (RequestSize(100, 10, F(1, 3)), RequestSize(500, 40, F(2, 3)))


def phases(make: dict[str, Any]) -> list[Any]:
    """Whole, prefill and decode replicas at 1, 4 and 2 requests/s."""
    return [
        make["point"]("1", layout="w"),
        make["point"]("4", layout="p", phase="prefill", tpot_s=None),
        make["point"]("2", layout="d", phase="decode", ttft_s=None),
    ]


def test_a_whole_replica_counts_in_both_phases(make: dict[str, Any]) -> None:
    space = lower_fleet(make["question"](make["workload"](*phases(make))))
    assert space.problem.cell_names == ("chat, prefill", "chat, decode")
    rows = [space.problem.cover.row(i) for i in range(2)]
    assert [(c.tolist(), v.tolist()) for c, v in rows] == [([0, 1], [1, 4]), ([0, 2], [1, 2])]
    assert space.problem.demand.tolist() == [3, 3]


def test_phases_and_whole_replicas_mix_at_least_cost(make: dict[str, Any]) -> None:
    # 3 requests/s: one prefill (4) and two decode (4) cost 6, as three whole ones do; one of each
    # carries min(1 + 4, 1 + 2) = 3 at 6 as well. With 5: P + 2 D + W = 8 carries 5.
    asked = make["question"](make["workload"](*phases(make), requests_per_s=F(5)))
    space = lower_fleet(asked)
    best = min(image[-1] for image in make["images"](space.problem))
    assert best * space.units[COST] == 8


def test_whole_replicas_alone_are_one_cell(make: dict[str, Any]) -> None:
    space = lower_fleet(make["question"](make["workload"](make["point"]())))
    assert space.problem.cell_names == ("chat",)


def test_points_of_several_sizes_are_one_routed_column(make: dict[str, Any]) -> None:
    points = [
        make["point"]("4", size=(100, 10), tpot_s=F(1, 100)),
        make["point"]("1", size=(500, 40), tpot_s=F(1, 50)),
    ]
    space = lower_fleet(make["question"](make["workload"](*points, sizes=SIZES)))
    (routing,) = space.problem.routings
    assert routing.rate.tolist() == [[4, 1]]
    assert routing.demand.tolist() == [1, 2]
    assert routing.class_names == ("100 in, 10 out", "500 in, 40 out")
    assert space.columns[0].latency_ps == 2 * 10**10
    assert space.problem.upper.tolist() == [3]


def test_a_size_that_no_replica_serves_is_named(make: dict[str, Any]) -> None:
    points = [make["point"]("4", size=(100, 10))]
    with pytest.raises(InstanceError, match="its requests of 500 in, 40 out"):
        lower_fleet(make["question"](make["workload"](*points, sizes=SIZES)))


def sized_phases(make: dict[str, Any]) -> list[Any]:
    """Whole, prefill and decode replicas at 4, 8 and 4 small requests/s, or 1, 4 and 2 large."""
    rates = {"aggregated": "41", "prefill": "84", "decode": "42"}
    return [
        make["point"](rate, layout=phase[0], phase=phase, size=size, **missing)
        for phase, both in rates.items()
        for rate, size in zip(both, ((100, 10), (500, 40)), strict=True)
        for missing in [{"prefill": {"tpot_s": None}, "decode": {"ttft_s": None}}.get(phase, {})]
    ]


def test_sizes_have_two_parts_where_phases_are_apart(make: dict[str, Any]) -> None:
    space = lower_fleet(make["question"](make["workload"](*sized_phases(make), sizes=SIZES)))
    (routing,) = space.problem.routings
    assert routing.parts == ("prefill", "decode")
    assert routing.rate.tolist() == [[4, 1, 4, 1], [8, 4, 0, 0], [0, 0, 4, 2]]
    assert routing.demand.tolist() == [1, 2]


def test_sizes_in_separate_phases_mix_with_whole_replicas_at_least_cost(
    make: dict[str, Any],
) -> None:
    # 2 small and 4 large requests/s. Whole replicas alone: 2/4 + 4/1, so 5. Pools alone: 2/8 + 4/4
    # and 2/4 + 4/2, so 2 and 3. One whole replica takes all the small ones and half a large one;
    # 3.5/4 and 3.5/2 are left for one prefill and two decode: 4 devices at 2 US$/h.
    workload = make["workload"](*sized_phases(make), sizes=SIZES, requests_per_s=F(6))
    space = lower_fleet(make["question"](workload))
    assert best_value(space.problem, COST) == solved(space, COST)
    assert solved(space, COST) * space.units[COST] == 8


@pytest.mark.parametrize("seed", range(12))
def test_the_cheapest_fleet_of_drawn_phases_and_sizes_equals_brute_force(
    make: dict[str, Any], seed: int
) -> None:
    random = np.random.default_rng(seed)
    points = [
        make["point"](str(rate), layout=f"l{k}", phase=phase, devices=devices, size=size)
        for k, phase in enumerate(("aggregated", "prefill", "decode", random.choice(PHASES)))
        for devices in [int(random.integers(1, 3))]
        for size in ((100, 10), (500, 40))
        for rate in [random.integers(0, 7)]
    ]
    points += [make["point"]("1", layout="all", size=size) for size in ((100, 10), (500, 40))]
    workload = make["workload"](*points, sizes=SIZES)
    asked = make["question"](workload, machines=(make["machine"](stock_devices=4),))
    space = lower_fleet(asked)
    whole = lower_fleet(asked, prune=False)
    best = best_value(whole.problem, COST)
    found = Road(space.problem).least(COST, Box({}, {}), stop=Stop()).value
    if best is None:
        assert found is None
    else:
        assert found is not None
        assert found * space.units[COST] == best * whole.units[COST]


def test_an_aggregated_replica_is_not_replaced_by_a_faster_half(make: dict[str, Any]) -> None:
    points = sized_phases(make)
    space = lower_fleet(make["question"](make["workload"](*points, sizes=SIZES)))
    assert {column.phase for column in space.columns} == {"aggregated", "prefill", "decode"}


@pytest.mark.parametrize("periods", [1, 2])
def test_every_period_has_a_routing_of_its_own(make: dict[str, Any], periods: int) -> None:
    workload = make["workload"](
        *sized_phases(make), sizes=SIZES, by_period=(F(1), F(1, 3))[:periods]
    )
    hours = tuple(Period(name, F(24, periods)) for name in ("day", "night")[:periods])
    routings = lower_fleet(make["question"](workload, periods=hours)).problem.routings
    assert len(routings) == periods
    assert [r.parts for r in routings] == [("prefill", "decode")] * periods
    # Every routing has a unit of its own: by night a third of the day's demand is 1 and 2 as well,
    # and rates are three times as many units.
    assert [r.demand.tolist() for r in routings] == [[1, 2]] * periods
    assert [r.carried()[0].tolist() for r in routings] == [[4, 1], [12, 3]][:periods]


def test_sizes_do_not_go_with_waiting_percentiles(make: dict[str, Any]) -> None:
    points = [make["point"]("4", size=(100, 10)), make["point"]("4", size=(500, 40))]
    asked = make["question"](
        make["workload"](*points, sizes=SIZES), service=Service(F(9, 10), F(1), 2)
    )
    with pytest.raises(InstanceError, match="cannot be combined with a percentile of waiting"):
        lower_fleet(asked)


def test_sizes_do_not_go_with_the_loss_of_a_rack(make: dict[str, Any]) -> None:
    points = [make["point"]("4", size=(100, 10)), make["point"]("4", size=(500, 40))]
    asked = make["question"](
        make["workload"](*points, sizes=SIZES),
        service=Service(survive_rack_loss=True),
        racks=(RackOrbit("row", 3, slots=4),),
    )
    with pytest.raises(InstanceError, match="cannot be combined with the loss of a rack"):
        lower_fleet(asked)


def test_one_size_measured_twice_for_a_replica_is_refused(make: dict[str, Any]) -> None:
    points = [make["point"]("4", size=(100, 10)), make["point"]("5", size=(100, 10))]
    with pytest.raises(InstanceError, match="is measured again"):
        lower_fleet(make["question"](make["workload"](*points, sizes=SIZES)))


def test_points_of_the_whole_and_of_a_size_do_not_mix(make: dict[str, Any]) -> None:
    points = [make["point"]("4", size=(100, 10)), make["point"]("5")]
    with pytest.raises(InstanceError, match="some points are of the whole workload"):
        lower_fleet(make["question"](make["workload"](*points, sizes=SIZES)))


def throughput(make: dict[str, Any], *workloads: Any, **changes: Any) -> Any:
    given = {"trade_off": ("throughput",), "limits": FleetLimits(max_devices=4), **changes}
    return make["question"](*workloads, **given)


def test_throughput_is_a_rate_column_in_every_cell(make: dict[str, Any]) -> None:
    space = lower_fleet(throughput(make, make["workload"](*phases(make))))
    problem = space.problem
    assert space.columns[-1].kind == "rate"
    assert problem.measures[THROUGHPUT].tolist() == [0, 0, 0, -1]
    assert problem.demand.tolist() == [0, 0]
    # One of prefill (4) and two of decode (4) leave one device for a whole replica: 5 requests/s.
    most = -min(
        dict(zip(problem.measures, image, strict=True))[THROUGHPUT]
        for image in make["images"](problem)
    )
    assert most * space.units[THROUGHPUT] == 50


def test_throughput_keeps_the_proportions_of_workloads(make: dict[str, Any]) -> None:
    other = make["workload"](make["point"]("1", layout="b"), name="code", requests_per_s=F(3, 2))
    space = lower_fleet(throughput(make, make["workload"](make["point"]()), other))
    rows = [
        dict(zip(*(part.tolist() for part in space.problem.cover.row(i)), strict=True))
        for i in range(2)
    ]
    # In units of each row: the first asks for twice as much of its replicas' rate.
    assert F(rows[0][0], -rows[0][2]) * 2 == F(rows[1][1], -rows[1][2])
    # A step of the rate is small beside a replica of one request/s.
    assert rows[0][0] >= 500 * -rows[0][2]


@pytest.mark.parametrize("apart", [False, True])
def test_throughput_of_several_sizes_keeps_their_proportions(
    make: dict[str, Any], apart: bool
) -> None:
    points = [p for p in sized_phases(make) if apart or p.phase == "aggregated"]
    other = make["workload"](make["point"]("1", layout="b"), name="code", requests_per_s=F(1, 2))
    workload = make["workload"](*points, sizes=SIZES)
    space = lower_fleet(throughput(make, workload, other, limits=FleetLimits(max_devices=3)))
    problem = space.problem
    (routing,) = problem.routings
    rate = problem.n_columns - 1
    # 1 and 2 of the sizes for 1/2 of the other workload.
    assert (routing.demand.tolist(), routing.pace) == ([1, 2], rate)
    columns, values = (part.tolist() for part in problem.cover.row(0))
    assert (columns[-1], F(values[0], -values[-1])) == (rate, 2 * routing.carried().min())
    most = 0
    for used in itertools.product(range(4), repeat=rate):
        if sum(used) > 3:
            continue
        low, high = 0, 10**8
        while high - low > 1:
            z = (low + high) // 2
            met = all(h >= 0 for h in problem.cover.dot([*used, z]))
            low, high = (z, high) if met and can_serve(routing, [*used, z]) else (low, z)
        most = max(most, low)
    assert most <= problem.upper[rate]
    assert solved(space, THROUGHPUT) == -most


def test_throughput_of_one_kind_of_replica_is_that_of_its_sizes_one_after_another(
    make: dict[str, Any],
) -> None:
    # 1/4 + 2/1 = 9/4 replicas for 3 requests/s of 30 tokens: 4 replicas make 160 tokens/s.
    points = sized_phases(make)[:2]
    space = lower_fleet(throughput(make, make["workload"](*points, sizes=SIZES)))
    found = -solved(space, THROUGHPUT) * space.units[THROUGHPUT]
    assert 160 - space.units[THROUGHPUT] < found <= 160


def test_throughput_without_a_limit_is_refused(make: dict[str, Any]) -> None:
    machine = make["machine"](stock_devices=None)
    asked = throughput(
        make, make["workload"](make["point"]()), machines=(machine,), limits=FleetLimits()
    )
    with pytest.raises(InstanceError, match="no limit holds the throughput"):
        lower_fleet(asked)


def test_throughput_needs_no_price(make: dict[str, Any]) -> None:
    machine = make["machine"](contracts=())
    space = lower_fleet(throughput(make, make["workload"](make["point"]()), machines=(machine,)))
    assert set(space.problem.measures) == {THROUGHPUT}


def test_speed_counts_in_units_of_each_target(make: dict[str, Any]) -> None:
    fast = make["workload"](make["point"](), target_speed_tok_per_s=F(50))
    slow = make["workload"](
        make["point"](layout="b", tpot_s=F(1, 40)),
        name="batch",
        target_speed_tok_per_s=F(10),
    )
    space = lower_fleet(make["question"](fast, slow))
    # 100 of 50 tok/s is 2, 40 of 10 is 4: the slower one is relatively faster.
    assert space.problem.grades[SPEED].tolist() == [1, 0]
    assert [level.speed for level in space.speed_levels] == [4, 2]
    assert [level.latency_ps for level in space.speed_levels] == [None, None]


def test_speed_without_targets_is_in_tokens_a_second(make: dict[str, Any]) -> None:
    space = lower_fleet(make["question"](make["workload"](make["point"]())))
    assert [(level.latency_ps, level.speed) for level in space.speed_levels] == [(10**10, 100)]


def test_targets_are_for_all_workloads_or_none(make: dict[str, Any]) -> None:
    first = make["workload"](make["point"](), target_speed_tok_per_s=F(50))
    second = make["workload"](make["point"](), name="batch")
    with pytest.raises(InstanceError, match="'chat' has a target speed and 'batch' has none"):
        lower_fleet(make["question"](first, second))


def test_speed_needs_the_time_between_tokens(make: dict[str, Any]) -> None:
    with pytest.raises(InstanceError, match="time between tokens is not measured"):
        lower_fleet(make["question"](make["workload"](make["point"](tpot_s=None))))


def test_the_best_quality_is_grade_0(make: dict[str, Any]) -> None:
    models = (WorkloadModel("m", None, F(7)), WorkloadModel("n", None, F(9)))
    points = (make["point"](), make["point"](model="n", layout="b", devices=2))
    space = lower_fleet(
        make["question"](make["workload"](*points, models=models), trade_off=("quality", "cost"))
    )
    assert space.problem.grades[QUALITY].tolist() == [1, 0]
    assert space.quality_levels == (9, 7)


def test_quality_needs_a_score_of_every_model(make: dict[str, Any]) -> None:
    asked = make["question"](make["workload"](make["point"]()), trade_off=("quality", "cost"))
    with pytest.raises(InstanceError, match="model 'm' has no score"):
        lower_fleet(asked)


def test_a_demand_that_replicas_meet_exactly_needs_no_other(make: dict[str, Any]) -> None:
    point = make["point"]("1.2345678")
    space = lower_fleet(make["question"](make["workload"](point, requests_per_s=F("12.345678"))))
    assert solved(space, COST) * space.units[COST] == 20
    assert space.notes == ()


def test_rates_in_tokens_of_two_workloads_stay_exact(make: dict[str, Any]) -> None:
    # 23456.7 and 18765.36 tok/s are ten and eight replicas of 2345.67 tok/s.
    asked = [
        make["workload"](
            make["point"](str(F("2345.67") / output)),
            name=name,
            sizes=(RequestSize(500, output, F(1)),),
            requests_per_s=F("2345.67") * replicas / output,
        )
        for name, output, replicas in (("a", 351, 10), ("b", 257, 8))
    ]
    machine = make["machine"](stock_devices=None)
    problem = lower_fleet(make["question"](*asked, machines=(machine,))).problem
    assert [problem.cover.row(i)[1].tolist() for i in range(2)] == [[1], [1]]
    assert problem.demand.tolist() == [10, 8]


def test_a_rate_beyond_all_numbers_serves_its_demand_alone(make: dict[str, Any]) -> None:
    points = make["point"]("1e30"), make["point"](layout="b", tpot_s=F(1, 200))
    problem = lower_fleet(make["question"](make["workload"](*points))).problem
    assert (problem.cover.row(0)[1].tolist(), problem.demand.tolist()) == ([3, 1], [3])


def test_a_demand_beyond_all_numbers_is_an_error(make: dict[str, Any]) -> None:
    machine = make["machine"](stock_devices=None)
    workload = make["workload"](make["point"](), requests_per_s=F(10**30))
    with pytest.raises(InstanceError, match=r"'chat'.* than any countable number"):
        lower_fleet(make["question"](workload, machines=(machine,)))


def test_what_was_rounded_is_told(make: dict[str, Any]) -> None:
    # Denominators without a common multiple in 64 bits.
    points = [
        make["point"](str(F(10**10, p)), layout=f"l{p}", tpot_s=F(1, k))
        for k, p in enumerate((9999999967, 9999999943, 9999999929), start=100)
    ]
    space = lower_fleet(make["question"](make["workload"](*points)), prune=False)
    assert [note for note in space.notes if "rates of chat are rounded down" in note]
    values, (need,) = space.problem.cover.row(0)[1].tolist(), space.problem.demand.tolist()
    for value, point in zip(values, points, strict=True):
        assert F(value, need) <= point.requests_per_s / 3
        assert F(value, need) > point.requests_per_s / 3 * (1 - F(1, 10**12))


def test_pruning_by_option_leaves_the_frontier_unchanged(make: dict[str, Any]) -> None:
    points = [
        make["point"](str(1 + k % 3), layout=f"l{k}", devices=1 + k % 2, tpot_s=F(1 + k % 4, 100))
        for k in range(6)
    ]
    machine = make["machine"](stock_devices=4)
    asked = make["question"](make["workload"](*points), machines=(machine,))
    whole, cut = lower_fleet(asked, prune=False), lower_fleet(asked)

    def frontier(space: Any) -> set[tuple[Any, ...]]:
        return {
            (space.speed_levels[grade].speed, cost * space.units[COST])
            for grade, cost in make["images"](space.problem)
        }

    assert cut.problem.n_columns < whole.problem.n_columns
    assert frontier(cut) == frontier(whole)


def test_a_machine_that_is_not_on_offer_is_named(make: dict[str, Any]) -> None:
    workload = make["workload"](replace(make["point"](), machine="crate"))
    with pytest.raises(InstanceError, match=r"points\.csv:2: machine 'crate' is not on offer"):
        lower_fleet(make["question"](workload))
