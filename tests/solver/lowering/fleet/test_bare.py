"""A bare column problem becomes the numbers it states."""

from __future__ import annotations

import json
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from formulations.fleet.problem import COST, POWER, SPEED
from solver.errors import InstanceError
from solver.instance.fleet.columns import ColumnFleet, ColumnType
from solver.lowering.fleet.lowering import lower_fleet

COLUMNS = [(0, 0, 1, 2, "0.5"), (0, 1, 2, 3, "0.25"), (1, 1, 1, 1, "0.5")]


def test_costs_are_cents_of_all_devices(make: dict[str, Any]) -> None:
    space = lower_fleet(make["fleet"](COLUMNS))
    assert space.problem.measures[COST].tolist() == [10, 14, 7]
    assert space.units[COST] == Fraction(1, 100)


def test_power_is_watts_of_all_devices(make: dict[str, Any]) -> None:
    space = lower_fleet(make["fleet"](COLUMNS, power=999))
    assert space.problem.measures[POWER].tolist() == [100, 160, 80]
    assert space.problem.limit_names == ("stock of type 0", "stock of type 1", "power")
    assert space.problem.limit.tolist() == [4, 4, 999]


def test_levels_are_ranked_over_all_workloads_from_the_fastest(make: dict[str, Any]) -> None:
    space = lower_fleet(make["fleet"](COLUMNS))
    assert space.problem.grades[SPEED].tolist() == [1, 0, 1]
    assert [level.speed for level in space.speed_levels] == [4, 2]


def test_bounds_are_the_least_of_demand_and_stock(make: dict[str, Any]) -> None:
    # Demand 3 in units of 2 needs 2; of 3 needs 1; demand 2 in units of 1 needs 2.
    space = lower_fleet(make["fleet"](COLUMNS))
    assert space.problem.upper.tolist() == [2, 1, 2]
    space = lower_fleet(make["fleet"](COLUMNS, types=((10, 100, 1), (7, 80, 4))))
    assert space.problem.upper.tolist() == [1, 1, 2]


def test_a_file_without_levels_has_one(make: dict[str, Any]) -> None:
    fleet = make["fleet"](COLUMNS)
    bare = ColumnFleet(
        **{
            name: getattr(fleet, name)
            for name in ColumnFleet.__dataclass_fields__
            if name != "column_latency_level"
        },
        column_latency_level=(),
    )
    space = lower_fleet(bare)
    assert len(space.speed_levels) == 1
    assert space.problem.grades[SPEED].max() == 0


def test_demand_that_no_column_serves_is_refused(make: dict[str, Any]) -> None:
    with pytest.raises(InstanceError, match=r"workload 1 asks for 2 .* no column serves it"):
        lower_fleet(make["fleet"](COLUMNS[:2]))


def test_limited_power_needs_the_watts_of_every_type(make: dict[str, Any]) -> None:
    with pytest.raises(InstanceError, match="watts of type 1 are missing"):
        lower_fleet(make["fleet"](COLUMNS, types=((10, 100, 4), (7, None, 4)), power=5))


def test_a_level_must_be_positive(make: dict[str, Any]) -> None:
    with pytest.raises(InstanceError, match="a latency level is 0"):
        lower_fleet(make["fleet"]([(0, 0, 1, 2, "0"), *COLUMNS]))


def test_columns_keep_their_number_in_the_file(make: dict[str, Any]) -> None:
    worse = (0, 0, 1, 1, "0.5")
    space = lower_fleet(make["fleet"]([worse, *COLUMNS]))
    assert [column.facts["column"] for column in space.columns] == [1, 2, 3]
    assert (space.stated, space.pruned) == (4, 3)


def test_reference_problems_are_cut_to_a_few_hundred_columns_within_a_grade() -> None:
    folder = Path(__file__).resolve().parents[4] / "../shared/data/fleet"
    path = folder / "fleet-loose-w12-c4000-n100-s1.json"
    if not path.is_file():
        pytest.skip("reference fleets are not beside this checkout (shared/data/fleet)")
    raw = json.loads(path.read_text())
    columns = raw["columns"]
    fleet = ColumnFleet(
        name=raw["name"],
        types=tuple(
            ColumnType(t["price_cents_per_h"], t["watts"], t["stock"]) for t in raw["types"]
        ),
        power_limit_w=raw["power_limit_w"],
        demand_milli_tok_per_s=tuple(raw["demand_milli_tok_per_s"]),
        column_type=tuple(columns["type"]),
        column_gpus=tuple(columns["gpus"]),
        column_workload=tuple(columns["workload"]),
        column_capacity_milli_tok_per_s=tuple(columns["capacity_milli_tok_per_s"]),
        column_latency_level=(),
    )
    begin = time.perf_counter()
    space = lower_fleet(fleet)
    assert time.perf_counter() - begin < 2.0  # some 0.05 s on an idle core
    assert space.stated == 4000
    assert space.pruned < 400
