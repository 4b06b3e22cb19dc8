"""Prices by hand, and which columns carry them."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from formulations.fleet.problem import COST, POWER
from solver.errors import InstanceError
from solver.instance.fleet.domain import FleetLimits, Period, Service
from solver.lowering.fleet.lowering import lower_fleet
from solver.lowering.fleet.prices import energy_usd_per_hour, holding_usd_per_hour
from solver.lowering.fleet.space import FleetSpace
from solver.sweep.fleet.roads import Box, Road, Stop

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


def test_replicas_on_owned_nodes_pay_for_their_energy(make: dict[str, Any]) -> None:
    machine = make["machine"](node_devices=2, contracts=(make["owned"](),))
    space = lower_fleet(make["question"](make["workload"](make["point"]()), machines=(machine,)))
    assert costs(space) == {"chat: a on box": F(6, 100), "nodes of box owned": F(44, 10)}
    assert row(space, "devices of box") == {"chat: a on box": 1, "nodes of box owned": -2}
    # Three replicas on two nodes: 2 x 4.40 to have, 3 x 0.06 to use.
    best = min(image[-1] for image in make["images"](space.problem))
    assert best * space.units[COST] == F(898, 100)


def cheapest(make: dict[str, Any], *contracts: Any, **limits: Any) -> F:
    """US$/h of three replicas of 100 W, one device each."""
    asked = make["question"](
        make["workload"](make["point"](watts=F(100))),
        machines=(make["machine"](contracts=contracts, stock_devices=6),),
        limits=FleetLimits(**limits),
    )
    space = lower_fleet(asked)
    value = Road(space.problem).least(COST, Box({}, {}), stop=Stop()).value
    assert value is not None
    return value * space.units[COST]


def test_a_contract_that_nobody_uses_leaves_the_energy_bill_alone(make: dict[str, Any]) -> None:
    # 2.20 to have and 0.1 kW x 1.2 x 0.10 = 0.012 to use, whatever else is on offer.
    alone = cheapest(make, make["owned"]())
    assert alone == 3 * (F(22, 10) + F(12, 1000))
    assert cheapest(make, make["owned"](), make["rented"]("100")) == alone


def test_replicas_that_draw_least_stand_on_owned_nodes(make: dict[str, Any]) -> None:
    # One owned device at 2.20; the other replica is rented at 2, its energy with it.
    owned = replace(make["owned"](), stock_devices=1)
    points = make["point"](watts=F(1000)), make["point"](watts=F(100), layout="b", machine="box")
    other = make["workload"](points[1], name="code", requests_per_s=F(1))
    machine = make["machine"](
        contracts=(owned, make["rented"]("2", stock_devices=1)), stock_devices=2
    )
    asked = make["question"](
        make["workload"](points[0], requests_per_s=F(1)), other, machines=(machine,)
    )
    space = lower_fleet(asked)
    value = Road(space.problem).least(COST, Box({}, {}), stop=Stop()).value
    assert value is not None
    assert value * space.units[COST] == 2 + F(22, 10) + F(12, 1000)


def test_a_replica_stands_on_owned_nodes_or_on_rented_ones(make: dict[str, Any]) -> None:
    # A replica of two devices is not laid across an owned and a rented one.
    owned = replace(make["owned"](), stock_devices=1)
    machine = make["machine"](contracts=(owned, make["rented"]("2")), stock_devices=3)
    asked = make["question"](
        make["workload"](make["point"](devices=2), requests_per_s=F(1)), machines=(machine,)
    )
    space = lower_fleet(asked)
    assert row(space, "devices of box owned") == {
        "chat: a on box, owned": 2,
        "nodes of box owned": -1,
    }
    best = min(image[-1] for image in make["images"](space.problem))
    assert best * space.units[COST] == 4


def test_replicas_behind_one_queue_stand_on_owned_and_rented_nodes(make: dict[str, Any]) -> None:
    # Three carry the demand and one is spare: two on the owned nodes, two rented.
    owned = replace(make["owned"](), stock_devices=2)
    machine = make["machine"](contracts=(owned, make["rented"]("3")), stock_devices=4)
    asked = make["question"](
        make["workload"](make["point"]()),
        machines=(machine,),
        service=Service(spare_replicas=1, max_pool=4),
    )
    space = lower_fleet(asked)
    value = Road(space.problem).least(COST, Box({}, {}), stop=Stop()).value
    assert value is not None
    assert value * space.units[COST] == 2 * (F(22, 10) + F(6, 100)) + 2 * 3


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


@pytest.mark.parametrize(
    ("limit", "price"), [(F(10**30), "2"), (F(10**10), "2.123456789"), (F(9999999999), "7/3")]
)
def test_a_budget_beyond_all_numbers_does_not_bind(
    make: dict[str, Any], limit: Fraction, price: str
) -> None:
    contract = make["rented"](price)
    assert cheapest(make, contract, max_usd_per_hour=limit) == cheapest(make, contract)


def test_a_limit_whose_numbers_were_rounded_is_told(make: dict[str, Any]) -> None:
    limits = FleetLimits(max_usd_per_hour=F(10**30))
    space = lower_fleet(make["question"](make["workload"](make["point"]()), limits=limits))
    assert any("budget: numbers are rounded" in note for note in space.notes)


def test_spot_may_be_a_share_of_the_devices_in_replicas(make: dict[str, Any]) -> None:
    contracts = (make["rented"]("2"), make["rented"]("1", name="spot", kind="spot"))
    machine = make["machine"](contracts=contracts)
    limits = FleetLimits(max_spot_fraction=F(1, 3))
    space = lower_fleet(
        make["question"](make["workload"](make["point"]()), machines=(machine,), limits=limits)
    )
    assert row(space, "spot share") == {"chat: a on box, rented": -1, "chat: a on box, spot": 2}
    assert cheapest(make, *contracts, max_spot_fraction=F(1, 3)) == 5


def test_devices_that_stand_idle_do_not_make_room_for_spot(make: dict[str, Any]) -> None:
    # A replica of 6 devices has a node of 8 to itself and makes room for 6 spot devices, not for
    # the 8 that would do beside it: so there are two such replicas.
    machines = (
        make["machine"](node_devices=8, contracts=(make["rented"]("1"),), stock_devices=16),
        make["machine"](
            "spot", contracts=(make["rented"]("0.01", name="spot", kind="spot"),), stock_devices=16
        ),
    )
    points = make["point"](devices=6), make["point"]("0.125", machine="spot", layout="b")
    asked = make["question"](
        make["workload"](*points, requests_per_s=F(2)),
        machines=machines,
        limits=FleetLimits(max_spot_fraction=F(1, 2)),
    )
    space = lower_fleet(asked)
    value = Road(space.problem).least(COST, Box({}, {}), stop=Stop()).value
    assert value is not None
    assert value * space.units[COST] == 16


@pytest.mark.parametrize("unused", [False, True])
def test_the_share_of_spot_does_not_depend_on_a_contract_that_is_unused(
    make: dict[str, Any], unused: bool
) -> None:
    more = (make["rented"]("50", name="dear"),) * unused
    contracts = (make["rented"]("2"), make["rented"]("1", name="spot", kind="spot"), *more)
    assert cheapest(make, *contracts, max_spot_fraction=F(2, 3)) == 4


def test_stock_of_a_contract_is_a_row_of_its_own(make: dict[str, Any]) -> None:
    contracts = (make["rented"]("2"), make["rented"]("1", name="cheap", stock_devices=2))
    machine = make["machine"](contracts=contracts)
    space = lower_fleet(make["question"](make["workload"](make["point"]()), machines=(machine,)))
    best = min(image[-1] for image in make["images"](space.problem))
    assert best * space.units[COST] == 4
