r"""Pyomo's multiple big-M of the disjunction (``gdp.mbigm``): a constant for each pair of layouts.

Sets, data and the variables :math:`y_l, z_b, T, C` as in ``factored_big_m``; the disjunction is
that of ``gdp``. With :math:`t_{lb} = \max(m_{lb}, a_{lb})`:

.. math::
    \text{latency} = T, \qquad \text{cost} = C

.. math::
    \sum_l y_l &= 1, \qquad \sum_b z_b = 1 \\
    \sum_b m_{lb} z_b - T &\le \sum_{k \ne l} M_{lk}\, y_k
      && M_{lk} = \max_{b \in A_k} (m_{lb} - t_{kb}) \\
    \sum_b a_{lb} z_b - T &\le \sum_{k \ne l} M'_{lk}\, y_k
      && M'_{lk} = \max_{b \in A_k} (a_{lb} - t_{kb}) \\
    \sum_b c_{lb} z_b - C &\le \sum_{k \ne l} M''_{lk}\, y_k
      && M''_{lk} = \max_{b \in A_k} (c_{lb} - c_{kb}) \\
    0 &\le \sum_b z_b - 1 \le 0 && l \in L \\
    \sum_{b \notin A_l} z_b &\le \sum_{k \ne l} N_{lk}\, y_k
      && \text{where } A_l \ne K, \quad N_{lk} = \max_{b \in A_k} [b \notin A_l]

A layout without a cell never rules, so any constant is valid against it; 0 is written. The
transformation is that of Trespalacios and Grossmann (2015, "Improved Big-M reformulation for
generalized disjunctive programs", Computers and Chemical Engineering 76): each row relaxed by the
most it can be broken while disjunct :math:`k` rules. There the maximum is an optimisation problem;
here it runs over the integer points of disjunct :math:`k`, which are its cells, and is exact.
Constants may be negative: then the row stays, tightened, while :math:`k` rules.

Size: :math:`|L| + |K| + 2` columns, :math:`5|L| + 2` rows and one for each :math:`A_l \ne K`, as
``gdp_big_m``; but up to :math:`|L|` entries more in each.

Strength: never below big-M, never above column selection (proved): a constant is at most
that of ``gdp_big_m``, and its rows hold at every allowed cell. It and the hull cannot be compared:
constants over the linear relaxations of the disjuncts would be no stronger than the hull, those
over their integer points see the maximum of the roofline, which the hull does not (proved by
examples either way, in the tests).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from formulations.milp import IntArray
from formulations.replica.gdp import build_gdp, compile_gdp
from formulations.replica.gdp_big_m import size_gdp_big_m
from formulations.replica.lifting import lifted_ranks
from formulations.replica.problem import ReplicaProblem
from formulations.replica.program import ReplicaProgram
from formulations.size import ProgramSize

__all__ = ["build_gdp_multiple_big_m", "size_gdp_multiple_big_m"]


def size_gdp_multiple_big_m(problem: ReplicaProblem) -> ProgramSize:
    """Size by the formulas of the module's text."""
    return size_gdp_big_m(problem)


def _worst(value: IntArray, bound: IntArray, allowed: Any) -> IntArray:
    """Most by which each row is above each ruling layout, (row layouts, ruling layouts)."""
    worst = np.zeros((len(value), len(bound)), dtype=np.int64)
    for k in np.flatnonzero(allowed.any(axis=1)).tolist():
        here = allowed[k]
        worst[:, k] = (value[:, here] - bound[k, here]).max(axis=1)
    return worst


def build_gdp_multiple_big_m(problem: ReplicaProblem) -> ReplicaProgram:
    """The disjunction through ``gdp.mbigm``; the model is in the module docstring.

    Raises
    ------
    ImportError
        If there is no Pyomo.
    """
    ranks = lifted_ranks(problem)
    latency = np.maximum(ranks.memory, ranks.arithmetic)
    refused = (~problem.allowed).astype(np.int64)
    constants = {
        "memory": _worst(ranks.memory, latency, problem.allowed),
        "arithmetic": _worst(ranks.arithmetic, latency, problem.allowed),
        "price": _worst(ranks.cost, ranks.cost, problem.allowed),
        "refused": _worst(refused, np.zeros_like(refused), problem.allowed),
    }
    model = build_gdp(problem)
    # Constants are given for every pair, so no solver is called to find one.
    del model.BigM
    given: dict[tuple[Any, Any], tuple[int | None, int]] = {}
    for l, rule in model.rules.items():  # noqa: E741
        for k, other in model.rules.items():
            if l == k:
                continue
            given[rule.one_batch, other] = (0, 0)
            for name, table in constants.items():
                row = rule.component(name)
                if row is not None:
                    given[row, other] = (None, int(table[l, k]))
    options = {"bigM": given, "reduce_bound_constraints": False, "threads": 1}
    return compile_gdp(problem, "mbigm", model=model, options=options)
