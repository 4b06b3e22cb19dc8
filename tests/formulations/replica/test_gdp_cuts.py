"""Cuts of the cutting planes: right whatever the solver behind them answered."""

from __future__ import annotations

import builtins
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from formulations.replica import gdp_cuts
from formulations.replica.gdp import build_gdp
from formulations.replica.gdp_cuts import IntegerCut, proved_cuts, weakest
from formulations.replica.gdp_cutting_plane import build_gdp_cutting_plane, size_gdp_cutting_plane
from formulations.replica.problem import ReplicaProblem


def random_problem(seed: int, *, share: float = 0.8) -> ReplicaProblem:
    rng = np.random.default_rng(seed)
    shape = (4, 4)
    allowed = rng.random(shape) < share
    allowed[0, 0] = share > 0
    memory, arithmetic, cost = (rng.integers(0, 40, shape) for _ in range(3))
    return ReplicaProblem(f"random{seed}", memory, arithmetic, cost, allowed)


@pytest.fixture(autouse=True)
def no_cuts_kept() -> Iterator[None]:
    gdp_cuts._cuts_of_grid.cache_clear()
    yield
    gdp_cuts._cuts_of_grid.cache_clear()


def least_by_hand(problem: ReplicaProblem, cut: IntegerCut) -> int:
    """Least left side over cells and over every T and C within bounds, one by one."""
    cells = np.argwhere(problem.allowed).tolist()
    slowest = max(int(problem.latency[l, b]) for l, b in cells)  # noqa: E741
    dearest = max(int(problem.cost[l, b]) for l, b in cells)  # noqa: E741
    return min(
        int(cut.layout[l]) + int(cut.batch[b]) + cut.latency * latency + cut.cost * cost
        for l, b in cells  # noqa: E741
        for latency in range(int(problem.latency[l, b]), slowest + 1)
        for cost in range(int(problem.cost[l, b]), dearest + 1)
    )


@pytest.mark.parametrize("seed", range(4))
def test_every_cut_holds_with_equality_at_some_cell_and_is_broken_at_none(seed: int) -> None:
    problem = random_problem(seed)
    cuts = proved_cuts(problem)
    assert cuts
    assert [least_by_hand(problem, cut) for cut in cuts] == [cut.least for cut in cuts]


coefficients = st.integers(-9, 9)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    layout=st.lists(coefficients, min_size=4, max_size=4),
    batch=st.lists(coefficients, min_size=4, max_size=4),
    latency=coefficients,
    cost=coefficients,
)
def test_the_weakest_value_is_found_for_coefficients_of_any_sign(
    layout: list[int], batch: list[int], latency: int, cost: int
) -> None:
    problem = random_problem(7)
    parts = np.array(layout), np.array(batch)
    least = weakest(problem, layout=parts[0], batch=parts[1], latency=latency, cost=cost)
    assert least == least_by_hand(problem, IntegerCut(*parts, latency, cost, 0))


def test_a_wrong_normal_gives_a_weak_cut_and_no_wrong_one() -> None:
    problem = random_problem(1)
    normal = np.array([0.3, -1.0, 1e-9, 0.0, 0.5, 0.25, -0.125, 0.0, -0.01, 0.02])
    cut = gdp_cuts._integer_cut(problem, normal)
    assert cut is not None
    assert least_by_hand(problem, cut) == cut.least


@pytest.mark.parametrize("normal", [np.zeros(10), np.full(10, np.nan), np.full(10, np.inf)])
def test_a_normal_that_says_nothing_gives_no_cut(normal: np.ndarray) -> None:
    assert gdp_cuts._integer_cut(random_problem(1), normal) is None


def test_coefficients_are_small_integers_without_a_common_divisor() -> None:
    for cut in proved_cuts(random_problem(2)):
        whole = [*cut.layout.tolist(), *cut.batch.tolist(), cut.latency, cut.cost]
        assert 0 < max(map(abs, whole)) <= gdp_cuts.LARGEST
        assert int(np.gcd.reduce(whole)) == 1


def test_terms_stay_small_where_ranks_are_large() -> None:
    ranks = np.array([[90_000, 100_000]])
    problem = ReplicaProblem("large", ranks, ranks, ranks, ranks > 0)
    cut = gdp_cuts._integer_cut(problem, np.array([0.0, 0.3, 0.7, 1.0, 1.0]))
    assert cut is not None
    assert cut.latency * 100_000 <= 10**7


def test_the_cuts_are_the_same_on_every_run() -> None:
    problem = random_problem(3)
    first = [(cut.layout.tolist(), cut.batch.tolist(), cut.least) for cut in proved_cuts(problem)]
    gdp_cuts._cuts_of_grid.cache_clear()
    again = [(cut.layout.tolist(), cut.batch.tolist(), cut.least) for cut in proved_cuts(problem)]
    assert first == again


def test_one_grid_is_cut_once(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = random_problem(3)
    rows = size_gdp_cutting_plane(problem).rows

    def again(*_: Any) -> list[IntegerCut]:
        raise AssertionError("the rounds were run again")

    monkeypatch.setattr(gdp_cuts, "_cuts_of", again)
    assert build_gdp_cutting_plane(problem).statement.n_rows == rows


def test_a_grid_that_allows_nothing_has_no_cuts() -> None:
    assert proved_cuts(random_problem(1, share=0.0)) == []


def test_the_weakest_value_over_no_cell_is_refused() -> None:
    zeros = np.zeros(4, dtype=np.int64)
    with pytest.raises(ValueError, match="no cell is allowed"):
        weakest(random_problem(1, share=0.0), layout=zeros, batch=zeros, latency=1, cost=1)


def test_the_rounds_print_nothing(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    proved_cuts(random_problem(4))
    assert capfd.readouterr() == ("", "")
    assert caplog.records == []


def test_a_missing_lp_solver_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gdp_cuts, "_SOLVER", "no_such_solver")
    with pytest.raises(ImportError, match="separates its cuts by HiGHS"):
        proved_cuts(random_problem(5))


def test_a_missing_pyomo_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **named: Any) -> Any:
        if name.startswith("pyomo"):
            raise ImportError(f"No module named {name!r}")
        return real(name, *rest, **named)

    for module in [name for name in sys.modules if name.split(".")[0] == "pyomo"]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError, match="compiled by Pyomo, which cannot be imported"):
        build_gdp(random_problem(5))
