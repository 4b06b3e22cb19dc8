"""What every engine must do, engine by engine."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from formulations.milp import INFINITY, Milp
from formulations.replica.cp_element import build_cp_element
from formulations.replica.problem import ReplicaProblem
from solver.engines import ENGINE_NAMES, get_engine
from solver.engines.contract import Engine, SolveResult, Termination
from solver.engines.guard import objective_value, violation
from solver.errors import EngineError


@pytest.fixture(params=ENGINE_NAMES)
def engine(request: pytest.FixtureRequest) -> Engine:
    return get_engine(request.param)


def milp(
    matrix: list[list[int]],
    row_bounds: list[tuple[int, int]],
    column_bounds: list[tuple[int, int]],
    **objectives: list[int],
) -> Milp:
    """A program from dense rows."""
    dense = np.array(matrix, dtype=np.int64).reshape(len(row_bounds), len(column_bounds))
    rows, columns = np.nonzero(dense)
    bounds = np.array(column_bounds, dtype=np.int64).reshape(-1, 2)
    sides = np.array(row_bounds, dtype=np.int64).reshape(-1, 2)
    return Milp(
        name="program",
        lower=bounds[:, 0].copy(),
        upper=bounds[:, 1].copy(),
        is_integer=np.ones(len(bounds), dtype=np.bool_),
        row_start=np.searchsorted(rows, np.arange(len(sides) + 1)).astype(np.int64),
        column_index=columns.astype(np.int64),
        value=dense[rows, columns],
        row_lower=sides[:, 0].copy(),
        row_upper=sides[:, 1].copy(),
        objectives={k: np.array(v, dtype=np.int64) for k, v in objectives.items()},
    )


def trade() -> Milp:
    """Two nonnegative integers with 3a + 2b >= 12: a and b are to be small."""
    return milp([[3, 2]], [(12, INFINITY)], [(0, 9), (0, 9)], a=[1, 0], b=[0, 1], sum=[1, 1])


def hard() -> Milp:
    """Market split (Cornuéjols and Dawande 1998) with slack: not to be solved in a test's time."""
    rng = np.random.default_rng(0)
    n_rows, n_binaries = 5, 40
    weights = rng.integers(1, 100, (n_rows, n_binaries))
    half = (weights.sum(axis=1) // 2).tolist()
    slack = np.zeros((n_rows, 2 * n_rows), dtype=np.int64)
    for row in range(n_rows):
        slack[row, 2 * row : 2 * row + 2] = 1, -1
    return milp(
        np.concatenate([weights, slack], axis=1).tolist(),
        [(h, h) for h in half],
        [(0, 1)] * n_binaries + [(0, 1000)] * (2 * n_rows),
        slack=[0] * n_binaries + [1] * (2 * n_rows),
    )


def solved(
    engine: Engine, program: Milp, objective: str, *, time_limit_s: float | None = 60, **upper: int
) -> SolveResult:
    engine.load(program)
    return engine.minimise(objective, upper=upper, time_limit_s=time_limit_s)


def refused(engine: Engine, program: Milp) -> str | None:
    """Why the engine does not load the program, or ``None`` if it does."""
    try:
        engine.load(program)
    except EngineError as error:
        return str(error)
    return None


def test_an_optimum_comes_with_a_point_and_a_bound_that_meets_it(engine: Engine) -> None:
    result = solved(engine, trade(), "sum")
    assert result.termination is Termination.OPTIMAL
    assert result.objective == result.dual_bound == 4
    assert result.x is not None
    assert violation(trade(), result.x, {}) is None
    assert objective_value(trade(), "sum", result.x) == 4


def test_the_point_is_integers_and_read_only(engine: Engine) -> None:
    x = solved(engine, trade(), "sum").x
    assert x is not None
    assert x.dtype == np.int64
    assert not x.flags.writeable


def test_an_upper_bound_on_another_objective_is_kept(engine: Engine) -> None:
    result = solved(engine, trade(), "b", a=1)
    assert (result.termination, result.objective) == (Termination.OPTIMAL, 5)


def test_an_upper_bound_on_the_minimised_objective_itself_is_kept(engine: Engine) -> None:
    assert solved(engine, trade(), "sum", sum=4).objective == 4
    assert solved(engine, trade(), "sum", sum=3).termination is Termination.INFEASIBLE


def test_infeasible_proves_without_point_or_bound(engine: Engine) -> None:
    result = solved(engine, trade(), "sum", a=1, b=4)
    assert result.termination is Termination.INFEASIBLE
    assert (result.x, result.objective, result.dual_bound) == (None, None, None)


def test_bounds_and_objectives_change_back_and_forth_on_one_load(engine: Engine) -> None:
    engine.load(trade())
    asked: list[tuple[str, dict[str, int], int | None]] = [
        ("a", {}, 0),
        ("b", {"a": 1}, 5),
        ("b", {"a": 0}, 6),
        ("sum", {"a": 1, "b": 4}, None),
        ("sum", {"a": 2}, 5),
        ("a", {"b": 2}, 3),
        ("sum", {}, 4),
        ("a", {"sum": 4}, 4),
        ("a", {}, 0),
    ]
    answers = [engine.minimise(goal, upper=upper).objective for goal, upper, _ in asked]
    assert answers == [expected for _, _, expected in asked]


def test_a_bound_far_below_the_range_is_infeasible(engine: Engine) -> None:
    assert solved(engine, trade(), "sum", a=-5).termination is Termination.INFEASIBLE


def test_negative_objectives_and_columns_are_exact(engine: Engine) -> None:
    program = milp([[1, 1]], [(-3, 3)], [(-7, 7), (-7, 7)], f=[2, -5])
    result = solved(engine, program, "f")
    assert (result.objective, result.dual_bound) == (-49, -49)


def test_an_integer_optimum_is_not_its_rounded_relaxation(engine: Engine) -> None:
    # The relaxation of max 5a + 4b is (3, 1.5); neither (3, 1) nor (3, 2) is the integer optimum.
    program = milp(
        [[6, 4], [1, 2]], [(-INFINITY, 24), (-INFINITY, 6)], [(0, 9), (0, 9)], loss=[-5, -4]
    )
    result = solved(engine, program, "loss")
    assert result.objective == -20
    assert result.x is not None
    assert result.x.tolist() == [4, 0]


def test_an_unbounded_program_is_refused_or_proves_nothing(engine: Engine) -> None:
    program = milp([[1, -1]], [(0, 0)], [(-INFINITY, INFINITY)] * 2, f=[1, 0])
    refusal = refused(engine, program)
    if refusal is not None:
        assert "no finite bounds" in refusal
        return
    result = engine.minimise("f", upper={}, time_limit_s=5)
    assert result.termination is Termination.OTHER
    assert result.dual_bound is None


def test_a_time_limit_stops_in_time_and_keeps_its_bound_honest(engine: Engine) -> None:
    result = solved(engine, hard(), "slack", time_limit_s=0.5)
    assert result.termination is Termination.TIME_LIMIT
    assert result.runtime_s < 20
    assert result.dual_bound is None or result.dual_bound <= 10
    if result.x is not None:
        assert violation(hard(), result.x, {}) is None
        assert result.objective == objective_value(hard(), "slack", result.x)


def test_a_program_without_columns_is_decided_by_its_rows(engine: Engine) -> None:
    possible = solved(engine, milp([], [(0, 1)], [], f=[]), "f")
    assert (possible.termination, possible.objective) == (Termination.OPTIMAL, 0)
    assert solved(engine, milp([], [(1, 1)], [], f=[]), "f").termination is Termination.INFEASIBLE


def test_a_row_without_entries_can_make_a_program_infeasible(engine: Engine) -> None:
    program = milp([[0]], [(1, 1)], [(0, 1)], f=[1])
    assert solved(engine, program, "f").termination is Termination.INFEASIBLE


def test_one_unit_cuts_at_large_coefficients_are_never_answered_wrongly(engine: Engine) -> None:
    # Sums of the weights: 0, w, w + 1, 2w + 1. A floor one unit above w leaves w + 1 as optimum.
    for weight in (10**6, 10**8, 10**9, 10**12):
        program = milp(
            [[weight, weight + 1]], [(weight + 1, INFINITY)], [(0, 1), (0, 1)],
            f=[weight, weight + 1],
        )  # fmt: skip
        engine.load(program)
        best = engine.minimise("f", upper={})
        assert (best.termination, best.objective) == (Termination.OPTIMAL, weight + 1)
        below = engine.minimise("f", upper={"f": weight})
        assert below.termination is Termination.INFEASIBLE


def test_numbers_beyond_exact_reach_are_refused_or_prove_nothing(engine: Engine) -> None:
    program = milp([[2**61, 2**61]], [(1, INFINITY)], [(0, 1), (0, 1)], f=[1, 1])
    refusal = refused(engine, program)
    if refusal is not None:
        assert engine.name in refusal
        return
    result = engine.minimise("f", upper={})
    assert result.termination is Termination.OTHER
    assert "2^62" in result.message


def test_cp_sat_says_which_row_can_overflow() -> None:
    program = milp([[1, 1], [2**61, 2**61]], [(0, 2), (1, INFINITY)], [(0, 1), (0, 1)], f=[1, 1])
    assert "row 1 can reach 4.612e+18, 2^62 or more" in (
        refused(get_engine("cp-sat"), program) or ""
    )


def test_cp_sat_says_which_objective_can_overflow() -> None:
    program = milp([[1]], [(0, 1)], [(0, 2)], f=[2**61])
    assert "objective 'f' can reach" in (refused(get_engine("cp-sat"), program) or "")


def test_continuous_columns_are_refused(engine: Engine) -> None:
    program = dataclasses.replace(trade(), is_integer=np.array([True, False]))
    with pytest.raises(EngineError, match="1 columns are continuous"):
        engine.load(program)


def test_a_cp_model_is_taken_exactly_where_the_engine_says_so(engine: Engine) -> None:
    one = np.ones((1, 1), dtype=np.int64)
    statement = build_cp_element(
        ReplicaProblem("one", one, 2 * one, 3 * one, one.astype(np.bool_))
    ).statement
    if "cp" in engine.accepts:
        engine.load(statement)
        assert engine.minimise("latency", upper={}).objective == 2
    else:
        with pytest.raises(EngineError, match="not 'cp'"):
            engine.load(statement)


def test_the_callers_cp_model_is_left_as_it_was() -> None:
    one = np.ones((1, 1), dtype=np.int64)
    program = build_cp_element(ReplicaProblem("one", one, one, one, one.astype(np.bool_)))
    statement: Any = program.statement
    before = str(statement.model.proto)
    engine = get_engine("cp-sat")
    engine.load(statement)
    engine.minimise("cost", upper={"latency": 1})
    assert str(statement.model.proto) == before


def test_solving_before_loading_is_refused(engine: Engine) -> None:
    with pytest.raises(EngineError, match="nothing is loaded"):
        engine.minimise("f", upper={})


def test_an_unknown_objective_is_refused(engine: Engine) -> None:
    engine.load(trade())
    with pytest.raises(ValueError, match="no objective 'speed'; there are a, b, sum"):
        engine.minimise("a", upper={"speed": 1})


def test_a_time_limit_must_be_positive(engine: Engine) -> None:
    engine.load(trade())
    with pytest.raises(ValueError, match="positive"):
        engine.minimise("a", upper={}, time_limit_s=0)


def test_two_runs_give_the_same_point(engine: Engine) -> None:
    first, second = (solved(engine, trade(), "sum").x for _ in range(2))
    assert first is not None
    assert second is not None
    assert first.tolist() == second.tolist()


def test_name_and_version_are_told(engine: Engine) -> None:
    assert engine.name in ENGINE_NAMES
    assert any(character.isdigit() for character in engine.version)


def test_an_unknown_engine_is_answered_with_the_known_ones() -> None:
    with pytest.raises(EngineError, match="Choose one of highs, cp-sat, scip"):
        get_engine("cplex")


def test_optimal_without_a_meeting_bound_cannot_be_said() -> None:
    with pytest.raises(ValueError, match="a bound that meets it"):
        SolveResult(Termination.OPTIMAL, np.array([1]), 5, 4, 0.0, "", "e")


def test_infeasible_with_a_point_cannot_be_said() -> None:
    with pytest.raises(ValueError, match="no point"):
        SolveResult(Termination.INFEASIBLE, np.array([1]), 5, None, 0.0, "", "e")


def test_a_point_without_its_objective_cannot_be_said() -> None:
    with pytest.raises(ValueError, match="come together"):
        SolveResult(Termination.OTHER, np.array([1]), None, None, 0.0, "", "e")
