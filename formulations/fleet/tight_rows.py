r"""Rows over the counts alone, each written as a cut :math:`\sum_j w_j n_j \ge l` and tightened.

Every covering row, limit (with its sign turned) and routing cut takes this one form. Three things
are done to it, none of which removes an integer point within the bounds:

* division by the greatest common divisor :math:`g` of the weights; :math:`l` becomes
  :math:`\lceil l / g \rceil`;
* where no weight is negative, :math:`w_j` becomes :math:`\min(w_j, l)`: one unit of such a column
  meets the row already (coefficient tightening, Crowder, Johnson and Padberg 1983);
* a row that every point within the bounds meets is dropped.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from formulations.fleet.problem import FleetProblem
from formulations.fleet.routing import Cut
from formulations.fleet.routing_cuts import initial_cuts
from formulations.milp import INFINITY, IntArray
from formulations.rows import SparseRows

__all__ = ["count_rows", "put_rows", "stated_rows", "tight_upper", "tightened"]


def _ceil_div(a: int, b: int) -> int:
    return -(-a // b)


def tightened(row: Cut, upper: Sequence[int]) -> Cut | None:
    """The row made as small as it can be; ``None`` where all of 0 to ``upper`` meet it.

    Parameters
    ----------
    upper
        Most of each column of the problem.
    """
    entries = [
        (column, weight) for column, weight in zip(row.columns, row.weight, strict=True) if weight
    ]
    if sum(min(0, weight * upper[column]) for column, weight in entries) >= row.least:
        return None
    weights, least = [weight for _, weight in entries], row.least
    if weights and min(weights) >= 0:
        # Dividing can make the cap bite again and the cap can make a larger divisor.
        while True:
            before = weights, least
            divisor = math.gcd(*weights)
            least = _ceil_div(least, divisor)
            weights = [min(weight // divisor, least) for weight in weights]
            if (weights, least) == before:
                break
    elif weights:
        divisor = math.gcd(*weights)
        weights, least = [weight // divisor for weight in weights], _ceil_div(least, divisor)
    return Cut(tuple(column for column, _ in entries), tuple(weights), least)


def tight_upper(problem: FleetProblem) -> IntArray:
    """Most of each column that any limit without a supply lets stand, (n,) int64.

    A limit that is negative, without a supply, has no point at all; it is left to its row.
    """
    upper = problem.upper.tolist()
    for i, most in enumerate(problem.limit.tolist()):
        columns, values = problem.use.row(i)
        if most < 0 or (values < 0).any():
            continue
        for column, value in zip(columns.tolist(), values.tolist(), strict=True):
            if value:
                upper[column] = min(upper[column], most // value)
    if problem.racks is not None:
        racks = problem.racks
        for k, column in enumerate(racks.items.tolist()):
            room = 0
            for orbit, count in enumerate(racks.count.tolist()):
                if racks.admits[orbit, k]:
                    fits = [
                        most // size
                        for size, most in zip(
                            racks.size[k].tolist(), racks.capacity[orbit].tolist(), strict=True
                        )
                        if size
                    ]
                    room += count * min(fits, default=upper[column])
            upper[column] = min(upper[column], room)
    return np.array(upper, dtype=np.int64)


def stated_rows(problem: FleetProblem, cuts: Sequence[Sequence[Cut]] = ()) -> list[Cut]:
    """Every row of the problem over its counts, as it is said: demand, limits, routing.

    Parameters
    ----------
    cuts
        For each routing (or none at all) the cuts found so far; those that need no plan to be
        found are added here.

    Raises
    ------
    ValueError
        If there are cuts for another number of routings.
    """
    if cuts and len(cuts) != len(problem.routings):
        raise ValueError(
            f"{problem.name}: cuts for {len(cuts)} routings, there are {len(problem.routings)}"
        )
    stated: list[Cut] = []
    for i, need in enumerate(problem.demand.tolist()):
        columns, values = problem.cover.row(i)
        stated.append(Cut(tuple(columns.tolist()), tuple(values.tolist()), need))
    for i, most in enumerate(problem.limit.tolist()):
        columns, values = problem.use.row(i)
        stated.append(Cut(tuple(columns.tolist()), tuple((-values).tolist()), -most))
    for routing in problem.routings:
        stated.extend(initial_cuts(routing))
    for found in cuts:
        stated.extend(found)
    return stated


def count_rows(
    problem: FleetProblem, upper: IntArray, cuts: Sequence[Sequence[Cut]] = ()
) -> list[Cut]:
    """The rows of ``stated_rows``, tightened, each once.

    Parameters
    ----------
    upper : (n,) int64
        Bounds on the counts that the rows may rely on.
    cuts
        As in ``stated_rows``.

    Raises
    ------
    ValueError
        If there are cuts for another number of routings.
    """
    bounds = upper.tolist()
    tight = (tightened(row, bounds) for row in stated_rows(problem, cuts))
    return list(dict.fromkeys(row for row in tight if row is not None))


def put_rows(rows: SparseRows, tight: Sequence[Cut]) -> None:
    """Add such rows to a program whose first columns are the counts.

    Raises
    ------
    ValueError
        If a number does not fit into 64 bits.
    """
    for row in tight:
        if max((abs(v) for v in (*row.weight, row.least)), default=0) >= INFINITY:
            raise ValueError(f"a row holds numbers of 2^62 and more (least {row.least})")
    first = rows.add_block(len(tight), lower=np.array([row.least for row in tight], dtype=np.int64))
    for k, row in enumerate(tight):
        rows.put(first, k, np.array(row.columns, dtype=np.int64), np.array(row.weight, np.int64))
