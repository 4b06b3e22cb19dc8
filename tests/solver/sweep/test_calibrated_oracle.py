"""Calibrated questions drawn at random against brute force: every candidate alone, in fractions."""

from __future__ import annotations

import functools
import itertools
import random
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import solver
from solver.api import verify
from solver.errors import FleetError
from solver.instance.domain import ReplicaInstance
from solver.instance.reader import replica_instance_from_raw
from solver.lowering.design import Evaluation, evaluate_alone
from solver.lowering.families import CandidateFamily
from solver.lowering.space import ReplicaSpace, lower_replica

MODELS = ("Llama-3.1-8B", "Qwen3-30B-A3B", "gpt-oss-20b", "DeepSeek-V2", "Gemma-3-12B")
MACHINES = ("H100 SXM", "H200 SXM", "B200 SXM", "MI300X")
LIMITS: dict[str, tuple[Any, ...]] = {
    "min_speed_tok_per_s": (20, 100, 300),
    "max_cost_usd_per_mtok": ("0.5", "2", "20"),
    "max_devices": (1, 2, 4),
    "max_tok_per_s": (100, 1000),
    "max_usd_per_hour": (3, 10),
}
SEEDS = range(24)


@dataclass(frozen=True)
class Cell:
    """One candidate by the scalar path."""

    family: CandidateFamily
    row: int
    column: int
    alone: Evaluation

    @property
    def pair(self) -> tuple[int, Fraction]:
        return self.alone.latency_ps, self.alone.cost

    @property
    def at(self) -> tuple[Any, Any]:
        return np.array([self.row]), np.array([self.column])


def drawn(seed: int) -> dict[str, Any]:
    """A small question; the seed determines it."""
    draw = random.Random(seed)
    machines = draw.sample(MACHINES, draw.choice([1, 1, 2]))
    prompts = draw.random() < 0.5
    workload: dict[str, Any] = {"model": draw.choice(MODELS)}
    limits = {key: draw.choice(values) for key, values in LIMITS.items() if draw.random() < 0.25}
    if prompts:
        workload |= {"input_tokens": draw.choice([50, 2000]), "output_tokens": 200}
        if draw.random() < 0.5:
            workload["prefix_hit"] = "1/3"
            limits["max_ttft_s"] = draw.choice(["0.05", "0.5"])
    else:
        workload["context_tokens"] = draw.choice([0, 777, 4096])
    raw = {
        "schema": 1,
        "kind": "replica",
        "name": "drawn",
        "workload": workload,
        "design": {
            "accelerator": machines,
            "tensor_parallel": draw.choice([[1, 2], [2, 8], [4]]),
            "pipeline_parallel": draw.choice([[1], [1, 2]]),
            "expert_parallel": draw.choice([[1], [1, 2]]),
            "attention_data_parallel": draw.choice([[1], [1, 2]]),
            "batch": draw.choice(["1..4", [1, 8, 64, 65], [127, 128, 129]]),
            "weight_format": draw.choice([["bf16"], ["fp8"], ["bf16", "fp8_block"]]),
            "kv_bits": draw.choice([[16], [8, 16]]),
        },
        "price": {"usd_per_hour": {name: draw.choice(["2.95", "7/3"]) for name in machines}},
        "limits": limits,
    }
    if draw.random() < 0.25:
        raw["draft"] = {"model": "Qwen3-8B", "acceptance": "0.7", "tokens": [0, 2]}
    return raw


@functools.cache
def asked(seed: int) -> tuple[ReplicaInstance, ReplicaSpace, tuple[Cell, ...]]:
    question = replica_instance_from_raw(drawn(seed))
    try:
        space = lower_replica(question)
    except FleetError as error:
        pytest.skip(f"the question drawn has no candidate: {error}")
    cells = tuple(
        Cell(family, row, column, evaluate_alone(space, family, row, column))
        for family in space.families
        for row, column in itertools.product(range(family.shape[0]), range(family.shape[1]))
    )
    return question, space, cells


def nondominated(cells: tuple[Cell, ...]) -> list[tuple[int, Fraction]]:
    """Fastest first; the definition, on integers and fractions."""
    found: list[tuple[int, Fraction]] = []
    for pair in sorted({cell.pair for cell in cells if cell.alone.allowed}):
        if not found or pair[1] < found[-1][1]:
            found.append(pair)
    return found


def broken(space: ReplicaSpace, cell: Cell) -> frozenset[str]:
    """Limits that a candidate breaks, from its exact numbers."""
    limits, family = space.instance.limits, cell.family
    latency, cost = cell.pair
    devices = int(family.devices[cell.row])
    numbers: dict[str, tuple[Fraction, Fraction | int | None]] = {
        "max_cost": (cost, limits.max_cost_usd_per_mtok),
        "max_devices": (Fraction(devices), limits.max_devices),
        "max_usd_per_hour": (
            devices * family.machine.price.usd_per_hour,
            limits.max_usd_per_hour,
        ),
        "max_tok_per_s": (
            Fraction(10**12 * int(family.batches[cell.column]), latency),
            limits.max_tok_per_s,
        ),
    }
    names = {name for name, (is_, most) in numbers.items() if most is not None and is_ > most}
    least = limits.min_speed_tok_per_s
    if least is not None and Fraction(10**12, latency) < least:
        names.add("min_speed")
    if not family.fits(*cell.at)[0]:
        names.add("hbm")
    ttft_ps = family.ttft_ps(*cell.at)
    longest = limits.max_ttft_s
    if longest is not None and ttft_ps is not None and Fraction(int(ttft_ps[0]), 10**12) > longest:
        names.add("max_ttft")
    return frozenset(names)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_frontier_is_that_of_brute_force(seed: int) -> None:
    question, _, cells = asked(seed)
    frontier = solver.solve(question)
    found = [(int(p.exact["latency_ps"]), Fraction(p.exact["cost"])) for p in frontier]
    assert found == nondominated(cells)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_candidate_is_allowed_where_it_breaks_no_limit(seed: int) -> None:
    _, space, cells = asked(seed)
    assert [not broken(space, cell) for cell in cells] == [cell.alone.allowed for cell in cells]


@pytest.mark.parametrize("seed", SEEDS)
def test_every_combination_is_a_candidate_or_refused_by_name(seed: int) -> None:
    _, space, cells = asked(seed)
    assert len(cells) + sum(entry.candidates for entry in space.refusals) == space.n_stated


@pytest.mark.parametrize("seed", SEEDS)
def test_a_conflict_is_a_smallest_set_that_every_candidate_breaks(seed: int) -> None:
    question, space, cells = asked(seed)
    frontier = solver.solve(question)
    marks = {broken(space, cell) for cell in cells}
    told = [entry["limits"] for entry in frontier.to_dict()["conflict"]]
    if frozenset() in marks:
        assert told == []
        return
    names = sorted(frozenset().union(*marks))
    least = next(
        size
        for size in range(1, len(names) + 1)
        if any(
            all(mark & set(some) for mark in marks) for some in itertools.combinations(names, size)
        )
    )
    (limits,) = told
    chosen = {entry["limit"] for entry in limits}
    assert len(chosen) == least
    assert all(mark & chosen for mark in marks)


@pytest.mark.parametrize("share", ["0", "1/3", "99/100"])
@pytest.mark.parametrize("seed", SEEDS[::3])
def test_near_designs_are_those_of_the_definition(seed: int, share: str) -> None:
    question, _, cells = asked(seed)
    frontier, t = solver.solve(question, tolerance=share), Fraction(share)
    points = nondominated(cells)

    def near(cell: Cell, point: tuple[int, Fraction]) -> bool:
        latency, cost = cell.pair
        return cell.alone.allowed and latency * (1 - t) <= point[0] and cost <= point[1] * (1 + t)

    found = frontier.near
    assert found is not None
    assert found["count"] == sum(any(near(cell, p) for p in points) for cell in cells)
    assert [entry["near"] for entry in found["at_points"]] == [
        sum(near(cell, points[entry["point"]]) for cell in cells) for entry in found["at_points"]
    ]


@pytest.mark.parametrize("seed", SEEDS[::4])
def test_an_answer_passes_its_check(seed: int) -> None:
    question, _, _ = asked(seed)
    checked = verify(solver.solve(question, tolerance="10%").to_dict())
    assert [check.name for check in checked.checks if not check.passed] == []
