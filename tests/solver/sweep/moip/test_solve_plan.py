"""Which solve is asked for next: boxes, statements, engines, time."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pytest

from solver.sweep.moip.claims import Claim, FoundPoint, JobReport
from solver.sweep.moip.jobs import SolveJob, perform
from solver.sweep.moip.ledger import Ledger
from solver.sweep.moip.solve_plan import SolvePlan
from tests.oracles.small_programs import Stated, knapsack, stated

SQUARE = stated([[1, 0], [0, 1]], [((1, 1), 9, 18)], upper=[9, 9])
"""Every pair from 0 to 9 that sums to 9 or more; the ceiling is (10, 10)."""


def point(*image: int) -> FoundPoint:
    return FoundPoint(image, np.array(image, dtype=np.int64))


def plan_of(
    *images: tuple[int, ...], engines: Sequence[str] = ("cp-sat", "highs")
) -> tuple[Ledger, SolvePlan]:
    ledger = Ledger(SQUARE.program)
    ledger.admit([point(*image) for image in images], [])
    return ledger, SolvePlan(ledger, engines)


def ended(
    stopped: str | None = None,
    *,
    cpu_s: float = 1.0,
    out_of_time: bool = False,
    refused: bool = False,
) -> JobReport:
    return JobReport((), (), 1, cpu_s, stopped, out_of_time=out_of_time, refused=refused)


def settle(ledger: Ledger, plan: SolvePlan, job: SolveJob, *, cpu_s: float = 1.0) -> None:
    """End a job as if its box had been found empty; for choices, whether true does not matter."""
    ledger.admit([], [Claim(job.corner, None, None, job.engine, "infeasible")])
    plan.learn(job, ended(cpu_s=cpu_s))


def take(jobs: object) -> SolveJob:
    job = next(jobs)  # type: ignore[call-overload]
    assert isinstance(job, SolveJob)
    return job


def test_no_open_box_means_no_solve() -> None:
    ledger, plan = plan_of()
    ledger.admit([], [Claim((10, 10), None, None, "a", "infeasible")])
    assert list(plan.jobs()) == []


def test_the_largest_box_comes_first() -> None:
    # Corners (1, 10), (7, 8) and (10, 2): sizes 10, 56 and 20.
    _, plan = plan_of((1, 8), (7, 2))
    assert take(plan.jobs()).corner == (7, 8)


def test_a_box_is_asked_for_once_at_a_time() -> None:
    _, plan = plan_of((4, 5))
    jobs = plan.jobs()
    assert {take(jobs).corner, take(jobs).corner} == {(4, 10), (10, 5)}
    assert next(jobs) is None


def test_every_engine_is_tried_with_both_statements() -> None:
    ledger, plan = plan_of(*[(k, 9 - k) for k in range(10)])
    jobs, seen = plan.jobs(), set()
    for _ in range(8):
        job = take(jobs)
        seen.add((job.engine, min(job.weights) > 0))
        settle(ledger, plan, job)
    assert seen == set(itertools.product(("cp-sat", "highs"), (True, False)))


def test_after_the_trials_the_cheapest_pair_gets_the_rest() -> None:
    ledger, plan = plan_of(*[(k, 9 - k) for k in range(10)])
    jobs = plan.jobs()
    for _ in range(8):
        job = take(jobs)
        quick = job.engine == "highs" and min(job.weights) > 0
        settle(ledger, plan, job, cpu_s=0.01 if quick else 1.0)
    rest = [take(jobs) for _ in range(2)]
    assert {(job.engine, min(job.weights) > 0) for job in rest} == {("highs", True)}


def test_a_box_that_was_not_settled_goes_to_another_pair() -> None:
    _, plan = plan_of()
    jobs, seen = plan.jobs(), []
    for _ in range(4):
        job = take(jobs)
        seen.append((job.engine, min(job.weights) > 0))
        plan.learn(job, ended("too hard", out_of_time=True))
    assert len(set(seen)) > 1


def test_a_box_out_of_time_gets_more_time_each_round() -> None:
    _, plan = plan_of(engines=["highs"])
    jobs, slices = plan.jobs(), []
    for _ in range(2000):
        job = take(jobs)
        assert job.time_limit_s is not None
        slices.append(job.time_limit_s)
        plan.learn(job, ended("slow", out_of_time=True))
    assert slices[0] < slices[10] < slices[-1]
    assert slices == sorted(slices)


def test_a_box_on_which_every_engine_breaks_is_given_up() -> None:
    _, plan = plan_of()
    asked = 0
    for job in plan.jobs():
        assert job is not None
        asked += 1
        plan.learn(job, ended("crash"))
    assert asked == 8
    assert plan.reasons == {(10, 10): "crash"}


def test_other_boxes_go_on_where_one_is_given_up() -> None:
    ledger, plan = plan_of((4, 5))
    asked = set()
    for job in plan.jobs():
        assert job is not None
        if job.corner == (4, 10):
            plan.learn(job, ended("crash"))
        else:
            settle(ledger, plan, job)
        asked.add(job.corner)
    assert (asked, ledger.open_corners) == ({(4, 10), (10, 5)}, [(4, 10)])


def test_an_engine_that_refuses_the_program_is_asked_no_more() -> None:
    ledger, plan = plan_of((4, 5))
    asked = []
    for job in plan.jobs():
        assert job is not None
        asked.append(job.engine)
        if job.engine == "cp-sat":
            plan.learn(job, ended("too large", refused=True))
        else:
            settle(ledger, plan, job)
    assert asked.count("cp-sat") == 1
    assert ledger.open_corners == []


def test_an_engine_that_was_caught_is_asked_no_more() -> None:
    ledger, plan = plan_of((4, 5), engines=["highs"])
    jobs = plan.jobs()
    job = take(jobs)
    ledger.admit([point(9, 9)], [Claim((10, 10), None, None, "highs", "infeasible")])
    plan.learn(job, ended())
    assert list(jobs) == []


def test_without_engines_there_are_no_solves() -> None:
    _, plan = plan_of(engines=[])
    assert list(plan.jobs()) == []


def test_solves_are_counted_by_engine() -> None:
    ledger, plan = plan_of((4, 5))
    for job in plan.jobs():
        assert job is not None
        settle(ledger, plan, job)
    assert plan.solves == {"cp-sat": 1, "highs": 1}


def test_proofs_that_are_not_believed_do_not_keep_the_plan_busy_for_ever() -> None:
    # The engine says it settled the box, and the ledger believes none of it.
    ledger, plan = plan_of()
    for asked, job in enumerate(plan.jobs()):
        assert job is not None
        assert asked < 100
        plan.learn(job, ended())
    assert ledger.open_corners == [(10, 10)]
    assert "is not believed" in plan.reasons[(10, 10)]


def test_weights_follow_the_diagonal_of_the_box() -> None:
    _, plan = plan_of((1, 8), (7, 2))
    job = take(plan.jobs())
    # The box (7, 8) from (0, 0): the shorter side weighs more.
    assert job.weights == (64, 56)


def test_epsilon_steps_take_the_objectives_in_turn() -> None:
    ledger, plan = plan_of(*[(k, 9 - k) for k in range(10)], engines=["highs"])
    jobs, free = plan.jobs(), []
    for _ in range(9):
        job = take(jobs)
        if min(job.weights) == 0:
            free.append(job.weights.index(1))
        settle(ledger, plan, job, cpu_s=0.01 if min(job.weights) == 0 else 1.0)
    assert set(free) == {0, 1}


@pytest.mark.parametrize("question", [knapsack(2), knapsack(3, n=6)], ids=["two", "three"])
def test_carried_out_the_plan_ends_with_every_box_closed(question: Stated) -> None:
    ledger = Ledger(question.program)
    plan = SolvePlan(ledger, ["highs"])
    for job in plan.jobs():
        assert job is not None
        report = perform(question.program, job)
        ledger.admit(report.points, report.claims)
        plan.learn(job, report)
    assert (ledger.open_corners, ledger.nondominated()) == ([], question.images)
