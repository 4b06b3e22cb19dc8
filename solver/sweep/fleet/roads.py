"""The least value of one measure within a box: by blocks where they apply, else by a program.

A road answers one question: of all plans with grades at most ``worst`` and other measures at most
``most``, which has the least of one measure? Whatever it finds is checked in integers against the
whole problem before it is believed, so an engine can be slow or give up, but not be wrong unseen
about a plan; bounds rest on the engine (or on the integer arithmetic of blocks) and carry its name.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from formulations.fleet.plan import FilledRack, FleetPlan, measures_of, violations
from formulations.fleet.problem import FleetProblem
from formulations.fleet.registry import Formulation, get_formulation
from formulations.fleet.routing import Cut
from formulations.fleet.sparse import SparseInts
from formulations.milp import IntArray
from solver.engines import get_engine
from solver.engines.blocks import Separated, find_blocks, minimise_blocks
from solver.engines.contract import Engine, Termination
from solver.engines.routing.serving import serve
from solver.errors import EngineError
from solver.lowering.fleet.dominance import undominated

__all__ = ["BLOCKS", "Answer", "Box", "Road", "Stop"]

BLOCKS = "blocks"
ClosedBy = Literal["infeasible", "bound", "enumeration"]
_FEW_COLUMNS = 400
"""Above this many columns a float engine is asked before CP-SAT."""


@dataclass(frozen=True, slots=True)
class Box:
    """Inclusive bounds: greatest grades, greatest values of measures."""

    worst: Mapping[str, int] = field(hash=False)
    most: Mapping[str, int] = field(hash=False)


@dataclass(frozen=True, slots=True)
class Stop:
    """When to give up: a clock reading, and a question to ask now and then."""

    deadline: float | None = None
    asked: Callable[[], bool] | None = None

    def reason(self) -> str | None:
        """Why to stop, if so."""
        if self.deadline is not None and time.monotonic() >= self.deadline:
            return "time limit"
        if self.asked is not None and self.asked():
            return "stopped by the user"
        return None

    @property
    def left_s(self) -> float | None:
        """Seconds until the clock says stop."""
        return None if self.deadline is None else max(self.deadline - time.monotonic(), 0.01)


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What a road brings home.

    Parameters
    ----------
    plan
        Over all columns of the problem, checked; ``None`` where none is known.
    value
        Of the measure asked for, at the plan.
    bound
        No plan in the box has less; ``None``: the box is proved empty (``closed_by`` is then
        ``infeasible``), or nothing is proved (``stopped`` says why).
    engine, closed_by
        Who stands behind the bound, and how.
    stopped
        Empty where bound and plan meet, or the box is proved empty.
    """

    plan: FleetPlan | None
    value: int | None
    bound: int | None
    engine: str
    closed_by: ClosedBy
    solves: int
    stopped: str = ""

    @property
    def empty(self) -> bool:
        """The box is proved to hold no plan."""
        return self.closed_by == "infeasible" and not self.stopped and self.plan is None


class Road:
    """Solves boxes of one problem; keeps the routing cuts it found.

    Parameters
    ----------
    formulation
        ``blocks``, a name in the registry, or ``None``: blocks where they apply, else the first
        program that does.
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
        self._separated: dict[str, Separated] = {}

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
        if self._formulation in (None, BLOCKS) and self._engine_name is None:
            apart = self._apart(measure, kept, box, below)
            if apart is not None:
                return apart
        smaller = self.problem.over(kept)
        if smaller.racks is None and not smaller.routings:
            # Slower columns compete no longer, so more of the others are beaten.
            again = undominated(smaller)
            kept, smaller = kept[again], smaller.over(again)
        smaller = _capped(smaller, box.most)
        if self._formulation in (None, BLOCKS) and self._engine_name is None:
            blocks = find_blocks(smaller, measure)
            if not isinstance(blocks, str):
                answer = minimise_blocks(
                    blocks,
                    known=below,
                    at_least=at_least,
                    time_limit_s=stop.left_s,
                    should_stop=stop.asked,
                )
                plan = None
                if answer.counts is not None:
                    plan = self._checked(kept, _array(answer.counts, len(kept)), (), box)
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
            if self._formulation == BLOCKS:
                raise EngineError.one(
                    f"the fleet does not separate into blocks: {blocks}",
                    where="--formulation blocks",
                    mend="Use --formulation counts",
                )
        return self._by_program(measure, box, kept, smaller, stop, below)

    def _apart(
        self, measure: str, kept: npt.NDArray[np.intp], box: Box, below: int | None
    ) -> Answer | None:
        """Every cell at its cheapest, where no limit and no bound on a measure binds then."""
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
        everything = np.arange(self.problem.n_columns)
        plan = self._checked(everything, counts, (), box)
        return Answer(plan, measured[measure], cheapest.cost, BLOCKS, "bound", 1)

    def _by_program(
        self,
        measure: str,
        box: Box,
        kept: npt.NDArray[np.intp],
        smaller: FleetProblem,
        stop: Stop,
        below: int | None,
    ) -> Answer:
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
                formulation = self._applicable("counts", smaller)
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
            return self._applicable(self._formulation, problem)
        # Identical racks one by one are many times the same; patterns see each kind once.
        patterns = get_formulation("rack_patterns")
        if patterns.applies(problem) is None:
            return patterns
        return self._applicable("counts", problem)

    @staticmethod
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
        return self._checked(kept, counts, racks, box, tuple(shares))

    def _checked(
        self,
        kept: npt.NDArray[np.intp],
        counts: IntArray,
        racks: Sequence[FilledRack],
        box: Box,
        shares: tuple[Mapping[tuple[int, int], object], ...] = (),
    ) -> FleetPlan:
        whole = np.zeros(self.problem.n_columns, dtype=np.int64)
        whole[kept] = counts
        placed = tuple(
            replace(rack, holds={int(kept[column]): units for column, units in rack.holds.items()})
            for rack in racks
        )
        plan = FleetPlan(whole, shares, placed)  # type: ignore[arg-type]
        faults = violations(self.problem, plan)
        measured = measures_of(self.problem, whole)
        faults += [
            f"{name}: {measured[name]} above {most}"
            for name, most in box.most.items()
            if measured[name] > most
        ]
        if faults:
            raise EngineError.one(
                f"a plan does not hold: {faults[0]}",
                where=self.problem.name,
                mend="Report this instance, and choose another --engine meanwhile",
            )
        return plan


def _array(counts: Mapping[int, int], n: int) -> IntArray:
    x = np.zeros(n, dtype=np.int64)
    for column, count in counts.items():
        x[column] = count
    return x


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


def _capped(problem: FleetProblem, most: Mapping[str, int]) -> FleetProblem:
    """The problem with measures bounded by limit rows."""
    if not most:
        return problem
    rows = [
        list(zip(*(part.tolist() for part in problem.use.row(i)), strict=True))
        for i in range(problem.use.n_rows)
    ]
    rows.extend(
        [(j, int(v)) for j, v in enumerate(problem.measures[name].tolist())] for name in most
    )
    return replace(
        problem,
        use=SparseInts.from_rows(rows, problem.n_columns),
        limit=np.concatenate([problem.limit, np.array(list(most.values()), dtype=np.int64)]),
        limit_names=(*problem.limit_names, *(f"at most this {name}" for name in most)),
    )
