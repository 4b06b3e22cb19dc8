"""The tools all fits share."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from solver.performance.fitting.fit import (
    ErrorSummary,
    Fit,
    Free,
    fit_log_time,
    held_out,
    summarise_errors,
)

FREE = (
    Free("fixed_s", "s", 1e-6, 1e-8, 1e-3),
    Free("bytes_per_s", "byte/s", 1e12, 1e10, 1e14),
)


def test_the_fit_finds_the_constants_that_made_the_data_despite_outliers() -> None:
    size = np.geomspace(1e3, 1e10, 200)
    measured = 5e-6 + size / 3e12
    measured[::20] *= 4.0

    def predict(values: Mapping[str, float]) -> npt.NDArray[np.float64]:
        times: npt.NDArray[np.float64] = values["fixed_s"] + size / values["bytes_per_s"]
        return times

    found = fit_log_time(predict, measured, free=FREE)
    assert found["fixed_s"] == pytest.approx(5e-6, rel=0.05)
    assert found["bytes_per_s"] == pytest.approx(3e12, rel=0.05)
    assert found == fit_log_time(predict, measured, free=FREE)


def test_a_fitted_constant_stays_within_its_bounds() -> None:
    def predict(values: Mapping[str, float]) -> npt.NDArray[np.float64]:
        return np.full(10, values["fixed_s"])

    found = fit_log_time(predict, np.full(10, 1.0), free=FREE[:1])
    assert found["fixed_s"] <= 1e-3


def test_a_start_outside_its_bounds_is_refused() -> None:
    with pytest.raises(ValueError, match="between the bounds"):
        Free("share", "1", 1.0, 0.1, 1.0)
    with pytest.raises(ValueError, match="positive bounds"):
        Free("share", "1", 0.5, 0.0, 1.0)


@given(
    groups=st.lists(st.integers(0, 30), min_size=2, max_size=200).filter(lambda g: len(set(g)) > 1),
    seed=st.integers(0, 100),
)
def test_no_group_has_rows_on_both_sides_and_neither_side_is_empty(
    groups: list[int], seed: int
) -> None:
    out = held_out(groups, seed=seed)
    labels = np.array(groups)
    assert not set(labels[out].tolist()) & set(labels[~out].tolist())
    assert out.any()
    assert not out.all()
    assert (out == held_out(groups, seed=seed)).all()


def test_a_fifth_of_the_groups_is_held_out() -> None:
    assert held_out(np.arange(1000)).sum() == 200


def test_one_group_cannot_be_split() -> None:
    with pytest.raises(ValueError, match="two groups"):
        held_out([7, 7, 7])


def test_errors_are_relative_and_the_bias_is_signed() -> None:
    summary = summarise_errors([1.1, 2.2, 3.3], [1.0, 2.0, 3.0])
    assert summary.median == pytest.approx(0.1)
    assert summary.bias == pytest.approx(0.1)
    assert summary.rows == 3
    assert summarise_errors([2.0, 0.5], [1.0, 1.0]).bias == pytest.approx(0.0)


def _fit(**changes: object) -> Fit:
    values: dict[str, object] = {
        "family": "gemm",
        "system": "h100_sxm",
        "backend": "trtllm",
        "version": "1",
        "precision": "bfloat16",
        "constants": {"fixed_s": 1e-6},
        "units": {"fixed_s": "s"},
        "rows": 10,
        "errors": {"random": ErrorSummary(0.1, 0.2, 0.0, 2)},
    }
    return Fit(**(values | changes))  # type: ignore[arg-type]


def test_a_fit_needs_a_unit_for_every_constant_and_knows_its_splits() -> None:
    assert _fit().constants["fixed_s"] == 1e-6
    with pytest.raises(ValueError, match="needs its unit"):
        _fit(units={})
    with pytest.raises(ValueError, match="unknown splits"):
        _fit(errors={"lucky": ErrorSummary(0.1, 0.2, 0.0, 2)})
