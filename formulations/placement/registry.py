"""The throughput formulations of placement by name; a builder is imported when it is asked for.

Which is the default, by ``scripts/measure_placement_formulations.py --hosts 4 --hosts 8
--time-limit 20`` of 2026-11-21 (one worker of a machine shared with others; CPU seconds):

* Throughput alone: bounds and programs in turn (``flow``), at every published size. It proved all
  five clusters, in 0.04 to 0.15 s but for the first, 0.6 s with its imports. By itself ``arc_flow``
  proved two (four A100 in 16 s, twelve T4 in 0.5 s) and ``stage_assignment`` one (four A100 in
  0.7 s); ``patterns`` beside the cover bound proved all five in 0.04 to 0.15 s.
* Before branching, ten machines over 60 layers: the linear relaxation of ``stage_assignment`` lets
  11836 tok/s flow, 41 times the optimum; that of ``arc_flow`` 364.5, 1.27 times, as much as total
  work over layers.
* Shared links that bind: ``arc_flow`` with the links as rows follows where the plan overran one and
  the program has at most 6000 columns. It closes few machines over few layers. Of our questions of
  4 and 8 hosts over 40 layers only ``stage_assignment`` closed one, of 4 hosts, in 7.3 s; ``flow``
  left gaps of 43 and 178 %. Here the default is not the best.
* Single pipelines: ``labels`` against ``circuit``. Published: 10 hosts 0.06 to 0.72 s, 24 hosts
  0.84 to 5.3 s. Ours: 4 hosts 0.20 to 3.0 s, 8 hosts 0.46 to 15.7 s. All proved.
* Several replicas: dynamic programs over counts, then engines. 4 and 8 hosts took 0.09 and 1.01 s;
  every level by CP-SAT 1.5 and 1.3 times that, by HiGHS 1.7 and 2.4 times.
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
    Formulation(
        "arc_flow",
        "milp",
        "counted ranges, flow from position to position",
        strength="no more than total work over layers (proved)",
    ),
    Formulation(
        "stage_assignment",
        "milp",
        "every machine by itself, big-M edges: the baseline",
        textbook=True,
        strength="weakest but stage_indicator: half of every edge may be open at once",
    ),
    Formulation(
        "stage_work",
        "milp",
        "every machine by itself, flow by layers held, all work done, equal machines in order",
        strength="no more than total work over layers, nor than stage_assignment (proved)",
    ),
    Formulation(
        "stage_indicator",
        "indicator",
        "every machine by itself, edges that imply where ranges meet",
        strength="no stronger than stage_assignment (proved): implications are no rows",
    ),
)
"""``patterns`` is not among them: it states chains of stages at a fixed rate, a restriction."""


def get_formulation(name: str) -> Formulation:
    """The formulation of this name; ``ValueError`` that lists those there are, if there is none."""
    return formulation_named(name, FORMULATIONS, family=Formulation.family)
