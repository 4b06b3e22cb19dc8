"""Exact routing answers against all extreme multipliers, exactly tight fleets included."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

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
    n = max([*routing.columns.tolist(), routing.pace or 0], default=-1) + 1
    problem = fleet([1] * n, upper=list(counts)[:n], routings=[routing])
    plan = FleetPlan(np.array(counts[:n], dtype=np.int64), shares=(answer,))
    assert violations(problem, plan) == []
    assert can_serve(routing, counts)
    place = {column: k for k, column in enumerate(routing.columns.tolist())}
    needs = routing.demand_at(counts)
    for row, need in enumerate(needs * routing.n_parts):
        found = [
            traffic
            for (column, size), traffic in answer.items()
            if size == row % len(needs) and routing.rate[place[column], row]
        ]
        assert sum(found) == need
    return answer


def _in_parts(
    rate: Sequence[Sequence[int]], does: Sequence[str], demand: Sequence[int], **more: Any
) -> Routing:
    """Columns that do the first part (``f``), the second (``s``) or both (``b``)."""
    rows = [
        [r * (kind in part) for part in ("fb", "sb") for r in row]
        for kind, row in zip(does, rate, strict=True)
    ]
    return Routing(
        name="sizes",
        columns=np.arange(len(rate), dtype=np.int64),
        rate=np.array(rows, dtype=np.int64),
        demand=np.array(demand, dtype=np.int64),
        class_names=tuple(f"s{b}" for b in range(len(demand))),
        parts=("first", "second"),
        **more,
    )


@st.composite
def _tight_in_parts(draw: st.DrawFn) -> tuple[Routing, list[int]]:
    """A fleet in parts, and demand within 1 of the lesser part that an assignment reaches."""
    k, b = draw(st.integers(1, 4)), draw(st.integers(1, 2))
    largest = draw(st.sampled_from([3, 10, 10**6, 10**12]))
    rate = [[draw(st.integers(0, largest)) for _ in range(b)] for _ in range(k)]
    does = [draw(st.sampled_from("fsb")) for _ in range(k)]
    split = [[draw(st.integers(0, 3)) for _ in range(b)] for _ in range(k)]
    reach = [
        min(
            sum(rate[j][size] * split[j][size] for j in range(k) if does[j] in part)
            for part in ("fb", "sb")
        )
        for size in range(b)
    ]
    demand = [max(0, most + draw(st.integers(-1, 1))) for most in reach]
    return _in_parts(rate, does, demand), [sum(row) for row in split]


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
@given(st.data())
def test_requests_served_in_parts_agree_with_what_whole_replicas_may_take_on(
    data: st.DataObject,
) -> None:
    routing = data.draw(routings(columns=(0, 1, 2), in_parts=True))
    _judge(routing, data.draw(st.lists(st.integers(0, 5), min_size=3, max_size=3)))


@_unhurried
@given(_tight_in_parts(), st.booleans())
def test_fleets_in_parts_within_one_unit_of_tight_are_told_apart(
    case: tuple[Routing, list[int]], floats: bool
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        if not floats:
            patch.setattr(serving, "solve_in_floats", lambda *_: None)
        _judge(*case)


@_unhurried
@given(st.data())
def test_a_demand_at_a_pace_is_that_many_times_the_demand(data: st.DataObject) -> None:
    routing = data.draw(routings(columns=(0, 1, 2), in_parts=None, largest_demand=9, pace=3))
    counts = data.draw(st.lists(st.integers(0, 5), min_size=3, max_size=3))
    _judge(routing, [*counts, data.draw(st.integers(0, 7))])


@_unhurried
@given(_tight() | _tight_in_parts(), st.data())
def test_no_nonsense_from_the_float_program_changes_an_answer(
    case: tuple[Routing, list[int]], data: st.DataObject
) -> None:
    routing, counts = case

    def nonsense(
        owner: Sequence[int],
        serves: Sequence[object],  # noqa: ARG001
        rate: Sequence[int],  # noqa: ARG001
        counts: Sequence[int],
        demand: Sequence[int],
    ) -> FloatAnswer:
        rows = len(counts) + len(demand)
        floats = st.floats(allow_nan=True, allow_infinity=True)
        return FloatAnswer(
            tuple(sorted(data.draw(st.sets(st.integers(0, len(owner)), max_size=rows)))),
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


def test_a_whole_replica_shares_the_work_with_separate_ones() -> None:
    # Class 0 at 4 a second everywhere, class 1 at 2. One whole replica, one of each part: 4 of
    # class 0 keep the pair busy, 2 of class 1 the whole one, and not one more of either fits.
    rate = [[4, 2]] * 3
    answer = serve(_in_parts(rate, "bfs", [4, 2]), [1, 1, 1])
    assert not isinstance(answer, Cut)
    for size, need in enumerate((4, 2)):
        for columns in ((0, 1), (0, 2)):
            assert sum(answer.get((j, size), Fraction(0)) for j in columns) == need
    assert isinstance(serve(_in_parts(rate, "bfs", [5, 2]), [1, 1, 1]), Cut)
    assert isinstance(serve(_in_parts(rate, "bfs", [4, 3]), [1, 1, 1]), Cut)


def test_the_cut_of_parts_adds_up_what_one_replica_does_at_once() -> None:
    # y = (1, 2 | 3, 1): whole max(4 (1 + 3), 2 (2 + 1)), first max(4, 4), second max(12, 2).
    routing = _in_parts([[4, 2]] * 3, "bfs", [5, 7])
    assert routing.cut([1, 2, 3, 1]) == Cut((0, 1, 2), (16, 4, 12), 5 * 4 + 7 * 3)


def test_a_part_that_no_column_in_use_does_gives_the_cut_of_that_part() -> None:
    cut = serve(_in_parts([[4], [6], [3]], "bfs", [12]), [0, 9, 0])
    assert cut == Cut((0, 1, 2), (4, 0, 3), 12)


def test_separate_replicas_only_do_what_whole_ones_leave() -> None:
    # Far too many of everything: no request is begun twice.
    answer = serve(_in_parts([[4], [6], [3]], "bfs", [12]), [1, 9, 9])
    assert not isinstance(answer, Cut)
    whole, first, second = (answer.get((j, 0), Fraction(0)) for j in range(3))
    assert whole + first == whole + second == 12


def test_the_cut_of_a_pace_weighs_the_pace_by_the_demand() -> None:
    routing = _in_parts([[4, 2]] * 3, "bfs", [5, 7], pace=3)
    assert routing.cut([1, 2, 3, 1]) == Cut((0, 1, 2, 3), (16, 4, 12, -41), 0)
    assert serve(routing, [0, 0, 0, 0]) == {}
    cut = serve(routing, [1, 0, 0, 1])
    assert isinstance(cut, Cut)
    assert cut.weight[-1] < 0


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
