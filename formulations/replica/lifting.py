r"""Ranks of the factored formulations, lifted to the lowest value any allowed cell attains.

With :math:`\underline T` the lowest latency rank of an allowed cell, every choice has latency at
least :math:`\underline T`, so :math:`m_{lb}` may be replaced by
:math:`\max(m_{lb}, \underline T)` without changing any choice, and likewise :math:`a_{lb}`. Cells
that are not allowed get :math:`\underline T` (they are never chosen). That makes every
:math:`M_l = \max_b m_{lb} - \underline T` as small as the data permit. Cost is treated in the same
way with :math:`\underline C`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from formulations.milp import IntArray
from formulations.replica.problem import ReplicaProblem

__all__ = ["LiftedRanks", "lifted_ranks"]


@dataclass(frozen=True, slots=True, eq=False)
class LiftedRanks:
    """Lifted ranks, shape (layouts, batch levels), and the range of both objectives.

    The ranges run over allowed cells; both are 0 to 0 where nothing is allowed.
    """

    memory: IntArray
    arithmetic: IntArray
    cost: IntArray
    latency_low: int
    latency_high: int
    cost_low: int
    cost_high: int


def lifted_ranks(problem: ReplicaProblem) -> LiftedRanks:
    """Lift the ranks of a problem; see the module docstring."""
    latency = problem.latency[problem.allowed]
    cost = problem.cost[problem.allowed]
    any_allowed = bool(len(latency))
    latency_low = int(latency.min()) if any_allowed else 0
    cost_low = int(cost.min()) if any_allowed else 0

    def lift(ranks: IntArray, low: int) -> IntArray:
        return np.where(problem.allowed, np.maximum(ranks, low), low).astype(np.int64)

    return LiftedRanks(
        memory=lift(problem.memory_latency, latency_low),
        arithmetic=lift(problem.arithmetic_latency, latency_low),
        cost=lift(problem.cost, cost_low),
        latency_low=latency_low,
        latency_high=int(latency.max()) if any_allowed else 0,
        cost_low=cost_low,
        cost_high=int(cost.max()) if any_allowed else 0,
    )
