"""Numeric fleet problems dressed as lowered questions, and their frontier by brute force."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from formulations.fleet.problem import FleetProblem
from solver.instance.fleet.columns import ColumnFleet
from solver.lowering.fleet.space import ColumnMeaning, FleetSpace, SpeedLevel
from solver.sweep.fleet.image import Objectives
from tests.oracles.plain_fleet import plans

__all__ = ["brute_frontier", "dressed"]


def dressed(problem: FleetProblem, names: tuple[str, ...]) -> Objectives:
    """The problem as a question that trades off ``names``."""
    levels = int(problem.grades["speed"].max(initial=0)) + 1 if "speed" in problem.grades else 1
    bare = ColumnFleet(
        name=problem.name,
        types=(),
        power_limit_w=None,
        demand_milli_tok_per_s=(),
        column_type=(),
        column_gpus=(),
        column_workload=(),
        column_capacity_milli_tok_per_s=(),
        column_latency_level=(),
    )
    space = FleetSpace(
        instance=bare,
        problem=problem,
        columns=tuple(ColumnMeaning("other") for _ in range(problem.n_columns)),
        units={name: Fraction(1) for name in problem.measures},
        speed_levels=tuple(SpeedLevel(k + 1, Fraction(1, k + 1)) for k in range(levels)),
        quality_levels=(),
        stated=problem.n_columns,
        pruned=problem.n_columns,
        limit_units={},
    )
    return Objectives(space, names, names.index("cost"))


def brute_frontier(problem: FleetProblem, names: tuple[str, ...]) -> list[tuple[int, ...]]:
    """Nondominated images of every plan, sorted."""
    images = set()
    for counts in plans(problem):
        used = np.flatnonzero(counts)
        image = []
        for name in names:
            if name in problem.grades:
                image.append(int(problem.grades[name][used].max(initial=0)))
            else:
                image.append(int(np.dot(problem.measures[name], counts)))
        images.add(tuple(image))
    return sorted(
        image
        for image in images
        if not any(
            other != image and all(a <= b for a, b in zip(other, image, strict=True))
            for other in images
        )
    )
