r"""Pyomo's cutting planes of the disjunction (``gdp.cuttingplane``): big-M and cuts of the hull.

Sets, data and the variables :math:`y_l, z_b, T, C` as in ``factored_big_m``; the disjunction is
that of ``gdp``, and rows and objectives are those of ``gdp_big_m``, with these beside them:

.. math::
    \sum_l \alpha^i_l y_l + \sum_b \alpha^i_b z_b + \alpha^i_T T + \alpha^i_C C \ge \beta^i,
    \qquad i = 1, \dots, k

all integer, :math:`\beta^i` the least value of the left side over all allowed cells: how they are
found, and why each is right whatever the solver behind it answered, stands in ``gdp_cuts``.

Size: as ``gdp_big_m``, and :math:`k` rows. No formula gives :math:`k`: it is found by solving
relaxations, at most ``CUTS_A_DIRECTION`` for each of ``DIRECTIONS`` (both in ``gdp_cuts``).

Strength: never below big-M, never above column selection (proved: rows are added that hold at every
allowed cell). Against the hull it is measured only: a few rounds in three directions leave it
below the hull on most grids, but a cut may reach beyond it, as its right side knows the cells.
"""

from __future__ import annotations

from formulations.replica.gdp import build_gdp, compile_gdp
from formulations.replica.gdp_big_m import size_gdp_big_m
from formulations.replica.gdp_cuts import add_cuts, proved_cuts
from formulations.replica.problem import ReplicaProblem
from formulations.replica.program import ReplicaProgram
from formulations.size import ProgramSize

__all__ = ["build_gdp_cutting_plane", "size_gdp_cutting_plane"]


def size_gdp_cutting_plane(problem: ReplicaProblem) -> ProgramSize:
    """Size by the formulas of the module's text; it runs the rounds to count the cuts.

    Raises
    ------
    ImportError
        If there is no Pyomo, or it finds no HiGHS.
    """
    big_m = size_gdp_big_m(problem)
    return ProgramSize(big_m.rows + len(proved_cuts(problem)), big_m.columns)


def build_gdp_cutting_plane(problem: ReplicaProblem) -> ReplicaProgram:
    """The disjunction through ``gdp.cuttingplane``; the model is in the module docstring.

    Raises
    ------
    ImportError
        If there is no Pyomo, or it finds no HiGHS.
    """
    cuts = proved_cuts(problem)
    model = build_gdp(problem)
    add_cuts(model, cuts)
    return compile_gdp(problem, "bigm", model=model, formulation="gdp_cutting_plane")
