"""Prices by hand, and which columns carry them."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from formulations.fleet.problem import COST, POWER
from solver.errors import InstanceError
from solver.instance.fleet.domain import FleetLimits, Period
from solver.lowering.fleet.lowering import lower_fleet
from solver.lowering.fleet.nodes import devices_taken
from solver.lowering.fleet.prices import energy_usd_per_hour, holding_usd_per_hour
from solver.lowering.fleet.space import FleetSpace

F = Fraction

DAY_AND_NIGHT = (Period("day", F(18)), Period("night", F(6)))


def costs(space: FleetSpace) -> dict[str, F]:
    """US$ of one unit of each column."""
    unit = space.units[COST]
    values = space.problem.measures[COST].tolist()
    return {
        name: value * unit for name, value in zip(space.problem.column_names, values, strict=True)
    }


def row(space: FleetSpace, name: str) -> dict[str, int]:
    """Coefficients of one limit by column name."""
    r = space.problem.limit_names.index(name)
    columns, values = space.problem.use.row(r)
    return {
        space.problem.column_names[j]: v
        for j, v in zip(columns.tolist(), values.tolist(), strict=True)
    }


def test_an_owned_device_costs_capital_and_upkeep_to_have(make: dict[str, Any]) -> None:
    assert holding_usd_per_hour(make["owned"](), where="") == F(22, 10)


def test_an_owned_device_costs_energy_to_use(make: dict[str, Any]) -> None:
    machine = make["machine"]()
    assert energy_usd_per_hour(make["owned"](), F(500), machine, where="") == F(6, 100)


def test_a_rented_device_costs_its_price_alone(make: dict[str, Any]) -> None:
    machine, contract = make["machine"](), make["rented"]("7/3")
    assert holding_usd_per_hour(contract, where="") == F(7, 3)
    assert energy_usd_per_hour(contract, None, machine, where="") == 0


def test_energy_of_an_owned_device_needs_its_watts(make: dict[str, Any]) -> None:
    with pytest.raises(InstanceError, match="is owned and its watts are missing"):
        energy_usd_per_hour(make["owned"](), None, make["machine"](), where="x")


def test_a_price_had_by_the_device_is_folded_into_the_replica(make: dict[str, Any]) -> None:
    space = lower_fleet(make["question"](make["workload"](make["point"](devices=3))))
    assert costs(space) == {"chat: a on box": 6}
    assert row(space, "stock of box") == {"chat: a on box": 3}


def test_a_folded_owned_replica_pays_for_having_and_using(make: dict[str, Any]) -> None:
    machine = make["machine"](contracts=(make["owned"](),))
    space = lower_fleet(make["question"](make["workload"](make["point"]()), machines=(machine,)))
    assert costs(space) == {"chat: a on box": F(226, 100)}


def test_a_price_of_thirds_stays_exact(make: dict[str, Any]) -> None:
    machine = make["machine"](contracts=(make["rented"]("1/3"),))
    points = (make["point"](), make["point"]("2", devices=2, layout="b"))
    space = lower_fleet(make["question"](make["workload"](*points), machines=(machine,)))
    assert costs(space) == {"chat: a on box": F(1, 3), "chat: b on box": F(2, 3)}
    assert space.notes == ()


def test_a_price_of_long_decimals_is_rounded_up_to_nano_dollars(make: dict[str, Any]) -> None:
    price = F("1.23456789012")
    machine = make["machine"](contracts=(make["rented"](str(price)),))
    space = lower_fleet(make["question"](make["workload"](make["point"]()), machines=(machine,)))
    assert costs(space) == {"chat: a on box": F(1234567891, 10**9)}
    assert space.notes


def test_nodes_are_columns_that_supply_devices(make: dict[str, Any]) -> None:
    machine = make["machine"](node_devices=4, stock_devices=8)
    space = lower_fleet(make["question"](make["workload"](make["point"]()), machines=(machine,)))
    assert costs(space) == {"chat: a on box": 0, "nodes of box on_demand": 8}
    assert row(space, "devices of box") == {"chat: a on box": 1, "nodes of box on_demand": -4}
    assert row(space, "stock of box") == {"nodes of box on_demand": 4}


def test_reserved_nodes_stand_in_all_periods_and_others_by_the_hour(make: dict[str, Any]) -> None:
    contracts = (
        make["rented"]("2"),
        make["rented"]("1", name="reserved", kind="reserved", committed=True),
    )
    machine = make["machine"](contracts=contracts)
    workload = make["workload"](make["point"](), by_period=(F(1), F(1, 3)))
    space = lower_fleet(make["question"](workload, machines=(machine,), periods=DAY_AND_NIGHT))
    assert costs(space) == {
        "chat: a on box (day)": 0,
        "chat: a on box (night)": 0,
        "nodes of box on_demand (day)": F(3, 2),
        "nodes of box on_demand (night)": F(1, 2),
        "nodes of box reserved": 1,
    }
    assert row(space, "devices of box in night") == {
        "chat: a on box (night)": 1,
        "nodes of box on_demand (night)": -1,
        "nodes of box reserved": -1,
    }
    assert space.problem.demand.tolist() == [3, 1]


def test_the_cheapest_day_reserves_the_base_and_rents_the_peak(make: dict[str, Any]) -> None:
    # By day 3 replicas, by night 1. One reserved serves both for 1; two more by day cost
    # 2 x 0.75 x 1.1 on demand against 2 x 1 reserved.
    contracts = (
        make["rented"]("1.1"),
        make["rented"]("1", name="reserved", kind="reserved", committed=True),
    )
    machine = make["machine"](contracts=contracts)
    workload = make["workload"](make["point"](), by_period=(F(1), F(1, 3)))
    space = lower_fleet(make["question"](workload, machines=(machine,), periods=DAY_AND_NIGHT))
    best = min(image[-1] for image in make["images"](space.problem))
    assert best * space.units[COST] == 1 + 2 * F(3, 4) * F(11, 10)


def test_owned_nodes_supply_through_devices_in_use(make: dict[str, Any]) -> None:
    machine = make["machine"](node_devices=2, contracts=(make["owned"](),))
    space = lower_fleet(make["question"](make["workload"](make["point"]()), machines=(machine,)))
    assert costs(space) == {
        "chat: a on box": 0,
        "nodes of box owned": F(44, 10),
        "devices in use of box owned": F(6, 100),
    }
    assert row(space, "devices of box") == {"chat: a on box": 1, "devices in use of box owned": -1}
    assert row(space, "devices in use of box owned") == {
        "devices in use of box owned": 1,
        "nodes of box owned": -2,
    }
    # Three replicas on two nodes: 2 x 4.40 to have, 3 x 0.06 to use.
    best = min(image[-1] for image in make["images"](space.problem))
    assert best * space.units[COST] == F(898, 100)


def test_a_measured_replica_may_bring_its_own_price(make: dict[str, Any]) -> None:
    point = make["point"](usd_per_hour=F(9, 2), machine="", devices=2)
    space = lower_fleet(make["question"](make["workload"](point), machines=()))
    assert costs(space) == {"chat: a": F(9, 2)}
    assert space.problem.limit_names == ()


def test_a_cost_needs_a_price(make: dict[str, Any]) -> None:
    machine = make["machine"](contracts=())
    with pytest.raises(InstanceError, match="machine 'box' has no price"):
        lower_fleet(make["question"](make["workload"](make["point"]()), machines=(machine,)))


def test_cost_per_token_divides_by_what_is_asked_for(make: dict[str, Any]) -> None:
    # 3 requests/s of 10 tokens: 108,000 tokens an hour.
    asked = make["question"](make["workload"](make["point"]()), cost_unit="usd_per_mtok")
    assert costs(lower_fleet(asked)) == {"chat: a on box": 2 / F(108, 1000)}


def test_cost_over_a_horizon_multiplies_by_its_hours(make: dict[str, Any]) -> None:
    asked = make["question"](
        make["workload"](make["point"]()), cost_unit="usd", horizon_hours=F(100)
    )
    assert costs(lower_fleet(asked)) == {"chat: a on box": 200}


def test_power_is_the_mean_over_the_day(make: dict[str, Any]) -> None:
    workload = make["workload"](make["point"](), by_period=(F(1), F(1)))
    space = lower_fleet(
        make["question"](workload, periods=DAY_AND_NIGHT, trade_off=("speed", "cost", "power"))
    )
    watts = [v * space.units[POWER] for v in space.problem.measures[POWER].tolist()]
    assert watts == [375, 125]


def test_a_budget_is_a_row_in_dollars(make: dict[str, Any]) -> None:
    limits = FleetLimits(max_usd_per_hour=F(13, 2))
    space = lower_fleet(make["question"](make["workload"](make["point"]()), limits=limits))
    # 2 US$ each: at most three.
    assert space.problem.upper.tolist() == [3]
    unit, per_unit = space.limit_units["budget"]
    assert (unit, row(space, "budget")["chat: a on box"] / per_unit) == ("US$/h", 2)


def test_spot_may_be_a_share_of_all_devices(make: dict[str, Any]) -> None:
    contracts = (make["rented"]("2"), make["rented"]("1", name="spot", kind="spot"))
    machine = make["machine"](contracts=contracts)
    limits = FleetLimits(max_spot_fraction=F(1, 3))
    space = lower_fleet(
        make["question"](make["workload"](make["point"]()), machines=(machine,), limits=limits)
    )
    assert row(space, "spot share") == {"nodes of box on_demand": -1, "nodes of box spot": 2}
    best = min(image[-1] for image in make["images"](space.problem))
    assert best * space.units[COST] == 5


def test_stock_of_a_contract_is_a_row_of_its_own(make: dict[str, Any]) -> None:
    contracts = (make["rented"]("2"), make["rented"]("1", name="cheap", stock_devices=2))
    machine = make["machine"](contracts=contracts)
    space = lower_fleet(make["question"](make["workload"](make["point"]()), machines=(machine,)))
    best = min(image[-1] for image in make["images"](space.problem))
    assert best * space.units[COST] == 4


@pytest.mark.parametrize(
    ("sizes", "node", "taken"),
    [
        ([1, 2, 4, 8], 8, {1: 1, 2: 2, 4: 4, 8: 8}),
        ([6], 8, {6: 8}),
        ([12, 16], 8, {12: 16, 16: 16}),
        ([2, 3], 6, {3: 3, 2: 3}),
        ([5], 1, {5: 5}),
    ],
)
def test_replicas_take_their_share_of_nodes(
    sizes: list[int], node: int, taken: dict[int, int]
) -> None:
    assert devices_taken(sizes, node) == taken
