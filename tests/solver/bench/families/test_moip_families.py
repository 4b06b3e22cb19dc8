"""The families of multi-objective programs: same seed same bytes, read and solved."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from formulations.moip.problem import MultiObjectiveProgram
from solver.bench.families import (
    moip_assignment,
    moip_covering,
    moip_knapsack,
    moip_packing,
    moip_partitioning,
    moip_procurement,
)
from solver.bench.families.family import Family
from solver.engines import get_engine
from solver.engines.labels.packing import PackingSteps
from solver.instance.moip import read_program
from solver.sweep.moip.algorithms import ALGORITHMS

FAMILIES: dict[str, Family] = {
    module.FAMILY.name: module.FAMILY
    for module in (
        moip_assignment,
        moip_covering,
        moip_knapsack,
        moip_packing,
        moip_partitioning,
        moip_procurement,
    )
}
OTHERS: dict[str, list[dict[str, Any]]] = {
    "moip-assignment": [{"jobs": 4, "objectives": 4}, {"jobs": 2, "objectives": 2, "largest": 1}],
    "moip-covering": [{"sets": 12, "elements": 8, "objectives": 3}],
    "moip-knapsack": [
        {"correlation": "weakly", "limits": 2},
        {"correlation": "strongly", "limits": 3, "objectives": 3},
        {"pieces": 2, "room_percent": 1},
    ],
    "moip-packing": [{"sets": 12, "elements": 8, "objectives": 4}],
    "moip-partitioning": [{"sets": 5, "elements": 9, "most_size": 9}],
    "moip-procurement": [
        {"offers": 8, "models": 3, "objectives": 3},
        {"offers": 5, "vendors": 2, "objectives": 4},
        {"offers": 2, "vendors": 1, "models": 1, "servers": 1},
        {"offers": 12, "vendors": 4, "models": 4, "servers": 20},
    ],
}
CASES = [(name, given) for name in FAMILIES for given in ({}, *OTHERS[name])]

every_case = pytest.mark.parametrize(
    ("name", "given"), CASES, ids=[f"{name}-{k}" for k, (name, _) in enumerate(CASES)]
)
every_family = pytest.mark.parametrize("name", FAMILIES)


def made(name: str, given: dict[str, Any], seed: int = 0) -> tuple[str, str]:
    family = FAMILIES[name]
    generated = family.make(family.parameters(**given), seed)
    assert (generated.suffix, dict(generated.beside)) == (".json", {})
    return generated.name, generated.text


def program_of(folder: Path, name: str, given: dict[str, Any], seed: int = 0) -> Any:
    stem, text = made(name, given, seed)
    path = folder / f"{stem}.json"
    path.write_text(text)
    return read_program(path)


@every_case
def test_the_same_seed_gives_the_same_bytes(name: str, given: dict[str, Any]) -> None:
    assert made(name, given, 3) == made(name, given, 3)


@every_case
def test_another_seed_gives_another_program(
    tmp_path: Path, name: str, given: dict[str, Any]
) -> None:
    if given.get("largest") == 1:
        pytest.skip("costs of 1 leave nothing to draw")
    digests = {program_of(tmp_path, name, given, seed).digest for seed in range(4)}
    assert len(digests) > 1


@every_case
def test_names_are_fit_for_files_and_tell_instances_apart(name: str, given: dict[str, Any]) -> None:
    names = {made(name, given, seed)[0] for seed in range(3)} | {made(name, {}, 0)[0]}
    assert len(names) == (4 if given else 3)
    assert all(re.fullmatch(r"[a-z0-9.-]+", one) for one in names)


@every_case
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_reader_takes_it_and_it_is_feasible(
    tmp_path: Path, name: str, given: dict[str, Any], seed: int
) -> None:
    program: MultiObjectiveProgram = program_of(tmp_path, name, given, seed)
    assert program.name == made(name, given, seed)[0]
    engine = get_engine("highs")
    engine.load(program.milp)
    answer = engine.minimise(program.objective_names[0], upper={}, time_limit_s=60)
    assert answer.termination.value == "optimal"


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("moip-knapsack", {"pieces": 10}),
        ("moip-knapsack", {"pieces": 8, "objectives": 3, "correlation": "weakly"}),
        ("moip-assignment", {"jobs": 4}),
        ("moip-packing", {"sets": 14, "elements": 8}),
        ("moip-partitioning", {"sets": 20, "elements": 6}),
        ("moip-covering", {"sets": 14, "elements": 8}),
        ("moip-procurement", {"offers": 4, "models": 2, "servers": 3}),
        ("moip-procurement", {"offers": 4, "models": 1, "servers": 3, "objectives": 3}),
    ],
)
def test_two_algorithms_find_the_same_set_of_a_small_one(
    tmp_path: Path, name: str, given: dict[str, Any]
) -> None:
    program = program_of(tmp_path, name, given)
    one = ALGORITHMS["recursion"].run(program, get_engine("highs"))
    other = ALGORITHMS["rectangles"].run(program, get_engine("highs"))
    assert one.complete
    assert other.complete
    assert [p.image for p in one.points] == [p.image for p in other.points] != []


@pytest.mark.parametrize(
    ("name", "given", "what"),
    [
        ("moip-assignment", {"jobs": 1}, "jobs"),
        ("moip-assignment", {"objectives": 5}, "objectives"),
        ("moip-knapsack", {"room_percent": 100}, "room_percent"),
        ("moip-knapsack", {"correlation": "inversely"}, "correlation"),
        ("moip-knapsack", {"correlation": "strongly"}, "at least as many limits"),
        ("moip-packing", {"least_size": 5, "most_size": 4}, "sizes must grow"),
        ("moip-covering", {"sets": 3, "elements": 50}, "too few sets"),
        ("moip-partitioning", {"most_size": 40}, "sizes must grow"),
        ("moip-procurement", {"objectives": 1}, "objectives"),
        ("moip-procurement", {"models": 9}, "models"),
    ],
)
def test_parameters_out_of_range_are_refused(name: str, given: dict[str, Any], what: str) -> None:
    with pytest.raises(ValidationError, match=what):
        FAMILIES[name].parameters(**given)


@every_family
def test_unknown_parameters_are_refused(name: str) -> None:
    with pytest.raises(ValidationError, match="nodes"):
        FAMILIES[name].parameters(nodes=3)


@every_family
def test_a_negative_seed_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="negative"):
        made(name, {}, -1)


@every_family
def test_every_parameter_is_described(name: str) -> None:
    assert all(field.description for field in FAMILIES[name].parameters.model_fields.values())
    assert FAMILIES[name].group == "moip"


def test_strongly_correlated_values_are_weights_and_a_tenth(tmp_path: Path) -> None:
    given = {"correlation": "strongly", "limits": 2, "pieces": 7, "largest": 100}
    program = program_of(tmp_path, "moip-knapsack", given)
    weights = program.milp.value.reshape(2, 7)
    assert (-program.costs == weights + 10).all()


def test_weakly_correlated_values_lie_near_weights(tmp_path: Path) -> None:
    program = program_of(tmp_path, "moip-knapsack", {"correlation": "weakly", "pieces": 50})
    weights, values = program.milp.value, -program.costs
    assert (np.abs(values - weights) <= 10).all()
    assert (values != weights).any()


def test_a_packing_with_two_objectives_suits_packing_steps(tmp_path: Path) -> None:
    assert PackingSteps.applies(program_of(tmp_path, "moip-packing", {}).milp)


def test_a_partitioning_holds_every_element_exactly_once(tmp_path: Path) -> None:
    program = program_of(tmp_path, "moip-partitioning", {})
    milp = program.milp
    assert (milp.row_lower == 1).all()
    assert (milp.row_upper == 1).all()
    assert (np.diff(milp.row_start) > 0).all()


def test_sizes_of_sets_keep_to_their_range(tmp_path: Path) -> None:
    given = {"sets": 60, "elements": 20, "least_size": 3, "most_size": 5}
    milp = program_of(tmp_path, "moip-covering", given).milp
    sizes = np.bincount(milp.column_index, minlength=60)
    # The last part of the cut may be smaller.
    assert np.count_nonzero(sizes < 3) <= 1
    assert sizes.max() <= 5


def test_vendors_are_counted_where_four_objectives_are_asked_for(tmp_path: Path) -> None:
    given = {"offers": 6, "vendors": 3, "objectives": 4}
    program = program_of(tmp_path, "moip-procurement", given)
    assert program.objective_names[-1] == "vendors"
    assert program.costs[-1].sum() == 3


def test_larger_demand_needs_more_servers(tmp_path: Path) -> None:
    def dearest(servers: int) -> int:
        program = program_of(tmp_path, "moip-procurement", {"servers": servers})
        engine = get_engine("highs")
        engine.load(program.milp)
        least = engine.minimise(program.objective_names[0], upper={}).objective
        assert least is not None
        return least

    assert dearest(20) > dearest(2)
