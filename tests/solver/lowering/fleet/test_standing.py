"""Racks: what stands in them and how large it is."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from formulations.milp import INFINITY
from solver.errors import InstanceError
from solver.instance.fleet.domain import Period, RackOrbit, Service
from solver.lowering.fleet.lowering import lower_fleet

F = Fraction
ROW = RackOrbit("row", 3, slots=4, watts=F(1500))


def racks_of(make: dict[str, Any], orbits: tuple[RackOrbit, ...], **changes: Any) -> Any:
    asked = make["question"](make["workload"](make["point"](devices=2)), racks=orbits, **changes)
    return lower_fleet(asked).problem.racks


def test_replicas_had_by_the_device_stand_in_racks(make: dict[str, Any]) -> None:
    racks = racks_of(make, (ROW,))
    assert racks.items.tolist() == [0]
    assert racks.size.tolist() == [[2, 1000]]
    assert racks.capacity.tolist() == [[4, 1500]]
    assert (racks.count.tolist(), racks.dimension_names) == ([3], ("slots", "watts"))


def test_nodes_stand_in_racks_where_machines_are_had_by_the_node(make: dict[str, Any]) -> None:
    racks = racks_of(make, (ROW,), machines=(make["machine"](node_devices=4),))
    assert racks.items.tolist() == [1]
    assert racks.size.tolist() == [[1, 2000]]


def test_a_limit_that_one_orbit_lacks_is_open_there(make: dict[str, Any]) -> None:
    racks = racks_of(make, (ROW, RackOrbit("cage", 1, slots=2)))
    assert racks.capacity.tolist() == [[4, 1500], [2, INFINITY]]


def test_an_orbit_may_admit_some_machines_only(make: dict[str, Any]) -> None:
    orbits = (RackOrbit("row", 3, machines=("other",)), RackOrbit("cage", 2, machines=("box",)))
    assert racks_of(make, orbits).admits.tolist() == [[False], [True]]


def test_the_uplink_of_a_measured_replica_is_its_tokens(make: dict[str, Any]) -> None:
    racks = racks_of(make, (RackOrbit("row", 3, uplink_bytes_per_s=F(1000)),))
    # One request/s of 110 tokens, 4 bytes each.
    assert racks.size.tolist() == [[440]]


def test_room_for_more_than_any_fleet_is_open(make: dict[str, Any]) -> None:
    orbits = (
        RackOrbit("row", 3, uplink_bytes_per_s=F(10**21)),
        RackOrbit("cage", 1, uplink_bytes_per_s=F(1000)),
    )
    assert racks_of(make, orbits).capacity.tolist() == [[INFINITY], [1000]]


def test_items_beyond_64_bits_are_counted_in_a_coarser_unit(make: dict[str, Any]) -> None:
    point = make["point"](devices=2, watts=F(10**24))
    asked = make["question"](
        make["workload"](point), racks=(RackOrbit("row", 3, watts=F(25 * 10**23)),)
    )
    racks = lower_fleet(asked).problem.racks
    assert racks is not None
    assert racks.capacity[0, 0] // racks.size[0, 0] == 2


def test_an_uplink_limit_needs_machines_by_the_device(make: dict[str, Any]) -> None:
    with pytest.raises(InstanceError, match="racks limit their uplink"):
        racks_of(
            make,
            (RackOrbit("row", 3, uplink_bytes_per_s=F(1000)),),
            machines=(make["machine"](node_devices=4),),
        )


def test_surviving_a_rack_needs_replicas_that_stand_alone(make: dict[str, Any]) -> None:
    survive = Service(survive_rack_loss=True)
    assert racks_of(make, (ROW,), service=survive).survive_loss
    with pytest.raises(InstanceError, match="here they share nodes"):
        racks_of(make, (ROW,), service=survive, machines=(make["machine"](node_devices=4),))


def test_surviving_a_rack_needs_racks(make: dict[str, Any]) -> None:
    with pytest.raises(InstanceError, match="there are no racks"):
        racks_of(make, (), service=Service(survive_rack_loss=True))


def test_racks_do_not_change_by_the_hour(make: dict[str, Any]) -> None:
    asked = make["question"](
        make["workload"](make["point"](), by_period=(F(1), F(1))),
        periods=(Period("day", F(12)), Period("night", F(12))),
        racks=(ROW,),
    )
    with pytest.raises(InstanceError, match="counts change by the period"):
        lower_fleet(asked)
