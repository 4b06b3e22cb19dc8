r"""Pyomo's hull of the disjunction (``gdp.hull``): a copy of every variable in every disjunct.

Sets and data as in ``factored_big_m``; the disjunction is that of ``gdp``. Variables
:math:`y_l, z_b, T, C` as there, and copies :math:`z_{lb} \in \{0, 1\}` (of forbidden cells too),
:math:`T_l, C_l` in every disjunct.

.. math::
    \text{latency} = T, \qquad \text{cost} = C

.. math::
    \sum_l y_l &= 1, \qquad \sum_b z_b = 1, \\
    z_b &= \sum_l z_{lb} \quad (b \in K), \qquad T = \sum_l T_l, \qquad C = \sum_l C_l \\
    \sum_b m_{lb} z_{lb} &\le T_l, \quad \sum_b a_{lb} z_{lb} \le T_l, \quad
      \sum_b c_{lb} z_{lb} \le C_l && l \in L \\
    \sum_b z_{lb} &= y_l, \qquad z_{lb} \le y_l \quad (b \in K) && l \in L \\
    \underline T y_l &\le T_l \le \overline T y_l, \qquad
      \underline C y_l \le C_l \le \overline C y_l && l \in L \\
    \sum_{b \notin A_l} z_{lb} &\le 0 && \text{where } A_l \ne K

A limit of :math:`T_l` or :math:`C_l` that is 0 is a bound and no row.

Size: :math:`|L|(|K| + 3) + |K| + 2` columns; :math:`|L|(|K| + 4) + |K| + 4` rows, :math:`|L|` for
each of :math:`\underline T, \overline T, \underline C, \overline C` that is not 0, and one for each
:math:`A_l \ne K`.

Strength: that of ``factored_hull`` (proved there: it is a projection of this), at about
:math:`|K| + 4` rows a layout for 3.
"""

from __future__ import annotations

from formulations.replica.gdp import compile_gdp, restricted_layouts
from formulations.replica.lifting import lifted_ranks
from formulations.replica.problem import ReplicaProblem
from formulations.replica.program import ReplicaProgram
from formulations.size import ProgramSize

__all__ = ["build_gdp_hull", "size_gdp_hull"]


def size_gdp_hull(problem: ReplicaProblem) -> ProgramSize:
    """Size by the formulas of the module's text."""
    n_layouts, n_batches = problem.allowed.shape
    ranks = lifted_ranks(problem)
    limits = (ranks.latency_low, ranks.latency_high, ranks.cost_low, ranks.cost_high)
    limit_rows = sum(limit != 0 for limit in limits)
    return ProgramSize(
        rows=n_layouts * (n_batches + 4 + limit_rows) + n_batches + 4 + restricted_layouts(problem),
        columns=n_layouts * (n_batches + 3) + n_batches + 2,
    )


def build_gdp_hull(problem: ReplicaProblem) -> ReplicaProgram:
    """The disjunction through ``gdp.hull``; the model is in the module docstring.

    Raises
    ------
    ImportError
        If there is no Pyomo.
    """
    return compile_gdp(problem, "hull")
