"""The throughput formulations of placement by name; a builder is imported when it is asked for.

Which is the default, by ``scripts/measure_placement_formulations.py`` of 2026-11-21 (one worker of
a machine shared with others, limit 20 to 30 s on the wall clock; CPU seconds):

* Throughput alone: bounds and programs in turn (``flow``), at every size measured. It proved all
  five published clusters in 0.05 to 0.76 s. By itself ``arc_flow`` proved one of the five (twelve
  T4 in 0.49 s), ``stage_assignment`` one (four A100 in 0.81 s), the others were stopped after 2.8
  to 10 s; ``patterns`` beside the cover bound took 0.04 to 0.16 s on all five.
* Before branching, ten machines over 60 layers: the linear relaxation of ``stage_assignment`` lets
  11836 tok/s flow, 41 times the optimum; that of ``arc_flow`` 364.5, 1.27 times, as much as total
  work over layers.
* Shared links: ``arc_flow`` with the links as rows follows where the plan overran one and the
  program has at most 6000 columns. At rates of micro-tokens it closes few machines over few layers.
  None of the roads closed our questions of 4 to 10 hosts over 40 layers and a shared link.
* Single pipelines: ``labels`` against ``circuit``. 10 published hosts: 0.07 s to 1.57 s, both
  proved; 24: 1.86 s proved, the circuit stopped at 2.3 s. Of our questions labels proved 4, 6 and
  8 hosts in 0.19, 0.74 and 1.75 s, the circuit none.
* Several replicas: dynamic programs over counts, then engines. 4, 6, 8 and 10 hosts took 0.12,
  0.72, 1.24 and 3.15 s; every level by CP-SAT 1.2 to 1.5 times that, by HiGHS 1.5 to 2.1 times; at
  10 hosts HiGHS did not end in time.
"""

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
