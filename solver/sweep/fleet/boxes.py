"""What a road is asked, what it answers, and the check of every plan it brings.

A plan is checked in integers against the whole problem before it is believed, so an engine can be
slow or give up, but not be wrong unseen about a plan; bounds rest on the engine (or on the integer
arithmetic of blocks) and carry its name.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Literal

import numpy as np
import numpy.typing as npt

from formulations.fleet.plan import FilledRack, FleetPlan, measures_of, violations
from formulations.fleet.problem import FleetProblem
from formulations.fleet.sparse import SparseInts
from formulations.milp import IntArray
from solver.errors import EngineError

__all__ = ["BLOCKS", "Answer", "Box", "Stop", "capped", "checked_plan"]

BLOCKS = "blocks"
ClosedBy = Literal["infeasible", "bound", "enumeration"]


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


def checked_plan(
    problem: FleetProblem,
    counts: IntArray,
    box: Box,
    *,
    kept: npt.NDArray[np.intp] | None = None,
    racks: Sequence[FilledRack] = (),
    shares: tuple[Mapping[tuple[int, int], Fraction], ...] = (),
) -> FleetPlan:
    """The plan over all columns, once it is seen to hold.

    Parameters
    ----------
    counts
        Of the columns ``kept``, the others being zero; of all where ``kept`` is ``None``.
    racks
        By the same numbers of columns.

    Raises
    ------
    EngineError
        If it breaks a row of the problem, or a bound of the box on a measure.
    """
    if kept is None:
        kept = np.arange(problem.n_columns)
    whole = np.zeros(problem.n_columns, dtype=np.int64)
    whole[kept] = counts
    placed = tuple(
        replace(rack, holds={int(kept[column]): units for column, units in rack.holds.items()})
        for rack in racks
    )
    plan = FleetPlan(whole, shares, placed)
    faults = violations(problem, plan)
    measured = measures_of(problem, whole)
    faults += [
        f"{name}: {measured[name]} above {most}"
        for name, most in box.most.items()
        if measured[name] > most
    ]
    if faults:
        raise EngineError.one(
            f"a plan does not hold: {faults[0]}",
            where=problem.name,
            mend="Report this instance, and choose another --engine meanwhile",
        )
    return plan


def capped(problem: FleetProblem, most: Mapping[str, int]) -> FleetProblem:
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
