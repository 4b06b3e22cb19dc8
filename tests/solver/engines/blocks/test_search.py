"""The block solver against plain enumeration, whole and interrupted, with room and without."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from formulations.fleet.plan import FleetPlan, measures_of, violations
from formulations.fleet.problem import FleetProblem
from formulations.fleet.sparse import SparseInts
from formulations.milp import INFINITY
from solver.engines.blocks import BlockAnswer, BlockProblem, find_blocks, minimise_blocks
from solver.engines.blocks import narrowing as narrowing_module
from solver.engines.blocks import search as search_module

Vector = tuple[int, ...]


def fleet(
    demand: list[int],
    columns: list[tuple[int, int, Vector]],
    limit: list[int],
    upper: list[int] | None = None,
) -> FleetProblem:
    """Columns are (cell, cover, (cost, uses...))."""
    n = len(columns)
    return FleetProblem(
        name="small",
        upper=np.array([10**6] * n if upper is None else upper, dtype=np.int64),
        measures={"cost": np.array([vector[0] for *_, vector in columns], dtype=np.int64)},
        grades={},
        cover=SparseInts.from_rows(
            [
                [(j, cover) for j, (cell, cover, _) in enumerate(columns) if cell == i]
                for i in range(len(demand))
            ],
            n,
        ),
        demand=np.array(demand, dtype=np.int64),
        use=SparseInts.from_rows(
            [
                [(j, vector[1 + r]) for j, (*_, vector) in enumerate(columns)]
                for r in range(len(limit))
            ],
            n,
        ),
        limit=np.array(limit, dtype=np.int64),
        column_names=tuple(map(str, range(n))),
        cell_names=tuple(map(str, range(len(demand)))),
        limit_names=tuple(map(str, range(len(limit)))),
    )


@st.composite
def fleets(draw: st.DrawFn) -> FleetProblem:
    """Two to four cells, two to four kinds of supply in multiples, one to three limits."""
    n_limits = draw(st.integers(1, 3))
    entry = st.integers(0, 4)
    kinds = [
        (draw(st.integers(1, 9)), *(draw(entry) for _ in range(n_limits)))
        for _ in range(draw(st.integers(2, 4)))
    ]
    n_cells = draw(st.integers(2, 4))
    demand = [draw(st.integers(1, 40)) for _ in range(n_cells)]
    columns = []
    for cell in range(n_cells):
        for kind in kinds:
            multiples = draw(st.sets(st.sampled_from([1, 2, 3, 4, 5, 6, 8]), max_size=2))
            for multiple in sorted(multiples):
                cover = draw(st.integers(3 * multiple, 9 * multiple))
                columns.append((cell, cover, tuple(multiple * entry for entry in kind)))
    share = draw(st.sampled_from([3, 6, 10, 20]))
    limit = [draw(st.integers(0, share * n_cells)) for _ in range(n_limits)]
    return fleet(demand, columns, limit)


def least_vectors(vectors: Iterable[Vector]) -> list[Vector]:
    kept: list[Vector] = []
    for vector in sorted(set(vectors)):
        if not any(all(a <= b for a, b in zip(other, vector, strict=True)) for other in kept):
            kept.append(vector)
    return kept


def plainly(problem: FleetProblem) -> int | None:
    """The optimum by adding one unit after the other, dominated sums dropped."""
    width = 1 + problem.use.n_rows
    use = np.zeros((problem.use.n_rows, problem.n_columns), dtype=np.int64)
    for r in range(problem.use.n_rows):
        columns, values = problem.use.row(r)
        use[r, columns] = values
    total: list[Vector] = [(0,) * width]
    for cell, need in enumerate(problem.demand.tolist()):
        by_cover: list[list[Vector]] = [[] for _ in range(need + 1)]
        by_cover[0] = [(0,) * width]
        columns, covers = problem.cover.row(cell)
        for have in range(need):
            by_cover[have] = least_vectors(by_cover[have])
            for column, cover in zip(columns.tolist(), covers.tolist(), strict=True):
                unit = (int(problem.measures["cost"][column]), *use[:, column].tolist())
                by_cover[min(need, have + cover)] += [
                    tuple(a + b for a, b in zip(vector, unit, strict=True))
                    for vector in by_cover[have]
                ]
        total = least_vectors(
            tuple(a + b for a, b in zip(one, other, strict=True))
            for one in total
            for other in least_vectors(by_cover[need])
            if all(
                a + b <= most
                for a, b, most in zip(one[1:], other[1:], problem.limit.tolist(), strict=True)
            )
        )
    return min((vector[0] for vector in total), default=None)


def blocks_of(problem: FleetProblem) -> BlockProblem:
    found = find_blocks(problem, "cost")
    assert isinstance(found, BlockProblem), found
    return found


def assert_plan_holds(problem: FleetProblem, answer: BlockAnswer) -> None:
    assert answer.counts is not None
    counts = np.zeros(problem.n_columns, dtype=np.int64)
    for column, count in answer.counts.items():
        counts[column] = count
    assert violations(problem, FleetPlan(counts)) == []
    assert measures_of(problem, counts)["cost"] == answer.cost


SLOW = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.filter_too_much,
        HealthCheck.function_scoped_fixture,
    ],
)


@SLOW
@given(fleets())
def test_the_optimum_equals_plain_enumeration(problem: FleetProblem) -> None:
    answer = minimise_blocks(blocks_of(problem))
    optimum = plainly(problem)
    assert answer.stopped == ""
    assert answer.infeasible == (optimum is None)
    assert (answer.cost, answer.bound) == (optimum, optimum)
    if optimum is not None:
        assert_plan_holds(problem, answer)


@SLOW
@given(fleets(), st.sampled_from([1, 2, 5, 20, 100]))
def test_with_little_room_bounds_still_hold(problem: FleetProblem, room: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search_module, "ROOM", room)
        patch.setattr(search_module, "JOINED", 10 * room)
        patch.setattr(narrowing_module, "EASY", min(room, 3))
        patch.setattr(search_module, "BEAM", min(room, 3))
        answer = minimise_blocks(blocks_of(problem))
    assert_honest(problem, answer, plainly(problem))


@SLOW
@given(fleets())
def test_without_patience_a_fleet_is_looked_for_and_the_optimum_is_the_same(
    problem: FleetProblem,
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search_module, "PATIENCE", -1)
        answer = minimise_blocks(blocks_of(problem))
    optimum = plainly(problem)
    assert (answer.cost, answer.bound, answer.stopped) == (optimum, optimum, "")


@SLOW
@given(fleets(), st.integers(0, 60))
def test_a_stop_after_any_number_of_looks_leaves_a_bound_that_holds(
    problem: FleetProblem, looks: int
) -> None:
    left = [looks]

    def stop() -> bool:
        left[0] -= 1
        return left[0] < 0

    answer = minimise_blocks(blocks_of(problem), should_stop=stop)
    assert_honest(problem, answer, plainly(problem))
    if answer.stopped:
        assert left[0] < 0


def assert_honest(problem: FleetProblem, answer: BlockAnswer, optimum: int | None) -> None:
    """Never a bound above the optimum, never a plan that does not hold, never a false end."""
    if answer.counts is not None:
        assert_plan_holds(problem, answer)
    if not answer.stopped:
        assert answer.bound == answer.cost == optimum
        return
    assert answer.bound is not None
    assert optimum is None or answer.bound <= optimum


@SLOW
@given(fleets(), st.integers(-3, 3), st.integers(0, 4))
def test_only_fleets_cheaper_than_a_known_one_are_looked_for(
    problem: FleetProblem, off: int, slack: int
) -> None:
    optimum = plainly(problem)
    if optimum is None:
        return
    known = max(optimum + off, 0)
    answer = minimise_blocks(blocks_of(problem), known=known, at_least=min(known, optimum) - slack)
    assert answer.stopped == ""
    if off <= 0:
        assert (answer.counts, answer.cost, answer.bound) == (None, None, known)
    else:
        assert answer.cost == answer.bound == optimum
        assert_plan_holds(problem, answer)


@SLOW
@given(fleets())
def test_an_infeasible_fleet_stays_infeasible_when_a_cost_is_known(problem: FleetProblem) -> None:
    if plainly(problem) is not None:
        return
    answer = minimise_blocks(blocks_of(problem), known=50)
    assert answer.counts is None
    assert answer.stopped == ""
    assert answer.bound in (None, 50)


def test_a_limit_that_is_not_active_is_never_priced_against_what_was_dropped_for_it() -> None:
    # Plans that differ in an inactive limit alone stand for each other. Priced by that limit as
    # well, the one that was kept is ruled out in the other's stead, and no fleet seems to be left.
    kinds = {
        "steady": [(6, 0, 0, 4), (3, 0, 0, 2), (9, 0, 0, 6), (12, 0, 0, 8)],
        "lean": [(16, 0, 0, 4), (12, 0, 0, 3), (4, 0, 0, 1)],
        "dear": [(30, 0, 0, 9), (10, 0, 0, 3)],
        "first": [(12, 2, 0, 0), (6, 1, 0, 0), (18, 3, 0, 0), (24, 4, 0, 0)],
        "both": [(9, 9, 9, 0), (6, 6, 6, 0), (3, 3, 3, 0)],
    }
    steady, lean, dear, first, both = kinds.values()
    columns = [
        *[(0, 11, steady[0]), (0, 6, steady[1]), (0, 19, lean[0]), (0, 27, lean[1])],
        *[(0, 12, dear[0]), (0, 6, dear[1]), (0, 13, first[0]), (0, 5, first[1])],
        *[(0, 25, both[0]), (0, 18, both[1])],
        *[(1, 11, steady[0]), (1, 8, lean[2]), (1, 4, both[2])],
        *[(2, 24, steady[2]), (2, 24, steady[3]), (2, 23, lean[1]), (2, 7, dear[1])],
        *[(2, 14, first[2]), (2, 30, first[3]), (2, 9, both[2])],
        *[(3, 20, lean[1]), (3, 5, dear[1])],
        *[(4, 25, steady[3]), (4, 8, steady[1]), (4, 4, lean[2]), (4, 21, dear[0])],
    ]
    problem = fleet([26, 34, 40, 32, 48], columns, [20, 15, 30])
    answer = minimise_blocks(blocks_of(problem))
    assert answer.cost == answer.bound == plainly(problem) == 87


def test_multipliers_alone_prove_that_a_stock_is_too_small() -> None:
    problem = fleet([100, 100], [(0, 5, (2, 1)), (1, 5, (2, 1))], [30])
    assert minimise_blocks(blocks_of(problem)).infeasible


def test_a_fleet_that_only_integers_rule_out_is_proved_infeasible() -> None:
    # Ten units of cover need two replicas of three machines each; five machines would do in parts.
    problem = fleet([10], [(0, 6, (1, 3))], [5])
    assert minimise_blocks(blocks_of(problem)).infeasible


def test_a_cell_that_no_column_serves_is_infeasible() -> None:
    problem = fleet([10, 4], [(0, 6, (1, 3))], [500])
    assert minimise_blocks(blocks_of(problem)).infeasible


def test_a_negative_limit_is_infeasible_even_where_nothing_is_asked_for() -> None:
    problem = fleet([0], [(0, 6, (1, 3))], [-1])
    assert minimise_blocks(blocks_of(problem)).infeasible


def test_a_hundred_thousand_machines_are_proved_in_exact_integers() -> None:
    # 3x machines of one kind for the first cell, the rest at 7: worked out by hand.
    problem = fleet(
        [10**9, 10**9],
        [(0, 10**5, (5, 1)), (0, 10**5, (7, 0)), (1, 10**5, (5, 1)), (1, 10**5, (7, 0))],
        [15_000],
    )
    answer = minimise_blocks(blocks_of(problem))
    assert answer.cost == answer.bound == 15_000 * 5 + 5_000 * 7


REFUSED = {
    "a column takes from": fleet([4], [(0, -2, (1, 1)), (0, 3, (1, 1))], [9]),
    "or takes from it": fleet([4], [(0, 3, (-1, 1))], [9]),
    "a bound on a column may bind": fleet([9], [(0, 3, (1, 1))], [INFINITY], upper=[2]),
    "a column adds nothing": fleet([4], [(0, 3, (0, 1))], [9]),
    "numbers are too large": fleet([2**49], [(0, 2**30, (1, 1))], [9]),
    "too large for exact 64-bit sums": fleet([2**20], [(0, 1, (2**30, 1))], [9]),
}


@pytest.mark.parametrize("why", REFUSED)
def test_what_does_not_separate_is_refused_with_the_reason(why: str) -> None:
    found = find_blocks(REFUSED[why], "cost")
    assert isinstance(found, str)
    assert why in found


def test_a_column_of_two_cells_is_refused() -> None:
    one = fleet([4, 4], [(0, 3, (1, 1))], [9])
    both = SparseInts.from_rows([[(0, 3)], [(0, 3)]], 1)
    problem = FleetProblem(
        one.name,
        one.upper.copy(),
        {"cost": np.array([1], dtype=np.int64)},
        {},
        both,
        one.demand.copy(),
        one.use,
        one.limit.copy(),
        one.column_names,
        one.cell_names,
        one.limit_names,
    )
    assert find_blocks(problem, "cost") == "a column covers two cells"


def test_a_bound_that_a_limit_implies_is_accepted() -> None:
    problem = fleet([9, 2], [(0, 3, (1, 2)), (1, 3, (1, 2))], [4], upper=[2, 2])
    assert isinstance(find_blocks(problem, "cost"), BlockProblem)


def test_prices_in_tiny_units_without_a_limit_need_no_long_tables() -> None:
    problem = fleet(
        [10**6],
        [(0, 7919, (2_000_000_011,)), (0, 104_729, (25_000_000_087,))],
        [],
    )
    answer = minimise_blocks(blocks_of(problem))
    units = range(128)
    plain = min(
        2_000_000_011 * a + 25_000_000_087 * max(-(-(10**6 - 7919 * a) // 104_729), 0)
        for a in units
    )
    assert answer.cost == answer.bound == plain
