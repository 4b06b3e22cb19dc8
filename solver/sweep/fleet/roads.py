"""One question to a fleet problem: the least of one measure within a box, with a proof.

A box bounds grades (which removes columns) and measures. Roads, in the order in which they are
tried: blocks where the problem separates by cell (``block_road``); the problem without its racks,
where the plan then fits into them (``rack_road``); a formulation from the registry with an engine
(``program_road``).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from formulations.fleet.problem import FleetProblem
from solver.engines.blocks import find_blocks
from solver.errors import EngineError
from solver.lowering.fleet.dominance import undominated
from solver.sweep.fleet.block_road import BlockRoad
from solver.sweep.fleet.boxes import BLOCKS, Answer, Box, Stop, capped
from solver.sweep.fleet.program_road import ProgramRoad
from solver.sweep.fleet.rack_road import UNSETTLED, RackRoad

__all__ = ["BLOCKS", "Answer", "Box", "Road", "Stop"]


class Road:
    """Solves boxes of one problem; what one box taught helps the next.

    Parameters
    ----------
    formulation
        ``blocks``, a name in the registry, or ``None``: whatever settles it, in the order of the
        module's text.
    engine
        ``None``: CP-SAT for small programs, HiGHS for large ones. Naming one excludes blocks.
    """

    def __init__(
        self, problem: FleetProblem, *, formulation: str | None = None, engine: str | None = None
    ) -> None:
        self.problem = problem
        self._formulation = formulation
        self._blocks: BlockRoad | None = None
        self._racks: RackRoad | None = None
        if formulation in (None, BLOCKS) and engine is None:
            self._blocks = BlockRoad(problem)
        racks = problem.racks
        if formulation is None and racks is not None and not racks.survive_loss:
            self._racks = RackRoad(problem, lambda relaxed: Road(relaxed, engine=engine))
        named = None if formulation == BLOCKS else formulation
        self._programs = ProgramRoad(problem, formulation=named, engine=engine)

    def least(
        self,
        measure: str,
        box: Box,
        *,
        stop: Stop,
        below: int | None = None,
        at_least: int | None = None,
    ) -> Answer:
        """The least of ``measure`` in the box.

        Parameters
        ----------
        below
            Only plans with less than this count.
        at_least
            A bound that is proved already.
        """
        kept = self.problem.columns_within(box.worst)
        if self._blocks is not None:
            apart = self._blocks.apart(measure, kept, box, below)
            if apart is not None:
                return apart
        beside: Answer | None = None
        if self._racks is not None:
            beside = self._racks.least(measure, box, stop=stop, below=below, at_least=at_least)
            if beside.stopped != UNSETTLED:
                return beside
        kept, smaller = self._smaller(kept, box)
        if self._blocks is not None:
            blocks = find_blocks(smaller, measure)
            if not isinstance(blocks, str):
                return self._blocks.least(
                    measure, blocks, kept, box, stop=stop, below=below, at_least=at_least
                )
            if self._formulation == BLOCKS:
                raise EngineError.one(
                    f"the fleet does not separate into blocks: {blocks}",
                    where="--formulation blocks",
                    mend="Use --formulation counts",
                )
        answer = self._programs.least(measure, box, kept, smaller, stop=stop, below=below)
        return answer if beside is None else _with_bound_of(answer, beside)

    def _smaller(
        self, kept: npt.NDArray[np.intp], box: Box
    ) -> tuple[npt.NDArray[np.intp], FleetProblem]:
        """The columns that compete within the box, and the problem over them."""
        smaller = self.problem.over(kept)
        if smaller.racks is None and not smaller.routings:
            # Slower columns compete no longer, so more of the others are beaten.
            again = undominated(smaller)
            kept, smaller = kept[again], smaller.over(again)
        return kept, capped(smaller, box.most)


def _with_bound_of(answer: Answer, other: Answer) -> Answer:
    """The answer with the other's bound, if that is better and the answer proves none as good."""
    solves = answer.solves + other.solves
    better = other.bound is not None and (answer.bound is None or other.bound > answer.bound)
    if not answer.stopped or not better:
        return replace(answer, solves=solves)
    met = answer.value is not None and answer.value == other.bound
    return replace(
        answer,
        bound=other.bound,
        engine=other.engine,
        solves=solves,
        stopped="" if met else answer.stopped,
    )
