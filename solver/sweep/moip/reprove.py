"""Closing every box once more, with another engine than the one that closed it.

The engine is asked for any feasible image inside the box and must prove that there is none. A box
inside one that was closed again already needs no question of its own, so the larger ones come
first; a box below the reach of the columns is empty by arithmetic. The boxes from which a point
could be dominated lie inside closed boxes wherever the result is complete.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from formulations.milp import IntArray
from formulations.moip.problem import MultiObjectiveProgram
from solver.engines import get_engine
from solver.engines.contract import Engine, Termination
from solver.engines.labels.directions import Directions
from solver.engines.labels.listing import list_boxes
from solver.errors import EngineError
from solver.sweep.certificate import Check
from solver.sweep.moip.certificate import below_point
from solver.sweep.moip.claims import Corner
from solver.sweep.moip.infeasible import rows_are_feasible
from solver.sweep.moip.jobs import LABELS
from solver.sweep.moip.outcome import SearchOutcome
from solver.sweep.moip.reading import MoipResult

__all__ = ["reprove_boxes"]

ORDER = ("cp-sat", "highs", "scip")
MAX_DETAILS = 5
_DIRECTIONS = 9
_WIDTH = 100_000


@dataclass(frozen=True, slots=True)
class _Task:
    """A box that must be empty, for what, and which engine has said so."""

    corner: Corner
    what: str
    engine: str | None


def reprove_boxes(
    read: MoipResult,
    *,
    time_limit_s: float | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Check:
    """Close the boxes of a result again.

    Parameters
    ----------
    time_limit_s
        For each question to an engine; a box that it leaves undecided counts as not reproved.
    on_progress
        Called with (done, to do) boxes.

    Returns
    -------
    Check
        Faults name boxes in which a point was found, and boxes ``not reproved``.
    """
    outcome = read.outcome
    prover = _Prover(outcome.program, time_limit_s)
    # A larger box has, in this order, never a smaller sum than one inside it.
    tasks = sorted(_tasks(outcome), key=lambda task: (-sum(task.corner), task.corner))
    faults: list[str] = []
    for done, task in enumerate(tasks, start=1):
        fault = prover.fault(task)
        if fault is not None:
            faults.append(f"{task.what}: {fault}")
        if on_progress is not None:
            on_progress(done, len(tasks))
        if len(faults) == MAX_DETAILS:
            break
    faults += _conflict_faults(read, time_limit_s)
    return Check("boxes closed again", tuple(faults), prover.told())


def _tasks(outcome: SearchOutcome) -> Iterator[_Task]:
    """Closed boxes, boxes from which a point could be dominated, and what lies below open boxes."""
    names = outcome.program.objective_names
    for box in outcome.closed_boxes:
        yield _Task(box.corner, f"closed box {box.corner}", box.claim.engine)
    for index, point in enumerate(outcome.points, start=1):
        for k, name in enumerate(names):
            what = f"point {index}, better {name}"
            yield _Task(below_point(point.image, k), what, point.proof[k].engine)
    for opened in outcome.open_boxes:
        for k, name in enumerate(names):
            corner, least = opened.corner, min(opened.floor[k], opened.corner[k])
            part = (*corner[:k], least, *corner[k + 1 :])
            yield _Task(part, f"floor of {name} in open box {corner}", None)


class _Prover:
    """Engines with the program loaded, and what they have closed."""

    def __init__(self, program: MultiObjectiveProgram, time_limit_s: float | None) -> None:
        self._program = program
        self._time_limit_s = time_limit_s
        self._engines: dict[str, Engine | None] = {}
        self._closed: dict[str, IntArray] = {}
        self._count: Counter[str] = Counter()
        self._directions: Directions | None = None

    def fault(self, task: _Task) -> str | None:
        """Why the box of ``task`` is not closed again, or ``None`` where it is."""
        if any(a <= b for a, b in zip(task.corner, self._program.floor, strict=True)):
            self._count["the bounds of columns"] += 1
            return None
        corner = np.array(task.corner, dtype=np.int64)
        for name, corners in self._closed.items():
            if name != task.engine and (corners >= corner).all(axis=1).any():
                self._count["a larger box"] += 1
                return None
        reasons = []
        for name in ORDER:
            engine = None if name == task.engine else self._loaded(name)
            if engine is None:
                continue
            answer = engine.minimise(
                self._program.objective_names[0],
                upper={
                    goal: value - 1
                    for goal, value, most in zip(
                        self._program.objective_names,
                        task.corner,
                        self._program.ceiling,
                        strict=True,
                    )
                    if value < most
                },
                time_limit_s=self._time_limit_s,
            )
            if answer.termination is Termination.INTERRUPTED:
                raise KeyboardInterrupt
            if answer.x is not None:
                return f"not empty, {name} finds {self._program.image(answer.x)} in it"
            if answer.termination is not Termination.INFEASIBLE:
                return f"not reproved ({name}: {answer.termination.value}, {answer.message})"
            if answer.proved_by != task.engine:
                before = self._closed.get(answer.proved_by, corner[None, :])
                self._closed[answer.proved_by] = np.vstack([before, corner])
                self._count[answer.proved_by] += 1
                return None
            reasons.append(f"{name} handed the question to {answer.proved_by}")
        if task.engine != LABELS and self._listed_empty(corner):
            # Where floats are not believed and CP-SAT was the one to check, integers list the box.
            before = self._closed.get(LABELS, corner[None, :])
            self._closed[LABELS] = np.vstack([before, corner])
            self._count[LABELS] += 1
            return None
        told = "; ".join(reasons) or "no other engine takes the program"
        return f"not reproved ({told})"

    def _listed_empty(self, corner: IntArray) -> bool:
        """Whether labels list the box to its end and find nothing; false where they cannot."""
        if self._directions is None:
            try:
                self._directions = Directions(self._program)
            except EngineError:
                return False
        chosen = self._directions.chosen()
        if not chosen:
            return False
        places = np.linspace(0, len(chosen) - 1, _DIRECTIONS).astype(int)
        used = [chosen[place] for place in sorted(set(places.tolist()))]
        listing = list_boxes(self._directions, used, corner[None, :], width=_WIDTH, beam=1)
        return listing.complete and not len(listing.images)

    def _loaded(self, name: str) -> Engine | None:
        """An engine with the program, ``None`` where it cannot take it."""
        if name not in self._engines:
            engine: Engine | None = get_engine(name)
            try:
                if engine is not None:
                    engine.load(self._program.milp)
            except EngineError:
                engine = None
            self._engines[name] = engine
        return self._engines[name]

    def told(self) -> str:
        """How many boxes were closed by what."""
        return ", ".join(f"{count} by {name}" for name, count in sorted(self._count.items()))


def _conflict_faults(read: MoipResult, time_limit_s: float | None) -> Iterator[str]:
    """Rows named as conflicting must be infeasible together, and not so without any of them."""
    program = read.outcome.program
    rows = [program.row_names.index(name) for name in read.conflict]
    if rows and rows_are_feasible(program, rows, time_limit_s=time_limit_s) is not False:
        yield "the conflicting rows: not reproved"
    for position, name in enumerate(read.conflict):
        rest = rows[:position] + rows[position + 1 :]
        if rows_are_feasible(program, rest, time_limit_s=time_limit_s) is False:
            yield f"row {name} has no part in the conflict: the others conflict without it"
