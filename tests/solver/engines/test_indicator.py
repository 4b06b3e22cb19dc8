"""Programs with implied rows: the check in integers, and engines against enumeration."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from formulations.indicator import IndicatorProgram
from formulations.milp import INFINITY, IntArray, Milp
from solver.engines import get_engine
from solver.engines.contract import Termination
from solver.engines.guard import (
    all_columns_bounded,
    goal_costs,
    largest_magnitude,
    objective_value,
    violation,
)
from solver.engines.relaxation import linear_bound
from solver.errors import EngineError

ENGINES = ("cp-sat", "scip")
Implied = tuple[int, tuple[int, ...], int, int]
"""Binary, coefficients of all columns, lower and upper side."""


def program(
    upper: list[int],
    implied: list[Implied],
    costs: list[int],
    *,
    row: tuple[list[int], int] | None = None,
    lower: list[int] | None = None,
) -> IndicatorProgram:
    """Columns from 0 to ``upper``; ``row`` is one plain row with a least value."""
    n = len(upper)
    plain = np.array([] if row is None else [row[0]], dtype=np.int64).reshape(-1, n)
    milp = Milp(
        name="implied",
        lower=np.array([0] * n if lower is None else lower, dtype=np.int64),
        upper=np.array(upper, dtype=np.int64),
        is_integer=np.ones(n, dtype=np.bool_),
        row_start=np.arange(0, n * len(plain) + 1, n, dtype=np.int64),
        column_index=np.tile(np.arange(n), len(plain)).astype(np.int64),
        value=plain.ravel(),
        row_lower=np.array([] if row is None else [row[1]], dtype=np.int64),
        row_upper=np.full(len(plain), INFINITY),
        objectives={
            "cost": np.array(costs, dtype=np.int64),
            "sum": np.ones(n, dtype=np.int64),
        },
    )
    dense = np.array([line[1] for line in implied], dtype=np.int64).reshape(-1, n)
    where, column = np.nonzero(dense)
    return IndicatorProgram(
        milp=milp,
        binary=np.array([line[0] for line in implied], dtype=np.int64),
        row_start=np.searchsorted(where, np.arange(len(implied) + 1)).astype(np.int64),
        column_index=column.astype(np.int64),
        value=dense[where, column],
        row_lower=np.array([line[2] for line in implied], dtype=np.int64),
        row_upper=np.array([line[3] for line in implied], dtype=np.int64),
    )


def either(scale: int = 1) -> IndicatorProgram:
    """One of two binaries must be 1; each wants a third column in another range.

    Column 0 implies column 2 from 5 to 7, column 1 implies it from 3 to 4 and costs 10: the least
    cost of column 2 plus 10 for column 1 is 5, at column 0.
    """
    return program(
        [1, 1, 9 * scale],
        [(0, (0, 0, 1), 5 * scale, 7 * scale), (1, (0, 0, 1), 3 * scale, 4 * scale)],
        [0, 10 * scale, 1],
        row=([1, 1, 0], 1),
    )


def point(*values: int) -> IntArray:
    return np.array(values, dtype=np.int64)


def enumerated(
    question: IndicatorProgram, objective: str, upper: dict[str, int]
) -> tuple[int | None, int]:
    """Least value over all points, and the number of points, by nothing but the definition."""
    milp = question.milp
    ranges = [range(int(a), int(b) + 1) for a, b in zip(milp.lower, milp.upper, strict=True)]
    plain, implied = (
        [
            [
                (int(rows.column_index[e]), int(rows.value[e]))
                for e in range(rows.row_start[r], rows.row_start[r + 1])
            ]
            for r in range(len(rows.row_lower))
        ]
        for rows in (milp, question)
    )
    best, count = None, 0
    for x in itertools.product(*ranges):
        sums = [sum(v * x[c] for c, v in row) for row in plain]
        holds = all(
            low <= s <= high
            for s, low, high in zip(sums, milp.row_lower, milp.row_upper, strict=True)
        )
        for row, binary, low, high in zip(
            implied, question.binary, question.row_lower, question.row_upper, strict=True
        ):
            holds &= x[binary] == 0 or low <= sum(v * x[c] for c, v in row) <= high
        values = {
            name: sum(int(c) * v for c, v in zip(goal, x, strict=True))
            for name, goal in milp.objectives.items()
        }
        if holds and all(values[name] <= bound for name, bound in upper.items()):
            count += 1
            best = values[objective] if best is None else min(best, values[objective])
    return best, count


@st.composite
def questions(draw: st.DrawFn) -> tuple[IndicatorProgram, dict[str, int]]:
    """Two binaries and two small integers, up to four implications, perhaps empty or impossible."""
    upper = [1, draw(st.sampled_from([0, 1, 1, 1])), draw(st.integers(1, 4)), 3]
    lower = [0, 0, draw(st.integers(-2, 0)), 0]
    coefficient = st.integers(-3, 3)

    def line() -> Implied:
        low = draw(st.integers(-6, 6))
        high = draw(st.integers(-6, 9))
        sides = draw(
            st.sampled_from([(low, INFINITY), (-INFINITY, high), (low, max(low, high)), (low, low)])
        )
        row = draw(st.tuples(coefficient, coefficient, coefficient, coefficient))
        return draw(st.integers(0, 1)), row, *sides

    implied = [line() for _ in range(draw(st.integers(0, 4)))]
    costs = draw(st.lists(st.integers(-5, 5), min_size=4, max_size=4))
    row = draw(st.lists(coefficient, min_size=4, max_size=4)), draw(st.integers(-3, 4))
    bound = draw(st.none() | st.integers(0, 5))
    question = program(upper, implied, costs, row=row, lower=lower)
    return question, {} if bound is None else {"sum": bound}


@pytest.mark.parametrize("name", ENGINES)
@settings(max_examples=60, deadline=None)
@given(question=questions(), seed=st.integers(0, 3))
def test_an_engine_equals_enumeration(
    name: str, question: tuple[IndicatorProgram, dict[str, int]], seed: int
) -> None:
    asked, upper = question
    engine = get_engine(name, seed=seed, alone=True)
    engine.load(asked)
    result = engine.minimise("cost", upper=upper)
    best, _ = enumerated(asked, "cost", upper)
    expected = Termination.INFEASIBLE if best is None else Termination.OPTIMAL
    assert (result.termination, result.objective, result.proved_by) == (expected, best, name)


@settings(max_examples=100, deadline=None)
@given(question=questions())
def test_the_check_lets_exactly_the_enumerated_points_pass(
    question: tuple[IndicatorProgram, dict[str, int]],
) -> None:
    asked, upper = question
    milp = asked.milp
    grid = itertools.product(
        *(range(int(a), int(b) + 1) for a, b in zip(milp.lower, milp.upper, strict=True))
    )
    passed = sum(violation(asked, point(*x), upper) is None for x in grid)
    assert passed == enumerated(asked, "cost", upper)[1]


@pytest.mark.parametrize("name", ENGINES)
def test_bounds_and_goals_change_on_one_load(name: str) -> None:
    engine = get_engine(name)
    engine.load(either())
    asked: list[tuple[str, dict[str, int], int | None]] = [
        ("cost", {}, 5), ("sum", {}, 4), ("cost", {"sum": 5}, 13), ("sum", {"cost": 12}, 6),
        ("cost", {"sum": 3}, None), ("cost", {}, 5),
    ]  # fmt: skip
    answers = [engine.minimise(goal, upper=upper).objective for goal, upper, _ in asked]
    assert answers == [expected for _, _, expected in asked]


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize("scale", [10**6, 10**7, 10**8, 10**9])
def test_large_sides_are_never_answered_wrongly(name: str, scale: int) -> None:
    engine = get_engine(name)
    engine.load(either(scale))
    best = engine.minimise("cost", upper={})
    assert (best.termination, best.objective) == (Termination.OPTIMAL, 5 * scale)
    below = engine.minimise("cost", upper={"cost": 5 * scale - 1})
    assert below.termination is Termination.INFEASIBLE


@pytest.mark.parametrize("name", ENGINES)
def test_reductions_that_lose_optima_of_implied_rows_are_off(name: str) -> None:
    # SCIP of ortools 9.15 called 5,000,000 optimal while it made dual reductions.
    asked = program(
        [1, 1, 1, 10**7],
        [
            (1, (0, 0, 10**6, 1), -500000, 410306),
            (0, (0, 0, -(10**6), 2), -999999, INFINITY),
            (2, (0, 0, 0, 1), 1, 364732),
            (1, (-2 * 10**6, 0, 0, 1), 1, INFINITY),
            (1, (-(10**6), 0, 3 * 10**6, -1), 1000001, INFINITY),
        ],
        [5 * 10**6, 2 * 10**6, -3 * 10**6, 1],
        row=([1, 1, 1, 0], 1),
    )
    better = point(0, 0, 1, 1)
    assert violation(asked, better, {}) is None
    engine = get_engine(name, alone=True)
    engine.load(asked)
    assert engine.minimise("cost", upper={}).objective == -2999999
    assert objective_value(asked, "cost", better) == -2999999


def test_highs_takes_no_implied_rows() -> None:
    engine = get_engine("highs")
    assert "indicator" not in engine.accepts
    with pytest.raises(EngineError, match="not 'indicator'"):
        engine.load(either())


@pytest.mark.parametrize("name", ENGINES)
def test_engines_that_take_implied_rows_say_so(name: str) -> None:
    assert "indicator" in get_engine(name).accepts


@pytest.mark.parametrize("name", ENGINES)
def test_continuous_columns_are_refused(name: str) -> None:
    asked = either()
    asked.milp.is_integer.setflags(write=True)
    asked.milp.is_integer[2] = False
    with pytest.raises(EngineError, match="1 columns are continuous"):
        get_engine(name).load(asked)


@pytest.mark.parametrize("name", ENGINES)
def test_an_implied_row_without_entries_forbids_its_binary(name: str) -> None:
    engine = get_engine(name)
    engine.load(program([1, 1], [(0, (0, 0), 1, INFINITY)], [-5, -1]))
    assert engine.minimise("cost", upper={}).objective == -1


@pytest.mark.parametrize("name", ENGINES)
def test_a_binary_may_imply_a_row_on_itself(name: str) -> None:
    engine = get_engine(name)
    engine.load(program([1, 3], [(0, (4, 1), 6, INFINITY)], [-1, 1]))
    assert engine.minimise("cost", upper={"sum": 1}).objective == 0
    assert engine.minimise("cost", upper={"cost": -1}).termination is Termination.INFEASIBLE


def test_a_broken_implied_row_is_named_with_its_binary() -> None:
    assert violation(either(), point(1, 0, 8), {}) == (
        "implied row 0 is 8, outside 5 to 7, while column 0 is 1"
    )


def test_an_implied_row_is_waived_at_zero() -> None:
    assert violation(either(), point(0, 1, 3), {}) is None


def test_a_plain_row_is_checked_too() -> None:
    assert violation(either(), point(0, 0, 3), {}) == f"row 0 is 0, outside 1 to {INFINITY}"


def test_an_upper_bound_is_checked_too() -> None:
    assert violation(either(), point(0, 1, 3), {"cost": 12}) == "cost is 13, above 12"


def test_an_objective_is_that_of_the_columns() -> None:
    assert objective_value(either(), {"cost": 2, "sum": 1}, point(0, 1, 3)) == 30
    assert goal_costs(either(), {"cost": 2, "sum": 1}).tolist() == [1, 21, 3]


def test_numbers_of_implied_rows_count_as_numbers_of_the_program() -> None:
    assert largest_magnitude(program([1], [(0, (1,), -(10**12), INFINITY)], [1])) == 10**12
    assert largest_magnitude(program([1], [(0, (10**11,), 0, INFINITY)], [1])) == 10**11


def test_columns_are_bounded_or_not() -> None:
    assert all_columns_bounded(either())
    assert not all_columns_bounded(program([1, INFINITY], [], [1, 1]))


def test_cp_sat_says_which_implied_row_can_overflow() -> None:
    asked = program([1, 4], [(0, (0, 1), 0, 1), (0, (0, 2**61), 0, 1)], [1, 1])
    with pytest.raises(EngineError, match="implied row 1 can reach"):
        get_engine("cp-sat").load(asked)


@settings(max_examples=40, deadline=None)
@given(question=questions())
def test_the_relaxation_is_never_above_the_optimum(
    question: tuple[IndicatorProgram, dict[str, int]],
) -> None:
    asked, upper = question
    best, _ = enumerated(asked, "cost", upper)
    relaxed = linear_bound(asked, "cost", upper)
    assert relaxed is not None
    if best is not None:
        assert relaxed <= best + 1e-6


def test_the_relaxation_knows_no_implied_row() -> None:
    assert linear_bound(either(), "cost", {}) == pytest.approx(0)
    assert linear_bound(either().milp, "cost", {}) == pytest.approx(0)
