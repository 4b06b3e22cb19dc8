"""The replica formulations by name; a builder is imported when it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import cast

from formulations.program import ProgramKind
from formulations.replica.problem import ReplicaProblem
from formulations.replica.program import ReplicaProgram

__all__ = ["FORMULATIONS", "Formulation", "get_formulation"]


@dataclass(frozen=True, slots=True)
class Formulation:
    """One way to state the replica problem.

    Parameters
    ----------
    kind
        What kind of engine takes its programs.
    summary
        One line for people.
    """

    name: str
    kind: ProgramKind
    summary: str

    def build(self, problem: ReplicaProblem) -> ReplicaProgram:
        """State ``problem`` in this formulation."""
        module = import_module(f"formulations.replica.{self.name}")
        builder = cast(
            "Callable[[ReplicaProblem], ReplicaProgram]", vars(module)[f"build_{self.name}"]
        )
        return builder(problem)


FORMULATIONS: tuple[Formulation, ...] = (
    Formulation("column_selection", "milp", "one binary a cell, everything computed beforehand"),
    Formulation("factored_big_m", "milp", "one-hot factors, the roofline maximum by big-M"),
    Formulation("factored_hull", "milp", "one-hot factors, the roofline maximum by a convex hull"),
    Formulation("cp_element", "cp", "two indices and element constraints, for CP-SAT alone"),
)


def get_formulation(name: str) -> Formulation:
    """The formulation of this name.

    Raises
    ------
    ValueError
        If there is none; the message lists those there are.
    """
    for formulation in FORMULATIONS:
        if formulation.name == name:
            return formulation
    known = ", ".join(formulation.name for formulation in FORMULATIONS)
    raise ValueError(f"no replica formulation is called {name!r}; there are {known}")
