"""Every cell at its own cheapest, for one problem under many bounds on grades.

While no limit binds this is the optimum. Between the levels of a sweep most cells keep their plan:
one that was cheapest among more columns and uses none that is gone is cheapest still.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from formulations.fleet.problem import FleetProblem
from formulations.milp import IntArray
from solver.engines.blocks.pricing import MARGIN, cheapest_plan
from solver.engines.blocks.structure import BlockBuilder

__all__ = ["SeparatePlan", "Separated"]

_REMEMBERED = 8


@dataclass(frozen=True, slots=True, eq=False)
class SeparatePlan:
    """All cells at their cheapest: column -> count, cost, and whether every limit is met."""

    counts: dict[int, int]
    cost: int
    within_limits: bool


@dataclass(frozen=True, slots=True, eq=False)
class _Known:
    among: npt.NDArray[np.bool_]
    counts: dict[int, int]


class Separated:
    """Cheapest plans of the cells of one problem; ``refusal`` as in ``BlockBuilder``."""

    def __init__(self, problem: FleetProblem, measure: str) -> None:
        self._builder = BlockBuilder(problem, measure)
        self._known: list[list[_Known]] = [[] for _ in range(problem.cover.n_rows)]
        self._excess: dict[int, float] = {}

    @property
    def refusal(self) -> str | None:
        """Why cells cannot be priced apart, or ``None``."""
        return self._builder.refusal

    def cheapest(self, alive: npt.NDArray[np.bool_]) -> SeparatePlan | None:
        """The plan over columns that are ``alive``, (n,) bool; ``None`` where a cell has none.

        Only where there is no ``refusal``.
        """
        demand = self._builder.problem.demand
        counts: dict[int, int] = {}
        for i in range(len(demand)):
            if demand[i] <= 0:
                continue
            plan = self._cell(i, alive)
            if plan is None:
                return None
            counts.update(plan)
        vector = self._builder.vector_of(counts)
        within = bool((vector[1:] <= self._builder.limit).all())
        return SeparatePlan(counts, int(vector[0]), within)

    def _cell(self, i: int, alive: npt.NDArray[np.bool_]) -> dict[int, int] | None:
        columns = self._builder.columns_of(i)
        among = alive[columns]
        for known in self._known[i]:
            if not (among & ~known.among).any() and all(alive[column] for column in known.counts):
                return known.counts
        if not among.any():
            return None
        block = self._builder.block(i, self._within_reach(i, columns[among]))
        weights: IntArray = np.zeros(1 + len(self._builder.limit), dtype=np.int64)
        weights[0] = 1
        # The next level's plan is much like this one's.
        plan = cheapest_plan(block, weights, excess=self._excess.get(i))
        self._excess[i] = plan.excess
        counts = block.columns_of(plan.units)
        self._known[i] = [_Known(among, counts), *self._known[i]][:_REMEMBERED]
        return counts

    def _within_reach(self, i: int, columns: IntArray) -> IntArray:
        r"""The columns that a cheapest plan may use.

        With the least cost :math:`\rho` of a unit of cover a plan costs :math:`\rho d` and the
        excess of each of its columns over :math:`\rho` times their cover. One whose excess alone is
        more than that of a known plan is in no cheapest one. Floats only prune, with a margin.
        """
        need = int(self._builder.problem.demand[i])
        cost, cover = self._builder.costs_of(columns, need)
        ratio = cost / cover
        best = int(ratio.argmin())
        whole, rest = divmod(need, int(cover[best]))
        known = whole * int(cost[best])
        if rest:
            known += int((-(-rest // cover) * cost).min())
        rho = float(ratio[best])
        excess = cost - rho * cover
        return columns[excess <= known - rho * need + MARGIN]
