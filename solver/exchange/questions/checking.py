"""Whether another solver's answer holds: in exact integers, against the question alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from formulations.milp import IntArray
from solver.bench.kinds.statement import statement_sha256
from solver.engines import get_engine
from solver.engines.contract import Termination
from solver.engines.guard import objective_value, violation
from solver.errors import ResultError
from solver.exchange.formats.solutions.integers import integers_of
from solver.exchange.formats.solutions.solution import Solution, SolutionError
from solver.exchange.questions.exporting import bounds_in_program, check_bounds
from solver.exchange.questions.key import Key
from solver.exchange.questions.opening import question_from_resolved
from solver.exchange.questions.posed import Posed, Question, chosen_formulation

__all__ = ["Verdict", "check_solution"]

_TOLERANCE = Fraction(1, 10**6)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a solution.

    Parameters
    ----------
    faults
        Why it does not hold; empty where it does.
    value
        Of the minimised objective, exact; ``None`` where there is no solution.
    better
        Whether something better exists (of a claim that there is nothing: whether there is
        something); ``None`` where that was not asked or not settled.
    asked, settled
        Whether a second engine was asked, and came to an end.
    claim
        ``optimal``, ``infeasible`` or ``none``: what is said about the solution.
    """

    faults: tuple[str, ...]
    value: int | None
    objectives: Mapping[str, int]
    shown: Mapping[str, tuple[Fraction, str]]
    design: Mapping[str, Any]
    claim: str
    asked: bool
    settled: bool
    better: bool | None

    @property
    def holds(self) -> bool:
        """Nothing that was looked at is wrong."""
        return not self.faults


def check_solution(
    key: Key,
    solution: Solution,
    *,
    where: str,
    claims_optimal: bool = False,
    reprove: bool = False,
    time_limit_s: float | None = None,
) -> Verdict:
    """Check a solution against the program that the key's question states.

    Parameters
    ----------
    where
        Names the solution file in messages.
    claims_optimal
        Somebody says that it is optimal; the file itself may say so too.
    reprove
        Ask CP-SAT whether anything better exists.
    time_limit_s
        For that; ``None``: no limit.

    Raises
    ------
    FleetError
        If the key or the solution cannot be used: no solution of this program at all.
    """
    question, posed = _rebuilt(key)
    bounds = bounds_in_program(question, key.at_most)
    claim = "optimal" if claims_optimal else solution.claim
    if solution.values is None and solution.claim == "infeasible":
        if not reprove:
            raise SolutionError.one(
                "says that no solution exists, which nothing but solving can check",
                where=where,
                mend="Add --reprove",
            )
        most = next(goal.most for goal in question.goals() if goal.name == key.minimise)
        return _nothing_there(posed, key, bounds, most=most, limit_s=time_limit_s)
    x = integers_of(solution, key.columns, where=where)
    value = objective_value(posed.statement, key.minimise, x)
    faults = _broken(posed, key, x, bounds)
    told = None if faults else posed.tell(x)
    if told is not None:
        faults += told.faults
        faults += [
            f"{name} is {exact} by the design, above the {key.at_most[name]} that was allowed"
            for name, exact in told.objectives.items()
            if name in key.at_most and exact > key.at_most[name]
        ]
        # The design may be better than the columns that stand for its value, never worse.
        exact = told.objectives.get(key.minimise, value)
        if exact > value:
            faults.append(f"{key.minimise} is {exact} by the design, and {value} by the columns")
        value = min(value, exact)
    stated = solution.objective
    if stated is not None and not faults:
        at_columns = objective_value(posed.statement, key.minimise, x)
        slack = max(_TOLERANCE, _TOLERANCE * abs(at_columns))
        if abs(Fraction(stated) - at_columns) > slack:
            faults.append(
                f"it states {float(stated):.9g} for {key.minimise}, which is {at_columns}"
            )
    if claim == "infeasible" and not faults:
        faults.append("it is said to be infeasible, and its own columns are a solution")
    better, settled = None, False
    if reprove and not faults:
        better = _better(posed, key, bounds, value, time_limit_s)
        settled = better is not None
        if better and claim == "optimal":
            faults.append(f"it is said to be optimal, and {key.minimise} below {value} is possible")
    return Verdict(
        faults=tuple(faults),
        value=value,
        objectives={} if told is None else told.objectives,
        shown={} if told is None else told.shown,
        design={} if told is None else told.design,
        claim=claim,
        asked=reprove and (settled or not faults),
        settled=settled,
        better=better,
    )


def _rebuilt(key: Key) -> tuple[Question, Posed]:
    question = question_from_resolved(key.resolved, sha256=key.sha256)
    chosen_formulation(question, key.formulation)
    check_bounds(question, key.minimise, key.at_most)
    if not 0 <= key.setting < max(1, len(question.settings)):
        raise ResultError.one(
            f"setting {key.setting} is none of the question's", where="key",
            mend="Export the program again",
        )  # fmt: skip
    posed = question.posed(key.formulation, setting=key.setting, at_most=key.at_most)
    if statement_sha256(posed.statement) != key.model_sha256:
        raise ResultError.one(
            "the program built from its question is another than was exported",
            where="key",
            mend="Export it again with this version of fleetfront, and solve that",
        )
    if len(key.columns) != posed.statement.n_columns or len(set(key.columns)) != len(key.columns):
        raise ResultError.one(
            "names of columns do not fit the program", where="key", mend="Export it again"
        )
    return question, posed


def _broken(posed: Posed, key: Key, x: IntArray, bounds: Mapping[str, int]) -> list[str]:
    """The first thing that integers break, columns by their name in the file."""
    broken = violation(posed.statement, x, bounds)
    if broken is None:
        return []
    words = broken.split()
    if words[0] == "column" and words[1].isdecimal():
        return [f"column {key.columns[int(words[1])]} {' '.join(words[2:])}"]
    return [broken]


def _better(
    posed: Posed, key: Key, bounds: Mapping[str, int], value: int, limit_s: float | None
) -> bool | None:
    """Whether a value below this one is possible; ``None``: not settled."""
    if posed.better is not None:
        return posed.better(key.minimise, key.at_most, value, limit_s)
    upper = dict(bounds)
    upper[key.minimise] = min(value - 1, upper.get(key.minimise, value - 1))
    return _possible(posed, key, upper, limit_s)


def _possible(
    posed: Posed, key: Key, upper: Mapping[str, int], limit_s: float | None
) -> bool | None:
    """Whether any point meets the bounds, by CP-SAT; ``None``: not settled."""
    engine = get_engine("cp-sat")
    engine.load(posed.statement)
    answer = engine.minimise(key.minimise, upper=upper, time_limit_s=limit_s)
    if answer.termination is Termination.INFEASIBLE:
        return False
    return True if answer.x is not None else None


def _nothing_there(
    posed: Posed, key: Key, bounds: Mapping[str, int], *, most: int, limit_s: float | None
) -> Verdict:
    """The claim that no point exists, checked."""
    if posed.better is not None:
        found = posed.better(key.minimise, key.at_most, most + 1, limit_s)
    else:
        found = _possible(posed, key, bounds, limit_s)
    return Verdict(
        faults=("it is said to be infeasible, and a solution exists",) if found else (),
        value=None,
        objectives={},
        shown={},
        design={},
        claim="infeasible",
        asked=True,
        settled=found is not None,
        better=found,
    )
