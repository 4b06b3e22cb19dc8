"""What an engine tells of a solve: counters, seeds, bounds over time, size after presolve."""

from __future__ import annotations

import dataclasses
from itertools import pairwise

import numpy as np
import pytest

from formulations.milp import INFINITY, Milp
from solver.engines import ENGINE_NAMES, get_engine
from solver.engines.contract import Effort, SolveResult, Termination
from solver.errors import EngineError

BUILT_IN = ("highs", "cp-sat", "scip")
N_ITEMS, N_ROWS = 16, 3


def knapsack(seed: int = 2) -> Milp:
    """Multidimensional knapsack with profits near the weights: a tree is needed."""
    rng = np.random.default_rng(seed)
    weights = rng.integers(10, 100, (N_ROWS, N_ITEMS))
    profit = weights.sum(axis=0) // N_ROWS + rng.integers(0, 10, N_ITEMS)
    return Milp(
        name="knapsack",
        lower=np.zeros(N_ITEMS, dtype=np.int64),
        upper=np.ones(N_ITEMS, dtype=np.int64),
        is_integer=np.ones(N_ITEMS, dtype=np.bool_),
        row_start=np.arange(0, N_ITEMS * N_ROWS + 1, N_ITEMS),
        column_index=np.tile(np.arange(N_ITEMS), N_ROWS),
        value=weights.ravel(),
        row_lower=np.full(N_ROWS, -INFINITY),
        row_upper=weights.sum(axis=1) // 2,
        objectives={"loss": -profit, "count": np.ones(N_ITEMS, dtype=np.int64)},
    )


@pytest.fixture(params=BUILT_IN)
def engine_name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def solved(
    name: str, *, seed: int = 1, watch: bool = False, **upper: int
) -> tuple[SolveResult, Effort]:
    engine = get_engine(name, seed=seed, watch=watch)
    engine.load(knapsack())
    result = engine.minimise("loss", upper=upper)
    assert result.effort is not None
    return result, result.effort


def test_every_built_in_engine_is_on_the_list() -> None:
    assert set(BUILT_IN) <= set(ENGINE_NAMES)


def test_nodes_and_iterations_are_counted(engine_name: str) -> None:
    _, effort = solved(engine_name)
    assert effort.nodes is not None
    assert effort.nodes > 1
    assert effort.iterations is not None
    assert effort.iterations > 1


def test_ticks_are_told_by_cp_sat_and_scip_alone(engine_name: str) -> None:
    ticks = solved(engine_name)[1].ticks
    if engine_name == "highs":
        assert ticks is None
    else:
        assert ticks is not None
        assert ticks > 0


def test_equal_seeds_repeat_all_counters(engine_name: str) -> None:
    assert solved(engine_name, seed=7)[1] == solved(engine_name, seed=7)[1]


def test_a_seed_changes_the_road_and_never_the_optimum(engine_name: str) -> None:
    runs = [solved(engine_name, seed=seed) for seed in range(1, 7)]
    assert {result.objective for result, _ in runs} == {runs[0][0].objective}
    assert len({(effort.nodes, effort.iterations) for _, effort in runs}) > 1


@pytest.mark.parametrize("seed", [-1, 2**31])
def test_a_seed_out_of_range_is_refused(engine_name: str, seed: int) -> None:
    with pytest.raises(EngineError, match="a whole number from 0 to 2147483647"):
        get_engine(engine_name, seed=seed)


@pytest.mark.parametrize("seed", [0, 2**31 - 1])
def test_seeds_at_the_ends_are_taken(engine_name: str, seed: int) -> None:
    assert solved(engine_name, seed=seed)[0].termination is Termination.OPTIMAL


def test_nothing_is_watched_unless_asked(engine_name: str) -> None:
    effort = solved(engine_name)[1]
    assert effort.trajectory == ()
    assert effort.presolved_rows is None


def test_watching_changes_no_counter(engine_name: str) -> None:
    plain, watched = (solved(engine_name, watch=watch)[1] for watch in (False, True))
    for counter in ("nodes", "iterations", "ticks"):
        assert getattr(plain, counter) == getattr(watched, counter)


def test_incumbents_fall_and_bounds_rise_until_they_meet(engine_name: str) -> None:
    result, effort = solved(engine_name, watch=True)
    assert result.objective is not None
    assert len(effort.trajectory) > 2
    for (earlier_s, incumbent, bound), (later_s, better, higher) in pairwise(effort.trajectory):
        assert earlier_s <= later_s
        assert incumbent is None or (better is not None and better <= incumbent)
        assert bound is None or (higher is not None and higher >= bound)
    assert effort.trajectory[-1][1:] == (result.objective, result.objective)


def test_no_bound_on_the_way_is_above_the_optimum(engine_name: str) -> None:
    result, effort = solved(engine_name, watch=True)
    assert result.objective is not None
    assert all(bound is None or bound <= result.objective for _, _, bound in effort.trajectory)


def test_times_of_a_trajectory_lie_within_the_solve(engine_name: str) -> None:
    result, effort = solved(engine_name, watch=True)
    # The clock of the trajectory starts before that of the solve and is read last after it.
    assert effort.trajectory[0][0] >= 0
    assert effort.trajectory[-1][0] <= result.runtime_s + 1


@pytest.mark.parametrize("name", ["highs", "scip"])
def test_the_root_bound_lies_between_relaxation_and_optimum(name: str) -> None:
    from solver.engines.relaxation import linear_bound

    result, effort = solved(name, watch=True)
    relaxed = linear_bound(knapsack(), "loss", {})
    assert effort.root_bound is not None
    assert relaxed is not None
    assert result.objective is not None
    assert relaxed - 1e-3 <= effort.root_bound < result.objective


def test_cp_sat_has_no_root() -> None:
    assert solved("cp-sat", watch=True)[1].root_bound is None


def test_the_presolved_size_is_that_of_the_three_rows(engine_name: str) -> None:
    effort = solved(engine_name, watch=True)[1]
    assert (effort.presolved_rows, effort.presolved_columns) == (N_ROWS, N_ITEMS)
    expected = None if engine_name == "scip" else N_ROWS * N_ITEMS
    assert effort.presolved_nonzeros == expected


def test_watching_can_be_switched_between_solves(engine_name: str) -> None:
    engine = get_engine(engine_name)
    engine.load(knapsack())
    lengths = []
    for watch in (False, True, False, True):
        vars(engine)["watch"] = watch
        effort = engine.minimise("loss", upper={}).effort
        assert effort is not None
        lengths.append(len(effort.trajectory) > 0)
    assert lengths == [False, True, False, True]


def test_a_watched_solve_says_the_same_as_a_plain_one(engine_name: str) -> None:
    plain, watched = (solved(engine_name, watch=watch)[0] for watch in (False, True))
    for field in ("termination", "objective", "dual_bound", "message", "proved_by", "refused"):
        assert getattr(plain, field) == getattr(watched, field)


def test_infeasible_has_effort_and_no_bounds(engine_name: str) -> None:
    result, effort = solved(engine_name, watch=True, loss=-2000)
    assert result.termination is Termination.INFEASIBLE
    assert effort.root_bound is None
    assert effort.nodes == 0


def test_a_watched_engine_writes_nothing(
    engine_name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    solved(engine_name, watch=True)
    assert capfd.readouterr() == ("", "")


def huge() -> Milp:
    """A knapsack whose profits are beyond floating-point proofs."""
    small = knapsack()
    goals = {name: goal * 10**8 for name, goal in small.objectives.items()}
    return dataclasses.replace(small, objectives=goals)


@pytest.mark.parametrize("name", ["highs", "scip"])
def test_a_refused_claim_is_kept_where_cp_sat_answers(name: str) -> None:
    engine = get_engine(name)
    engine.load(huge())
    result = engine.minimise("loss", upper={})
    assert (result.termination, result.proved_by) == (Termination.OPTIMAL, "cp-sat")
    assert "numbers above 1e+08 are beyond floating-point proofs" in result.refused


@pytest.mark.parametrize("name", ["highs", "scip"])
def test_alone_a_refused_claim_proves_nothing(name: str) -> None:
    engine = get_engine(name, alone=True)
    engine.load(huge())
    result = engine.minimise("loss", upper={})
    assert (result.termination, result.proved_by) == (Termination.OTHER, name)
    assert result.dual_bound is None
    assert "beyond floating-point proofs" in result.refused


def test_alone_a_believed_claim_is_as_good_as_ever(engine_name: str) -> None:
    engine = get_engine(engine_name, alone=True)
    engine.load(knapsack())
    result = engine.minimise("loss", upper={})
    assert (result.termination, result.refused) == (Termination.OPTIMAL, "")
    assert result.objective == solved(engine_name)[0].objective


def test_cp_sat_refuses_nothing_of_its_own() -> None:
    engine = get_engine("cp-sat", alone=True)
    engine.load(huge())
    result = engine.minimise("loss", upper={})
    assert (result.termination, result.refused) == (Termination.OPTIMAL, "")
