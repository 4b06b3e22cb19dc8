r"""What racks imply about counts alone: a problem without racks that every plan in racks meets.

Take a set :math:`O` of orbits and a dimension :math:`d`. Items that only racks of :math:`O` can
hold share their room, so

.. math::
    \sum_{k:\ \mathrm{admits}(k) \subseteq O} s_{kd}\, n_k \;\le\; \sum_{o \in O} m_o\,
    \bar C_{od},

where :math:`m_o` racks stand in an orbit and :math:`\bar C_{od}` is the most of the dimension that
such items take up in one rack, an exact knapsack. More generally, with values :math:`w_k \ge 0` of
the items,

.. math::
    \sum_k w_k n_k \;\le\; \sum_o m_o \max_{q \in Q_o} \sum_k w_k q_k

over the patterns :math:`Q_o` of a rack: all such rows together are the linear relaxation of filling
racks by patterns (Gilmore and Gomory 1961, seen from its dual).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from formulations.fleet.pattern_pricing import best_pattern
from formulations.fleet.problem import FleetProblem
from formulations.fleet.rack_shapes import RackShapes, rack_shapes
from formulations.fleet.racks import Racks
from formulations.fleet.sparse import SparseInts
from formulations.milp import INFINITY, IntArray

__all__ = ["RackRow", "initial_rows", "row_of", "weighted_row", "without_racks"]

_GREATEST = 2**40
"""Right-hand sides are coarsened to stay below: sums of products then fit 64 bits."""


@dataclass(frozen=True, slots=True)
class RackRow:
    """``sum_k weight[k] n[columns[k]] <= most``: a row that racks imply."""

    name: str
    columns: tuple[int, ...]
    weight: tuple[int, ...]
    most: int

    def takes(self, counts: IntArray) -> int:
        """What (n,) counts take of ``most``."""
        return sum(
            weight * int(counts[column])
            for column, weight in zip(self.columns, self.weight, strict=True)
        )


def row_of(shapes: RackShapes, orbits: Sequence[int], dimension: int) -> RackRow | None:
    """The row of a set of orbits, or ``None`` where it says nothing."""
    racks = shapes.racks
    if (racks.capacity[list(orbits), dimension] >= INFINITY).any():
        return None
    outside = {k for o in range(len(racks.count)) if o not in orbits for k in shapes.admits[o]}
    values = [0 if k in outside else size[dimension] for k, size in enumerate(shapes.size)]
    if not any(values):
        return None
    name = f"{racks.dimension_names[dimension]} of {_named(racks, orbits)}"
    return weighted_row(shapes, values, name=name)


def weighted_row(shapes: RackShapes, values: Sequence[int], *, name: str = "") -> RackRow:
    """What racks hold at most of shapes that are worth so much: a knapsack for every orbit.

    Any ``values`` >= 0 give a valid row; the multipliers of a proof that given counts fit no
    racks (``column_generation``) give one that those counts break.
    """
    each: dict[tuple[tuple[int, ...], tuple[int, ...]], int] = {}
    most = 0
    for o, count in enumerate(shapes.racks.count.tolist()):
        kind = shapes.capacity(o), shapes.admits[o]
        if kind not in each:
            each[kind] = best_pattern(shapes, o, values)[0]
        most += count * each[kind]
    pairs = [
        (column, value)
        for value, members in zip(values, shapes.members, strict=True)
        for column in members
        if value
    ]
    return _reduced(
        name or f"racks of {len(pairs)} columns",
        [column for column, _ in pairs],
        [value for _, value in pairs],
        most,
    )


def _alone(shapes: RackShapes, shape: int) -> int:
    """Units of one shape that racks with nothing else hold, or more where it takes no room."""
    return sum(
        int(shapes.racks.count[o])
        * min(
            (
                have // each
                for each, have in zip(shapes.size[shape], shapes.capacity(o), strict=True)
                if each
            ),
            default=_GREATEST,
        )
        for o in range(len(shapes.racks.count))
        if shape in shapes.admits[o]
    )


def _reduced(name: str, columns: list[int], values: list[int], side: int) -> RackRow:
    unit = max(math.gcd(*values), 1)
    values, side = [value // unit for value in values], side // unit
    if side >= _GREATEST:
        # Smaller sizes against room rounded down as little: weaker, never wrong.
        coarse = -(-side // _GREATEST)
        values, side = [value // coarse for value in values], side // coarse
    return RackRow(name, tuple(columns), tuple(values), side)


def initial_rows(problem: FleetProblem) -> list[RackRow]:
    """Rows of every set of orbits that admits the same items, and of all orbits together."""
    racks = problem.racks
    if racks is None:
        return []
    shapes = rack_shapes(racks, problem.upper)
    sets = {
        tuple(o for o, admitted in enumerate(shapes.admits) if k in admitted)
        for k in range(shapes.n_shapes)
    }
    sets.add(tuple(range(len(racks.count))))
    rows = [
        row_of(shapes, orbits, d)
        for orbits in sorted(sets)
        if orbits
        for d in range(racks.size.shape[1])
    ]
    return [row for row in rows if row is not None]


def without_racks(problem: FleetProblem, rows: Sequence[RackRow]) -> FleetProblem:
    """The problem with these rows in place of its racks: every plan of it stays a plan.

    Items that fit no rack are bounded by zero. Bounds of single items that racks alone imply are
    left to the rows. The loss of a rack is left out.
    """
    racks = problem.racks
    if racks is None:
        return problem
    upper = problem.upper.copy()
    implied = np.full(problem.n_columns, INFINITY, dtype=np.int64)
    for row in rows:
        for column, weight in zip(row.columns, row.weight, strict=True):
            if weight:
                implied[column] = min(int(implied[column]), row.most // weight)
    shapes = rack_shapes(racks, problem.upper)
    for shape, members in enumerate(shapes.members):
        alone = _alone(shapes, shape)
        for column in members:
            if upper[column] >= alone and implied[column] < INFINITY:
                upper[column] = max(int(upper[column]), int(implied[column]))
    held = (racks.size[None, :, :] <= racks.capacity[:, None, :]).all(axis=2) & racks.admits
    upper[racks.items[~held.any(axis=0)]] = 0
    entries = [
        list(zip(*(part.tolist() for part in problem.use.row(i)), strict=True))
        for i in range(problem.use.n_rows)
    ]
    entries.extend(list(zip(row.columns, row.weight, strict=True)) for row in rows)
    return replace(
        problem,
        upper=upper,
        use=SparseInts.from_rows(entries, problem.n_columns),
        limit=np.concatenate(
            [problem.limit, np.array([row.most for row in rows], dtype=np.int64)]
        ).astype(np.int64),
        limit_names=(*problem.limit_names, *(row.name for row in rows)),
        racks=None,
    )


def _named(racks: Racks, orbits: Sequence[int]) -> str:
    if len(orbits) == len(racks.count):
        return "all racks"
    first = ", ".join(racks.orbit_names[o] for o in orbits[:3])
    return first if len(orbits) <= 3 else f"{first} and {len(orbits) - 3} more"
