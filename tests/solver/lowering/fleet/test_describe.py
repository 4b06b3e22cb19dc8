"""A plan back in words, and the data of limits that count layouts."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from formulations.fleet.plan import FilledRack, FleetPlan
from solver.instance.fleet.domain import (
    CurrentFleet,
    CurrentReplicas,
    FleetLimits,
    Period,
    RackOrbit,
    RequestSize,
    Service,
)
from solver.lowering.fleet.describe import describe, utilisation
from solver.lowering.fleet.lowering import lower_fleet

F = Fraction


def plan(*counts: int, **more: Any) -> FleetPlan:
    return FleetPlan(np.array(counts, dtype=np.int64), **more)


def test_replicas_are_listed_with_what_they_do(make: dict[str, Any]) -> None:
    space = lower_fleet(make["question"](make["workload"](make["point"](devices=2))))
    (entry,) = describe(space, plan(3))["replicas"]
    assert entry["workload"] == "chat"
    assert (entry["layout"], entry["machine"], entry["count"]) == ("a", "box", 3)
    assert (entry["devices"], entry["tpot_s"], entry["ttft_s"]) == (2, 0.01, 1.0)
    assert (entry["requests_per_s"], entry["tok_per_s"]) == (1.0, 10.0)


def test_totals_are_of_the_whole_fleet(make: dict[str, Any]) -> None:
    space = lower_fleet(make["question"](make["workload"](make["point"](devices=2))))
    design = describe(space, plan(3))
    assert (design["usd_per_hour"], design["watts"], design["devices"]) == (12.0, 3000.0, 6)
    assert design["tok_per_s_per_gpu"] == 5.0
    assert json.loads(json.dumps(design)) == design


def test_a_limit_is_as_full_as_it_is(make: dict[str, Any]) -> None:
    space = lower_fleet(make["question"](make["workload"](make["point"](devices=2))))
    assert utilisation(space, plan(3)) == {
        "stock of box": {"used": 6.0, "limit": 10.0, "unit": "devices", "share": 0.6}
    }


def test_what_nodes_supply_counts_as_the_limit(make: dict[str, Any]) -> None:
    machine = make["machine"](node_devices=4)
    space = lower_fleet(make["question"](make["workload"](make["point"]()), machines=(machine,)))
    design = describe(space, plan(3, 1))
    assert design["utilisation"]["devices of box"] == {
        "used": 3.0,
        "limit": 4.0,
        "unit": "devices",
        "share": 0.75,
    }
    (nodes,) = design["nodes"]
    assert (nodes["count"], nodes["devices"], nodes["usd_per_hour"]) == (1, 4, 8.0)
    assert (design["devices"], design["devices_in_replicas"]) == (4, 3)


def test_means_are_over_the_day(make: dict[str, Any]) -> None:
    asked = make["question"](
        make["workload"](make["point"](), by_period=(F(1), F(1, 3))),
        periods=(Period("day", F(18)), Period("night", F(6))),
    )
    design = describe(lower_fleet(asked), plan(3, 1))
    assert [entry["period"] for entry in design["replicas"]] == ["day", "night"]
    assert (design["devices"], design["usd_per_hour"]) == (2.5, 5.0)
    assert design["tok_per_s"] == 25.0


def test_replicas_are_told_apart_by_rack(make: dict[str, Any]) -> None:
    asked = make["question"](
        make["workload"](make["point"]()),
        racks=(RackOrbit("row", 3, slots=2), RackOrbit("cage", 1, slots=1)),
    )
    racks = (FilledRack(0, 1, {0: 2}), FilledRack(1, 1, {0: 1}))
    design = describe(lower_fleet(asked), plan(3, racks=racks))
    places = [(entry["region_or_rack"], entry["count"]) for entry in design["replicas"]]
    assert places == [("row", 2), ("cage", 1)]
    assert design["utilisation"]["racks of row"]["share"] == 1 / 3


def test_pools_count_their_replicas(make: dict[str, Any]) -> None:
    asked = make["question"](
        make["workload"](make["point"](devices=2), requests_per_s=F(1)),
        service=Service(spare_replicas=1, max_pool=2),
    )
    (entry,) = describe(lower_fleet(asked), plan(3))["replicas"]
    assert (entry["count"], entry["pools"], entry["devices"]) == (6, 3, 2)


def test_shares_of_sizes_are_listed(make: dict[str, Any]) -> None:
    sizes = (RequestSize(100, 10, F(1, 3)), RequestSize(500, 40, F(2, 3)))
    points = [make["point"]("4", size=(100, 10)), make["point"]("1", size=(500, 40))]
    space = lower_fleet(make["question"](make["workload"](*points, sizes=sizes)))
    shares = ({(0, 0): F(1), (0, 1): F(2)},)
    found = describe(space, plan(3, shares=shares))["shares"]
    assert [(entry["size"], entry["share"]) for entry in found] == [
        ("100 in, 10 out", 1.0),
        ("500 in, 40 out", 1.0),
    ]


def test_the_rate_column_says_what_is_served(make: dict[str, Any]) -> None:
    asked = make["question"](
        make["workload"](make["point"]()),
        trade_off=("throughput",),
        limits=FleetLimits(max_devices=4),
    )
    design = describe(lower_fleet(asked), plan(4, 4))
    assert (design["tok_per_s"], design["tok_per_s_per_gpu"]) == (40.0, 10.0)


def test_a_bare_problem_is_described_too(make: dict[str, Any]) -> None:
    space = lower_fleet(make["fleet"]([(0, 0, 1, 2, "1"), (1, 1, 1, 1, "2")]))
    design = describe(space, plan(2, 2))
    assert design["usd_per_hour"] == pytest.approx(0.34)
    assert [entry["option"] for entry in design["replicas"]] == [
        "column 0 (workload 0, type 0, GPUs 1)",
        "column 1 (workload 1, type 1, GPUs 1)",
    ]


def test_a_plan_of_another_space_is_refused(make: dict[str, Any]) -> None:
    space = lower_fleet(make["question"](make["workload"](make["point"]())))
    with pytest.raises(ValueError, match="2 counts for 1 columns"):
        describe(space, plan(1, 1))


def test_limits_on_layouts_keep_every_layout(make: dict[str, Any]) -> None:
    points = make["point"]("2"), make["point"]("1", layout="b")
    asked = make["question"](make["workload"](*points))
    assert lower_fleet(asked).choices is None
    assert len(lower_fleet(asked).columns) == 1
    limits = FleetLimits(max_layouts=1)
    space = lower_fleet(make["question"](make["workload"](*points), limits=limits))
    assert space.choices is None
    assert sum(column.kind == "replicas" for column in space.columns) == 2
    assert "layouts" in space.problem.limit_names


def test_the_fleet_of_today_may_be_kept_beyond_need(make: dict[str, Any]) -> None:
    current = CurrentFleet(
        (CurrentReplicas("chat", "box", "a", 7), CurrentReplicas("chat", "box", "gone", 2)), 3
    )
    space = lower_fleet(make["question"](make["workload"](make["point"]()), current=current))
    assert space.problem.upper.tolist()[0] == 7


def test_shares_tell_the_phase_where_phases_are_apart(make: dict[str, Any]) -> None:
    sizes = (RequestSize(100, 10, F(1, 3)), RequestSize(500, 40, F(2, 3)))
    points = [
        make["point"](rate, size=(size.input_tokens, size.output_tokens), layout=phase, phase=phase)
        for phase, rate in (("aggregated", "4"), ("prefill", "8"), ("decode", "8"))
        for size in sizes
    ]
    space = lower_fleet(make["question"](make["workload"](*points, sizes=sizes)))
    shares = ({(0, 0): F(1), (1, 1): F(2), (2, 1): F(2)},)
    found = describe(space, plan(1, 1, 1, shares=shares))["shares"]
    assert [(entry["phase"], entry["size"], entry["share"]) for entry in found] == [
        ("aggregated", "100 in, 10 out", 1.0),
        ("prefill", "500 in, 40 out", 1.0),
        ("decode", "500 in, 40 out", 1.0),
    ]


def test_shares_at_a_pace_are_of_what_is_served(make: dict[str, Any]) -> None:
    sizes = (RequestSize(100, 10, F(1, 2)), RequestSize(500, 40, F(1, 2)))
    points = [make["point"]("4", size=(100, 10)), make["point"]("4", size=(500, 40))]
    asked = make["question"](
        make["workload"](*points, sizes=sizes),
        trade_off=("throughput",),
        limits=FleetLimits(max_devices=4),
    )
    shares = ({(0, 0): F(6), (0, 1): F(6)},)
    found = describe(lower_fleet(asked), plan(3, 6, shares=shares))["shares"]
    assert [entry["share"] for entry in found] == [1.0, 1.0]


def test_changes_are_limited_in_every_period(make: dict[str, Any]) -> None:
    asked = make["question"](
        make["workload"](make["point"](), by_period=(F(1), F(1))),
        periods=(Period("day", F(12)), Period("night", F(12))),
        current=CurrentFleet((), 3),
    )
    assert {"changes in day", "changes in night"} <= set(lower_fleet(asked).problem.limit_names)
