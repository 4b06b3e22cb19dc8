"""The sweep against brute force: every formulation with every engine that takes it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from formulations.replica.column_selection import build_column_selection
from formulations.replica.gdp import compile_gdp
from formulations.replica.problem import COST, LATENCY, ReplicaProblem
from formulations.replica.program import ReplicaProgram
from formulations.replica.registry import FORMULATIONS, get_formulation
from solver.engines import ENGINE_NAMES, get_engine
from solver.errors import EngineError
from solver.sweep.epsilon import sweep
from solver.sweep.outcome import EmptyBox, SweepOutcome, SweepProgress

ROADS = [
    (formulation.name, engine)
    for formulation in FORMULATIONS
    for engine in ENGINE_NAMES
    if formulation.kind in get_engine(engine).accepts
]


def all_pairs(problem: ReplicaProblem) -> list[tuple[int, int]]:
    """(latency, cost) of every allowed cell, in plain Python."""
    n_layouts, n_batches = problem.allowed.shape
    return [
        (
            max(int(problem.memory_latency[l, b]), int(problem.arithmetic_latency[l, b])),
            int(problem.cost[l, b]),
        )
        for l in range(n_layouts)  # noqa: E741
        for b in range(n_batches)
        if problem.allowed[l, b]
    ]


def brute_force(
    problem: ReplicaProblem, *, latency_max: int | None = None, cost_max: int | None = None
) -> list[tuple[int, int]]:
    """Nondominated pairs within limits, cheapest first, by comparing each pair with each other."""
    pairs = {
        (t, c)
        for t, c in all_pairs(problem)
        if (latency_max is None or t <= latency_max) and (cost_max is None or c <= cost_max)
    }
    best = {p for p in pairs if not any(q[0] <= p[0] and q[1] <= p[1] and q != p for q in pairs)}
    return sorted(best, key=lambda pair: pair[1])


def found(outcome: SweepOutcome) -> list[tuple[int, int]]:
    return [(point.latency, point.cost) for point in outcome.points]


@st.composite
def problems(draw: st.DrawFn, max_layouts: int = 5, max_batches: int = 6) -> ReplicaProblem:
    """Small grids with many ties, any mask, also the empty one."""
    shape = (draw(st.integers(1, max_layouts)), draw(st.integers(1, max_batches)))
    highest = draw(st.sampled_from([0, 2, 9, 1000]))

    def ranks() -> st.SearchStrategy[np.ndarray]:
        return arrays.arrays(np.int64, shape, elements=st.integers(0, highest))

    return ReplicaProblem(
        "drawn",
        draw(ranks()),
        draw(ranks()),
        draw(ranks()),
        draw(arrays.arrays(np.bool_, shape)),
    )


@pytest.mark.parametrize(("formulation", "engine"), ROADS)
@settings(max_examples=12, deadline=None, derandomize=True)
@given(problem=problems())
def test_the_sweep_finds_what_brute_force_finds(
    formulation: str, engine: str, problem: ReplicaProblem
) -> None:
    program = get_formulation(formulation).build(problem)
    outcome = sweep(program, get_engine(engine))
    expected = brute_force(problem)
    assert found(outcome) == expected
    assert outcome.status == ("complete" if expected else "infeasible")
    for point in outcome.points:
        layout, batch = point.design
        assert problem.allowed[layout, batch]
        assert program.attained(point.x) == {LATENCY: point.latency, COST: point.cost}


@pytest.mark.parametrize("transformation", ["bigm", "hull"])
@settings(max_examples=6, deadline=None, derandomize=True)
@given(problem=problems(max_layouts=3, max_batches=4))
def test_the_transformed_disjunction_gives_the_same_frontier(
    transformation: str, problem: ReplicaProblem
) -> None:
    program = compile_gdp(problem, transformation)  # type: ignore[arg-type]
    assert found(sweep(program, get_engine("cp-sat"))) == brute_force(problem)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    problem=problems(),
    latency_max=st.none() | st.integers(0, 10),
    cost_max=st.none() | st.integers(0, 10),
)
def test_limits_give_the_frontier_within_them(
    problem: ReplicaProblem, latency_max: int | None, cost_max: int | None
) -> None:
    outcome = sweep(
        build_column_selection(problem),
        get_engine("highs"),
        latency_max=latency_max,
        cost_max=cost_max,
    )
    assert found(outcome) == brute_force(problem, latency_max=latency_max, cost_max=cost_max)


def is_empty(box: EmptyBox, pairs: list[tuple[int, int]]) -> bool:
    return not any(
        (box.latency_max is None or t <= box.latency_max)
        and (box.cost_below is None or c < box.cost_below)
        for t, c in pairs
    )


@settings(max_examples=25, deadline=None, derandomize=True)
@given(problem=problems(), latency_max=st.none() | st.integers(0, 10))
def test_every_box_said_to_be_empty_is_empty(
    problem: ReplicaProblem, latency_max: int | None
) -> None:
    outcome = sweep(build_column_selection(problem), get_engine("cp-sat"), latency_max=latency_max)
    assert outcome.closed is not None
    boxes = [b for p in outcome.points for b in (p.proof.cheapest, p.proof.fastest)]
    assert all(is_empty(box, all_pairs(problem)) for box in [*boxes, outcome.closed])


@settings(max_examples=25, deadline=None, derandomize=True)
@given(problem=problems())
def test_the_boxes_follow_each_other_without_a_gap(problem: ReplicaProblem) -> None:
    outcome = sweep(build_column_selection(problem), get_engine("cp-sat"))
    assert outcome.closed is not None
    tops = [point.proof.cheapest.latency_max for point in outcome.points]
    ends = [point.latency - 1 for point in outcome.points]
    assert [*tops, outcome.closed.latency_max] == [None, *ends]


@settings(max_examples=25, deadline=None, derandomize=True)
@given(problem=problems())
def test_leaving_dominated_columns_out_leaves_the_frontier(problem: ReplicaProblem) -> None:
    program = build_column_selection(problem, only_nondominated=True)
    assert found(sweep(program, get_engine("cp-sat"))) == brute_force(problem)


@pytest.fixture
def program() -> ReplicaProgram:
    """Pairs (latency, cost): (7, 1), (4, 2), (3, 4), (2, 5), all nondominated."""
    return build_column_selection(
        ReplicaProblem(
            "hand",
            memory_latency=np.array([[1, 4, 9], [3, 9, 6]]),
            arithmetic_latency=np.array([[2, 3, 9], [1, 9, 7]]),
            cost=np.array([[5, 2, 0], [4, 0, 1]]),
            allowed=np.array([[True, True, False], [True, False, True]]),
        )
    )


def test_the_stages_may_change_places(program: ReplicaProgram) -> None:
    outcome = sweep(program, get_engine("highs"), first=LATENCY, second=COST)
    assert found(outcome) == [(5, 2), (4, 3), (2, 4), (1, 7)]


def test_two_solves_a_point_and_one_to_end(program: ReplicaProgram) -> None:
    outcome = sweep(program, get_engine("highs"))
    assert (len(outcome.points), outcome.solves) == (4, 9)


def test_progress_is_told_after_every_solve(program: ReplicaProgram) -> None:
    told: list[SweepProgress] = []
    sweep(program, get_engine("highs"), on_progress=told.append)
    assert [p.solves for p in told] == list(range(1, 10))
    assert [p.points for p in told] == [0, 0, 1, 1, 2, 2, 3, 3, 4]
    assert [p.latency_max for p in told] == [None, None, 6, 6, 3, 3, 2, 2, 1]


def test_a_limit_that_nothing_meets_is_proved_infeasible(program: ReplicaProgram) -> None:
    outcome = sweep(program, get_engine("highs"), latency_max=3, cost_max=3)
    assert outcome.status == "infeasible"
    assert outcome.closed == EmptyBox("highs", "infeasible", latency_max=3, cost_below=4)


def test_a_request_to_stop_keeps_the_points_and_opens_the_rest(program: ReplicaProgram) -> None:
    asked = iter([False] * 4 + [True])
    outcome = sweep(program, get_engine("highs"), should_stop=lambda: next(asked))
    assert (outcome.status, found(outcome)) == ("partial", [(7, 1), (4, 2)])
    (area,) = outcome.open_areas
    assert (area.latency_max, area.cost_min, area.reason) == (3, 3, "stopped on request")


def test_an_exhausted_time_limit_is_partial(program: ReplicaProgram) -> None:
    outcome = sweep(program, get_engine("highs"), time_limit_s=1e-9)
    assert (outcome.status, outcome.solves) == ("partial", 0)
    assert "time limit" in outcome.open_areas[0].reason


def test_ctrl_c_between_solves_keeps_the_points(program: ReplicaProgram) -> None:
    def interrupt(progress: SweepProgress) -> None:
        if progress.solves == 3:
            raise KeyboardInterrupt

    outcome = sweep(program, get_engine("highs"), on_progress=interrupt)
    assert (outcome.status, found(outcome)) == ("partial", [(7, 1)])
    assert outcome.open_areas[0].reason == "interrupted"


def test_an_engine_that_cannot_load_the_program_is_an_error(program: ReplicaProgram) -> None:
    cp_program = get_formulation("cp_element").build(program.problem)
    with pytest.raises(EngineError, match="not 'cp'"):
        sweep(cp_program, get_engine("scip"))


def test_an_outcome_is_closed_or_open_and_not_both() -> None:
    with pytest.raises(ValueError, match="closed by a proof or has open areas"):
        SweepOutcome("p", "e", None, None, (), None, (), 0, 0.0)
