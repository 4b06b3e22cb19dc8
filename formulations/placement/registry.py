"""The throughput formulations of placement by name; a builder is imported when it is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from formulations.formulation import NamedFormulation, StatedProblem, formulation_named
from formulations.placement.plan import PlacementPlan
from formulations.placement.problem import PlacementProblem

__all__ = ["FORMULATIONS", "Formulation", "get_formulation"]


@dataclass(frozen=True, slots=True)
class Formulation(NamedFormulation):
    """One exact way to state the throughput problem."""

    family: ClassVar[str] = "placement"

    def build(self, problem: PlacementProblem) -> StatedProblem[PlacementProblem, PlacementPlan]:
        """State ``problem`` in this formulation."""
        stated: StatedProblem[PlacementProblem, PlacementPlan] = self.builder()(problem)
        return stated


FORMULATIONS: tuple[Formulation, ...] = (
    Formulation("arc_flow", "milp", "counted ranges, flow from position to position"),
    Formulation("stage_assignment", "milp", "every machine by itself, big-M edges: the baseline"),
)
"""``patterns`` is not among them: it states chains of stages at a fixed rate, a restriction."""


def get_formulation(name: str) -> Formulation:
    """The formulation of this name; ``ValueError`` that lists those there are, if there is none."""
    return formulation_named(name, FORMULATIONS, family=Formulation.family)
