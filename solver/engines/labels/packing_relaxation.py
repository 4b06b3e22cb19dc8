r"""The clique relaxation of a weighted independent set, and an integer bound from its multipliers.

Over allowed columns :math:`R` with integer weights :math:`w` and cliques :math:`\mathcal{Q}`:

.. math::
    \max \sum_{v \in R} w_v x_v \quad\text{s.t.}\quad
    \sum_{v \in Q} x_v \le 1 \;\; (Q \in \mathcal{Q}), \quad 0 \le x \le 1 .

For *any* integers :math:`y_Q \ge 0`, no independent set within :math:`R` weighs more than
:math:`\sum_Q y_Q + \sum_{v \in R} \max(0, r_v)`, where :math:`r_v = w_v - \sum_{Q \ni v} y_Q`;
one that holds a :math:`v` with :math:`r_v < 0` weighs at least :math:`-r_v` less. HiGHS proposes
:math:`y`; it is rounded and the bound computed in int64, so nothing a float says is believed.
"""

from __future__ import annotations

from typing import Any

import highspy  # type: ignore[import-untyped]  # noqa: TID251
import numpy as np
import numpy.typing as npt

from formulations.milp import IntArray
from solver.engines.labels.packing_graph import BoolArray, distinct_rows, grown_cliques

__all__ = ["CliqueRelaxation"]

FloatArray = npt.NDArray[np.float64]


class CliqueRelaxation:
    """One persistent linear program on a subset of the columns; only upper bounds change.

    Parameters
    ----------
    cliques : (q, n) bool
        Every edge between two columns of ``within`` lies in one of them.
    adjacency : (n, n) bool
    weights : (n,) int64
    within : (n,) bool
        Columns of the program. The cliques are cut down to them and grown again, as a clique that
        lost members may find new ones; this is what makes small programs tighter than their
        parents.
    """

    def __init__(
        self, cliques: BoolArray, adjacency: BoolArray, weights: IntArray, within: BoolArray
    ) -> None:
        self.columns: IntArray = np.flatnonzero(within)
        self._n = len(within)
        self._weights = weights[self.columns]
        self._adjacency = adjacency[np.ix_(self.columns, self.columns)]
        seeds = cliques[:, self.columns]
        seeds = distinct_rows(seeds[seeds.sum(axis=1) >= 2])
        self._load(grown_cliques(seeds, self._adjacency, np.ones(len(self.columns))))

    @property
    def cliques(self) -> BoolArray:
        """(q, n) bool, in the numbering of the whole graph; each lies within ``columns``."""
        whole = np.zeros((len(self._local), self._n), dtype=np.bool_)
        whole[:, self.columns] = self._local
        return whole

    def _load(self, local: BoolArray) -> None:
        q, k = local.shape
        self._local = local
        self._matrix: IntArray = local.astype(np.int64)
        model = highspy.HighsLp()
        model.num_col_, model.num_row_ = k, q
        model.col_cost_ = -self._weights.astype(np.float64)
        model.col_lower_, model.col_upper_ = np.zeros(k), np.ones(k)
        model.row_lower_, model.row_upper_ = np.full(q, -np.inf), np.ones(q)
        model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        model.a_matrix_.start_ = np.append(0, np.cumsum(local.sum(axis=1)))
        model.a_matrix_.index_ = np.nonzero(local)[1].astype(np.int32)
        model.a_matrix_.value_ = np.ones(int(local.sum()))
        self._lower = np.zeros(k)
        self._index = np.arange(k, dtype=np.int32)
        self._highs: Any = highspy.Highs()
        # Presolve would throw the basis of the solve before away.
        for option, value in (("output_flag", False), ("threads", 1), ("presolve", "off")):
            self._highs.setOptionValue(option, value)
        self._highs.passModel(model)

    def _solve(self, allowed: BoolArray) -> tuple[FloatArray, IntArray]:
        """Values (k,) of the columns and multipliers (q,) >= 0 of the cliques, rounded."""
        self._highs.changeColsBounds(
            len(self._index), self._index, self._lower, allowed.astype(np.float64)
        )
        self._highs.run()
        solution = self._highs.getSolution()
        values = np.array(solution.col_value, dtype=np.float64)
        duals = np.array(solution.row_dual, dtype=np.float64)
        usable = (
            len(values) == len(self._index)
            and len(duals) == len(self._local)
            and bool(np.isfinite(values).all() and np.isfinite(duals).all())
            # Beyond this a multiplier is nonsense, and sums of them might leave int64.
            and (not duals.size or float(np.abs(duals).max()) <= 2.0**40)
        )
        if not usable:
            # Without multipliers the bound below is the sum of the weights: weak, and still right.
            return np.full(len(self._index), 0.5), np.zeros(len(self._local), dtype=np.int64)
        return np.clip(values, 0.0, 1.0), np.maximum(0, np.rint(-duals)).astype(np.int64)

    def bound(self, allowed: BoolArray) -> tuple[int, IntArray, FloatArray]:
        """Bound every independent set within ``allowed``, (n,) bool, a subset of the columns.

        Returns
        -------
        bound
            No such set weighs more.
        loss : (n,) int64, non-negative
            A set that holds column v weighs at most ``bound - loss[v]``.
        values : (n,) float64
            The relaxation's values, a hint; zero outside.
        """
        local = allowed[self.columns]
        values, multipliers = self._solve(local)
        reduced = self._weights - multipliers @ self._matrix
        best = int(multipliers.sum()) + int(reduced[local & (reduced > 0)].sum())
        loss = np.zeros(self._n, dtype=np.int64)
        loss[self.columns] = np.maximum(0, -reduced)
        hint = np.zeros(self._n)
        hint[self.columns] = values
        return best, loss, hint

    def tighten(self, rounds: int, least_violation: float = 1e-2) -> None:
        """Add cliques that the relaxation's own optimum violates, for a few rounds."""
        everything = np.ones(len(self.columns), dtype=np.bool_)
        for _ in range(rounds):
            values, _ = self._solve(everything)
            support = np.flatnonzero(values > 1e-6)
            seeds = np.zeros((len(support), len(values)), dtype=np.bool_)
            seeds[np.arange(len(support)), support] = True
            fresh = grown_cliques(seeds, self._adjacency, np.maximum(values, 0.0) + 1e-3)
            violated = fresh @ values > 1.0 + least_violation
            if not violated.any():
                return
            self._load(distinct_rows(np.concatenate([self._local, fresh[violated]])))
