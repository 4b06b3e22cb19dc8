"""Every formulation swept to the end, against all pairs compared with all others."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from formulations.replica.problem import COST, LATENCY, ReplicaProblem
from formulations.replica.registry import FORMULATIONS, get_formulation
from solver.engines import get_engine
from solver.sweep.epsilon import sweep

ROADS = [
    *((formulation.name, "cp-sat") for formulation in FORMULATIONS),
    ("column_log", "highs"),
    ("column_unary", "highs"),
    ("gdp_multiple_big_m", "highs"),
    ("gdp_cutting_plane", "highs"),
    ("factored_indicator", "scip"),
]
EXAMPLES = {"gdp_cutting_plane": 3}


def brute_force(problem: ReplicaProblem) -> list[tuple[int, int]]:
    """Nondominated (latency, cost), cheapest first, in plain Python."""
    pairs = {
        (
            max(int(problem.memory_latency[cell]), int(problem.arithmetic_latency[cell])),
            int(problem.cost[cell]),
        )
        for cell in map(tuple, np.argwhere(problem.allowed).tolist())
    }
    best = {p for p in pairs if not any(q[0] <= p[0] and q[1] <= p[1] and q != p for q in pairs)}
    return sorted(best, key=lambda pair: pair[1])


@st.composite
def problems(draw: st.DrawFn) -> ReplicaProblem:
    """Small grids with ties and forbidden cells."""
    shape = (draw(st.integers(1, 4)), draw(st.integers(1, 4)))
    highest = draw(st.sampled_from([2, 9, 400]))

    def ranks() -> st.SearchStrategy[np.ndarray]:
        return arrays.arrays(np.int64, shape, elements=st.integers(0, highest))

    mask = draw(arrays.arrays(np.bool_, shape, elements=st.booleans(), fill=st.nothing()))
    return ReplicaProblem("drawn", draw(ranks()), draw(ranks()), draw(ranks()), mask)


def full_grid() -> ReplicaProblem:
    """Seven layouts by five: enough points for a long frontier, and words left over."""
    rng = np.random.default_rng(5)
    shape = (7, 5)
    latency = rng.permutation(35).reshape(shape)
    wobble = rng.integers(-3, 4, shape)
    return ReplicaProblem(
        "full",
        latency,
        np.maximum(0, latency + rng.integers(-4, 5, shape)),
        np.maximum(0, 35 - latency + wobble),
        np.ones(shape, dtype=np.bool_),
    )


@pytest.mark.parametrize(("formulation", "engine"), ROADS)
def test_the_sweep_finds_what_brute_force_finds(formulation: str, engine: str) -> None:
    @settings(max_examples=EXAMPLES.get(formulation, 8), deadline=None, derandomize=True)
    @example(problem=full_grid())
    @given(problem=problems())
    def check(problem: ReplicaProblem) -> None:
        program = get_formulation(formulation).build(problem)
        outcome = sweep(program, get_engine(engine))
        expected = brute_force(problem)
        assert [(point.latency, point.cost) for point in outcome.points] == expected
        assert outcome.status == ("complete" if expected else "infeasible")
        for point in outcome.points:
            assert program.attained(point.x) == {LATENCY: point.latency, COST: point.cost}

    check()


def test_the_full_grid_has_a_frontier_of_several_points() -> None:
    assert len(brute_force(full_grid())) > 5
