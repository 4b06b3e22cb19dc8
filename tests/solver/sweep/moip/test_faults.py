"""An engine that fails on its n-th solve, in every way and for every n: the search stays honest."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar

import numpy as np
import pytest

import solver.sweep.moip.search as search_module
from formulations.milp import IntArray
from formulations.program import ProgramKind, Statement
from solver.api import verify
from solver.engines import get_engine
from solver.engines.contract import Goal, SolveResult, Termination
from solver.engines.guard import weights_of
from solver.sweep.moip import jobs
from solver.sweep.moip.outcome import SearchOutcome
from tests.oracles.small_programs import Stated, dishonesty, images_of, knapsack

QUESTIONS = {
    "two objectives": knapsack(2, n=6, seed=0),
    "three objectives": knapsack(3, n=5, seed=0),
}
FAKE = "scip"
"""The fake engine goes by a name that result files know; ``verify`` asks the others."""
ENOUGH = 160
"""Looks at the stop request, a few a job, after which a search that would not end is stopped."""

every_question = pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)


@dataclasses.dataclass(frozen=True)
class Asked:
    """One question to the engine, with what tries of every assignment know of it."""

    question: Stated
    weights: IntArray
    inside: IntArray
    """Indices of the feasible assignments below the upper bounds, best first."""

    def value(self, index: int) -> int:
        return int(self.question.feasible[1][index] @ self.weights)

    def answer(
        self, termination: Termination, index: int | None = None, bound: int | None = None
    ) -> SolveResult:
        """A result that its constructor takes."""
        return SolveResult(
            termination=termination,
            x=None if index is None else self.question.feasible[0][index].copy(),
            objective=None if index is None else self.value(index),
            dual_bound=bound,
            runtime_s=0.0,
            message="made up",
            proved_by=FAKE,
        )

    def right(self) -> SolveResult:
        if not len(self.inside):
            return self.answer(Termination.INFEASIBLE)
        best = int(self.inside[0])
        return self.answer(Termination.OPTIMAL, best, self.value(best))


Failure = Callable[[Asked], SolveResult]


class FakeEngine:
    """Tries every assignment; from the first failing solve on, or at it alone, it fails."""

    name: ClassVar[str] = FAKE
    version: ClassVar[str] = "0"
    accepts: ClassVar[frozenset[ProgramKind]] = frozenset({"milp"})

    def __init__(self, question: Stated, failure: Failure, fails: Callable[[int], bool]) -> None:
        self._question, self._failure, self._fails = question, failure, fails
        self.solves = 0

    def load(self, statement: Statement) -> None:
        assert statement is self._question.program.milp

    def minimise(
        self, objective: Goal, *, upper: Mapping[str, int], time_limit_s: float | None = None
    ) -> SolveResult:
        assert time_limit_s is None or time_limit_s > 0
        self.solves += 1
        names = self._question.program.objective_names
        goal = weights_of(objective)
        weights = np.array([goal.get(name, 0) for name in names])
        images = self._question.feasible[1]
        most = np.array([upper.get(name, 2**62) for name in names])
        inside = np.flatnonzero((images <= most).all(axis=1))
        inside = inside[np.argsort(images[inside] @ weights, kind="stable")]
        asked = Asked(self._question, weights, inside)
        return self._failure(asked) if self._fails(self.solves) else asked.right()


def forged(result: SolveResult, **changes: Any) -> SolveResult:
    """A result that the constructor would refuse."""
    forgery: SolveResult = object.__new__(SolveResult)
    for field in dataclasses.fields(SolveResult):
        value = changes.get(field.name, getattr(result, field.name))
        object.__setattr__(forgery, field.name, value)
    return forgery


def worst_point(asked: Asked) -> int | None:
    return int(asked.inside[-1]) if len(asked.inside) else None


def stopped(termination: Termination, *, point: bool, bound: bool) -> Failure:
    """An honest stop: the worst point of the box, a bound one unit below the optimum."""

    def fail(asked: Asked) -> SolveResult:
        best = asked.value(int(asked.inside[0])) if len(asked.inside) else 0
        return asked.answer(
            termination,
            worst_point(asked) if point else None,
            best - 1 if bound and len(asked.inside) else None,
        )

    return fail


def unknown_with_false_bound(asked: Asked) -> SolveResult:
    return forged(asked.answer(Termination.OTHER), dual_bound=10**6)


def raising(error: BaseException) -> Failure:
    def fail(_: Asked) -> SolveResult:
        raise error

    return fail


def outside_point(asked: Asked) -> SolveResult:
    """Every piece taken, which the knapsack has no room for, called better than all."""
    everything = np.array(asked.question.upper, dtype=np.int64)
    value = int((asked.question.costs @ everything) @ asked.weights)
    return forged(
        asked.answer(Termination.OTHER),
        termination=Termination.OPTIMAL,
        x=everything,
        objective=value,
        dual_bound=value,
    )


def point_above_its_bounds(asked: Asked) -> SolveResult:
    """A feasible point that ignores the box, with a bound to match."""
    images = asked.question.feasible[1] @ asked.weights
    best = int(images.argmin())
    if best in asked.inside:
        return asked.answer(Termination.TIME_LIMIT)
    return asked.answer(Termination.OPTIMAL, best, asked.value(best))


def changed(**change: Callable[[SolveResult], Any]) -> Failure:
    """The right answer with fields changed; where there is no point, one is shown nonetheless."""

    def fail(asked: Asked) -> SolveResult:
        right = asked.right()
        if right.x is None:
            right = asked.answer(Termination.OTHER, 0)
        return forged(
            right,
            termination=Termination.OPTIMAL,
            **{name: of(right) for name, of in change.items()},
        )

    return fail


def value_of(result: SolveResult) -> int:
    assert result.objective is not None
    return result.objective


RETRIED: dict[str, Failure] = {
    "a time limit without a point": stopped(Termination.TIME_LIMIT, point=False, bound=False),
    "a time limit with a point": stopped(Termination.TIME_LIMIT, point=True, bound=True),
    "a time limit with a bound": stopped(Termination.TIME_LIMIT, point=False, bound=True),
    "a crash": raising(RuntimeError("segmentation fault")),
    "out of memory": raising(MemoryError()),
    "an unknown status": stopped(Termination.OTHER, point=False, bound=False),
    "an unknown status with a point": stopped(Termination.OTHER, point=True, bound=True),
    "an unknown status with a false bound": unknown_with_false_bound,
    "a point that breaks a row": outside_point,
    "a point outside its box": point_above_its_bounds,
    "a misreported objective": changed(
        objective=lambda r: value_of(r) - 1, dual_bound=lambda r: value_of(r) - 1
    ),
    "a bound above its point": changed(dual_bound=lambda r: value_of(r) + 1),
    "a bound below its point": changed(dual_bound=lambda r: value_of(r) - 1),
    "an optimum without a bound": changed(dual_bound=lambda _: None),
    "an optimum without a point": changed(x=lambda _: None, objective=lambda _: None),
    "a point of floats": changed(x=lambda r: r.x.astype(np.float64)),  # type: ignore[union-attr]
    "a point of the wrong length": changed(x=lambda r: r.x[:-1]),  # type: ignore[index]
}
ENDING: dict[str, Failure] = {
    "interrupted": stopped(Termination.INTERRUPTED, point=True, bound=True),
    "Ctrl-C": raising(KeyboardInterrupt()),
}


def deny(asked: Asked) -> SolveResult:
    return asked.answer(Termination.INFEASIBLE)


def settle_for_the_worst(asked: Asked) -> SolveResult:
    worst = worst_point(asked)
    if worst is None:
        return asked.right()
    return asked.answer(Termination.OPTIMAL, worst, asked.value(worst))


LIES: dict[str, Failure] = {"denies points": deny, "proves the worst": settle_for_the_worst}
"""Consistent in themselves: only another point, or another engine, can tell."""

Run = Callable[..., tuple[SearchOutcome, FakeEngine]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Search with the fake engine, alone or before others."""

    def go(
        question: Stated, failure: Failure, fails: Callable[[int], bool], *others: str
    ) -> tuple[SearchOutcome, FakeEngine]:
        fake = FakeEngine(question, failure, fails)
        jobs._WORKSHOPS.clear()
        monkeypatch.setattr(search_module, "ENGINES", (FAKE, *others))
        monkeypatch.setattr(jobs, "get_engine", lambda n: fake if n == FAKE else get_engine(n))
        asked = itertools.count()
        outcome = search_module.search(question.program, should_stop=lambda: next(asked) > ENOUGH)
        return outcome, fake

    yield go
    jobs._WORKSHOPS.clear()


def never(_: int) -> bool:
    return False


def solves_of(run: Run, question: Stated) -> int:
    """How many solves the fake engine needs when it does not fail."""
    outcome, fake = run(question, deny, never)
    assert (outcome.status, images_of(outcome)) == ("complete", question.images)
    return fake.solves


@every_question
def test_without_a_failure_the_fake_engine_completes(run: Run, question: Stated) -> None:
    assert len(question.images) > 3
    assert solves_of(run, question) > len(question.images)


@every_question
@pytest.mark.parametrize("way", RETRIED)
def test_after_one_failure_a_retry_completes_the_set(run: Run, question: Stated, way: str) -> None:
    for at in range(1, solves_of(run, question) + 1):
        outcome, fake = run(question, RETRIED[way], lambda n, at=at: n == at)
        assert fake.solves >= at
        assert dishonesty(question, outcome) == [], f"failed at solve {at}"
        assert (outcome.status, images_of(outcome)) == ("complete", question.images), at


@every_question
@pytest.mark.parametrize("way", RETRIED)
def test_failing_for_ever_leaves_an_honest_part(run: Run, question: Stated, way: str) -> None:
    for start in range(1, solves_of(run, question) + 1):
        outcome, _ = run(question, RETRIED[way], lambda n, start=start: n >= start)
        assert dishonesty(question, outcome) == [], f"failed from solve {start} on"
        assert all(box.reason for box in outcome.open_boxes)
        if start == 1:
            assert outcome.status == "partial"


@every_question
@pytest.mark.parametrize("way", ENDING)
def test_an_interrupt_ends_the_search_and_keeps_what_is_known(
    run: Run, question: Stated, way: str
) -> None:
    for at in range(1, solves_of(run, question) + 1):
        outcome, fake = run(question, ENDING[way], lambda n, at=at: n == at)
        assert fake.solves == at
        assert dishonesty(question, outcome) == [], f"interrupted at solve {at}"
        if outcome.status == "partial":
            assert {box.reason for box in outcome.open_boxes} == {"interrupted"}
        else:
            # The point that came with the interrupt was the last thing missing.
            assert images_of(outcome) == question.images


@every_question
@pytest.mark.parametrize("way", RETRIED)
def test_a_second_engine_does_what_the_first_never_does(
    run: Run, question: Stated, way: str
) -> None:
    outcome, _ = run(question, RETRIED[way], lambda n: n >= 2, "highs")
    assert dishonesty(question, outcome) == []
    assert (outcome.status, images_of(outcome)) == ("complete", question.images)


@every_question
@pytest.mark.parametrize("way", LIES)
@pytest.mark.parametrize("for_ever", [False, True], ids=["once", "for ever"])
def test_a_lie_is_refuted_by_a_point_or_found_by_another_engine(
    run: Run, question: Stated, way: str, for_ever: bool
) -> None:
    caught_here = caught_by_verify = 0
    for at in range(1, solves_of(run, question) + 1):
        outcome, _ = run(question, LIES[way], lambda n, at=at: n >= at if for_ever else n == at)
        images = question.feasible[1].tolist()
        assert all(list(image) in images for image in images_of(outcome))
        caught_here += any(note.startswith(f"{FAKE} had proved") for note in outcome.notes)
        if dishonesty(question, outcome):
            caught_by_verify += 1
            assert not verify(outcome, reprove=True), f"the lie at solve {at} went unnoticed"
    assert caught_here + caught_by_verify > 0


@every_question
def test_what_is_true_is_proved_again(run: Run, question: Stated) -> None:
    outcome, _ = run(question, deny, never)
    assert verify(outcome, reprove=True)


def test_after_a_refuted_lie_nothing_the_liar_proved_is_used(run: Run) -> None:
    question, caught = QUESTIONS["two objectives"], 0
    for at in range(1, solves_of(run, question) + 1):
        outcome, _ = run(question, settle_for_the_worst, lambda n, at=at: n == at)
        if any(note.startswith(f"{FAKE} had proved") for note in outcome.notes):
            caught += 1
            assert (outcome.status, outcome.points) == ("partial", ())
            assert dishonesty(question, outcome) == []
    assert caught > 0


def test_a_liar_that_is_caught_is_replaced_by_the_next_engine(run: Run) -> None:
    question = QUESTIONS["two objectives"]
    caught = 0
    for at in range(1, solves_of(run, question) + 1):
        outcome, _ = run(question, deny, lambda n, at=at: n == at, "highs")
        if any(note.startswith(f"{FAKE} had proved") for note in outcome.notes):
            caught += 1
            assert dishonesty(question, outcome) == []
            assert (outcome.status, images_of(outcome)) == ("complete", question.images)
    assert caught > 0
