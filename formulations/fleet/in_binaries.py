r"""Every integer column of a program written as a weighted sum of binaries.

A column :math:`x_j \in \{0, \dots, u_j\}` becomes :math:`\sum_k \omega_{jk} y_{jk}` with
:math:`y_{jk} \in \{0, 1\}` and weights :math:`\omega_{jk} > 0` that add up to :math:`u_j`, put in
place of it wherever it stands.

Such a substitution leaves the linear bound as it is, whatever the weights: with
:math:`y_{jk} = x_j / u_j` for all :math:`k` every point of the old relaxation is one of the new,
and every point of the new gives one of the old, as :math:`\sum_k \omega_{jk} y_{jk}` lies within 0
to :math:`u_j`. It also meets any order :math:`y_{jk} \ge y_{j,k+1}`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from formulations.milp import IntArray, Milp
from formulations.rows import SparseRows

__all__ = ["Binaries", "in_binaries"]


class Binaries:
    """Which binary stands for what.

    Parameters
    ----------
    weights
        For each column of the program those of its binaries.

    Attributes
    ----------
    column, weight : (binaries,) int64
        The column that each is part of, and its weight in it.
    first : (n + 1,) int64
        Binaries of column ``j`` are ``first[j]`` to ``first[j + 1]``.
    """

    def __init__(self, weights: Sequence[Sequence[int]]) -> None:
        width = np.array([len(each) for each in weights], dtype=np.int64)
        self.first: IntArray = np.concatenate([[0], np.cumsum(width)]).astype(np.int64)
        self.column: IntArray = np.repeat(np.arange(len(weights), dtype=np.int64), width)
        self.weight: IntArray = np.array([w for each in weights for w in each], dtype=np.int64)

    @property
    def n_binaries(self) -> int:
        """Number of binaries."""
        return len(self.column)

    def values(self, y: IntArray) -> IntArray:
        """Values of the columns, (n,) int64, from those of the binaries."""
        total = np.zeros(len(self.first) - 1, dtype=np.int64)
        np.add.at(total, self.column, self.weight * y)
        return total

    def spread(self, coefficients: IntArray) -> IntArray:
        """Coefficients of the binaries from those of the columns, (n,)."""
        return np.asarray(coefficients[self.column] * self.weight, dtype=np.int64)


def in_binaries(milp: Milp, weights: Sequence[Sequence[int]], *, ordered: bool, name: str) -> Milp:
    r"""The program with binaries in place of its columns, called ``name``.

    Parameters
    ----------
    milp
        All lower bounds are 0.
    weights
        For each column those of its binaries, positive; they add up to its upper bound.
    ordered
        Whether to add :math:`y_{jk} \ge y_{j,k+1}` for binaries of one column that follow each
        other.

    Raises
    ------
    ValueError
        If weights do not fit the bounds.
    """
    binaries = Binaries(weights)
    top = binaries.values(np.ones(binaries.n_binaries, dtype=np.int64))
    if milp.lower.any() or (top != milp.upper).any() or (binaries.weight < 1).any():
        raise ValueError(f"{milp.name}: weights of binaries do not reach just the bounds")
    rows = SparseRows()
    block = rows.add_block(milp.n_rows, lower=milp.row_lower, upper=milp.row_upper)
    for i in range(milp.n_rows):
        part = slice(milp.row_start[i], milp.row_start[i + 1])
        for column, value in zip(
            milp.column_index[part].tolist(), milp.value[part].tolist(), strict=True
        ):
            here = np.arange(binaries.first[column], binaries.first[column + 1])
            rows.put(block, i, here, value * binaries.weight[here])
    if ordered:
        follows = np.flatnonzero(binaries.column[1:] == binaries.column[:-1])
        order = rows.add_block(len(follows), lower=0)
        rows.put(order, np.arange(len(follows)), follows, 1)
        rows.put(order, np.arange(len(follows)), follows + 1, -1)
    return rows.to_milp(
        name,
        lower=np.zeros(binaries.n_binaries, dtype=np.int64),
        upper=np.ones(binaries.n_binaries, dtype=np.int64),
        objectives={key: binaries.spread(goal) for key, goal in milp.objectives.items()},
    )
