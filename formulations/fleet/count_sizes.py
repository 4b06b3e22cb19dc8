r"""Sizes on paper of the programs over counts and single racks, whatever a count is written with.

With :math:`T` rows over the counts, :math:`K` items of :math:`D` dimensions, orbits :math:`o` of
:math:`R_o` racks (:math:`H` in all) that admit :math:`K_o`, :math:`p` cells, and
:math:`\omega(u)` columns for a whole number of 0 to :math:`u`:

.. math::
    \text{columns} = \sum_j \omega(u_j) + \sum_o R_o \sum_{k \in K_o} \omega(\bar m_{ok})

.. math::
    \text{rows} = |T| + K + H D + \sum_o \max(R_o - 1, 0) + [\text{a rack may be lost}]\, H p

Each nonzero of a row stands :math:`\omega` times. :math:`\omega = 1` where counts are integer
columns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from formulations.fleet.problem import FleetProblem
from formulations.fleet.rack_bins import most_of_items, require_places
from formulations.fleet.racks import Racks
from formulations.fleet.routing import Cut
from formulations.milp import IntArray
from formulations.size import ProgramSize

__all__ = ["count_size", "nonzeros_of", "total_sizes"]


def total_sizes(size: IntArray) -> IntArray:
    """One number an item, (k,) int64: its sizes (k, d) in units of each dimension, added up.

    1 for every item where none takes any room.
    """
    if not size.any():
        return np.ones(len(size), dtype=np.int64)
    divisors = np.maximum(np.gcd.reduce(size, axis=0), 1)
    return np.asarray((size // divisors).sum(axis=1), dtype=np.int64)


def nonzeros_of(rows: Iterable[Cut], width: Sequence[int]) -> int:
    """Entries of rows over the counts, ``width`` columns for each count."""
    return sum(
        width[column]
        for row in rows
        for column, weight in zip(row.columns, row.weight, strict=True)
        if weight
    )


def count_size(
    problem: FleetProblem,
    rows: Sequence[Cut],
    upper: IntArray,
    *,
    width: Callable[[int], int] = lambda _: 1,
    tight: bool = True,
) -> ProgramSize:
    """Rows, columns and nonzeros; the formulas are in the module's text.

    Parameters
    ----------
    rows
        Over the counts.
    upper : (n,) int64
        Most of each count.
    width
        Columns of a count by the most it can be.
    tight
        Whether racks of an orbit are ordered and their places bounded by what fits; else there is
        no row of order, and a place is bounded by its count.

    Raises
    ------
    ValueError
        If the racks are too many to be written one by one.
    """
    wide = [width(most) for most in upper.tolist()]
    n_rows, n_columns, nonzeros = len(rows), sum(wide), nonzeros_of(rows, wide)
    racks = problem.racks
    if racks is None:
        return ProgramSize(n_rows, n_columns, nonzeros)
    require_places(racks)
    items = racks.items.tolist()
    n_rows += len(items) + int(racks.count.sum()) * racks.size.shape[1]
    nonzeros += sum(wide[column] for column in items)
    takes = (racks.size != 0).sum(axis=1).tolist()
    ordered = (total_sizes(racks.size) != 0).tolist()
    brings = _brings(problem, racks) if racks.survive_loss else []
    covered = [nonzeros_of([row], wide) for row in _cover_rows(problem)]
    for orbit, count in enumerate(racks.count.tolist()):
        most = most_of_items(racks, orbit, upper)
        if not tight:
            most = {k: int(upper[items[k]]) for k in most}
        places = {k: width(u) for k, u in most.items()}
        n_columns += count * sum(places.values())
        nonzeros += count * sum((1 + takes[k]) * w for k, w in places.items())
        if tight and count:
            n_rows += count - 1
            nonzeros += 2 * (count - 1) * sum(w for k, w in places.items() if ordered[k])
        for cell, entries in zip(brings, covered, strict=False):
            n_rows += count
            nonzeros += count * (entries + sum(w for k, w in places.items() if k in cell))
    return ProgramSize(n_rows, n_columns, nonzeros)


def _cover_rows(problem: FleetProblem) -> list[Cut]:
    found = []
    for i, need in enumerate(problem.demand.tolist()):
        columns, values = problem.cover.row(i)
        found.append(Cut(tuple(columns.tolist()), tuple(values.tolist()), need))
    return found


def _brings(problem: FleetProblem, racks: Racks) -> list[set[int]]:
    """For each cell the items that serve it."""
    place = {column: k for k, column in enumerate(racks.items.tolist())}
    return [
        {
            place[column]
            for column, value in zip(row.columns, row.weight, strict=True)
            if value and column in place
        }
        for row in _cover_rows(problem)
    ]
