from __future__ import annotations

import pytest

from solver.bench.means import median, par10, shifted_geometric_mean


def test_the_shifted_geometric_mean_of_3_and_0_with_shift_1_is_1() -> None:
    # (3 + 1)(0 + 1) = 4, its root is 2, less the shift.
    assert shifted_geometric_mean([3.0, 0.0], 1.0) == pytest.approx(1.0)


def test_the_shifted_geometric_mean_of_zeros_is_exactly_zero() -> None:
    assert shifted_geometric_mean([0.0, 0.0], 0.01) == 0.0


def test_a_larger_shift_moves_the_mean_towards_the_arithmetic_one() -> None:
    # (90 + 10)(15 + 10) = 2500, its root is 50, less 10.
    assert shifted_geometric_mean([90.0, 15.0], 10.0) == pytest.approx(40.0)


@pytest.mark.parametrize("values", [[], [1.0, -0.5]])
def test_a_geometric_mean_of_nothing_or_of_negative_values_is_refused(values: list[float]) -> None:
    with pytest.raises(ValueError, match="geometric mean"):
        shifted_geometric_mean(values, 1.0)


def test_par10_counts_ten_times_the_limit_where_nothing_was_solved() -> None:
    # (2 + 10 * 6 + 4) / 3
    assert par10([2.0, None, 4.0], [6.0, 6.0, 6.0]) == pytest.approx(22.0)


def test_the_median_of_nothing_is_not_a_number_but_none() -> None:
    assert median([]) is None
    assert median([1.0, 5.0, 2.0]) == 2.0
