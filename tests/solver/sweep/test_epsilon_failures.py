"""An engine that fails on its n-th solve, in every way and for every n: the sweep stays honest."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np
import pytest

from formulations.program import ProgramKind, Statement
from formulations.replica.column_selection import build_column_selection
from formulations.replica.problem import ReplicaProblem
from formulations.replica.program import ReplicaProgram
from solver.engines import get_engine
from solver.engines.contract import SolveResult, Termination
from solver.sweep.epsilon import sweep
from solver.sweep.outcome import OpenArea, SweepOutcome

Failure = Callable[[SolveResult, int], SolveResult]
"""From the right answer and the number of columns to a wrong one."""

TRUTH = [(7, 1), (4, 2), (3, 4), (2, 5)]
SOLVES = 2 * len(TRUTH) + 1


@pytest.fixture
def program() -> ReplicaProgram:
    """The pairs of ``TRUTH`` and two dominated cells; no two cells share a latency or a cost."""
    return build_column_selection(
        ReplicaProblem(
            "hand",
            memory_latency=np.array([[1, 4, 6], [3, 9, 6]]),
            arithmetic_latency=np.array([[2, 3, 5], [1, 8, 7]]),
            cost=np.array([[5, 2, 7], [4, 3, 1]]),
            allowed=np.ones((2, 3), dtype=np.bool_),
        )
    )


class FailingEngine:
    """CP-SAT, but the answer to solve number ``at`` is put through ``failure``."""

    name: ClassVar[str] = "failing"
    version: ClassVar[str] = "0"
    accepts: ClassVar[frozenset[ProgramKind]] = frozenset({"milp", "cp"})

    def __init__(self, failures: Mapping[int, Failure]) -> None:
        self._engine = get_engine("cp-sat")
        self._failures = failures
        self._solves = 0
        self._n_columns = 0

    def load(self, statement: Statement) -> None:
        self._n_columns = statement.n_columns
        self._engine.load(statement)

    def minimise(
        self, objective: str, *, upper: Mapping[str, int], time_limit_s: float | None = None
    ) -> SolveResult:
        self._solves += 1
        result = self._engine.minimise(objective, upper=upper, time_limit_s=time_limit_s)
        failure = self._failures.get(self._solves)
        return result if failure is None else failure(result, self._n_columns)


def forged(result: SolveResult, **changes: Any) -> SolveResult:
    """A result that the constructor would refuse."""
    forgery: SolveResult = object.__new__(SolveResult)
    for field in dataclasses.fields(SolveResult):
        object.__setattr__(
            forgery, field.name, changes.get(field.name, getattr(result, field.name))
        )
    return forgery


def stopped(termination: Termination, *, keep_point: bool) -> Failure:
    def fail(result: SolveResult, _: int) -> SolveResult:
        return dataclasses.replace(
            result,
            termination=termination,
            x=result.x if keep_point else None,
            objective=result.objective if keep_point else None,
            dual_bound=None if result.dual_bound is None else result.dual_bound - 1,
        )

    return fail


def raising(error: BaseException) -> Failure:
    def fail(_: SolveResult, __: int) -> SolveResult:
        raise error

    return fail


def with_point(change: Callable[[np.ndarray], np.ndarray]) -> Failure:
    def fail(result: SolveResult, n_columns: int) -> SolveResult:
        x = np.zeros(n_columns, dtype=np.int64) if result.x is None else result.x.copy()
        return forged(result, termination=Termination.OPTIMAL, x=change(x))

    return fail


def with_bound(change: Callable[[int], int | None]) -> Failure:
    def fail(result: SolveResult, _: int) -> SolveResult:
        claimed = 0 if result.dual_bound is None else result.dual_bound
        return forged(result, termination=Termination.OPTIMAL, dual_bound=change(claimed))

    return fail


FAILURES: dict[str, Failure] = {
    "time limit with a point": stopped(Termination.TIME_LIMIT, keep_point=True),
    "time limit without a point": stopped(Termination.TIME_LIMIT, keep_point=False),
    "interrupted with a point": stopped(Termination.INTERRUPTED, keep_point=True),
    "other with a point": stopped(Termination.OTHER, keep_point=True),
    "other without a point": stopped(Termination.OTHER, keep_point=False),
    "a crash": raising(RuntimeError("segmentation fault")),
    "out of memory": raising(MemoryError()),
    "Ctrl-C": raising(KeyboardInterrupt()),
    "another cell": with_point(lambda x: np.roll(x, 1)),
    "no cell": with_point(np.zeros_like),
    "all cells": with_point(np.ones_like),
    "a point of the wrong length": with_point(lambda x: x[:-1]),
    "a point of floats": with_point(lambda x: x.astype(np.float64)),
    "optimal without a point": with_point(lambda _: None),  # type: ignore[arg-type,return-value]
    "a bound too low": with_bound(lambda bound: bound - 1),
    "a bound too high": with_bound(lambda bound: bound + 1),
    "no bound": with_bound(lambda _: None),
}


def covers(area: OpenArea, pair: tuple[int, int]) -> bool:
    return (area.latency_max is None or pair[0] <= area.latency_max) and (
        area.cost_min is None or pair[1] >= area.cost_min
    )


def found(outcome: SweepOutcome) -> list[tuple[int, int]]:
    return [(point.latency, point.cost) for point in outcome.points]


@pytest.mark.parametrize("at", range(1, SOLVES + 1))
@pytest.mark.parametrize("way", FAILURES)
def test_a_failed_solve_leaves_right_points_and_an_area_that_holds_the_rest(
    program: ReplicaProgram, way: str, at: int
) -> None:
    outcome = sweep(program, FailingEngine({at: FAILURES[way]}))
    assert outcome.status == "partial"
    assert outcome.solves == at
    assert found(outcome) == TRUTH[: (at - 1) // 2]
    (area,) = outcome.open_areas
    assert all(covers(area, pair) for pair in TRUTH[len(outcome.points) :])
    assert area.reason


def test_without_a_failure_the_wrapped_engine_completes(program: ReplicaProgram) -> None:
    outcome = sweep(program, FailingEngine({}))
    assert (outcome.status, found(outcome), outcome.solves) == ("complete", TRUTH, SOLVES)


def test_a_stage_one_bound_narrows_the_open_area(program: ReplicaProgram) -> None:
    outcome = sweep(program, FailingEngine({5: FAILURES["time limit without a point"]}))
    # Stage one at epsilon 3 has optimum 4 and the failing engine proves 3.
    assert [(a.latency_max, a.cost_min) for a in outcome.open_areas] == [(3, 3)]


def test_after_stage_one_the_area_starts_at_its_point(program: ReplicaProgram) -> None:
    outcome = sweep(program, FailingEngine({4: FAILURES["a crash"]}))
    assert [(a.latency_max, a.cost_min) for a in outcome.open_areas] == [(4, 2)]


def test_the_bound_of_a_point_that_fails_is_not_used(program: ReplicaProgram) -> None:
    outcome = sweep(program, FailingEngine({1: FAILURES["no cell"]}))
    assert [(a.latency_max, a.cost_min) for a in outcome.open_areas] == [(None, None)]


def cells(*pairs: tuple[int, int]) -> ReplicaProgram:
    """One layout whose cells have these (latency, cost) pairs, in this order."""
    latency = np.array([[t for t, _ in pairs]])
    cost = np.array([[c for _, c in pairs]])
    return build_column_selection(
        ReplicaProblem("cells", latency, latency.copy(), cost, np.ones_like(cost, dtype=np.bool_))
    )


def claiming(column: int, value: int) -> Failure:
    """A consistent lie: this cell, and a bound that says nothing is better."""

    def fail(result: SolveResult, n_columns: int) -> SolveResult:
        x = np.eye(n_columns, dtype=np.int64)[column]
        return dataclasses.replace(
            result, termination=Termination.OPTIMAL, x=x, objective=value, dual_bound=value
        )

    return fail


def test_a_false_stage_two_is_caught_by_the_next_point_and_its_point_is_dropped() -> None:
    # Solve 2 denies (6, 1); solve 3 finds it, which refutes the point (7, 1).
    outcome = sweep(
        cells((7, 1), (6, 1), (2, 5)),
        FailingEngine({1: claiming(0, 1), 2: claiming(0, 7)}),
    )
    assert (outcome.status, found(outcome)) == ("partial", [])
    (area,) = outcome.open_areas
    assert (area.latency_max, area.cost_min) == (None, None)
    assert "after proving that nothing lies below latency 7 at cost 1" in area.reason


def test_a_false_stage_one_is_caught_by_a_cheaper_point_of_stage_two() -> None:
    outcome = sweep(cells((3, 4), (2, 3)), FailingEngine({1: claiming(0, 4)}))
    assert (outcome.status, found(outcome)) == ("partial", [])
    assert "below cost 4" in outcome.open_areas[0].reason


def test_a_false_proof_is_caught_by_an_unproved_point_too() -> None:
    outcome = sweep(
        cells((7, 1), (6, 1)),
        FailingEngine(
            {
                1: claiming(0, 1),
                2: claiming(0, 7),
                3: stopped(Termination.TIME_LIMIT, keep_point=True),
            }
        ),
    )
    assert (outcome.status, found(outcome)) == ("partial", [])
    assert outcome.open_areas[0].latency_max is None


def test_an_engine_that_denies_its_own_point_is_not_believed(program: ReplicaProgram) -> None:
    def deny(result: SolveResult, _: int) -> SolveResult:
        return dataclasses.replace(
            result, termination=Termination.INFEASIBLE, x=None, objective=None, dual_bound=None
        )

    outcome = sweep(program, FailingEngine({4: deny}))
    assert (outcome.status, found(outcome)) == ("partial", [(7, 1)])
    assert "denies the point" in outcome.open_areas[0].reason


WRONG_ANSWERS = [
    way
    for way in FAILURES
    if not way.startswith(("time limit", "interrupted", "a crash", "out of", "Ctrl"))
]


@pytest.mark.parametrize("at", range(1, SOLVES + 1))
@pytest.mark.parametrize("way", WRONG_ANSWERS)
def test_a_second_engine_answers_what_the_first_gets_wrong(
    program: ReplicaProgram, way: str, at: int
) -> None:
    outcome = sweep(program, FailingEngine({at: FAILURES[way]}), second_engine=get_engine("cp-sat"))
    assert (outcome.status, found(outcome)) == ("complete", TRUTH)
    assert outcome.solves == SOLVES + 1


def test_a_second_engine_does_not_outstay_a_limit(program: ReplicaProgram) -> None:
    failing = FailingEngine({3: FAILURES["time limit without a point"]})
    outcome = sweep(program, failing, second_engine=get_engine("cp-sat"))
    assert (outcome.status, outcome.solves) == ("partial", 3)
