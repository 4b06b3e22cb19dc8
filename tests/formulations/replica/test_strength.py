"""How strong the linear relaxations are beside each other: what is proved must hold on every grid.

All bounds are on cost within a latency limit, or on a weighted sum.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linprog
from scipy.sparse import csr_array

from formulations.indicator import IndicatorProgram
from formulations.milp import INFINITY, Milp
from formulations.program import Statement
from formulations.replica.problem import COST, LATENCY, ReplicaProblem
from formulations.replica.registry import FORMULATIONS, get_formulation

LINEAR = [formulation.name for formulation in FORMULATIONS if formulation.kind != "cp"]

# The first is never above the second; each is proved in the text of one of the two.
NEVER_ABOVE = [
    *(("factored_indicator", name) for name in LINEAR if name != "factored_indicator"),
    *((name, "column_selection") for name in LINEAR if name != "column_selection"),
    ("factored_big_m", "factored_hull"),
    ("factored_big_m", "gdp_multiple_big_m"),
    ("factored_big_m", "gdp_cutting_plane"),
]
SAME = [
    ("column_unary", "column_selection"),
    ("gdp_big_m", "factored_big_m"),
    ("gdp_hull", "factored_hull"),
]

Bounds = dict[str, list[float]]


def random_problem(seed: int) -> ReplicaProblem:
    """Up to five layouts by five batch levels, about a quarter forbidden."""
    rng = np.random.default_rng(seed)
    shape = (int(rng.integers(1, 6)), int(rng.integers(1, 6)))
    allowed = rng.random(shape) < 0.75
    allowed[0, 0] = True
    memory, arithmetic, cost = (rng.integers(0, 30, shape) for _ in range(3))
    return ReplicaProblem(f"random{seed}", memory, arithmetic, cost, allowed)


def relaxed_bound(
    statement: Statement, weights: dict[str, int], *, latency_max: int | None = None
) -> float:
    """Minimum over the linear relaxation, implied rows left out; inf where it is empty."""
    milp = statement.milp if isinstance(statement, IndicatorProgram) else statement
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
    answer = linprog(
        sum(weight * milp.objectives[name] for name, weight in weights.items()),
        A_ub=np.concatenate(blocks),
        b_ub=np.concatenate(sides),
        bounds=np.stack([milp.lower, milp.upper], axis=1),
        method="highs",
    )
    assert answer.status in (0, 2), answer.message
    return float(answer.fun) if answer.status == 0 else float("inf")


def bounds_of(name: str, problem: ReplicaProblem) -> list[float]:
    """Bounds on cost at four latency limits, and on two sums."""
    statement = get_formulation(name).build(problem).statement
    levels = np.unique(problem.latency[problem.allowed])
    limits = [int(np.quantile(levels, share)) for share in (0.1, 0.3, 0.5, 0.8)]
    return [
        *(relaxed_bound(statement, {COST: 1}, latency_max=limit) for limit in limits),
        relaxed_bound(statement, {LATENCY: 1, COST: 1}),
        relaxed_bound(statement, {LATENCY: 3, COST: 1}),
    ]


@pytest.fixture(scope="module", params=range(8))
def bounds(request: pytest.FixtureRequest) -> Bounds:
    """Bounds of all formulations on one random grid."""
    problem = random_problem(request.param)
    return {name: bounds_of(name, problem) for name in LINEAR}


@pytest.mark.parametrize(("weaker", "stronger"), NEVER_ABOVE)
def test_a_weaker_relaxation_never_gives_the_better_bound(
    bounds: Bounds, weaker: str, stronger: str
) -> None:
    assert all(
        low <= high + 1e-6 for low, high in zip(bounds[weaker], bounds[stronger], strict=True)
    )


@pytest.mark.parametrize(("one", "other"), SAME)
def test_relaxations_that_are_proved_the_same_give_the_same_bounds(
    bounds: Bounds, one: str, other: str
) -> None:
    assert bounds[one] == pytest.approx(bounds[other], abs=1e-6)


def test_column_selection_bounds_a_sum_by_its_best_cell() -> None:
    problem = random_problem(2)
    sums = 3 * problem.latency + problem.cost
    found = bounds_of("column_selection", problem)[-1]
    assert found == pytest.approx(int(sums[problem.allowed].min()), abs=1e-6)


def full(memory: object, arithmetic: object, cost: object) -> ReplicaProblem:
    tables = [np.array(table, dtype=np.int64) for table in (memory, arithmetic, cost)]
    return ReplicaProblem("hand", *tables, np.ones(tables[0].shape, dtype=np.bool_))


def bound_on_the_sum(name: str, problem: ReplicaProblem) -> float:
    statement = get_formulation(name).build(problem).statement
    return relaxed_bound(statement, {LATENCY: 1, COST: 1})


# Grids on which the first bounds latency + cost better than the second by these figures.
CROSSINGS = [
    ("gdp_multiple_big_m", "factored_hull", 7.0, 6.0,
     full([[7, 1], [4, 3]], [[2, 7], [6, 3]], [[0, 2], [4, 8]])),
    ("factored_hull", "gdp_multiple_big_m", 9.0, 7.5,
     full([[6, 8], [0, 6]], [[2, 4], [8, 2]], [[6, 1], [2, 8]])),
    ("column_log", "factored_hull", 7.0, 6.0,
     full([[7, 1], [4, 3]], [[2, 7], [6, 3]], [[0, 2], [4, 8]])),
    ("factored_hull", "column_log", 8.0, 45 / 7,
     full([[3, 5], [6, 8]], [[3, 0], [6, 4]], [[7, 4], [3, 0]])),
    ("column_log", "factored_big_m", 8.0, 94 / 13,
     full([[6, 7], [4, 7]], [[2, 4], [7, 1]], [[2, 1], [4, 8]])),
    ("factored_big_m", "column_log", 7.0, 5.5,
     full([[6, 0], [1, 4]], [[7, 0], [6, 6]], [[7, 7], [1, 4]])),
    ("column_log", "gdp_multiple_big_m", 9.0, 7.5,
     full([[6, 8], [0, 6]], [[2, 4], [8, 2]], [[6, 1], [2, 8]])),
    ("gdp_multiple_big_m", "column_log", 8.0, 45 / 7,
     full([[3, 5], [6, 8]], [[3, 0], [6, 4]], [[7, 4], [3, 0]])),
]  # fmt: skip


@pytest.mark.parametrize(("better", "worse", "high", "low", "problem"), CROSSINGS)
def test_what_cannot_be_compared_crosses_on_a_small_grid(
    better: str, worse: str, high: float, low: float, problem: ReplicaProblem
) -> None:
    assert bound_on_the_sum(better, problem) == pytest.approx(high, abs=1e-6)
    assert bound_on_the_sum(worse, problem) == pytest.approx(low, abs=1e-6)


def test_exact_constants_see_the_maximum_that_the_hull_does_not() -> None:
    # Layout 0 takes 8 whichever level is chosen, its mixture 4.5 in the hull; see test_relaxations.
    # Multiple big-M: T >= 1 + 7 y_0, which is column selection: 8 u + (1 - u) <= 4, cost 9 (1 - u).
    problem = full([[0, 8], [1, 1]], [[8, 0], [1, 1]], [[0, 0], [9, 9]])
    hull, multiple, columns = (
        relaxed_bound(get_formulation(name).build(problem).statement, {COST: 1}, latency_max=4)
        for name in ("factored_hull", "gdp_multiple_big_m", "column_selection")
    )
    assert (hull, multiple, columns) == pytest.approx((9 / 7, 36 / 7, 36 / 7), abs=1e-6)


def test_cutting_planes_close_the_direction_they_are_separated_for() -> None:
    # Big-M bounds the sum below the hull here; the first direction is the sum in equal ranges.
    problem = full([[6, 8], [0, 6]], [[2, 4], [8, 2]], [[6, 1], [2, 8]])
    big_m = bound_on_the_sum("factored_big_m", problem)
    cut = bound_on_the_sum("gdp_cutting_plane", problem)
    assert big_m < 7.3
    assert cut > 8.9
