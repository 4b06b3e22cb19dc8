"""A cluster beside machines that are there already: never the same devices twice, unseen."""

from __future__ import annotations

from typing import Any

from solver.errors import Fault
from solver.importers.cluster.beside import check_beside
from solver.importers.findings import Answers

POOLS = (("h100-pool", "H100 SXM"), ("other", None))


def looked(entry: dict[str, Any], machine: str | None = None) -> tuple[list[str], list[Fault]]:
    faults: list[Fault] = []
    answers = Answers(machine=machine, existing_tables={"machines": [entry]})
    return check_beside(POOLS, answers, kind="kubectl", file="nodes.json", faults=faults), faults


LISTED = {"name": "h100-sxm", "accelerator": "H100 SXM", "contracts": [{"kind": "spot"}]}


def test_a_machine_of_a_price_list_is_refused_with_the_right_order() -> None:
    remarks, (fault,) = looked(LISTED)
    assert remarks == []
    assert "fleetfront import kubectl nodes.json -o new.toml" in fault.mend
    assert "machines.h100-sxm" in fault.where


def test_a_pool_that_is_chosen_may_stand_beside_it() -> None:
    remarks, faults = looked(LISTED, machine="h100-pool")
    assert faults == []
    assert remarks == ["'h100-sxm' stays beside these, with H100 SXM of its own"]


def test_a_machine_with_a_stock_of_its_own_is_only_told() -> None:
    remarks, faults = looked(LISTED | {"stock_devices": 8})
    assert (len(remarks), faults) == (1, [])


def test_other_devices_and_the_pool_itself_are_no_matter() -> None:
    assert looked(LISTED | {"accelerator": "L40S"}) == ([], [])
    assert looked(LISTED | {"name": "h100-pool"}) == ([], [])


def test_a_machine_that_only_points_name_is_told() -> None:
    remarks, faults = looked({"name": "bench-box"})
    assert faults == []
    assert "'bench-box' stays a machine beside these" in remarks[0]
