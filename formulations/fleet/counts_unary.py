r"""Counts in unary: ``counts`` with every whole number written as that many ordered binaries.

Sets, data and rows as in ``counts``. Variables: for every count and every place of an item in a
rack, each a whole number of 0 to :math:`u`, binaries :math:`y_1, \dots, y_u`, and

.. math::
    n = \sum_{k=1}^{u} y_k, \qquad y_k \ge y_{k+1}

in place of it in every row and measure: :math:`y_k = 1` says :math:`n \ge k`, so a branch on a
binary is one on a range, and each number is written in one way. (A one-hot choice of the value is
the same polytope after :math:`\lambda_k = y_k - y_{k+1}`.)

Size: :math:`\sum_j u_j` columns over all counts and places, and :math:`\sum_j \max(u_j - 1, 0)`
rows of order beside those of ``counts``; refused above 50,000 columns.

Strength: the linear bound of ``counts``, neither more nor less (proved in ``in_binaries``; the
order holds there with equality).
"""

from __future__ import annotations

from collections.abc import Sequence

from formulations.fleet.binary_counts import binary_program, binary_size
from formulations.fleet.problem import FleetProblem
from formulations.fleet.program import FleetProgram
from formulations.fleet.routing import Cut
from formulations.formulation import RefusedError
from formulations.size import ProgramSize

__all__ = ["MOST_UNARY", "build_counts_unary", "size_counts_unary"]

MOST_UNARY: int = 50_000
"""Most binaries that are written out."""


def build_counts_unary(problem: FleetProblem, cuts: Sequence[Sequence[Cut]] = ()) -> FleetProgram:
    """State the problem over ordered binaries; the model is in the module docstring.

    Parameters
    ----------
    cuts
        For each routing of the problem, cuts found so far; ``()`` for none.

    Raises
    ------
    ValueError
        If there are more than ``MOST_UNARY`` binaries, the racks are too many to be written one by
        one, or a row does not fit into 64 bits.
    """
    size_counts_unary(problem, cuts)
    return binary_program(
        problem, cuts, weights=lambda most: [1] * most, ordered=True, formulation="counts_unary"
    )


def size_counts_unary(problem: FleetProblem, cuts: Sequence[Sequence[Cut]] = ()) -> ProgramSize:
    """Rows, columns and nonzeros by the formulas of ``count_sizes``, and the rows of order.

    Raises
    ------
    ValueError
        If there are more than ``MOST_UNARY`` binaries, or the racks are too many to be written one
        by one.
    """
    size = binary_size(problem, cuts, width=lambda most: most, ordered=True)
    if size.columns > MOST_UNARY:
        raise RefusedError(
            f"{problem.name}: {size.columns} binaries are more than {MOST_UNARY}; write the counts "
            "as integers or in bits"
        )
    return size
