"""Exact routing answers against all extreme multipliers, exactly tight fleets included."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from formulations.fleet.plan import FleetPlan, violations
from formulations.fleet.routing import Cut, Routing
from formulations.fleet.routing_cuts import EASY_WEIGHT, breaks
from solver.engines.routing import serving
from solver.engines.routing.float_program import FloatAnswer
from solver.engines.routing.serving import Shares, serve
from tests.oracles.plain_fleet import can_serve, fleet, routings

# Machines differ, and shared ones stall: no example is timed.
_unhurried = settings(deadline=None)


def _routing(rate: Sequence[Sequence[int]], demand: Sequence[int]) -> Routing:
    return Routing(
        name="sizes",
        columns=np.arange(len(rate), dtype=np.int64),
        rate=np.array(rate, dtype=np.int64).reshape(len(rate), len(demand)),
        demand=np.array(demand, dtype=np.int64),
        class_names=tuple(f"s{b}" for b in range(len(demand))),
    )


def _judge(routing: Routing, counts: Sequence[int]) -> Shares | Cut:
    """The answer, after checking it against the definition and the extreme multipliers."""
    answer = serve(routing, counts)
    if isinstance(answer, Cut):
        assert breaks(answer, counts)
        assert not can_serve(routing, counts)
        return answer
    n = max(routing.columns.tolist(), default=-1) + 1
    problem = fleet([1] * n, upper=list(counts)[:n], routings=[routing])
    plan = FleetPlan(np.array(counts[:n], dtype=np.int64), shares=(answer,))
    assert violations(problem, plan) == []
    assert can_serve(routing, counts)
    return answer


@st.composite
def _tight(draw: st.DrawFn) -> tuple[Routing, list[int]]:
    """A fleet whose replicas are all assigned to one class each, and demand within 1 of that."""
    k, b = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    largest = draw(st.sampled_from([3, 10, 10**6, 10**12]))
    rate = [[draw(st.integers(0, largest)) for _ in range(b)] for _ in range(k)]
    split = [[draw(st.integers(0, 3)) for _ in range(b)] for _ in range(k)]
    demand = [
        max(
            0,
            sum(rate[j][size] * split[j][size] for j in range(k)) + draw(st.integers(-1, 1)),
        )
        for size in range(b)
    ]
    return _routing(rate, demand), [sum(row) for row in split]


@_unhurried
@given(st.data())
def test_every_answer_is_a_certificate_that_agrees_with_the_extreme_multipliers(
    data: st.DataObject,
) -> None:
    routing = data.draw(routings(columns=(0, 1, 2)))
    _judge(routing, data.draw(st.lists(st.integers(0, 5), min_size=3, max_size=3)))


@_unhurried
@given(_tight())
def test_fleets_within_one_unit_of_tight_are_told_apart(case: tuple[Routing, list[int]]) -> None:
    _judge(*case)


@_unhurried
@given(_tight())
def test_the_exact_simplex_alone_gives_the_same_kind_of_answer(
    case: tuple[Routing, list[int]],
) -> None:
    routing, counts = case
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(serving, "solve_in_floats", lambda *_: None)
        _judge(routing, counts)


@_unhurried
@given(_tight(), st.data())
def test_no_nonsense_from_the_float_program_changes_an_answer(
    case: tuple[Routing, list[int]], data: st.DataObject
) -> None:
    routing, counts = case

    def nonsense(
        pairs: Sequence[object],
        rate: Sequence[int],  # noqa: ARG001
        counts: Sequence[int],
        demand: Sequence[int],
    ) -> FloatAnswer:
        rows = len(counts) + len(demand)
        floats = st.floats(allow_nan=True, allow_infinity=True)
        return FloatAnswer(
            tuple(sorted(data.draw(st.sets(st.integers(0, len(pairs)), max_size=rows)))),
            tuple(sorted(data.draw(st.sets(st.integers(0, rows - 1))))),
            tuple(data.draw(floats) for _ in demand),
        )

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(serving, "solve_in_floats", nonsense)
        _judge(routing, counts)


def test_shares_of_a_tight_fleet_are_exact_thirds() -> None:
    answer = serve(_routing([[3, 6]], [1, 4]), [1])
    assert answer == {(0, 0): Fraction(1), (0, 1): Fraction(4)}
    assert isinstance(serve(_routing([[3, 6]], [1, 5]), [1]), Cut)


def test_shares_add_up_to_the_demand_exactly() -> None:
    answer = serve(_routing([[7, 5], [3, 11]], [8, 9]), [2, 2])
    assert not isinstance(answer, Cut)
    for size, need in enumerate((8, 9)):
        assert sum(v for (_, b), v in answer.items() if b == size) == need


def test_a_class_that_no_column_in_use_serves_gives_the_cut_of_that_class() -> None:
    cut = serve(_routing([[4, 0], [0, 6]], [8, 12]), [9, 0])
    assert isinstance(cut, Cut)
    assert cut == Cut((0, 1), (0, 1), 2)


def test_no_demand_needs_no_shares() -> None:
    assert serve(_routing([[4, 0]], [0, 0]), [0]) == {}


def test_a_negative_count_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        serve(_routing([[4]], [1]), [-1])


def test_a_cut_of_huge_rates_has_small_weights() -> None:
    rate = [[10**13 + 7, 3 * 10**12 + 1], [10**12 + 3, 10**13 + 9]]
    cut = serve(_routing(rate, [10**14, 10**14]), [3, 3])
    assert isinstance(cut, Cut)
    assert max(cut.weight) <= EASY_WEIGHT


def test_a_shortfall_that_only_huge_weights_show_is_still_found() -> None:
    rate = 10**15 + 1
    cut = serve(_routing([[rate], [rate + 1]], [4 * rate + 2]), [3, 1])
    assert isinstance(cut, Cut)
    assert breaks(cut, [3, 1])


def test_a_workload_of_many_sizes_on_many_columns_is_served_exactly_at_the_edge() -> None:
    random = np.random.default_rng(4)
    rate = random.integers(1, 10**7, (30, 10))
    split = random.integers(0, 4, (30, 10))
    counts = split.sum(axis=1).tolist()
    # The best column of each class alone: nothing is wasted and nothing is left over.
    best = np.zeros_like(rate)
    best[np.arange(30), rate.argmax(axis=1)] = counts
    routing = _routing(rate.tolist(), (rate * best).sum(axis=0).tolist())
    answer = serve(routing, counts)
    assert not isinstance(answer, Cut)
    problem = fleet([1] * 30, upper=counts, routings=[routing])
    plan = FleetPlan(np.array(counts, dtype=np.int64), shares=(answer,))
    assert violations(problem, plan) == []
    more = routing.demand + np.eye(10, dtype=np.int64)[int(np.flatnonzero(routing.demand)[0])]
    assert isinstance(serve(_routing(rate.tolist(), more.tolist()), counts), Cut)


def test_a_proposed_basis_that_overloads_a_column_is_not_believed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # All of column 1 on the first class would carry twice the demand; column 0, one replica, would
    # then have to carry 10 of the second.
    overload = FloatAnswer(basic=(1, 2, 3), tight=(1, 2, 3), multipliers=(0.0, 0.0))
    monkeypatch.setattr(serving, "solve_in_floats", lambda *_: overload)
    assert isinstance(_judge(_routing([[1, 1], [10, 0]], [5, 5]), [1, 1]), Cut)
