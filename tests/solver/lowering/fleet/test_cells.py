"""What has to be served: phases, sizes, throughput."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from formulations.fleet.problem import COST, QUALITY, SPEED, THROUGHPUT
from solver.errors import InstanceError
from solver.instance.fleet.domain import FleetLimits, RequestSize, Service, WorkloadModel
from solver.lowering.fleet.lowering import lower_fleet
from solver.lowering.fleet.scaling import rate_scale

F = Fraction

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


def test_sizes_do_not_go_with_separate_phases(make: dict[str, Any]) -> None:
    points = [
        make["point"]("4", size=(100, 10)),
        make["point"]("4", size=(500, 40)),
        make["point"]("4", size=(500, 40), phase="decode"),
    ]
    with pytest.raises(InstanceError, match="cannot be combined with prefill and decode apart"):
        lower_fleet(make["question"](make["workload"](*points, sizes=SIZES)))


def test_sizes_do_not_go_with_waiting_percentiles(make: dict[str, Any]) -> None:
    points = [make["point"]("4", size=(100, 10)), make["point"]("4", size=(500, 40))]
    asked = make["question"](
        make["workload"](*points, sizes=SIZES), service=Service(F(9, 10), F(1), 2)
    )
    with pytest.raises(InstanceError, match="cannot be combined with a percentile of waiting"):
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
    assert (rows[0][2], rows[1][2]) == (-2, -1)
    # A unit is 3 steps of the rate: small beside a replica of one request/s.
    assert rows[0][0] >= 2000


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


def test_rates_are_exact_over_a_small_denominator() -> None:
    assert rate_scale([F(1, 3), F(5, 7)], [F(1, 2)]) == 42


def test_rates_of_long_decimals_keep_four_digits() -> None:
    rates = [F("0.0123456789"), F("3")]
    scale = rate_scale(rates, [])
    assert scale == 10**6
    assert math.floor(rates[0] * scale) == 12345


def test_demand_is_rounded_up_and_rates_down(make: dict[str, Any]) -> None:
    point = make["point"]("1.23456789")
    asked = make["question"](make["workload"](point, requests_per_s=F("1.23456781")))
    problem = lower_fleet(asked).problem
    assert (problem.cover.row(0)[1].tolist(), problem.demand.tolist()) == ([1234], [1235])


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
