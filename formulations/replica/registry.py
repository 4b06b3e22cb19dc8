"""The replica formulations by name; a builder is imported when it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from formulations.formulation import NamedFormulation, formulation_named
from formulations.replica.problem import ReplicaProblem
from formulations.replica.program import ReplicaProgram

__all__ = ["FORMULATIONS", "Formulation", "get_formulation"]

_Builder = Callable[[ReplicaProblem], ReplicaProgram]


@dataclass(frozen=True, slots=True)
class Formulation(NamedFormulation):
    """One way to state the replica problem."""

    family: ClassVar[str] = "replica"

    def build(self, problem: ReplicaProblem) -> ReplicaProgram:
        """State ``problem`` in this formulation."""
        builder: _Builder = self.builder()
        return builder(problem)


FORMULATIONS: tuple[Formulation, ...] = (
    Formulation("column_selection", "milp", "one binary a cell, everything computed beforehand"),
    Formulation("factored_big_m", "milp", "one-hot factors, the roofline maximum by big-M"),
    Formulation("factored_hull", "milp", "one-hot factors, the roofline maximum by a convex hull"),
    Formulation("cp_element", "cp", "two indices and element constraints, for CP-SAT alone"),
)


def get_formulation(name: str) -> Formulation:
    """The formulation of this name; ``ValueError`` that lists those there are, if there is none."""
    return formulation_named(name, FORMULATIONS, family=Formulation.family)
