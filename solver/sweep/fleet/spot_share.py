r"""A share of spot devices as two counts over the columns, whatever share the file states.

The row of a share :math:`s` holds :math:`d_j (1 - s)` for spot devices and :math:`-s d_j` for
others, so what a column holds cannot be read off at every share: at 0 the others are not in the row
at all. The question is lowered again for a share of one half, where the row is :math:`+d_j` and
:math:`-d_j` times one number.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np

from formulations.fleet.problem import FleetProblem
from formulations.milp import INFINITY, IntArray
from solver.instance.fleet.domain import FleetInstance
from solver.lowering.fleet.lowering import lower_fleet
from solver.lowering.fleet.space import FleetSpace
from solver.lowering.fleet.stated import StatedLimit
from solver.lowering.fleet.uppers import with_limits
from solver.sweep.fleet.asking import without_rates
from solver.sweep.fleet.greatest import dense_row

__all__ = ["without_share"]

_HALF = Fraction(1, 2)


def without_share(space: FleetSpace, limit: StatedLimit) -> tuple[FleetProblem, IntArray, IntArray]:
    """The problem with the share lifted, and devices of every column: on spot, and all of them.

    Both counts are (n,) and in one common unit, so that only their ratio has a meaning.

    Raises
    ------
    ValueError
        If the limit has a row for each of several periods, or the columns are bare.
    """
    instance = space.instance
    if len(limit.rows) > 1 or not isinstance(instance, FleetInstance):
        raise ValueError(f"{limit.name}: one row of a question with machines is wanted")
    limits = replace(instance.limits, max_spot_fraction=_HALF)
    # What a share lets be left out, another does not.
    problem = without_rates(lower_fleet(replace(instance, limits=limits), prune=False))
    (row,) = limit.row_names
    signed = dense_row(problem, problem.limit_names.index(row))
    return with_limits(problem, {row: INFINITY}), np.maximum(signed, 0), abs(signed)
