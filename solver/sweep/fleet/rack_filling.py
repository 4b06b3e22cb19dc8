"""Given counts into racks by patterns, or a row that says why they do not fit.

Patterns are generated for the counts held fixed. Where even fractions of racks do not do, the
multipliers that prove it give a row over counts (``formulations.fleet.rack_rows``). Else CP-SAT
looks for whole racks; that it finds none says nothing of other counts.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from formulations.fleet.column_generation import GeneratedColumns, generate_columns
from formulations.fleet.plan import FilledRack
from formulations.fleet.problem import COST, FleetProblem
from formulations.fleet.program import FleetProgram
from formulations.fleet.rack_patterns import build_rack_patterns, pattern_program
from formulations.fleet.rack_rows import RackRow, weighted_row
from formulations.fleet.rack_shapes import RackShapes, rack_shapes
from formulations.fleet.sparse import SparseInts
from formulations.milp import IntArray
from solver.engines import get_engine

__all__ = ["fill_racks"]

_TIME_LIMIT_S = 20.0
_GRIDS = (10, 100, 10_000, 1_000_000)
"""Values of shapes are rounded to so many steps, few first: small numbers make easy rows."""


def fill_racks(
    problem: FleetProblem, counts: IntArray, *, time_limit_s: float | None = None
) -> tuple[FilledRack, ...] | RackRow | None:
    """Where ``counts`` (n,) of a problem with racks can stand.

    Returns
    -------
    tuple of FilledRack, RackRow or None
        The racks; or a row of ``rack_rows`` that the counts break; or ``None`` where no filling is
        found and none is excluded.
    """
    racks = problem.racks
    if racks is None:
        return ()
    used = racks.items[counts[racks.items] > 0].astype(np.intp)
    if not len(used):
        return ()
    shapes = rack_shapes(racks, problem.upper)
    for alone in np.eye(shapes.n_shapes, dtype=np.int64).tolist():
        row = weighted_row(shapes, alone)
        if row.takes(counts) > row.most:
            return row
    generated = generate_columns(_fixed(problem.over(used), counts[used]), COST)
    if generated.ray is not None:
        worth = {
            int(used[members[0]]): value
            for members, value in zip(generated.shapes.members, generated.ray.values, strict=True)
        }
        return _broken_row(shapes, worth, counts)
    if generated.infeasible or not generated.converged:
        return None
    program = _program(generated)
    engine = get_engine("cp-sat")
    engine.load(program.statement)
    limit_s = _TIME_LIMIT_S if time_limit_s is None else min(_TIME_LIMIT_S, time_limit_s)
    result = engine.minimise(COST, upper={}, time_limit_s=limit_s)
    if result.x is None:
        return None
    _, filled = program.decode(result.x)
    return tuple(
        FilledRack(
            rack.orbit,
            rack.times,
            {int(used[column]): units for column, units in rack.holds.items()},
        )
        for rack in filled
    )


def _program(generated: GeneratedColumns) -> FleetProgram:
    """All maximal patterns where they can be written out, else those generated."""
    try:
        return build_rack_patterns(generated.problem)
    except ValueError:
        return pattern_program(
            generated.problem,
            generated.shapes,
            generated.patterns,
            (),
            upper=generated.upper,
            formulation="column_generation",
        )


def _broken_row(shapes: RackShapes, worth: Mapping[int, int], counts: IntArray) -> RackRow | None:
    """The row of shapes worth so much (told by one column of each), if ``counts`` break it."""
    of_shape = [
        max((worth.get(column, 0) for column in members), default=0) for members in shapes.members
    ]
    peak = max(of_shape, default=0)
    for grid in _GRIDS if peak else ():
        row = weighted_row(shapes, [round(value * grid / peak) for value in of_shape])
        if row.takes(counts) > row.most:
            return row
    return None


def _fixed(problem: FleetProblem, have: IntArray) -> FleetProblem:
    """The racks of a problem with every count fixed, all else left out."""
    n = problem.n_columns
    return FleetProblem(
        name=f"{problem.name}: racks for given counts",
        upper=have,
        measures={COST: np.ones(n, dtype=np.int64)},
        grades={},
        cover=SparseInts.from_rows([[(j, 1)] for j in range(n)], n),
        demand=have,
        use=SparseInts.from_rows([], n),
        limit=np.zeros(0, dtype=np.int64),
        column_names=problem.column_names,
        cell_names=problem.column_names,
        limit_names=(),
        racks=problem.racks,
    )
