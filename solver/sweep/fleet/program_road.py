"""Boxes closed by a formulation and an engine, with routing cuts as plans break them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from formulations.fleet.plan import FilledRack, FleetPlan, measures_of
from formulations.fleet.problem import FleetProblem
from formulations.fleet.registry import Formulation, get_formulation
from formulations.fleet.routing import Cut
from formulations.milp import IntArray
from solver.engines import get_engine
from solver.engines.contract import Engine, Termination
from solver.engines.routing.serving import serve
from solver.errors import EngineError
from solver.sweep.fleet.boxes import Answer, Box, Stop, checked_plan

__all__ = ["ProgramRoad"]

_FEW_COLUMNS = 400
"""Above this many columns a float engine is asked before CP-SAT."""


class ProgramRoad:
    """Programs over one problem; keeps the routing cuts it found.

    Parameters
    ----------
    formulation
        A name in the registry, or ``None``: rack patterns where they apply, else counts.
    engine
        ``None``: CP-SAT for small programs, HiGHS for large ones.
    """

    def __init__(
        self, problem: FleetProblem, *, formulation: str | None = None, engine: str | None = None
    ) -> None:
        self.problem = problem
        self._formulation = formulation
        self._engine_name = engine
        self._cuts: list[list[Cut]] = [[] for _ in problem.routings]
        self._engines: dict[str, Engine] = {}

    def least(
        self,
        measure: str,
        box: Box,
        kept: npt.NDArray[np.intp],
        smaller: FleetProblem,
        *,
        stop: Stop,
        below: int | None,
    ) -> Answer:
        """The least of the measure in ``smaller``, the box over the columns ``kept``."""
        formulation = self._chosen(smaller)
        engine = self._engine(formulation, smaller)
        upper = {} if below is None else {measure: below - 1}
        solves = 0
        while True:
            reason = stop.reason()
            if reason is not None:
                return Answer(None, None, None, engine.name, "bound", solves, reason)
            cuts = [_over(cuts, kept) for cuts in self._cuts]
            try:
                program = formulation.build(smaller, cuts)
            except ValueError as error:
                if self._formulation is not None or formulation.name == "counts":
                    raise EngineError.one(
                        f"{formulation.name} cannot state this fleet: {error}",
                        where=self.problem.name,
                        mend="Offer fewer layouts or racks, or name another --formulation",
                    ) from error
                formulation = _applicable("counts", smaller)
                engine = self._engine(formulation, smaller)
                continue
            engine.load(program.statement)
            result = engine.minimise(measure, upper=upper, time_limit_s=stop.left_s)
            solves += 1
            if result.termination is Termination.INFEASIBLE:
                return Answer(None, None, None, result.proved_by, "infeasible", solves)
            plan = None
            if result.x is not None:
                counts, racks = program.decode(result.x)
                plan = self._served(kept, counts, racks, box)
                if plan is None:
                    continue  # a cut was found
            value = None if plan is None else measures_of(self.problem, plan.counts)[measure]
            stopped = "" if result.termination is Termination.OPTIMAL else result.termination.value
            if plan is not None and value != result.dual_bound and not stopped:
                stopped = "the formulation's optimum is not the plan's value"
            if not formulation.exact:
                stopped = stopped or f"{formulation.name} gives an upper bound"
                return Answer(plan, value, None, result.proved_by, "bound", solves, stopped)
            return Answer(
                plan, value, result.dual_bound, result.proved_by, "bound", solves, stopped
            )

    def _chosen(self, problem: FleetProblem) -> Formulation:
        if self._formulation is not None:
            return _applicable(self._formulation, problem)
        # Identical racks one by one are many times the same; patterns see each kind once.
        patterns = get_formulation("rack_patterns")
        if patterns.applies(problem) is None:
            return patterns
        return _applicable("counts", problem)

    def _engine(self, formulation: Formulation, problem: FleetProblem) -> Engine:
        name = self._engine_name
        if name is None:
            name = "cp-sat" if problem.n_columns <= _FEW_COLUMNS else "highs"
            if formulation.kind == "cp":
                name = "cp-sat"
        if name not in self._engines:
            self._engines[name] = get_engine(name)
        return self._engines[name]

    def _served(
        self,
        kept: npt.NDArray[np.intp],
        counts: IntArray,
        racks: Sequence[FilledRack],
        box: Box,
    ) -> FleetPlan | None:
        """The plan with its shares, or ``None`` after learning a cut that it breaks."""
        whole = np.zeros(self.problem.n_columns, dtype=np.int64)
        whole[kept] = counts
        shares = []
        for routing, cuts in zip(self.problem.routings, self._cuts, strict=True):
            found = serve(routing, whole)
            if isinstance(found, Cut):
                cuts.append(found)
                return None
            shares.append(found)
        return checked_plan(self.problem, counts, box, kept=kept, racks=racks, shares=tuple(shares))


def _applicable(name: str, problem: FleetProblem) -> Formulation:
    formulation = get_formulation(name)
    why = formulation.applies(problem)
    if why is not None:
        raise EngineError.one(
            f"{name} does not apply: {why}",
            where=problem.name,
            mend="Name another --formulation, or ask for fewer racks",
        )
    return formulation


def _over(cuts: Sequence[Cut], kept: npt.NDArray[np.intp]) -> list[Cut]:
    """Cuts over the columns kept, which are numbered anew; the others are zero."""
    place = {int(column): position for position, column in enumerate(kept.tolist())}
    moved = []
    for cut in cuts:
        pairs = [
            (place[column], weight)
            for column, weight in zip(cut.columns, cut.weight, strict=True)
            if column in place
        ]
        moved.append(Cut(tuple(p for p, _ in pairs), tuple(w for _, w in pairs), cut.least))
    return moved
