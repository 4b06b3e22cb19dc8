"""Programs with shared links against brute force on clusters of up to six machines."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from formulations.placement.arc_flow import build_arc_flow
from formulations.placement.max_flow import routed_plan
from formulations.placement.plan import (
    SINK,
    SOURCE,
    HeldRange,
    PlacementPlan,
    rate_of,
    violations,
)  # fmt: skip
from formulations.placement.position_flow import build_position_flow, position_columns
from formulations.placement.problem import THROUGHPUT, PlacementProblem
from formulations.placement.shared_flow import SharedRow, alike_within, overrun
from formulations.placement.stage_assignment import build_stage_assignment
from solver.engines import get_engine
from tests.oracles.plain_placement import best_rate, clusters
from tests.oracles.plain_shared_flows import greatest_flow_of, shared_clusters

_CHECKS = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
_BUILDERS = {"arc_flow": build_arc_flow, "stage_assignment": build_stage_assignment}

Drawn = tuple[PlacementProblem, tuple[SharedRow, ...]]


def _solved(stated: object) -> tuple[int, PlacementPlan]:
    engine = get_engine("cp-sat")
    engine.load(stated.statement)  # type: ignore[attr-defined]
    answer = engine.minimise(THROUGHPUT, upper={})
    assert answer.x is not None
    assert answer.objective == answer.dual_bound
    return -(answer.objective or 0), stated.decode(answer.x)  # type: ignore[attr-defined]


@pytest.mark.parametrize("formulation", _BUILDERS)
@_CHECKS
@given(drawn=shared_clusters())
def test_with_shared_links_a_program_equals_brute_force(formulation: str, drawn: Drawn) -> None:
    problem, shared = drawn
    rate, plan = _solved(_BUILDERS[formulation](problem, shared=shared))
    assert rate == rate_of(plan) == greatest_flow_of(problem, shared)
    assert violations(problem, plan) == []
    assert overrun(shared, plan) == []


@settings(max_examples=8, deadline=None, derandomize=True)
@given(problem=clusters(wide=False))
def test_the_two_brute_forces_agree(problem: PlacementProblem) -> None:
    assert greatest_flow_of(problem) == best_rate(problem)


@_CHECKS
@given(drawn=shared_clusters())
def test_a_ceiling_that_is_met_loses_no_plan_within_shared_links(drawn: Drawn) -> None:
    problem, shared = drawn
    best = greatest_flow_of(problem, shared)
    stated = build_position_flow(problem, ceiling=max(best, 1), shared=shared)
    assert _solved(stated)[0] == best


def _pair() -> PlacementProblem:
    """Two equal machines over two layers, a layer each."""
    wide = np.full(2, 100, dtype=np.int64)
    return PlacementProblem(
        name="pair",
        layers=2,
        count=np.ones(2, dtype=np.int64),
        rates=(np.array([10]), np.array([10])),
        source=wide,
        sink=wide.copy(),
        links=np.full((2, 2), 100, dtype=np.int64),
        names=("a", "b"),
    )


@pytest.mark.parametrize("formulation", _BUILDERS)
def test_a_link_that_entry_and_hand_over_share_halves_the_rate(formulation: str) -> None:
    # Tokens enter at weight 1 and go on at weight 1: twice the rate is at most 13.
    shared = [SharedRow(13, ((SOURCE, 0, 1), (SOURCE, 1, 1), (0, 1, 1), (1, 0, 1)))]
    assert _solved(_BUILDERS[formulation](_pair(), shared=shared))[0] == 6


def test_one_machine_that_enters_and_leaves_by_one_link_counts_twice() -> None:
    lone = replace(_pair(), rates=(np.array([1, 10]), np.array([1, 10])))
    shared = [
        SharedRow(7, ((SOURCE, 0, 1), (0, SINK, 1))), SharedRow(0, ((SOURCE, 1, 1), (0, 1, 1)))
    ]  # fmt: skip
    assert _solved(build_arc_flow(lone, shared=shared))[0] == 3


def test_a_row_of_even_weights_is_divided_and_rounded_down() -> None:
    shared = [SharedRow(13, ((SOURCE, 0, 4), (SOURCE, 1, 4)))]
    stated = build_arc_flow(_pair(), shared=shared)
    assert _solved(stated)[0] == 3
    assert int(np.abs(stated.statement.value).max()) < 13  # type: ignore[union-attr]


def test_machines_that_share_different_links_are_not_alike() -> None:
    shared = [SharedRow(5, ((SOURCE, 0, 1), (0, 1, 1)))]
    assert alike_within(_pair(), shared) == ((0,), (1,))


def test_machines_with_equal_links_of_their_own_are_alike() -> None:
    shared = [SharedRow(5, ((SOURCE, 0, 1), (0, 1, 1))), SharedRow(5, ((SOURCE, 1, 1), (1, 0, 1)))]
    assert alike_within(_pair(), shared) == ((0, 1),)


def test_a_plan_that_overruns_a_shared_link_is_told() -> None:
    plan = routed_plan(_pair(), [HeldRange(0, 0, 1), HeldRange(1, 1, 1)])
    rows = [SharedRow(10, ((0, 1, 1),)), SharedRow(10, ((0, 1, 1), (1, SINK, 1)))]
    assert overrun(rows, plan) == [1]


def test_the_columns_told_are_those_of_the_program() -> None:
    stated = build_position_flow(_pair())
    assert stated.statement.n_columns == position_columns(_pair())


@pytest.mark.parametrize(
    ("capacity", "users", "message"),
    [(-1, ((0, 1, 1),), "negative"), (1, ((0, 1, 0),), "not positive"),
     (1, ((0, 1, 1), (0, 1, 2)), "twice")],
)  # fmt: skip
def test_a_shared_link_out_of_range_is_refused(
    capacity: int, users: tuple[tuple[int, int, int], ...], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        SharedRow(capacity, users)
