"""A plain second road to nondominated sets: every assignment of a small program, one by one.

Shared by the tests of volumes, result files, certificates and the command line.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Collection, Iterator, Sequence

import numpy as np

from formulations.milp import Milp
from formulations.moip.problem import Image, MultiObjectiveProgram, Sense
from solver.engines.guard import violation
from solver.sweep.moip.claims import Claim, Corner, FoundPoint
from solver.sweep.moip.outcome import ClosedBox, OpenBox, ProvedPoint, SearchOutcome

COUNT = {"highs": 3, "labels": 2}


def program(
    costs: Sequence[Sequence[int]],
    rows: Sequence[tuple[Sequence[int], int, int]] = (),
    *,
    upper: int = 1,
    senses: Sequence[Sense] | None = None,
    scales: Sequence[int] | None = None,
    offsets: Sequence[int] | None = None,
    name: str = "plain",
) -> MultiObjectiveProgram:
    """Columns from 0 to ``upper``; rows are (coefficients, low, high), written densely."""
    n, p = len(costs[0]), len(costs)
    dense = [list(coefficients) for coefficients, _, _ in rows]
    entries = [(c, v) for row in dense for c, v in enumerate(row) if v]
    counts = [sum(1 for v in row if v) for row in dense]

    def array(values: Sequence[int]) -> np.ndarray:
        return np.array(values, dtype=np.int64)

    return MultiObjectiveProgram(
        milp=Milp(
            name=name,
            lower=array([0] * n),
            upper=array([upper] * n),
            is_integer=np.ones(n, dtype=bool),
            row_start=array([0, *itertools.accumulate(counts)]),
            column_index=array([c for c, _ in entries]),
            value=array([v for _, v in entries]),
            row_lower=array([low for _, low, _ in rows]),
            row_upper=array([high for _, _, high in rows]),
            objectives={f"f{k + 1}": array(goal) for k, goal in enumerate(costs)},
        ),
        senses=tuple(senses or ["min"] * p),
        scales=tuple(scales or [1] * p),
        offsets=tuple(offsets or [0] * p),
        column_names=tuple(f"x{j + 1}" for j in range(n)),
        row_names=tuple(f"r{i + 1}" for i in range(len(rows))),
    )


@functools.lru_cache(maxsize=32)
def feasible(problem: MultiObjectiveProgram) -> tuple[tuple[Image, np.ndarray], ...]:
    """Image and columns of every feasible assignment."""
    return tuple(_assignments(problem))


def _assignments(problem: MultiObjectiveProgram) -> Iterator[tuple[Image, np.ndarray]]:
    milp = problem.milp
    ranges = [
        range(a, b + 1) for a, b in zip(milp.lower.tolist(), milp.upper.tolist(), strict=True)
    ]
    for values in itertools.product(*ranges):
        x = np.array(values, dtype=np.int64)
        if violation(milp, x, {}) is None:
            yield problem.image(x), x


def nondominated(problem: MultiObjectiveProgram) -> dict[Image, np.ndarray]:
    """Nondominated images, sorted, with columns."""
    found = dict(feasible(problem))
    return {
        z: found[z]
        for z in sorted(found)
        if not any(y != z and all(a <= b for a, b in zip(y, z, strict=True)) for y in found)
    }


def corners(points: Collection[Image], ceiling: Corner) -> list[Corner]:
    """Greatest corners of what ``points`` leave, out of all that their components allow."""
    levels = [sorted({n[k] for n in points} | {u}) for k, u in enumerate(ceiling)]
    free = [
        u
        for u in itertools.product(*levels)
        if not any(all(a < b for a, b in zip(n, u, strict=True)) for n in points)
    ]
    return sorted(
        u
        for u in free
        if not any(v != u and all(a >= b for a, b in zip(v, u, strict=True)) for v in free)
    )


def epsilon_claim(problem: MultiObjectiveProgram, corner: Corner) -> Claim:
    """What minimising the last objective below ``corner`` would say of its box."""
    free = (*corner[:-1], problem.ceiling[-1])
    inside = [z for z, _ in feasible(problem) if all(a < b for a, b in zip(z, free, strict=True))]
    if not inside:
        return Claim(free, None, None, "highs", "infeasible")
    weights = (*(0 for _ in corner[:-1]), 1)
    return Claim(free, weights, min(z[-1] for z in inside), "highs", "bound")


def listed_claim(_: MultiObjectiveProgram, corner: Corner) -> Claim:
    """What a listing of the box says."""
    return Claim(corner, None, None, "labels", "enumeration")


def outcome(
    problem: MultiObjectiveProgram,
    *,
    unseen: Collection[int] = (),
    unproved: Collection[int] = (),
    claim: Callable[[MultiObjectiveProgram, Corner], Claim] = epsilon_claim,
) -> SearchOutcome:
    """What an honest search says; it has not met the points with index in ``unseen``.

    Points with index in ``unproved`` have lost their proof. Boxes in which an unseen image lies are
    open.
    """
    everything = nondominated(problem)
    images = list(everything)
    seen = {z: x for index, (z, x) in enumerate(everything.items()) if index not in unseen}
    hidden = [images[index] for index in unseen]
    closed, opened = [], []
    for corner in corners(seen, problem.ceiling):
        if any(all(a < b for a, b in zip(z, corner, strict=True)) for z in hidden):
            opened.append(OpenBox(corner, problem.floor, "the time limit of 1 s was reached"))
        else:
            closed.append(ClosedBox(corner, claim(problem, corner)))
    weak = [images[index] for index in unproved]
    points = [
        ProvedPoint(
            z,
            x,
            tuple(
                claim(problem, tuple(v + (j != k) for j, v in enumerate(z)))
                for k in range(problem.n_objectives)
            ),
        )
        for z, x in seen.items()
        if z not in weak
    ]
    return SearchOutcome(
        program=problem,
        points=tuple(points),
        candidates=tuple(FoundPoint(z, x) for z, x in seen.items() if z in weak),
        closed_boxes=tuple(closed),
        open_boxes=tuple(opened),
        solves=COUNT,
        wall_s=0.25,
        cpu_s=0.5,
    )


@functools.lru_cache(maxsize=32)
def knapsack(p: int = 2, n: int = 8, seed: int = 20) -> MultiObjectiveProgram:
    """A maximised knapsack with ``p`` values a piece, stated in halves with an offset."""
    random = np.random.default_rng(seed)
    values = random.integers(10, 100, (p, n))
    weights = random.integers(10, 100, n).tolist()
    return program(
        (-values).tolist(),
        [(weights, 0, sum(weights) // 2)],
        senses=["max"] * p,
        scales=[2] * p,
        offsets=[5] * p,
        name=f"knapsack of {n}",
    )
