"""A fleet problem in coarser units, row by row; see ``coarse`` for why.

What a replica brings is rounded down and what is asked of it up, what it uses up and what there is
down: every plan of the coarse problem is one of the problem it came from.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from formulations.fleet.problem import COST, FleetProblem
from formulations.fleet.racks import Racks
from formulations.fleet.routing import Routing
from formulations.fleet.sparse import SparseInts
from formulations.milp import IntArray
from solver.bench.kinds.coarse import LARGEST

__all__ = ["coarse_fleet"]


def _unit(values: IntArray) -> int:
    """The least unit in which no entry exceeds ``LARGEST``."""
    return max(1, -(-int(np.abs(values).max(initial=0)) // LARGEST))


def _row_units(matrix: SparseInts) -> IntArray:
    return np.array([_unit(matrix.row(i)[1]) for i in range(matrix.n_rows)], dtype=np.int64)


def _divided(matrix: SparseInts, units: IntArray, *, up: bool) -> SparseInts:
    """Every row in its unit; entries that round to zero leave."""
    rows = []
    for i, unit in enumerate(units.tolist()):
        columns, values = matrix.row(i)
        whole = -(-values // unit) if up else values // unit
        rows.append(list(zip(columns.tolist(), whole.tolist(), strict=True)))
    return SparseInts.from_rows(rows, matrix.n_columns)


def _racks(racks: Racks) -> Racks:
    units = np.array([_unit(racks.size[:, d]) for d in range(racks.size.shape[1])], dtype=np.int64)
    return replace(racks, size=-(-racks.size // units), capacity=racks.capacity // units)


def _routing(routing: Routing) -> Routing:
    unit = _unit(routing.rate)
    return replace(routing, rate=routing.rate // unit, demand=-(-routing.demand // unit))


def coarse_fleet(problem: FleetProblem) -> FleetProblem:
    """The problem with the cost as its one measure, no entry of a row above ``LARGEST``.

    Raises
    ------
    ValueError
        If it has no cost.
    """
    if COST not in problem.measures:
        raise ValueError(f"{problem.name}: a fleet without cost")
    cost = problem.measures[COST]
    common = int(np.gcd.reduce(cost)) or 1
    unit = common * _unit(cost // common)
    brings, uses = _row_units(problem.cover), _row_units(problem.use)
    return replace(
        problem,
        measures={COST: -(-cost // unit)},
        cover=_divided(problem.cover, brings, up=False),
        demand=-(-problem.demand // brings),
        use=_divided(problem.use, uses, up=True),
        limit=problem.limit // uses,
        routings=tuple(_routing(routing) for routing in problem.routings),
        racks=None if problem.racks is None else _racks(problem.racks),
    )
