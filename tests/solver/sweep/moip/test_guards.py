"""One-unit cuts between coefficients of a thousand and of a trillion: no wrong point, none missing.

Float engines accept what breaks a row by a little, and a little of a trillion is many units. Every
engine has to find exactly the brute-force set, or to say that it did not finish.
"""

from __future__ import annotations

import itertools

import highspy  # type: ignore[import-untyped]  # noqa: TID251  (the unguarded engine, on purpose)
import numpy as np
import pytest

from formulations.milp import INFINITY
from solver.sweep.moip.search import ENGINES, search
from tests.oracles.small_programs import Stated, dishonesty, images_of, stated

MAGNITUDES = [10**k for k in range(3, 13)]
SUBSETS = [("labels",), ("cp-sat",), ("highs",), ("scip",), ENGINES]

every_magnitude = pytest.mark.parametrize("size", MAGNITUDES, ids=lambda size: f"{size:.0e}")
every_subset = pytest.mark.parametrize(
    "engines", SUBSETS, ids=lambda names: names[0] if len(names) == 1 else "all"
)


def knapsack_cut(size: int, seed: int = 0, n: int = 6) -> Stated:
    """Weights near ``size``, room for three of them less one unit of the lightest three's sum."""
    random = np.random.default_rng([size % 2**31, seed])
    weights = [size + int(w) for w in random.permutation(n)]
    values = random.integers(1, 20, (2, n))
    # Three pieces fit by the unit or miss by one.
    room = sorted(sum(three) for three in itertools.combinations(weights, 3))[n]
    return stated((-values).tolist(), [(weights, -INFINITY, room - 1)], name=f"cut at {size}")


def equality_cut(size: int, seed: int = 0, n: int = 6) -> Stated:
    """An equality that few assignments meet, and many miss by one unit."""
    random = np.random.default_rng([size % 2**31, seed, 1])
    weights = [size + int(w) for w in random.permutation(n)]
    witness = random.permutation([1, 1, 1, 0, 0, 0])
    total = int(np.dot(witness, weights))
    costs = random.integers(-9, 10, (2, n))
    return stated(costs.tolist(), [(weights, total, total)], name=f"equality at {size}")


def switched_cut(size: int, seed: int = 0) -> Stated:
    """A big-M row: z counts for nothing unless y is paid for, and M is ``size``."""
    random = np.random.default_rng([size % 2**31, seed, 2])
    gains = random.integers(2, 9, 3).tolist()
    costs = [[-gains[0], -gains[1], -gains[2], 0], [int(random.integers(1, 5))] * 3 + [6]]
    # x1 + x2 + x3 <= size * y, and at least one of them.
    return stated(
        costs,
        [((1, 1, 1, -size), -INFINITY, 0), ((1, 1, 1, 0), 1, 9)],
        upper=[3, 3, 3, 1],
        name=f"switch of {size}",
    )


def large_objective(size: int, seed: int = 0) -> Stated:
    """Objectives that differ by one unit at ``size``."""
    random = np.random.default_rng([size % 2**31, seed, 3])
    costs = [[-size - int(e) for e in random.integers(0, 3, 6)], random.integers(0, 9, 6).tolist()]
    return stated(costs, [((1,) * 6, -INFINITY, 3)], name=f"objective at {size}")


CUTS = {
    "a knapsack": knapsack_cut,
    "an equality": equality_cut,
    "a switch": switched_cut,
    "an objective": large_objective,
}
every_cut = pytest.mark.parametrize("cut", CUTS.values(), ids=CUTS)


@every_magnitude
@every_subset
@every_cut
def test_no_point_is_wrong_and_none_is_missing(
    cut: object, engines: tuple[str, ...], size: int
) -> None:
    question: Stated = cut(size)  # type: ignore[operator]
    assert question.images
    outcome = search(question.program, engines=engines)
    assert dishonesty(question, outcome) == []
    if engines != ("labels",):
        assert (outcome.status, images_of(outcome)) == ("complete", question.images)


@every_magnitude
def test_labels_alone_settle_knapsacks_of_every_magnitude(size: int) -> None:
    question = knapsack_cut(size)
    outcome = search(question.program, engines=["labels"])
    assert (outcome.status, images_of(outcome)) == ("complete", question.images)


def test_the_cuts_decide_by_one_unit() -> None:
    for size in MAGNITUDES:
        for make, step in ((knapsack_cut, 1), (equality_cut, 1)):
            question = make(size)
            ((weights, low, high),) = question.rows
            looser = stated(
                question.costs.tolist(),
                [(weights, low if low == -INFINITY else low - step, high + step)],
            )
            assert len(looser.feasible[0]) > len(question.feasible[0])


def unguarded_optimum(question: Stated, objective: int) -> float | None:
    """What HiGHS says at default tolerances, believed as it is; ``None`` for infeasible."""
    milp = question.program.milp
    n = milp.n_columns
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = n, milp.n_rows
    model.col_cost_ = question.costs[objective].astype(np.float64)
    model.col_lower_ = milp.lower.astype(np.float64)
    model.col_upper_ = milp.upper.astype(np.float64)
    floats = [side.astype(np.float64) for side in (milp.row_lower, milp.row_upper)]
    model.row_lower_ = np.where(milp.row_lower <= -INFINITY, -np.inf, floats[0])
    model.row_upper_ = np.where(milp.row_upper >= INFINITY, np.inf, floats[1])
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    model.a_matrix_.start_ = milp.row_start
    model.a_matrix_.index_ = milp.column_index
    model.a_matrix_.value_ = milp.value.astype(np.float64)
    model.integrality_ = [highspy.HighsVarType.kInteger] * n
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    highs.passModel(model)
    highs.run()
    if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return None
    return float(highs.getInfo().objective_function_value)


def wrong_answers(size: int) -> int:
    """Cuts on which HiGHS alone gets an end of the nondominated set wrong."""
    wrong = 0
    for make, seed, objective in itertools.product(CUTS.values(), range(3), range(2)):
        question = make(size, seed)  # type: ignore[operator]
        best = int(question.feasible[1][:, objective].min())
        said = unguarded_optimum(question, objective)
        wrong += said is None or round(said) != best
    return wrong


def test_an_unguarded_engine_fails_on_such_programs() -> None:
    # Were this 0, the guards would be decoration.
    assert wrong_answers(10**7) > 0


def test_an_unguarded_engine_is_right_on_small_ones() -> None:
    # So the failures above come from the magnitudes, not from this harness.
    assert wrong_answers(10**3) == 0
