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
    """One way to state the replica problem.

    Parameters
    ----------
    most_layouts, most_cells
        Largest grid that it is written down for in reasonable time (about half a minute of one
        core), forbidden cells included; ``None`` for any. Pyomo writes term by term.
    """

    family: ClassVar[str] = "replica"

    most_layouts: int | None = None
    most_cells: int | None = None

    def build(self, problem: ReplicaProblem) -> ReplicaProgram:
        """State ``problem`` in this formulation."""
        builder: _Builder = self.builder()
        return builder(problem)

    def applies(self, problem: ReplicaProblem) -> str | None:
        """Why it is not written down for a grid of this size, or ``None``; ``build`` still does."""
        n_layouts, n_batches = problem.allowed.shape
        if self.most_layouts is not None and n_layouts > self.most_layouts:
            return (
                f"{n_layouts} layouts are more than the {self.most_layouts} that {self.name} is "
                "written down for: it has constants for each pair of them"
            )
        if self.most_cells is not None and n_layouts * n_batches > self.most_cells:
            return (
                f"{n_layouts} layouts by {n_batches} batch levels are more than the "
                f"{self.most_cells} cells that {self.name} is written down for"
            )
        return None


FORMULATIONS: tuple[Formulation, ...] = (
    Formulation(
        "column_selection",
        "milp",
        "one binary a cell, everything computed beforehand",
        strength="convex hull of the allowed points, the strongest (proved)",
    ),
    Formulation(
        "factored_big_m",
        "milp",
        "one-hot factors, the roofline maximum by big-M",
        textbook=True,
        strength="at most the hull's (proved), mostly the trivial bound (measured)",
    ),
    Formulation(
        "factored_hull",
        "milp",
        "one-hot factors, the roofline maximum by a convex hull",
        strength="between big-M and column selection (proved)",
    ),
    Formulation(
        "cp_element",
        "cp",
        "two indices and element constraints, for CP-SAT alone",
        strength="no linear relaxation; propagation through tables",
    ),
    Formulation(
        "column_unary",
        "milp",
        "one binary a cell in order of latency, each implied by the next",
        strength="that of column selection (proved)",
    ),
    Formulation(
        "column_log",
        "milp",
        "cells as binary words, latency and cost bounded from below by a row a cell",
        strength="at most that of column selection (proved), mostly below the hull (measured)",
    ),
    Formulation(
        "factored_indicator",
        "indicator",
        "one-hot factors, the roofline maximum by implications",
        strength="the trivial bound, no other is weaker (proved)",
    ),
    Formulation(
        "gdp_big_m",
        "milp",
        "the disjunction over layouts through Pyomo's big-M",
        strength="that of factored_big_m (proved)",
        libraries=("pyomo.environ", "pyomo.gdp"),
    ),
    Formulation(
        "gdp_multiple_big_m",
        "milp",
        "the disjunction over layouts through Pyomo's multiple big-M, exact constants",
        strength="between big-M and column selection, not comparable with the hull (proved)",
        most_layouts=200,
        libraries=("pyomo.environ", "pyomo.gdp"),
    ),
    Formulation(
        "gdp_hull",
        "milp",
        "the disjunction over layouts through Pyomo's hull",
        strength="that of factored_hull (proved)",
        most_cells=20_000,
        libraries=("pyomo.environ", "pyomo.gdp"),
    ),
    Formulation(
        "gdp_cutting_plane",
        "milp",
        "Pyomo's big-M with its cutting planes, each proved again in integers",
        strength="between big-M and column selection (proved), about the hull (measured)",
        most_cells=3_000,
        libraries=("pyomo.environ", "pyomo.gdp"),
    ),
)


def get_formulation(name: str) -> Formulation:
    """The formulation of this name; ``ValueError`` that lists those there are, if there is none."""
    return formulation_named(name, FORMULATIONS, family=Formulation.family)
