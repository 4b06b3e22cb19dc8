r"""The factored disjunction stated once as a Pyomo GDP, and its compilation to plain integer data.

.. math::
    \bigvee_{l \in L} \left[ \begin{array}{l}
        T \ge \sum_b m_{lb} z_b, \quad T \ge \sum_b a_{lb} z_b, \quad C \ge \sum_b c_{lb} z_b \\
        \sum_b z_b = 1, \quad \sum_{b \notin A_l} z_b \le 0
    \end{array} \right], \qquad \sum_b z_b = 1

with :math:`z_b \in \{0, 1\}`, integers :math:`T \in [\underline T, \overline T]`,
:math:`C \in [\underline C, \overline C]`, and lifted ranks. :math:`\sum_b z_b = 1` is stated inside
the disjuncts too, because the hull of a disjunct only knows what the disjunct says.

What the transformations of Pyomo make of it stands in ``gdp_big_m``, ``gdp_multiple_big_m``,
``gdp_hull`` and ``gdp_cutting_plane``. The first and the third relax as ``factored_big_m`` and
``factored_hull`` do, row pattern aside: an independent road to those two.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal

import numpy as np

from formulations.milp import INFINITY, IntArray, Milp
from formulations.replica.lifting import lifted_ranks
from formulations.replica.problem import COST, LATENCY, ReplicaProblem
from formulations.replica.program import Cell, ReplicaProgram, chosen_one

__all__ = ["build_gdp", "compile_gdp", "restricted_layouts", "transformed"]

Transformation = Literal["bigm", "mbigm", "hull"]

_NAMES = {"bigm": "gdp_big_m", "mbigm": "gdp_multiple_big_m", "hull": "gdp_hull"}


@contextmanager
def _needs_pyomo() -> Iterator[None]:
    """Say what is missing where Pyomo cannot be imported."""
    try:
        yield
    except ImportError as error:
        raise ImportError(
            f"the replica formulations gdp_* are compiled by Pyomo, which cannot be imported "
            f"({error}). Install fleetfront again in its own environment"
        ) from error


def restricted_layouts(problem: ReplicaProblem) -> int:
    """Number of layouts that refuse a batch level."""
    return int((~problem.allowed.all(axis=1)).sum())


def build_gdp(problem: ReplicaProblem) -> Any:
    """The disjunction as a ``pyomo.environ.ConcreteModel``.

    Components: ``z`` (batch levels), ``T``, ``C``, disjuncts ``rules[l]`` with the constraints
    ``memory``, ``arithmetic``, ``price``, ``one_batch`` and, where a batch level is forbidden,
    ``refused``; objectives ``latency`` and ``cost``; the suffix ``BigM`` with the smallest constant
    of every row that is valid for all other disjuncts at once.

    Raises
    ------
    ImportError
        If there is no Pyomo.
    """
    with _needs_pyomo():
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


def transformed(model: Any, transformation: str, **options: Any) -> Any:
    """The model, after ``gdp.TRANSFORMATION`` was applied to it in place."""
    with _needs_pyomo():
        import pyomo.environ as pyo

    pyo.TransformationFactory(f"gdp.{transformation}").apply_to(model, **options)
    return model


def _exact(values: Any, what: str) -> IntArray:
    """``values`` as int64; raises ``ValueError`` where one is not an integer."""
    array = np.asarray(values, dtype=np.float64)
    whole = np.rint(array)
    if not np.array_equal(whole, array):
        raise ValueError(f"the transformed program has {what} that are not integers")
    return whole.astype(np.int64)


def compile_gdp(
    problem: ReplicaProblem,
    transformation: Transformation,
    *,
    model: Any = None,
    formulation: str | None = None,
    options: Mapping[str, Any] | None = None,
) -> ReplicaProgram:
    """Transform the disjunction by ``gdp.TRANSFORMATION`` and compile it to a ``Milp``.

    Parameters
    ----------
    model
        What to transform, in place: ``build_gdp(problem)`` and perhaps more rows; it is built here
        if there is none.
    formulation
        Name of the result; by default that of the transformation.
    options
        Of the transformation.

    Raises
    ------
    ImportError
        If there is no Pyomo.
    ValueError
        If the transformed program does not have integer data.
    """
    if model is None:
        model = build_gdp(problem)
    with _needs_pyomo():
        from pyomo.repn.plugins.standard_form import (  # type: ignore[import-untyped]
            LinearStandardFormCompiler,
        )

    transformed(model, transformation, **dict(options or {}))
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

    formulation = formulation or _NAMES[transformation]
    milp = Milp(
        name=f"{problem.name}/{formulation}",
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
    return ReplicaProgram(formulation=formulation, problem=problem, statement=milp, decoder=decode)
