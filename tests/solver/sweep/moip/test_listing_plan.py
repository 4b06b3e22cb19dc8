"""Which listings are asked for, and what they come to when they are carried out."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from formulations.milp import INFINITY
from solver.sweep.moip import listing_plan
from solver.sweep.moip.claims import JobReport
from solver.sweep.moip.jobs import ListJob, perform
from solver.sweep.moip.ledger import Ledger
from solver.sweep.moip.listing_plan import ListingPlan
from tests.oracles.small_programs import Stated, knapsack, small_programs, stated


def carried_out(question: Stated) -> tuple[Ledger, list[ListJob]]:
    """The ledger after all listings of a plan, and the listings."""
    ledger = Ledger(question.program)
    plan = ListingPlan(ledger)
    ledger.admit([], plan.bounds())
    done = []
    for job in plan.jobs():
        if job is None:
            continue
        report = perform(question.program, job)
        ledger.admit(report.points, report.claims)
        plan.learn(job, report)
        done.append(job)
    return ledger, done


@settings(max_examples=25, deadline=None)
@given(small_programs())
def test_what_labels_close_is_empty_and_what_they_find_is_real(question: Stated) -> None:
    ledger, _ = carried_out(question)
    assert ledger.distrusted == set()
    for corner in ledger.closed:
        assert question.inside(corner) == []
    if not ledger.open_corners:
        assert ledger.nondominated() == question.images


@pytest.mark.parametrize("p", [2, 3, 4])
def test_a_small_knapsack_is_done_by_listings_alone(p: int) -> None:
    question = knapsack(p)
    ledger, _ = carried_out(question)
    assert (ledger.open_corners, ledger.nondominated()) == ([], question.images)


def test_bounds_are_claims_of_the_whole_space_that_hold() -> None:
    question = knapsack(3)
    claims = ListingPlan(Ledger(question.program)).bounds()
    assert len(claims) > 3
    for claim in claims:
        assert claim.upper == question.program.ceiling
        assert claim.weights is not None
        sums = [sum(map(int.__mul__, claim.weights, z)) for z in question.feasible[1].tolist()]
        assert min(sums) >= (claim.bound or 0)


def test_a_column_with_too_many_values_is_refused() -> None:
    question = stated([[1, 0], [0, 1]], upper=[1, 201])
    plan = ListingPlan(Ledger(question.program))
    assert plan.refusal is not None
    assert "a column has 202 values, more than 201" in plan.refusal
    assert list(plan.jobs()) == []
    assert plan.bounds() == []


def test_costs_too_large_for_labels_are_refused() -> None:
    plan = ListingPlan(Ledger(stated([[2**56, 1], [1, 2**56]]).program))
    assert plan.refusal is not None
    assert "too large for weighted 64-bit sums" in plan.refusal


def test_a_relaxation_without_bounds_is_refused() -> None:
    plan = ListingPlan(Ledger(stated([[1, 2], [2, 1]], [((1, 1), 3, INFINITY)]).program))
    assert plan.refusal == "labels: the linear relaxation gives no bounds"


def test_without_an_open_box_nothing_is_asked() -> None:
    question = knapsack()
    done, _ = carried_out(question)
    assert list(ListingPlan(done).jobs()) == []


def test_the_first_looks_are_narrow_and_rounds_grow_wider() -> None:
    ledger = Ledger(knapsack(3, n=12).program)
    plan = ListingPlan(ledger)
    widths = []
    for job in plan.jobs():
        if job is not None:
            widths.append(job.width)
            # As if nothing had been found, yet the listings of a round came to their end.
            plan.learn(job, JobReport((), (), 0, 0.1))
    assert widths == sorted(widths)
    assert widths[0] < widths[-1]


def test_where_no_listing_ends_the_plan_gives_up() -> None:
    ledger = Ledger(knapsack(3, n=12).program)
    plan = ListingPlan(ledger)
    widest = 0
    for job in plan.jobs():
        if job is not None:
            widest = max(widest, job.width)
            plan.learn(job, JobReport((), (), 0, 0.1, stopped="labels had to be cut away"))
    assert widest < listing_plan._WIDTHS[-1]
    assert ledger.open_corners == [ledger.program.ceiling]


def test_every_listing_names_open_boxes_and_chosen_directions() -> None:
    question = knapsack(2, n=10)
    ledger = Ledger(question.program)
    plan = ListingPlan(ledger)
    known = {claim.weights for claim in plan.bounds()}
    for job in plan.jobs():
        if job is None:
            continue
        assert set(job.corners) <= set(ledger.open_corners)
        assert set(job.weights) <= known
        report = perform(question.program, job)
        ledger.admit(report.points, report.claims)
        plan.learn(job, report)
    assert ledger.open_corners == []
