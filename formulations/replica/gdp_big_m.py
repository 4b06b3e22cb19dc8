r"""Pyomo's big-M of the disjunction (``gdp.bigm``), each row with its own smallest constant.

Sets, data and the variables :math:`y_l, z_b, T, C` as in ``factored_big_m``; the disjunction is
that of ``gdp``.

.. math::
    \text{latency} = T, \qquad \text{cost} = C

.. math::
    \sum_l y_l &= 1, \qquad \sum_b z_b = 1 \\
    \sum_b m_{lb} z_b - T &\le (\max_b m_{lb} - \underline T)(1 - y_l) && l \in L \\
    \sum_b a_{lb} z_b - T &\le (\max_b a_{lb} - \underline T)(1 - y_l) && l \in L \\
    \sum_b c_{lb} z_b - C &\le (\max_b c_{lb} - \underline C)(1 - y_l) && l \in L \\
    -(1 - y_l) &\le \sum_b z_b - 1 \le (|K| - 1)(1 - y_l) && l \in L \\
    \sum_{b \notin A_l} z_b &\le 1 - y_l && \text{where } A_l \ne K

Size: :math:`|L| + |K| + 2` columns, :math:`5|L| + 2` rows and one for each :math:`A_l \ne K`.

Strength: that of ``factored_big_m`` (proved): :math:`\sum_b z_b = 1` turns one set of rows into the
other, and the rows here that it has not are idle under :math:`\sum_b z_b = 1`,
:math:`T \ge \underline T` or :math:`C \ge \underline C`.
"""

from __future__ import annotations

from formulations.replica.gdp import compile_gdp, restricted_layouts
from formulations.replica.problem import ReplicaProblem
from formulations.replica.program import ReplicaProgram
from formulations.size import ProgramSize

__all__ = ["build_gdp_big_m", "size_gdp_big_m"]


def size_gdp_big_m(problem: ReplicaProblem) -> ProgramSize:
    """Size by the formulas of the module's text."""
    n_layouts, n_batches = problem.allowed.shape
    return ProgramSize(
        rows=5 * n_layouts + 2 + restricted_layouts(problem), columns=n_layouts + n_batches + 2
    )


def build_gdp_big_m(problem: ReplicaProblem) -> ReplicaProgram:
    """The disjunction through ``gdp.bigm``; the model is in the module docstring.

    Raises
    ------
    ImportError
        If there is no Pyomo.
    """
    return compile_gdp(problem, "bigm")
