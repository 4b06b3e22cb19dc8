"""What an honest search would say of a small program, without a search.

Shared by the tests of volumes, result files, certificates, reports and the command line.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
from collections.abc import Callable, Collection

import numpy as np

from formulations.moip.problem import Image, MultiObjectiveProgram
from solver.sweep.moip.claims import Claim, Corner, FoundPoint
from solver.sweep.moip.outcome import ClosedBox, OpenBox, ProvedPoint, SearchOutcome
from tests.oracles import small_programs as small

COUNT = {"highs": 3, "labels": 2}


def feasible(problem: MultiObjectiveProgram) -> dict[Image, np.ndarray]:
    """Every feasible image, with the columns of an assignment that has it."""
    x, images = small.stated_from(problem).feasible
    return dict(zip(map(tuple, images.tolist()), x, strict=True))


def nondominated(problem: MultiObjectiveProgram) -> dict[Image, np.ndarray]:
    """Nondominated images, sorted, with columns."""
    found = feasible(problem)
    return {image: found[image] for image in small.stated_from(problem).images}


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
    inside = small.stated_from(problem).inside(free)
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
    problem = small.knapsack(p, n, seed, least=10).program
    return dataclasses.replace(problem, scales=(2,) * p, offsets=(5,) * p)
