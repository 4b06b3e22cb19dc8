"""The linear relaxations: those written here are those of the Pyomo GDP, and ordered as claimed."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linprog
from scipy.sparse import csr_array

from formulations.milp import INFINITY, Milp
from formulations.replica.column_selection import build_column_selection
from formulations.replica.factored_big_m import build_factored_big_m
from formulations.replica.factored_hull import build_factored_hull
from formulations.replica.gdp import compile_gdp
from formulations.replica.problem import COST, LATENCY, ReplicaProblem
from formulations.replica.program import ReplicaProgram


def random_problem(seed: int) -> ReplicaProblem:
    rng = np.random.default_rng(seed)
    shape = (int(rng.integers(1, 5)), int(rng.integers(1, 6)))
    allowed = rng.random(shape) < 0.7
    allowed[0, 0] = True
    memory, arithmetic, cost = (rng.integers(0, 12, shape) for _ in range(3))
    return ReplicaProblem(f"random{seed}", memory, arithmetic, cost, allowed)


def relaxed_bound(
    program: ReplicaProgram, weights: dict[str, int], *, latency_max: int | None = None
) -> float:
    """Minimum of a weighted sum of the objectives over the linear relaxation; inf where empty."""
    milp = program.statement
    assert isinstance(milp, Milp)
    matrix = csr_array(
        (milp.value.astype(float), milp.column_index, milp.row_start),
        shape=(milp.n_rows, milp.n_columns),
    ).toarray()
    has_upper, has_lower = milp.row_upper < INFINITY, milp.row_lower > -INFINITY
    blocks = [matrix[has_upper], -matrix[has_lower]]
    sides = [milp.row_upper[has_upper], -milp.row_lower[has_lower]]
    if latency_max is not None:
        blocks.append(milp.objectives[LATENCY][None, :].astype(float))
        sides.append(np.array([latency_max]))
    goal = sum(weight * milp.objectives[name] for name, weight in weights.items())
    answer = linprog(
        goal,
        A_ub=np.concatenate(blocks),
        b_ub=np.concatenate(sides),
        bounds=np.stack([milp.lower, milp.upper], axis=1),
        method="highs",
    )
    assert answer.status in (0, 2), answer.message
    return float(answer.fun) if answer.status == 0 else float("inf")


QUESTIONS = [
    ({LATENCY: 1}, None),
    ({COST: 1}, None),
    ({LATENCY: 2, COST: 3}, None),
    ({COST: 1}, 6),
]


@pytest.mark.parametrize("seed", range(12))
def test_big_m_relaxes_exactly_as_the_transformed_disjunction(seed: int) -> None:
    problem = random_problem(seed)
    ours, pyomo = build_factored_big_m(problem), compile_gdp(problem, "bigm")
    for weights, latency_max in QUESTIONS:
        assert relaxed_bound(ours, weights, latency_max=latency_max) == pytest.approx(
            relaxed_bound(pyomo, weights, latency_max=latency_max), abs=1e-6
        )


@pytest.mark.parametrize("seed", range(12))
def test_hull_relaxes_exactly_as_the_transformed_disjunction(seed: int) -> None:
    problem = random_problem(seed)
    ours, pyomo = build_factored_hull(problem), compile_gdp(problem, "hull")
    for weights, latency_max in QUESTIONS:
        assert relaxed_bound(ours, weights, latency_max=latency_max) == pytest.approx(
            relaxed_bound(pyomo, weights, latency_max=latency_max), abs=1e-6
        )


@pytest.mark.parametrize("seed", range(12))
def test_columns_are_no_weaker_than_hull_and_hull_no_weaker_than_big_m(seed: int) -> None:
    problem = random_problem(seed)
    for weights, latency_max in QUESTIONS:
        big_m, hull, columns = (
            relaxed_bound(build(problem), weights, latency_max=latency_max)
            for build in (build_factored_big_m, build_factored_hull, build_column_selection)
        )
        assert big_m <= hull + 1e-6
        assert hull <= columns + 1e-6


def test_the_order_of_strength_is_strict_somewhere() -> None:
    # Layout 0 is free and takes 8, by memory or by arithmetic, so its two levels mix to
    # (1 + 8) / 2 in the hull; layout 1 takes 1 and costs 9. Cheapest within a latency of 4:
    # columns 8u + (1 - u) = 4, hull 4.5u + (1 - u) = 4, big-M 4.5 - 7(1 - u) = 4, cost 9(1 - u).
    problem = ReplicaProblem(
        "mix",
        memory_latency=np.array([[0, 8], [1, 1]]),
        arithmetic_latency=np.array([[8, 0], [1, 1]]),
        cost=np.array([[0, 0], [9, 9]]),
        allowed=np.ones((2, 2), dtype=np.bool_),
    )
    big_m, hull, columns = (
        relaxed_bound(build(problem), {COST: 1}, latency_max=4)
        for build in (build_factored_big_m, build_factored_hull, build_column_selection)
    )
    assert (big_m, hull, columns) == pytest.approx((9 / 14, 9 / 7, 36 / 7), abs=1e-6)


def test_the_compiled_disjunction_decodes_its_own_points() -> None:
    problem = random_problem(3)
    program = compile_gdp(problem, "bigm")
    milp = program.statement
    assert isinstance(milp, Milp)
    with pytest.raises(ValueError, match="not one-hot"):
        program.decode(np.zeros(milp.n_columns, dtype=np.int64))
