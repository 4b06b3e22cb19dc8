"""What will be solved, told before solving it."""

from __future__ import annotations

import io
import json
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from rich.cells import cell_len
from rich.console import Console

from formulations.fleet.plan import FilledRack, FleetPlan
from solver.instance.fleet.columns import ColumnFleet, ColumnType
from solver.instance.fleet.domain import (
    Contract,
    FleetInstance,
    FleetLimits,
    MachineOffer,
    MeasuredPoint,
    Period,
    RackOrbit,
    RequestSize,
    Workload,
    WorkloadModel,
)
from solver.lowering.fleet.lowering import lower_fleet
from solver.lowering.fleet.space import FleetSpace
from solver.report.fleet import print_fleet
from solver.report.fleet_survey import fleet_survey, print_fleet_survey
from solver.sweep.fleet.document import outcome_to_dict
from solver.sweep.fleet.frontier import sweep_fleet

F = Fraction


def measured(rate: str, tpot: str, layout: str, machine: str = "box") -> MeasuredPoint:
    return MeasuredPoint(
        workload="chat", model="m", machine=machine, layout=layout, phase="aggregated", devices=1,
        requests_per_s=F(rate), tpot_s=F(tpot), ttft_s=F(1), watts=None, usd_per_hour=None,
        size=None, where="points.csv:2",
    )  # fmt: skip


def question(**changes: Any) -> FleetInstance:
    """Two layouts on a machine had in nodes of two."""
    contract = Contract("on_demand", "on_demand", F(2), committed=False)
    given: dict[str, Any] = {
        "name": "small",
        "title": "A small question",
        "trade_off": ("speed", "cost"),
        "cost_unit": "usd_per_hour",
        "horizon_hours": None,
        "periods": (Period("day", F(24)),),
        "machines": (MachineOffer("box", None, 2, F(500), (contract,), stock_devices=10),),
        "design": None,
        "limits": FleetLimits(max_watts=F(4000)),
        **changes,
    }
    workload = Workload(
        name="chat",
        models=(WorkloadModel("m", None),),
        sizes=(RequestSize(100, 10, F(1)),),
        requests_per_s=F(3),
        by_period=(F(1),),
        points=(measured("1", "1/100", "fast"), measured("3", "1/20", "slow")),
    )
    return FleetInstance(workloads=(workload,), **given)


def bare() -> ColumnFleet:
    return ColumnFleet(
        name="bare",
        types=(ColumnType(10, 100, 4), ColumnType(7, 80, 4)),
        power_limit_w=None,
        demand_milli_tok_per_s=(3, 2),
        column_type=(0, 1, 1, 0),
        column_gpus=(1, 1, 2, 1),
        column_workload=(0, 1, 0, 1),
        column_capacity_milli_tok_per_s=(2, 1, 3, 2),
        column_latency_level=(F(1), F(2), F(2), F(1)),
    )


def plan(counts: np.ndarray) -> FleetPlan:
    return FleetPlan(counts, (), ())


def printed(space: FleetSpace, *, width: int = 80, plan: FleetPlan | None = None) -> str:
    stream = io.StringIO()
    print_fleet_survey(space, Console(file=stream, width=width, highlight=False), plan=plan)
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines())


def test_a_question_reads_as_pinned() -> None:
    assert (
        printed(lower_fleet(question()))
        == """\
A small question

trade-off     speed against cost
options       2 stated, 2 kept
columns       2 of replicas, 1 of nodes
rows          1 demand, 2 limits, 4 rows in all
speed levels  2: from 100 down to 20
structure     one program over all columns: a column takes from a cell or gives
              to a limit

columns of  box
───────────────
chat          2

limit              at most  columns
───────────────────────────────────
use of box    nodes bought        3
stock of box    10 devices        1
power                 4 kW        2"""
    )


def test_a_bare_problem_separates_into_blocks() -> None:
    found = fleet_survey(lower_fleet(bare()))
    assert found["blocks"] == 2
    assert found["structure"] == "separates into 2 blocks, tied by 2 limits"
    assert found["speed_levels"] == [1.0, 0.5]


def test_with_a_plan_full_limits_are_marked() -> None:
    space = lower_fleet(bare())
    counts = np.zeros(len(space.columns), dtype=np.int64)
    names = [column.layout for column in space.columns]
    counts[names.index("column 2")], counts[names.index("column 3")] = 2, 1
    lines = printed(space, plan=FleetPlan(counts, (), ())).splitlines()
    assert "stock of type 0  4 devices        2   25.0 %" in lines
    assert "stock of type 1  4 devices        2  100.0 %  yes" in lines


def test_a_limit_with_too_little_left_for_one_more_binds() -> None:
    space = lower_fleet(question())
    counts = np.zeros(len(space.columns), dtype=np.int64)
    counts[[column.kind for column in space.columns].index("nodes")] = 10
    limits = {entry["limit"]: entry for entry in fleet_survey(space, plan(counts))["limits"]}
    assert limits["stock of box"]["binds"]
    assert not limits["devices of box"]["binds"]
    assert not limits["power"]["binds"]


def test_what_binds_is_said_in_a_sentence() -> None:
    space = lower_fleet(bare())
    counts = np.zeros(len(space.columns), dtype=np.int64)
    names = [column.layout for column in space.columns]
    counts[names.index("column 2")], counts[names.index("column 3")] = 2, 1
    stream = io.StringIO()
    console = Console(file=stream, width=80, highlight=False)
    print_fleet_survey(space, console, plan=plan(counts), about_plan="Use is that of a plan.")
    text = " ".join(stream.getvalue().split())
    assert "Use is that of a plan. What binds there: stock of type 1." in text


def test_without_a_plan_it_is_said_why() -> None:
    stream = io.StringIO()
    console = Console(file=stream, width=80, highlight=False)
    print_fleet_survey(lower_fleet(bare()), console, about_plan="No plan was found.")
    assert stream.getvalue().rstrip().endswith("No plan was found.")


def test_racks_in_use_are_counted_with_a_plan() -> None:
    space = lower_fleet(question(racks=(RackOrbit("row", 3, slots=2),)))
    racks = space.problem.racks
    assert racks is not None
    counts = np.zeros(len(space.columns), dtype=np.int64)
    item = int(racks.items[0])
    counts[item] = 2
    filled = FleetPlan(counts, (), (FilledRack(0, 2, {item: 1}), FilledRack(0, 1, {})))
    assert fleet_survey(space, filled)["racks"]["in_use"] == {"row": 2}


def test_a_plan_of_another_space_is_refused() -> None:
    with pytest.raises(ValueError, match="1 counts for 4 columns"):
        fleet_survey(lower_fleet(bare()), FleetPlan(np.zeros(1, dtype=np.int64), (), ()))


def test_rows_that_only_help_are_not_shown() -> None:
    limited = question(limits=FleetLimits(max_layouts=1))
    found = fleet_survey(lower_fleet(limited))
    names = [entry["limit"] for entry in found["limits"]]
    assert names == ["devices of box", "stock of box", "layouts"]
    assert found["columns"]["other"] == 2


def test_racks_are_told() -> None:
    racked = question(racks=(RackOrbit("row", 3, slots=2),))
    assert fleet_survey(lower_fleet(racked))["racks"]["count"] == {"row": 3}
    assert "3 racks of 1 kind, with slots" in printed(lower_fleet(racked))


@pytest.mark.parametrize("make", [question, bare])
def test_the_survey_is_plain_json(make: Any) -> None:
    found = fleet_survey(lower_fleet(make()))
    assert json.loads(json.dumps(found)) == found


@pytest.mark.parametrize("width", [60, 80])
def test_no_line_is_wider_than_the_console(width: int) -> None:
    text = printed(lower_fleet(question()), width=width)
    assert max(cell_len(line) for line in text.splitlines()) <= width


def test_a_swept_question_is_reported_from_its_document() -> None:
    document = outcome_to_dict(sweep_fleet(lower_fleet(question())))
    stream = io.StringIO()
    print_fleet(document, Console(file=stream, width=80, highlight=False))
    text = stream.getvalue()
    assert "Complete: 2 fleets" in text
    assert "Bill of materials of the cheapest point: 20 tok/s/user, US$4/h" in text
