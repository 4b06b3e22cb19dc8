"""Families of questions: the same bytes for a seed, read by the door, of the size promised."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from pydantic import ValidationError

from solver.api import read_instance, solve, verify
from solver.bench.families import (
    fleet_mix,
    fleet_racks,
    fleet_sizes,
    flow_mixed,
    placement_mixed_hosts,
    placement_wan,
    replica_context,
    replica_layouts,
)
from solver.bench.families.family import Family, Generated
from solver.instance.domain import ReplicaInstance
from solver.instance.placement.domain import PlacementInstance
from solver.instance.reading import Question
from solver.lowering.space import lower_replica
from solver.sweep.programs import numbers_for

FAMILIES: tuple[Family, ...] = tuple(
    module.FAMILY
    for module in (
        replica_layouts,
        replica_context,
        placement_mixed_hosts,
        placement_wan,
        flow_mixed,
        fleet_mix,
        fleet_racks,
        fleet_sizes,
    )
)
each_family = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)

SMALL: tuple[tuple[Family, dict[str, object]], ...] = (
    (replica_layouts.FAMILY, {"layouts": 6, "batches": 8}),
    (placement_wan.FAMILY, {"sites": 2, "hosts": 1, "model": "small"}),
    (placement_mixed_hosts.FAMILY, {"hosts": 3, "kinds": 2, "model": "small"}),
    (fleet_mix.FAMILY, {"workloads": 2, "machines": 2, "devices": 8}),
    (fleet_racks.FAMILY, {"racks": 2, "rows": 1, "nodes": 2, "workloads": 1, "batches": 2}),
    (fleet_sizes.FAMILY, {"inputs": 2, "outputs": 1, "machines": 2, "batches": 2, "devices": 4}),
)


def _made(family: Family, seed: int, **parameters: object) -> Generated:
    return family.make(family.parameters.model_validate(parameters), seed)


def _written(folder: Path, made: Generated) -> Path:
    path = folder / f"{made.name}{made.suffix}"
    path.write_text(made.text, encoding="utf-8")
    for name, text in made.beside.items():
        (folder / name).write_text(text, encoding="utf-8")
    return path


def _read(folder: Path, made: Generated) -> Question:
    return read_instance(_written(folder, made))


@each_family
def test_equal_seeds_give_the_same_bytes(family: Family) -> None:
    assert _made(family, 3) == _made(family, 3)


@each_family
def test_ten_seeds_give_ten_questions(family: Family) -> None:
    bodies = set()
    for seed in range(10):
        made = _made(family, seed)
        document = tomllib.loads(made.text)
        del document["name"]
        bodies.add(repr(document) + "".join(made.beside.values()))
    assert len(bodies) == 10


@each_family
def test_the_reader_accepts_five_seeds(family: Family, tmp_path: Path) -> None:
    names = [_read(tmp_path, _made(family, seed)).name for seed in range(5)]
    assert names == [_made(family, seed).name for seed in range(5)]


@each_family
def test_a_negative_seed_is_refused(family: Family) -> None:
    with pytest.raises(ValueError, match="seed -1 is negative"):
        _made(family, -1)


@each_family
def test_an_unknown_parameter_is_refused(family: Family) -> None:
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        family.parameters.model_validate({"colour": 3})


@each_family
def test_every_parameter_is_described_and_has_a_default(family: Family) -> None:
    fields = family.parameters.model_fields
    assert fields
    assert all(one.description and not one.is_required() for one in fields.values())


@pytest.mark.parametrize(
    ("family", "parameters", "says"),
    [
        (replica_layouts.FAMILY, {"layouts": 1}, "greater than or equal to 4"),
        (replica_layouts.FAMILY, {"model": "small", "draft": True}, "nothing is small enough"),
        (replica_context.FAMILY, {"model": "small"}, "nothing is small enough"),
        (placement_mixed_hosts.FAMILY, {"twins": 1.5}, "less than or equal to 1"),
        (placement_mixed_hosts.FAMILY, {"hosts": 2, "kinds": 3}, "2 hosts cannot be of 3 kinds"),
        (placement_wan.FAMILY, {"sites": 7}, "less than or equal to 6"),
        (flow_mixed.FAMILY, {"machines": 2}, "2 machines cannot be of 3 kinds"),
        (fleet_mix.FAMILY, {"machines": 9}, "less than or equal to 7"),
        (fleet_racks.FAMILY, {"fill": 0}, "greater than or equal to 0.05"),
        (fleet_sizes.FAMILY, {"pools": "both"}, "'apart' or 'together'"),
    ],
    ids=lambda value: value.name if isinstance(value, Family) else None,
)
def test_parameters_out_of_range_are_refused(
    family: Family, parameters: dict[str, object], says: str
) -> None:
    with pytest.raises(ValidationError, match=says):
        family.parameters.model_validate(parameters)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    ("layouts", "batches", "least", "most"), [(10, 20, 50, 400), (30, 50, 300, 3000)]
)
def test_replica_layouts_have_about_as_many_cells_as_asked(
    tmp_path: Path, seed: int, layouts: int, batches: int, least: int, most: int
) -> None:
    made = _made(replica_layouts.FAMILY, seed, layouts=layouts, batches=batches, machines=2)
    instance = _read(tmp_path, made)
    assert isinstance(instance, ReplicaInstance)
    numbers, _ = numbers_for(lower_replica(instance), "factored_big_m")
    assert least <= numbers.problem.n_columns <= most


@pytest.mark.parametrize("twins", [0.0, 0.5, 1.0])
def test_mixed_hosts_are_as_many_as_asked_whatever_the_twins(tmp_path: Path, twins: float) -> None:
    instance = _read(
        tmp_path, _made(placement_mixed_hosts.FAMILY, 1, hosts=9, kinds=3, twins=twins)
    )
    assert isinstance(instance, PlacementInstance)
    assert len(instance.topology.hosts) == 9


@pytest.mark.parametrize(("twins", "groups"), [(0.0, 9), (0.5, 6), (1.0, 3)])
def test_twins_set_how_many_groups_of_equal_hosts_there_are(twins: float, groups: int) -> None:
    document = tomllib.loads(
        _made(placement_mixed_hosts.FAMILY, 1, hosts=9, kinds=3, twins=twins).text
    )
    assert len(document["hosts"]) == groups


def test_a_flow_question_brings_its_table_of_rates() -> None:
    made = _made(flow_mixed.FAMILY, 0)
    assert set(made.beside) == {tomllib.loads(made.text)["measured"]["rates"]}


def test_racks_are_as_many_as_asked() -> None:
    document = tomllib.loads(_made(fleet_racks.FAMILY, 0, racks=17, rows=5).text)
    assert sum(rack["count"] for rack in document["racks"]) == 17


def test_every_rack_can_hold_each_node_it_admits() -> None:
    for seed in range(10):
        document = tomllib.loads(_made(fleet_racks.FAMILY, seed, nodes=8, rows=6).text)
        kw = {
            one["name"]: one["node_devices"] * one["watts_per_device"] / 1000
            for one in document["machines"]
        }
        assert all(
            kw[name] <= rack["kw"] for rack in document["racks"] for name in rack["machines"]
        )


def test_pools_apart_have_a_workload_for_each_size() -> None:
    apart, together = (
        tomllib.loads(_made(fleet_sizes.FAMILY, 2, pools=pools).text)["workloads"]
        for pools in ("apart", "together")
    )
    assert len(together) == 1
    assert len(apart) == len(together[0]["sizes"])


@pytest.mark.parametrize(("family", "parameters"), SMALL, ids=lambda v: getattr(v, "name", None))
def test_a_small_question_is_solved_and_verified(
    family: Family, parameters: dict[str, object], tmp_path: Path
) -> None:
    result = solve(_read(tmp_path, _made(family, 1, **parameters)))
    document = result.to_dict()
    assert document["status"] == "complete"
    assert document["points"]
    assert verify(result)


def test_a_small_flow_is_solved_and_verified(tmp_path: Path) -> None:
    made = _made(flow_mixed.FAMILY, 1, machines=2, kinds=1, layers=8)
    result = solve(_read(tmp_path, made))
    assert result.to_dict()["status"] == "complete"
    assert verify(result)
