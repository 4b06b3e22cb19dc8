r"""Element model for CP-SAT: two indices look their ranks up in tables; no one-hot, no relaxation.

Sets: layouts :math:`L = \{0, \dots\}`, batch levels :math:`K = \{0, \dots\}`, allowed cells
:math:`A`. Data: tables :math:`m, a, c` flattened row by row (entries of cells outside :math:`A` are
0 and never read).

Variables: indices :math:`l \in L`, :math:`b \in K`; the flat index :math:`i` with domain
:math:`\{|K| l + b : (l, b) \in A\}`, which is the table of allowed pairs; ranks
:math:`p` (memory), :math:`q` (arithmetic), :math:`T` (latency), :math:`C` (cost).

.. math::
    \text{latency} = T, \qquad \text{cost} = C

.. math::
    i = |K|\, l + b, \qquad p = m[i], \qquad q = a[i], \qquad C = c[i], \qquad T = \max(p, q)

:math:`p = m[i]` and the like are element constraints, :math:`T = \max(p, q)` is a maximum
constraint. Where nothing is allowed the model holds the empty clause instead.

Size: 7 variables, 5 constraints (1 where nothing is allowed), three tables of :math:`|L||K|`
integers.

Strength: its linear relaxation is no stronger than the ranges of the tables; it lives on
propagation, each bound on :math:`T` or :math:`C` filtering the domain of :math:`i` at once.
"""

from __future__ import annotations

import numpy as np

from formulations.milp import IntArray
from formulations.program import CpProgram
from formulations.replica.problem import COST, LATENCY, ReplicaProblem
from formulations.replica.program import Cell, ReplicaProgram
from formulations.size import ProgramSize

__all__ = ["build_cp_element", "size_cp_element"]

_LAYOUT, _BATCH, _FLAT, _MEMORY, _ARITHMETIC, _LATENCY, _COST = range(7)

# The search is over at once; on 2,000 cells probing the encoded tables takes ten times as long.
_PARAMETERS = {
    "cp_model_probing_level": 0,
    "linearization_level": 0,
    "symmetry_level": 0,
    "max_presolve_iterations": 1,
}


def _violation(problem: ReplicaProblem, x: IntArray) -> str | None:
    """What the seven values break, evaluated on the problem alone."""
    layout, batch, flat, memory, arithmetic, latency, cost = (int(value) for value in x)
    n_layouts, n_batches = problem.allowed.shape
    if not (0 <= layout < n_layouts and 0 <= batch < n_batches):
        return f"indices ({layout}, {batch}) lie outside the grid"
    if flat != n_batches * layout + batch:
        return f"flat index {flat} is not that of ({layout}, {batch})"
    if not problem.allowed[layout, batch]:
        return f"cell ({layout}, {batch}) is not allowed"
    for name, value, table in (
        ("memory latency", memory, problem.memory_latency),
        ("arithmetic latency", arithmetic, problem.arithmetic_latency),
        ("cost", cost, problem.cost),
    ):
        if value != int(table[layout, batch]):
            return f"{name} {value} is not that of cell ({layout}, {batch})"
    if latency != max(memory, arithmetic):
        return f"latency {latency} is not the maximum of {memory} and {arithmetic}"
    return None


def size_cp_element(problem: ReplicaProblem) -> ProgramSize:
    """Size by the formulas of the module's text."""
    return ProgramSize(5 if problem.n_columns else 1, _COST + 1)


def build_cp_element(problem: ReplicaProblem) -> ReplicaProgram:
    """Element constraints over two index variables; the model is in the module docstring.

    Variables, in order: layout, batch, flat index, memory rank, arithmetic rank, latency, cost.
    """
    from ortools.sat.python import cp_model  # noqa: TID251

    n_layouts, n_batches = problem.allowed.shape
    tables = [
        np.where(problem.allowed, table, 0)
        for table in (problem.memory_latency, problem.arithmetic_latency, problem.cost)
    ]
    allowed_flat = np.flatnonzero(problem.allowed)

    def span(*used: IntArray) -> tuple[int, int]:
        """Lowest and highest value of these tables on allowed cells."""
        values = np.concatenate([table[problem.allowed] for table in used])
        return (int(values.min()), int(values.max())) if len(values) else (0, 0)

    model = cp_model.CpModel()
    layout = model.new_int_var(0, n_layouts - 1, "layout")
    batch = model.new_int_var(0, n_batches - 1, "batch")
    any_allowed = len(allowed_flat) > 0
    domain = allowed_flat.tolist() if any_allowed else list(range(n_layouts * n_batches))
    flat = model.new_int_var_from_domain(cp_model.Domain.from_values(domain), "cell")
    memory = model.new_int_var(*span(tables[0]), "memory_latency")
    arithmetic = model.new_int_var(*span(tables[1]), "arithmetic_latency")
    latency = model.new_int_var(*span(np.maximum(tables[0], tables[1])), LATENCY)
    cost = model.new_int_var(*span(tables[2]), COST)
    if any_allowed:
        model.add(flat == n_batches * layout + batch)
        for table, target in zip(tables, (memory, arithmetic, cost), strict=True):
            model.add_element(flat, table.ravel().tolist(), target)
        model.add_max_equality(latency, [memory, arithmetic])
    else:
        model.add_bool_or([])

    def decode(x: IntArray) -> Cell:
        return int(x[_LAYOUT]), int(x[_BATCH])

    return ReplicaProgram(
        formulation="cp_element",
        problem=problem,
        statement=CpProgram(
            name=f"{problem.name}/cp_element",
            model=model,
            objectives={LATENCY: latency.index, COST: cost.index},
            violation=lambda x: _violation(problem, x),
            n_columns=_COST + 1,
            parameters=_PARAMETERS,
        ),
        decoder=decode,
    )
