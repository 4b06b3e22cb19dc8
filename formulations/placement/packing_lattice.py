r"""The greatest rate of a packing for every limit on time at once, by dynamic programming.

Without regard to links a packing is an unbounded knapsack over vectors of hosts:

.. math::
    f(b) = \max \bigl( 0,\; \max_{c:\, u_c \le b} r_c + f(b - u_c) \bigr) , \qquad b \le C .

Columns are taken in by rising time, each as often as it fits. After the last column of a time the
table holds the optimum of every budget :math:`b` under that limit on time, whatever the order of
columns before: so one pass gives all levels. Where links are shared it is an upper bound, and the
packing behind it is the answer if it happens to keep within the links.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from formulations.milp import IntArray
from formulations.placement.chain_stop import LabelStop
from formulations.placement.packing import Packing
from formulations.placement.pool_column import PoolColumn

__all__ = [
    "MOST_LATTICE_CELLS",
    "LatticeLevel",
    "lattice_cells",
    "lattice_levels",
    "lattice_tables",
]

MOST_LATTICE_CELLS = 500_000
"""Budgets of hosts by orbit, at most, that a table is kept for."""

_REACH = 2**62


@dataclass(frozen=True, slots=True)
class LatticeLevel:
    """The optimum under one limit on time.

    Parameters
    ----------
    time
        The limit, ps: a time of some column.
    rate
        Micro-tokens/s; no packing within the limit has more.
    packing
        One that has it, links not regarded.
    """

    time: int
    rate: int
    packing: Packing


def lattice_cells(count: IntArray) -> int:
    """Budgets that ``lattice_levels`` keeps a table for."""
    return math.prod(have + 1 for have in count.tolist())


def lattice_levels(
    columns: Sequence[PoolColumn],
    count: IntArray,
    *,
    should_stop: Callable[[], bool] | None = None,
) -> Iterator[LatticeLevel]:
    """The optimum at every time there is, from the least.

    Parameters
    ----------
    columns
        By rising time.
    count : (n_o,) int64
        Hosts of each orbit.
    should_stop
        Asked before every column.

    Raises
    ------
    LabelStop
        If told to stop.
    ValueError
        If there are more than ``MOST_LATTICE_CELLS`` budgets, the columns are not in order, or
        rates can add up to 2^62.
    """
    full = tuple(count.tolist())
    last = np.full(tuple(have + 1 for have in full), -1, dtype=np.int64)
    level = LatticeLevel(0, 0, Packing(()))
    for time, best in _filled(columns, count, last, should_stop):
        rate = int(best[full])
        packing = _packing(last, columns, full) if rate > level.rate else level.packing
        level = LatticeLevel(time, rate, packing)
        yield level


def lattice_tables(
    columns: Sequence[PoolColumn], count: IntArray
) -> Iterator[tuple[int, IntArray]]:
    """(time, greatest rate of every budget) for every time there is, from the least.

    The table, of shape (c_1 + 1, c_2 + 1, ...), is written over when the next is asked for.
    Parameters and errors are those of ``lattice_levels``.
    """
    last = np.full(tuple(have + 1 for have in count.tolist()), -1, dtype=np.int64)
    yield from _filled(columns, count, last, None)


def _filled(
    columns: Sequence[PoolColumn],
    count: IntArray,
    last: IntArray,
    should_stop: Callable[[], bool] | None,
) -> Iterator[tuple[int, IntArray]]:
    """The tables in turn; ``last`` takes the column that every budget was last raised by."""
    if lattice_cells(count) > MOST_LATTICE_CELLS:
        raise ValueError(f"{lattice_cells(count)} budgets, more than {MOST_LATTICE_CELLS}")
    if any(a.time > b.time for a, b in pairwise(columns)):
        raise ValueError("columns are not in the order of their times")
    if int(count.sum()) * max((column.rate for column in columns), default=0) >= _REACH:
        raise ValueError("rates can add up to 2^62 micro-tokens/s")
    full = tuple(count.tolist())
    best = np.zeros(last.shape, dtype=np.int64)
    for place, column in enumerate(columns):
        if should_stop is not None and should_stop():
            raise LabelStop(f"stopped at column {place} of {len(columns)}")
        if all(used <= have for used, have in zip(column.used, full, strict=True)):
            _take_in(best, last, column, place)
        if place + 1 == len(columns) or columns[place + 1].time > column.time:
            yield column.time, best


def _take_in(best: IntArray, last: IntArray, column: PoolColumn, place: int) -> None:
    """Allow a column in every budget, as often as it fits.

    A pass allows one replica more, so the table is done when a pass changes nothing.
    """
    onto = tuple(slice(used, None) for used in column.used)
    under = tuple(slice(0, size - used) for used, size in zip(column.used, best.shape, strict=True))
    while True:
        with_it = best[under] + column.rate
        better = with_it > best[onto]
        if not better.any():
            return
        best[onto][better] = with_it[better]
        last[onto][better] = place


def _packing(last: IntArray, columns: Sequence[PoolColumn], full: tuple[int, ...]) -> Packing:
    """Walk back from the whole cluster, column after column."""
    counts = [0] * len(columns)
    budget = full
    while (place := int(last[budget])) >= 0:
        counts[place] += 1
        budget = tuple(have - used for have, used in zip(budget, columns[place].used, strict=True))
    return Packing.of_counts(counts)
