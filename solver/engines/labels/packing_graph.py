r"""The conflict graph of a set packing, its cliques, and what may be left out of it.

All columns of a packing row exclude each other, so a feasible point is an independent set of the
graph whose edges join columns that share a row. Columns gain :math:`g_v \in \mathbb{Z}^p` (the
minimised costs negated). Two reductions keep, for every independent set, one that is no worse in
any objective; with :math:`N[v]` the closed neighbourhood among the columns still allowed:

* :math:`v` stands in for a neighbour :math:`u` where :math:`N[v] \subseteq N[u]` and
  :math:`g_v \ge g_u` in every component, so :math:`u` may go;
* a column without allowed neighbours and without a loss in any component may be taken.

Both are classics of the maximum-weight independent set (Lamm, Schulz, Strash, Williger and Zhang,
2019), here with the order of vectors in place of that of numbers.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
import numpy.typing as npt

from formulations.milp import IntArray, Milp

__all__ = ["BoolArray", "ConflictGraph", "grown_cliques"]

BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]


def grown_cliques(cliques: BoolArray, adjacency: BoolArray, rank: FloatArray) -> BoolArray:
    """Extend every clique, greedily, until no vertex can join.

    Parameters
    ----------
    cliques : (q, k) bool
    adjacency : (k, k) bool, symmetric, false on the diagonal
    rank : (k,) positive
        Vertices of high rank join first; ties go to those with many neighbours.

    Returns
    -------
    (q', k) bool
        Maximal cliques, each once, q' <= q.
    """
    cliques = cliques.copy()
    # The tie term never reaches a thousandth.
    score = rank + 1e-3 * adjacency.sum(axis=1) / (len(adjacency) + 1)
    candidate = _common_neighbours(cliques, adjacency)
    growing = np.flatnonzero(candidate.any(axis=1))
    candidate = candidate[growing]
    while len(growing):
        joins = np.where(candidate, score, -1.0).argmax(axis=1)
        cliques[growing, joins] = True
        # A column is no neighbour of itself, so what joins stops being a candidate.
        candidate &= adjacency[joins]
        still = candidate.any(axis=1)
        growing, candidate = growing[still], candidate[still]
    return distinct_rows(cliques)


def _common_neighbours(cliques: BoolArray, adjacency: BoolArray) -> BoolArray:
    """(q, k) bool: who is adjacent to every member of a clique; of an empty one, everybody is."""
    _, member = np.nonzero(cliques)
    sizes = cliques.sum(axis=1)
    first = np.cumsum(sizes) - sizes
    common = np.ones_like(cliques)
    for place in range(int(sizes.max(initial=0))):
        larger = np.flatnonzero(sizes > place)
        common[larger] &= adjacency[member[first[larger] + place]]
    return common


def distinct_rows(rows: BoolArray) -> BoolArray:
    """The rows of a (q, k) bool array, each once, in the order of first appearance."""
    packed = np.ascontiguousarray(np.packbits(rows, axis=1))
    if not packed.size:
        return rows[:1]
    # One opaque item a row: sorting bytes is far quicker than sorting a two-dimensional array.
    keys = packed.view(np.dtype((np.void, packed.shape[1]))).ravel()
    _, first = np.unique(keys, return_index=True)
    return rows[np.sort(first)]


class ConflictGraph:
    """Conflict graph of a packing program with ``n`` columns and ``p`` objectives.

    Parameters
    ----------
    milp
        Binary columns, rows ``<= 1`` with unit coefficients; the caller has checked that.

    Attributes
    ----------
    gains : (p, n) int64
        Minimised costs, negated.
    adjacency : (n, n) bool
    """

    def __init__(self, milp: Milp) -> None:
        n = milp.n_columns
        self.n = n
        self.gains: IntArray = -np.stack(list(milp.objectives.values()))
        self.rows: BoolArray = np.zeros((milp.n_rows, n), dtype=np.bool_)
        row_of = np.repeat(np.arange(milp.n_rows), np.diff(milp.row_start))
        self.rows[row_of, milp.column_index] = True
        # Products of bool arrays ask whether there is one, and count nothing in floats.
        self.adjacency: BoolArray = self.rows.T @ self.rows
        np.fill_diagonal(self.adjacency, False)
        self._harmless = (self.gains >= 0).all(axis=0)

    @cached_property
    def cliques(self) -> BoolArray:
        """(q, n) bool: maximal cliques that cover every edge, grown from the rows."""
        seeds = self.rows[self.rows.sum(axis=1) >= 2]
        return grown_cliques(seeds, self.adjacency, np.ones(self.n))

    @cached_property
    def _stand_ins(self) -> tuple[IntArray, IntArray, BoolArray]:
        """Edges ``(u, v)`` where v gains no less than u, and who of N(v) is outside N[u]."""
        gains = self.gains.T
        losers: list[int] = []
        winners: list[int] = []
        for u in range(self.n):
            for v in np.flatnonzero(self.adjacency[u]).tolist():
                # Equal gains: the lower index wins, so that no two columns remove each other.
                if (gains[v] >= gains[u]).all() and (v < u or (gains[v] != gains[u]).any()):
                    losers.append(u)
                    winners.append(v)
        u_of = np.array(losers, dtype=np.int64)
        v_of = np.array(winners, dtype=np.int64)
        outside = self.adjacency[v_of] & ~self.adjacency[u_of]
        outside[np.arange(len(u_of)), u_of] = False
        return u_of, v_of, outside

    def reduce(self, allowed: BoolArray, chosen: BoolArray) -> None:
        """Apply both reductions until nothing moves, in place.

        Parameters
        ----------
        allowed : (n,) bool
            Columns still free to be chosen; none is chosen or a neighbour of a chosen one.
        chosen : (n,) bool
            Grows by the columns taken.
        """
        u_of, v_of, outside = self._stand_ins
        while True:
            live = np.flatnonzero(allowed[u_of] & allowed[v_of])
            if len(live):
                free = ~(outside[live] @ allowed)
                # Standing in is transitive and never circular: all may leave at once.
                losers = u_of[live[free]]
                if len(losers):
                    allowed[losers] = False
                    continue
            break
        alone = allowed & self._harmless & ~(self.adjacency @ allowed)
        chosen |= alone
        allowed &= ~alone
