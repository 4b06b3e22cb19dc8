"""Principles that hold for an affine step and fail where they should."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from solver.economics.curve import Curve, CurvePoint
from solver.economics.principles import (
    DIMINISHING_MARGINAL_COST,
    DIMINISHING_RETURNS,
    FALLING_AVERAGE_COST,
    INTERIOR_OPTIMUM,
    Principle,
    along_doublings,
    principles,
)
from solver.economics.zone import zone


def judged(latencies: dict[int, int], resolution_ps: int = 1) -> dict[str, Principle]:
    points = tuple(CurvePoint(c, t, Fraction(1)) for c, t in latencies.items())
    curve = Curve("m", "x", "TP1", 1, points, resolution_ps)
    return {p.name: p for p in principles(curve, zone(curve, Fraction(1, 10)))}


def verdicts(found: dict[str, Principle]) -> list[bool | None]:
    names = (
        DIMINISHING_MARGINAL_COST,
        FALLING_AVERAGE_COST,
        DIMINISHING_RETURNS,
        INTERIOR_OPTIMUM,
    )
    return [found[name].holds for name in names]


def test_an_affine_step_keeps_all_but_the_interior_optimum() -> None:
    found = judged({c: 10**6 + 10**4 * c for c in range(1, 65)})
    assert verdicts(found) == [True, True, True, False]


def test_a_roofline_refutes_diminishing_marginal_cost_at_its_ridge() -> None:
    # HBM: 1e6 + 1e3 c; arithmetic: 5e4 c, greater from c = 21 on.
    found = judged({c: max(10**6 + 10**3 * c, 5 * 10**4 * c) for c in range(1, 65)})
    broken = found[DIMINISHING_MARGINAL_COST].counterexample
    assert broken is not None
    assert broken.concurrency == 20


def test_a_step_that_grows_faster_than_users_has_an_interior_optimum() -> None:
    # Cost 1e6/c + 1e4 c is least at 10.
    found = judged({c: 10**6 + 10**4 * c * c for c in range(1, 17)})
    assert verdicts(found) == [False, False, True, True]


def test_throughput_that_falls_ever_more_slowly_is_not_concave() -> None:
    # c / (100 + c^2) bends upwards past 10 times the root of 3.
    found = judged({c: 10**6 + 10**4 * c * c for c in range(1, 65)})[DIMINISHING_RETURNS]
    assert found.counterexample is not None
    assert found.counterexample.concurrency == 18


def test_the_first_rise_of_average_cost_is_told() -> None:
    # AC = 1e6/c + 1e4 c: least at 10.
    broken = judged({c: 10**6 + 10**4 * c * c for c in range(1, 65)})[FALLING_AVERAGE_COST]
    assert broken.counterexample is not None
    assert broken.counterexample.concurrency == 11


def test_a_faster_step_for_more_users_refutes_diminishing_returns() -> None:
    found = judged({1: 10**6, 2: 2 * 10**6, 3: 10**6})
    assert found[DIMINISHING_RETURNS].holds is False


def test_two_batches_are_too_few_to_judge_marginals() -> None:
    found = judged({1: 10**6, 2: 10**6})
    assert found[DIMINISHING_MARGINAL_COST].holds is None


@given(st.integers(10**3, 10**9), st.integers(0, 10**9).map(lambda n: Fraction(n, 997)))
def test_rounding_up_to_whole_picoseconds_refutes_nothing(a: int, slope: Fraction) -> None:
    found = judged({c: -(-(a + slope * c) // 1) for c in range(1, 17)})
    assert verdicts(found)[:3] == [True, True, True]


@given(st.integers(10**6, 10**9), st.integers(1, 10**6))
def test_rounding_up_to_a_coarse_resolution_refutes_nothing(a: int, b: int) -> None:
    found = judged({c: -(-(a + b * c) // 1000) * 1000 for c in range(1, 17)}, 1000)
    assert verdicts(found)[:3] == [True, True, True]


def jagged(c: int) -> int:
    """An affine step with one tile too slow at 5 users."""
    return 10**6 + 10**4 * c + (10**5 if c == 5 else 0)


def test_steps_that_break_a_rule_are_counted_and_the_worst_is_named() -> None:
    broken = judged({c: jagged(c) for c in range(1, 17)})[DIMINISHING_MARGINAL_COST]
    # Up to 5 users, and again from the fall after them back to the usual slope: equal rises, of
    # which the first is named.
    assert (broken.breaks, broken.steps) == (2, 14)
    assert broken.worst is not None
    assert broken.worst.concurrency == 4
    assert broken.worst.here == 11 * broken.worst.before


def test_one_tile_does_not_decide_along_doublings() -> None:
    points = tuple(CurvePoint(c, jagged(c), Fraction(1)) for c in range(1, 17))
    sparse = along_doublings(Curve("m", "x", "TP1", 1, points))
    assert sparse is not None
    assert [point.concurrency for point in sparse.points] == [1, 2, 4, 8, 16]
    found = {p.name: p.holds for p in principles(sparse, zone(sparse, Fraction(1, 10)))}
    assert found[DIMINISHING_MARGINAL_COST]
    assert found[FALLING_AVERAGE_COST]
    assert found[DIMINISHING_RETURNS]


def test_no_power_of_two_on_offer_has_no_doublings() -> None:
    assert along_doublings(Curve("m", "x", "TP1", 1, (CurvePoint(3, 10, Fraction(1)),))) is None


def test_at_the_lower_end_it_is_the_offer_that_ends() -> None:
    found = judged({c: 10**6 * c**3 for c in range(1, 9)})[INTERIOR_OPTIMUM]
    assert found.why == "cost is least at the lower end: the fewest users on offer"
