r"""The factored disjunction stated once as a Pyomo GDP, and its compilation to plain integer data.

.. math::
    \bigvee_{l \in L} \left[ \begin{array}{l}
        T \ge \sum_b m_{lb} z_b, \quad T \ge \sum_b a_{lb} z_b, \quad C \ge \sum_b c_{lb} z_b \\
        \sum_b z_b = 1, \quad \sum_{b \notin A_l} z_b \le 0
    \end{array} \right], \qquad \sum_b z_b = 1

with :math:`z_b \in \{0, 1\}`, integers :math:`T \in [\underline T, \overline T]`,
:math:`C \in [\underline C, \overline C]`, and lifted ranks. :math:`\sum_b z_b = 1` is stated inside
the disjuncts too, because the hull of a disjunct only knows what the disjunct says.

``gdp.bigm`` and ``gdp.hull`` of Pyomo turn it into linear programs that must agree with
``factored_big_m`` and ``factored_hull``, row pattern aside: same choices, same relaxation. This is
the independent road to those two; it is slower to build and its programs are larger
(:math:`|L||K|` copies in the hull, forbidden ones included), so it is not the one in daily use.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from formulations.milp import INFINITY, IntArray, Milp
from formulations.replica.lifting import lifted_ranks
from formulations.replica.problem import COST, LATENCY, ReplicaProblem
from formulations.replica.program import Cell, ReplicaProgram, chosen_one

__all__ = ["build_gdp", "compile_gdp"]

Transformation = Literal["bigm", "hull"]


def build_gdp(problem: ReplicaProblem) -> Any:
    """The disjunction as a ``pyomo.environ.ConcreteModel``.

    Components: ``z`` (batch levels), ``T``, ``C``, disjuncts ``rules[l]``, objectives ``latency``
    and ``cost``, and the suffix ``BigM`` with the smallest valid constant of every row.
    """
    import pyomo.environ as pyo  # type: ignore[import-untyped]
    from pyomo.gdp import Disjunct, Disjunction  # type: ignore[import-untyped]

    n_layouts, n_batches = problem.allowed.shape
    ranks = lifted_ranks(problem)
    model = pyo.ConcreteModel(name=f"{problem.name}/gdp")
    model.z = pyo.Var(range(n_batches), domain=pyo.Binary)
    model.T = pyo.Var(domain=pyo.Integers, bounds=(ranks.latency_low, ranks.latency_high))
    model.C = pyo.Var(domain=pyo.Integers, bounds=(ranks.cost_low, ranks.cost_high))
    model.one_batch = pyo.Constraint(expr=sum(model.z.values()) == 1)
    model.rules = Disjunct(range(n_layouts))
    model.BigM = pyo.Suffix(direction=pyo.Suffix.LOCAL)
    for index in range(n_layouts):
        rule = model.rules[index]
        for name, table, bounded, low in (
            ("memory", ranks.memory, model.T, ranks.latency_low),
            ("arithmetic", ranks.arithmetic, model.T, ranks.latency_low),
            ("price", ranks.cost, model.C, ranks.cost_low),
        ):
            terms = [
                int(value) * z for value, z in zip(table[index], model.z.values(), strict=True)
            ]
            row = pyo.Constraint(expr=sum(terms) - bounded <= 0)
            rule.add_component(name, row)
            # Pyomo would add up all entries of the row; only one z is 1, so the largest is enough.
            model.BigM[row] = int(table[index].max()) - low
        rule.one_batch = pyo.Constraint(expr=sum(model.z.values()) == 1)
        model.BigM[rule.one_batch] = (-1, n_batches - 1)
        refused = [model.z[int(b)] for b in np.flatnonzero(~problem.allowed[index])]
        if refused:
            rule.refused = pyo.Constraint(expr=sum(refused) <= 0)
            model.BigM[rule.refused] = 1
    model.choice = Disjunction(expr=[model.rules[index] for index in range(n_layouts)])
    model.latency = pyo.Objective(expr=model.T)
    model.cost = pyo.Objective(expr=model.C)
    return model


def _exact(values: Any, what: str) -> IntArray:
    """``values`` as int64; raises ``ValueError`` where one is not an integer."""
    array = np.asarray(values, dtype=np.float64)
    whole = np.rint(array)
    if not np.array_equal(whole, array):
        raise ValueError(f"the transformed program has {what} that are not integers")
    return whole.astype(np.int64)


def compile_gdp(problem: ReplicaProblem, transformation: Transformation) -> ReplicaProgram:
    """Transform the disjunction by ``gdp.bigm`` or ``gdp.hull`` and compile it to a ``Milp``.

    Raises
    ------
    ValueError
        If the transformed program does not have integer data.
    """
    import pyomo.environ as pyo
    from pyomo.repn.plugins.standard_form import (  # type: ignore[import-untyped]
        LinearStandardFormCompiler,
    )

    model = build_gdp(problem)
    pyo.TransformationFactory(f"gdp.{transformation}").apply_to(model)
    form = LinearStandardFormCompiler().write(model, mixed_form=True)
    matrix = form.A.tocsr()
    matrix.sort_indices()
    rhs = _exact(form.rhs, "right-hand sides")
    sense = np.array([row.bound_type for row in form.rows], dtype=np.int64)
    lower, upper = [], []
    for variable in form.columns:
        low, high = variable.bounds
        lower.append(-INFINITY if low is None else low)
        upper.append(INFINITY if high is None else high)
    if np.any(form.c_offset):
        raise ValueError("the transformed program has objectives with a constant")
    goals = form.c.toarray()
    names = [objective.local_name for objective in form.objectives]
    n = len(form.columns)
    place = {id(variable): index for index, variable in enumerate(form.columns)}
    y = [place[id(rule.binary_indicator_var)] for rule in model.rules.values()]
    z = [place[id(variable)] for variable in model.z.values()]

    def decode(x: IntArray) -> Cell:
        return chosen_one(x[y]), chosen_one(x[z])

    milp = Milp(
        name=f"{problem.name}/gdp_{transformation}",
        lower=_exact(lower, "bounds"),
        upper=_exact(upper, "bounds"),
        is_integer=np.ones(n, dtype=np.bool_),
        row_start=matrix.indptr.astype(np.int64),
        column_index=matrix.indices.astype(np.int64),
        value=_exact(matrix.data, "coefficients"),
        row_lower=np.where(sense <= 0, rhs, -INFINITY),
        row_upper=np.where(sense >= 0, rhs, INFINITY),
        objectives={
            name: _exact(goals[names.index(name)], "objectives") for name in (LATENCY, COST)
        },
    )
    return ReplicaProgram(
        formulation=f"gdp_{transformation}", problem=problem, statement=milp, decoder=decode
    )
