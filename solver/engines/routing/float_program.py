r"""The routing program in floats: which shares are positive, which multipliers a cut should have.

.. math::
    \max \lambda \quad \sum_b t_{jb} \le n_j, \qquad
    \lambda - \sum_j \frac{r_{jb}}{d_b} t_{jb} \le 0, \qquad t, \lambda \ge 0

with :math:`t_{jb}` the replicas of column :math:`j` that work on class :math:`b`. Nothing here is a
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
        Rows whose slack is not basic: columns first, then classes.
    multipliers
        Of the class rows, in units of 1 / demand.
    """

    basic: tuple[int, ...]
    tight: tuple[int, ...]
    multipliers: tuple[float, ...]


def solve_in_floats(
    pairs: Sequence[tuple[int, int]],
    rate: Sequence[int],
    counts: Sequence[int],
    demand: Sequence[int],
) -> FloatAnswer | None:
    """Solve the program of the module's text; ``None`` where HiGHS finds no optimum.

    Parameters
    ----------
    pairs, rate
        For each share its (column, class), both counted from 0 here, and its rate, positive.
    counts, demand
        Of columns and of classes, positive.
    """
    n, k = len(pairs), len(counts)
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
    model.a_matrix_.start_ = np.array([*range(0, 2 * n + 1, 2), 2 * n + len(demand)])
    index, value = [], []
    for (column, size), carried in zip(pairs, rate, strict=True):
        index += [column, k + size]
        value += [1.0, -carried / demand[size]]
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
