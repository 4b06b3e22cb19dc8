"""Boxes of a problem that separates by cell, closed in integers by blocks."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from formulations.fleet.plan import measures_of
from formulations.fleet.problem import FleetProblem
from formulations.milp import IntArray
from solver.engines.blocks import BlockProblem, Separated, minimise_blocks
from solver.errors import EngineError
from solver.sweep.fleet.boxes import BLOCKS, Answer, Box, Stop, checked_plan

__all__ = ["BlockRoad"]


class BlockRoad:
    """Blocks over one problem; keeps what separate cells cost from box to box."""

    def __init__(self, problem: FleetProblem) -> None:
        self.problem = problem
        self._separated: dict[str, Separated] = {}

    def apart(
        self, measure: str, kept: npt.NDArray[np.intp], box: Box, below: int | None
    ) -> Answer | None:
        """Every cell at its cheapest; ``None`` where a limit or a bound on a measure binds then."""
        if measure not in self._separated:
            self._separated[measure] = Separated(self.problem, measure)
        separated = self._separated[measure]
        if separated.refusal is not None:
            return None
        alive = np.zeros(self.problem.n_columns, dtype=np.bool_)
        alive[kept] = True
        cheapest = separated.cheapest(alive)
        if cheapest is None:
            return Answer(None, None, None, BLOCKS, "infeasible", 1)
        if below is not None and cheapest.cost >= below:
            return Answer(None, None, below, BLOCKS, "bound", 1)
        counts = _array(cheapest.counts, self.problem.n_columns)
        measured = measures_of(self.problem, counts)
        if not cheapest.within_limits or any(
            measured[name] > most for name, most in box.most.items()
        ):
            return None
        plan = checked_plan(self.problem, counts, box)
        return Answer(plan, measured[measure], cheapest.cost, BLOCKS, "bound", 1)

    def least(
        self,
        measure: str,
        blocks: BlockProblem,
        kept: npt.NDArray[np.intp],
        box: Box,
        *,
        stop: Stop,
        below: int | None,
        at_least: int | None,
    ) -> Answer:
        """The least of the measure over the columns ``kept``, which ``blocks`` are made of."""
        answer = minimise_blocks(
            blocks,
            known=below,
            at_least=at_least,
            time_limit_s=stop.left_s,
            should_stop=stop.asked,
        )
        plan = None
        if answer.counts is not None:
            counts = _array(answer.counts, len(kept))
            plan = checked_plan(self.problem, counts, box, kept=kept)
        value = None if plan is None else measures_of(self.problem, plan.counts)[measure]
        if plan is not None and value != answer.cost:
            raise EngineError.one(
                f"blocks report {answer.cost} for a plan of {value}",
                where=self.problem.name,
                mend="Report this instance, and use --formulation counts meanwhile",
            )
        return Answer(
            plan,
            value,
            answer.bound,
            BLOCKS,
            "infeasible" if answer.infeasible else "bound",
            1,
            answer.stopped,
        )


def _array(counts: Mapping[int, int], n: int) -> IntArray:
    x = np.zeros(n, dtype=np.int64)
    for column, count in counts.items():
        x[column] = count
    return x
