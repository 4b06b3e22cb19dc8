r"""The routing program in floats: which shares are positive, which multipliers a cut should have.

.. math::
    \max \lambda \quad \sum_b t_{jb} \le n_j, \qquad
    \lambda - \sum_j \frac{r_{jb}}{d_b} t_{jb} \le 0, \qquad t, \lambda \ge 0

with :math:`t_{jb}` the replicas of column :math:`j` that work on class :math:`b`; where classes are
served in parts, one such row for each part, over the columns that do it. Nothing here is a
proof: what leaves this module is a set of basic columns and some multipliers, to be judged exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import highspy  # type: ignore[import-untyped]  # noqa: TID251
import numpy as np

__all__ = ["FloatAnswer", "solve_in_floats"]

_OPTIONS: dict[str, bool | int | float | str] = {
    "output_flag": False,
    "threads": 1,
    # The basis is wanted, and that of a presolved program is none.
    "presolve": "off",
    # The closer to an exact vertex, the rarer the exact pivots afterwards.
    "primal_feasibility_tolerance": 1e-10,
    "dual_feasibility_tolerance": 1e-10,
}


@dataclass(frozen=True, slots=True)
class FloatAnswer:
    """What HiGHS proposes.

    Parameters
    ----------
    basic
        Positions of the basic columns; the last position is lambda.
    tight
        Rows whose slack is not basic: columns first, then parts of classes.
    multipliers
        Of the rows of demand, in units of 1 / demand.
    """

    basic: tuple[int, ...]
    tight: tuple[int, ...]
    multipliers: tuple[float, ...]


def solve_in_floats(
    owner: Sequence[int],
    serves: Sequence[Sequence[int]],
    rate: Sequence[int],
    counts: Sequence[int],
    demand: Sequence[int],
) -> FloatAnswer | None:
    """Solve the program of the module's text; ``None`` where HiGHS finds no optimum.

    Parameters
    ----------
    owner, serves, rate
        For each share its column, the rows of demand that it serves, both counted from 0 here, and
        its rate, positive.
    counts, demand
        Of columns and of rows, positive.
    """
    n, k = len(owner), len(counts)
    m = k + len(demand)
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = n + 1, m
    model.col_cost_ = np.concatenate([np.zeros(n), [1.0]])
    model.sense_ = highspy.ObjSense.kMaximize
    model.col_lower_ = np.zeros(n + 1)
    model.col_upper_ = np.full(n + 1, np.inf)
    model.row_lower_ = np.full(m, -np.inf)
    model.row_upper_ = np.array([*map(float, counts), *([0.0] * len(demand))])
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    start, index, value = [0], [], []
    for column, rows, carried in zip(owner, serves, rate, strict=True):
        index += [column, *(k + row for row in rows)]
        value += [1.0, *(-carried / demand[row] for row in rows)]
        start.append(len(index))
    model.a_matrix_.start_ = np.array([*start, len(index) + len(demand)])
    model.a_matrix_.index_ = np.array([*index, *range(k, m)])
    model.a_matrix_.value_ = np.array([*value, *([1.0] * len(demand))])
    highs = highspy.Highs()
    for option, chosen in _OPTIONS.items():
        highs.setOptionValue(option, chosen)
    highs.passModel(model)
    highs.run()
    if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return None
    basis, solution = highs.getBasis(), highs.getSolution()
    basic = highspy.HighsBasisStatus.kBasic
    return FloatAnswer(
        basic=tuple(j for j, status in enumerate(basis.col_status) if status == basic),
        tight=tuple(i for i, status in enumerate(basis.row_status) if status != basic),
        multipliers=tuple(float(v) for v in solution.row_dual[k:]),
    )
