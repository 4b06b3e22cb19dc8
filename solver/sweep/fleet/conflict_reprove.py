r"""Asking an engine again whether limits conflict, and how far each must give.

Of a set of limits, with all others lifted: together they have no plan, and without any one of them
they do. Of each value :math:`v` that is said to be needed, with all other limits kept: at :math:`v`
there is a plan, and with any use below :math:`v` there is none; where no value is said to do, there
is no plan without the limit either. A limit of rows :math:`\sum_j b_{rj} n_j \le B_r` with
:math:`s_r` units each is used below :math:`v` where every row is at most
:math:`\lceil s_r v \rceil - 1`.

Nothing here is shared with the search but how limits and shares are read off a problem.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from time import monotonic
from typing import Any

import numpy as np

from formulations.fleet.problem import FleetProblem
from formulations.milp import INFINITY
from solver.lowering.fleet.space import FleetSpace
from solver.lowering.fleet.stated import StatedLimit, stated_limits
from solver.lowering.fleet.uppers import with_implied_uppers, with_limits
from solver.sweep.certificate import Check
from solver.sweep.checking import first_faults
from solver.sweep.fleet.asking import ask_least, without_rates
from solver.sweep.fleet.boxes import capped
from solver.sweep.fleet.conflict import RACKS, explain_infeasible
from solver.sweep.fleet.conflict_check import needed_of
from solver.sweep.fleet.image import Objectives
from solver.sweep.fleet.outcome import FleetOutcome
from solver.sweep.fleet.roads import Stop
from solver.sweep.fleet.settling import Roads
from solver.sweep.fleet.spot_share import without_share

__all__ = ["reprove_conflict"]

NAME = "conflict proved again"
_ANY = "any"
_SHARE = "share"


def reprove_conflict(outcome: FleetOutcome, *, engine: str, limit_s: float) -> Check:
    """Whether the limits named conflict, none for nothing, and give as far as is said.

    Parameters
    ----------
    engine
        Asked first; what it leaves open goes the way that the program chooses.
    limit_s
        For each question; what stays open is a fault.
    """
    asker = _Asker(outcome.objectives.space, engine, limit_s)
    entries = outcome.conflict
    faults = [*_set_faults(asker, entries)]
    for entry in entries:
        faults += [f"{entry['limit']}: {fault}" for fault in _needed_faults(asker, entry)]
    told = ", ".join(f"{count} by {who}" for who, count in sorted(asker.asked.items()))
    left = [str(entry["limit"]) for entry in entries if "unanswered" in entry]
    detail = f"questions: {told}"
    if left:
        detail += f"; what is needed is not said of {', '.join(left)}"
    return Check(NAME, first_faults(faults), detail)


class _Asker:
    """Whether there is a plan under a choice of limits."""

    def __init__(self, space: FleetSpace, engine: str, limit_s: float) -> None:
        self.space = space
        self.problem = without_rates(space)
        self.limits = {limit.name: limit for limit in stated_limits(space)}
        self.names = [*self.limits, *([RACKS] if self.problem.racks is not None else [])]
        self.asked: dict[str, int] = {}
        self._engine = engine
        self._limit_s = limit_s
        self._pivot = Objectives.of(space).pivot_name

    def stop(self) -> Stop:
        """The end of one question."""
        return Stop(monotonic() + self._limit_s)

    def feasible(self, problem: FleetProblem) -> bool | None:
        """Whether there is a plan; ``None`` where nobody can tell in time."""
        nothing = np.zeros(problem.n_columns, dtype=np.int64)
        pivot = problem.measures.get(self._pivot, nothing)
        for roads, measures in (
            # A program stops at the first plan where nothing is to be minimised; blocks want costs.
            (Roads("counts" if self._engine == "highs" else None, self._engine), {_ANY: nothing}),
            (Roads(), {_ANY: pivot}),
        ):
            asked = replace(problem, measures=measures)
            found = ask_least(asked, _ANY, road=roads, stop=self.stop())
            if found.plan is not None or found.none:
                who = roads.engine or "the way of choice"
                self.asked[who] = self.asked.get(who, 0) + 1
                return found.plan is not None
        return None

    def lifted(self, names: Sequence[str]) -> FleetProblem:
        """Without some limits."""
        problem = replace(self.problem, racks=None) if RACKS in names else self.problem
        rows = [row for name in names if name != RACKS for row in self.limits[name].row_names]
        return with_limits(problem, dict.fromkeys(rows, INFINITY))

    def only(self, names: Sequence[str]) -> FleetProblem:
        """With no limits but some."""
        return self.lifted([name for name in self.names if name not in names])


def _set_faults(asker: _Asker, entries: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    names = [str(entry["limit"]) for entry in entries]
    if (together := asker.feasible(asker.only(names))) is not False:
        yield _open(together, "the limits named are met together by a plan")
        return
    kind = entries[0]["set"] if entries else "not reduced"
    if kind == "not reduced":
        return
    for name in names:
        rest = asker.feasible(asker.only([other for other in names if other != name]))
        if rest is not True:
            yield _open(rest, f"the others conflict without {name}")
    if kind == "minimum" and len(names) > 1:
        # One that no other can do without is smallest; of more there may be a smaller set beside.
        found = explain_infeasible(asker.space, road=Roads(), stop=asker.stop())
        if found[0]["set"] != "minimum":
            yield "whether a smaller set conflicts: not reproved"
        elif len(found) < len(names):
            smaller = ", ".join(str(entry["limit"]) for entry in found)
            yield f"a smaller set conflicts: {smaller}"


def _needed_faults(asker: _Asker, entry: Mapping[str, Any]) -> Iterator[str]:
    if "unanswered" in entry:
        return
    name, needed = str(entry["limit"]), needed_of(entry)
    if needed is None:
        alone = asker.feasible(asker.lifted([name]))
        if name == RACKS and alone is not False:
            alone = asker.feasible(_with_racks(asker.problem, _racks_of_one_unit(asker)))
        if alone is not False:
            yield _open(alone, "another value mends this alone, though none is said to")
        return
    if name == RACKS:
        at, below = (_with_racks(asker.problem, int(needed) - step) for step in (0, 1))
    elif (limit := asker.limits[name]).is_share:
        try:
            at, below = _at_share(asker.space, limit, needed)
        except ValueError as error:
            yield str(error)
            return
    else:
        at, below = _at_use(asker.problem, limit, needed)
    enough = asker.feasible(at)
    if enough is not True:
        yield _open(enough, f"{needed} is not enough")
    less = asker.feasible(below)
    if less is not False:
        yield _open(less, f"less than {needed} does too")


def _open(answer: bool | None, fault: str) -> str:
    return f"not reproved whether {fault}" if answer is None else fault


def _at_use(
    problem: FleetProblem, limit: StatedLimit, needed: Fraction
) -> tuple[FleetProblem, FleetProblem]:
    """The problem with the limit at a value, and with every use below it."""
    at, below = {}, {}
    for row in limit.rows:
        # Of a single row the value may count from elsewhere than 0 (what is gone anyway).
        gone = limit.stated - row.side / row.per_unit if len(limit.rows) == 1 else Fraction(0)
        side = (needed - gone) * row.per_unit
        at[row.name], below[row.name] = math.floor(side), math.ceil(side) - 1
    return with_limits(problem, at), with_limits(problem, below)


def _at_share(
    space: FleetSpace, limit: StatedLimit, needed: Fraction
) -> tuple[FleetProblem, FleetProblem]:
    """The problem with at most a share of spot devices, and with less than it."""
    if len(limit.rows) > 1:
        raise ValueError("a least share is told though none is worked out for several periods")
    lifted, spot, held = without_share(space, limit)
    excess = needed.denominator * spot - needed.numerator * held
    free = replace(lifted, measures={_SHARE: excess})
    at, below = (with_implied_uppers(capped(free, {_SHARE: most})) for most in (0, -1))
    return at, below


def _with_racks(problem: FleetProblem, more: int) -> FleetProblem:
    if problem.racks is None:
        raise ValueError("there are no racks")
    racks = replace(problem.racks, count=problem.racks.count + more)
    return with_implied_uppers(replace(problem, racks=racks))


def _racks_of_one_unit(asker: _Asker) -> int:
    """As many racks of each kind as any number: one for every unit that a plan could need."""
    lifted = asker.lifted([RACKS])
    if asker.problem.racks is None:
        raise ValueError("there are no racks")
    return 1 + int(lifted.upper[asker.problem.racks.items].sum())
