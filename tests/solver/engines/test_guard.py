"""The integer check itself, with numbers that floats cannot tell apart."""

from __future__ import annotations

import math

import numpy as np
import pytest

from formulations.milp import INFINITY, Milp
from solver.engines.guard import (
    all_columns_bounded,
    largest_magnitude,
    objective_value,
    sound_lower_bound,
    violation,
)

HUGE = 2**60


def program(coefficient: int = 1, *, floor: int = 0, upper: int = 9) -> Milp:
    """coefficient * (a + b) >= floor with a and b from 0 to ``upper``."""
    return Milp(
        name="program",
        lower=np.array([0, 0]),
        upper=np.array([upper, upper]),
        is_integer=np.array([True, True]),
        row_start=np.array([0, 2]),
        column_index=np.array([0, 1]),
        value=np.array([coefficient, coefficient]),
        row_lower=np.array([floor]),
        row_upper=np.array([INFINITY]),
        objectives={"f": np.array([coefficient, -coefficient])},
    )


def test_a_point_that_holds_breaks_nothing() -> None:
    assert violation(program(floor=3), np.array([1, 2]), {"f": -1}) is None


def test_a_row_one_unit_short_is_found() -> None:
    assert violation(program(floor=4), np.array([1, 2]), {}) == f"row 0 is 3, outside 4 to {2**62}"


def test_a_column_outside_its_bounds_is_found() -> None:
    assert violation(program(), np.array([1, 10]), {}) == "column 1 is 10, outside 0 to 9"


def test_an_objective_above_its_bound_is_found() -> None:
    assert violation(program(), np.array([3, 1]), {"f": 1}) == "f is 2, above 1"


def test_a_point_of_the_wrong_length_or_type_is_found() -> None:
    assert violation(program(), np.array([1]), {}) is not None
    assert violation(program(), np.array([1.0, 2.0]), {}) is not None  # type: ignore[arg-type]


def test_sums_beyond_int64_are_exact() -> None:
    point = np.array([9, 9])
    assert objective_value(program(HUGE), "f", np.array([9, 0])) == 9 * HUGE
    assert violation(program(HUGE, floor=HUGE), point, {}) is None
    assert violation(program(-HUGE, floor=0), point, {}) is not None


def test_one_unit_is_seen_where_floats_see_none() -> None:
    odd = 2**53 + 1
    assert violation(program(1, floor=odd, upper=2**54), np.array([odd - 1, 0]), {}) is not None
    assert violation(program(1, floor=odd, upper=2**54), np.array([odd, 0]), {}) is None


def test_the_largest_magnitude_leaves_out_missing_bounds() -> None:
    assert largest_magnitude(program(7, floor=-5)) == 9
    assert largest_magnitude(program(70, floor=-5)) == 70


def test_a_missing_column_bound_is_noticed() -> None:
    assert all_columns_bounded(program())
    assert not all_columns_bounded(program(upper=INFINITY))


@pytest.mark.parametrize(
    ("bound", "proved"),
    [
        (4.0, 4),
        (4.0000001, 4),
        (4.1, 5),
        (3.9999999, 4),
        (-0.5, 0),
        (-4.1, -4),
        (1e8 + 0.05, 10**8),
        (math.inf, None),
        (-math.inf, None),
        (math.nan, None),
        (None, None),
    ],
)
def test_a_float_bound_is_rounded_up_only_beyond_its_own_error(
    bound: float | None, proved: int | None
) -> None:
    assert sound_lower_bound(bound) == proved
