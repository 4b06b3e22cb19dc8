r"""Columns that another column replaces unit by unit, at no loss.

Column i replaces j where

* no grade of i is worse, no measure greater;
* i covers every cell, and carries every size class, at least as well;
* i uses no more of any limit, signs considered (a node that supplies fewer devices uses more), and
  takes no more room in a rack, where every rack that admits j admits i;
* the bound of i is one that loses nothing (``uppers.py``), so that ``n_i + n_j`` of it is allowed,
  or can be brought back under the bound;
* of two equal columns the first stays.

Every plan then becomes one without j that is no worse in any measure or grade, so no bound on
either loses a point. The relation is transitive: what replaces a column that is itself replaced
replaces it too, so all can go at once.

Only columns that serve the same cells are compared, which is all that can matter much and keeps
this fast: a sort in the order of the keys, then each column against those kept before it (Chomicki
et al. 2003, *Skyline with presorting*).

Where something counts *which* columns are in use (at most so many layouts, few changes to a fleet
of today), a swap may change it: give ``apart``, and only columns with equal labels are compared.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from formulations.fleet.problem import FleetProblem
from formulations.fleet.sparse import SparseInts
from formulations.milp import IntArray
from solver.lowering.fleet.uppers import implied_uppers

__all__ = ["smallest_rows", "undominated"]

_CHUNK = 128


def undominated(problem: FleetProblem, *, apart: IntArray | None = None) -> npt.NDArray[np.intp]:
    """Columns to keep, rising: every other one is replaced by one of these.

    Parameters
    ----------
    apart : (n,) int64
        Labels; columns with different ones are never compared.

    Notes
    -----
    Valid for every bound on grades and measures at once. On ``problem.over(columns within a
    grade)`` it may drop more, since slower columns compete there no longer.
    """
    n = problem.n_columns
    if n == 0:
        return np.empty(0, dtype=np.intp)
    safe = problem.upper >= implied_uppers(problem)
    labels = _labels(problem, apart)
    order = np.argsort(labels, kind="stable")
    borders = np.flatnonzero(np.diff(labels[order])) + 1
    keys = _Keys(problem)
    kept = [_skyline(group, keys, safe) for group in np.split(order, borders)]
    return np.sort(np.concatenate(kept)).astype(np.intp)


def _labels(problem: FleetProblem, apart: IntArray | None) -> npt.NDArray[np.uint64]:
    """Equal for columns that serve the same cells and carry the same label.

    By random sums: two groups that fall together by chance are compared for nothing, never wrongly.
    Different labels of ``apart`` are told apart exactly.
    """
    random = np.random.default_rng(0)
    served = np.zeros(problem.n_columns, dtype=np.uint64)
    for i in range(problem.cover.n_rows):
        columns, _ = problem.cover.row(i)
        served[columns] += random.integers(1, 2**63, dtype=np.uint64)
    for routing in problem.routings:
        served[routing.columns] += random.integers(1, 2**63, dtype=np.uint64)
    if apart is None:
        return served
    pairs = np.stack([served, apart.astype(np.uint64)], axis=1)
    _, numbers = np.unique(pairs, axis=0, return_inverse=True)
    return numbers.reshape(-1).astype(np.uint64)


class _Keys:
    """What must not rise in a swap, as one dense table for a group of columns."""

    def __init__(self, problem: FleetProblem) -> None:
        self._problem = problem
        self._cover = _by_column(problem.cover)
        self._use = _by_column(problem.use)
        racks = problem.racks
        self._item = np.full(problem.n_columns, -1, dtype=np.int64)
        if racks is not None:
            self._item[racks.items] = np.arange(len(racks.items))

    def table(self, group: npt.NDArray[np.intp]) -> IntArray:
        """(k, keys) int64 of the columns ``group``."""
        problem = self._problem
        parts = [array[group][:, None] for array in problem.grades.values()]
        parts += [array[group][:, None] for array in problem.measures.values()]
        parts.append(-_dense(self._cover, group))
        parts.append(_dense(self._use, group))
        for routing in problem.routings:
            place = np.searchsorted(routing.columns, group)
            place[place == len(routing.columns)] = 0
            inside = len(routing.columns) > 0 and routing.columns[place] == group
            if np.any(inside):
                parts.append(-np.where(np.reshape(inside, (-1, 1)), routing.rate[place], 0))
        racks = problem.racks
        if racks is not None and len(racks.items):
            item = self._item[group]
            stands = (item >= 0)[:, None]
            parts.append(stands.astype(np.int64))
            parts.append(np.where(stands, racks.size[item], 0))
            parts.append(np.where(stands, ~racks.admits.T[item], 0))
        return np.concatenate(parts, axis=1).astype(np.int64)


def _by_column(matrix: SparseInts) -> tuple[IntArray, IntArray, IntArray]:
    """Start, row and value by column."""
    row = np.repeat(np.arange(matrix.n_rows), np.diff(matrix.start))
    order = np.argsort(matrix.index, kind="stable")
    counts = np.bincount(matrix.index, minlength=matrix.n_columns)
    start = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return start, row[order].astype(np.int64), matrix.value[order]


def _dense(by_column: tuple[IntArray, IntArray, IntArray], group: npt.NDArray[np.intp]) -> IntArray:
    """(k, rows that the group touches)."""
    start, row, value = by_column
    length = start[group + 1] - start[group]
    owner = np.repeat(np.arange(len(group)), length)
    first = np.cumsum(length) - length
    entry = np.arange(len(owner)) - first[owner] + start[group][owner]
    touched, place = np.unique(row[entry], return_inverse=True)
    table = np.zeros((len(group), len(touched)), dtype=np.int64)
    table[owner, place.reshape(-1)] = value[entry]
    return table


def _skyline(
    group: npt.NDArray[np.intp], keys: _Keys, safe: npt.NDArray[np.bool_]
) -> npt.NDArray[np.intp]:
    if len(group) == 1:
        return group
    return group[smallest_rows(keys.table(group), safe[group])]


def smallest_rows(table: IntArray, safe: npt.NDArray[np.bool_]) -> npt.NDArray[np.intp]:
    """Rows of a (k, keys) table that no other safe row is at most equal to everywhere.

    Of equal rows the first stays, if it is safe. Positions come in no particular order.
    """
    table = table[:, (table != table[:1]).any(axis=0)]
    # A row that replaces another comes before it, or is equal to it and has a lower number.
    order = np.lexsort((np.arange(len(table)), *table.T[::-1]))
    columns = np.ascontiguousarray(table[order].T)
    allowed = safe[order]
    window = np.empty(0, dtype=np.intp)
    kept = []
    for begin in range(0, len(order), _CHUNK):
        chunk = np.arange(begin, min(begin + _CHUNK, len(order)))
        chunk = chunk[~_table_of_replacements(columns, window, chunk).any(axis=0)]
        earlier = chunk[allowed[chunk]]
        within = _table_of_replacements(columns, earlier, chunk) & (
            earlier[:, None] < chunk[None, :]
        )
        chunk = chunk[~within.any(axis=0)]
        kept.append(chunk)
        window = np.concatenate([window, chunk[allowed[chunk]]])
    return order[np.concatenate(kept)]


def _table_of_replacements(
    table: IntArray, first: npt.NDArray[np.intp], second: npt.NDArray[np.intp]
) -> npt.NDArray[np.bool_]:
    """(first, second): whether no key of the one exceeds that of the other."""
    found = np.ones((len(first), len(second)), dtype=np.bool_)
    for key in table:
        found &= key[first][:, None] <= key[second][None, :]
    return found
