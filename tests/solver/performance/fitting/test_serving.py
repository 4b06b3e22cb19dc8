"""Fit of the constants of serving: made-up measurements give back what made them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from solver.catalog import shipped_catalog
from solver.performance.calibrated.constants import ServingConstants, serving_constants
from solver.performance.calibrated.point import Layout, ServingPoint
from solver.performance.calibrated.serving import predict
from solver.performance.fitting.serving import (
    FIRST_TOKEN,
    STEP,
    Linearised,
    fit_serving,
    linearise,
    refit,
)

CATALOG = shipped_catalog()


def points() -> list[ServingPoint]:
    deployments = [
        ("Llama-3.1-8B", "H100 SXM", "fp8", (Layout(1), Layout(2))),
        ("Llama-3.1-70B", "H200 SXM", "fp8", (Layout(2), Layout(4), Layout(8))),
        ("Qwen3-30B-A3B", "H100 SXM", "fp8_block", (Layout(1), Layout(4, 1, 4))),
    ]
    return [
        ServingPoint(
            model=CATALOG.model(model),
            accelerator=CATALOG.accelerator(machine),
            weight_format=form,
            expert_format=form,
            kv_format="fp8",
            input_tokens=1000,
            output_tokens=500,
            concurrency=load,
            aggregated=layout,
        )
        for model, machine, form, layouts in deployments
        for layout in layouts
        for load in (1, 8, 64)
    ]


POINTS = points()
ALL = np.ones(len(POINTS), dtype=bool)
START = serving_constants()
TRUTH = replace(
    START,
    kernel_s=1.4 * START.kernel_s,
    step_s=3e-4,
    sequence_s=0.7 * START.sequence_s,
    request_s=2 * START.request_s,
)
MADE = predict(POINTS, TRUTH)


@pytest.fixture(scope="module")
def fitted() -> ServingConstants:
    return fit_serving(POINTS, ttft_s=MADE.ttft_s, tpot_s=MADE.tpot_s, rows=ALL, start=START)[0]


def test_the_fit_gives_back_the_times_between_tokens(fitted: ServingConstants) -> None:
    np.testing.assert_allclose(predict(POINTS, fitted).tpot_s, MADE.tpot_s, rtol=0.01)


def test_the_fit_gives_back_the_times_to_the_first_token(fitted: ServingConstants) -> None:
    np.testing.assert_allclose(predict(POINTS, fitted).ttft_s, MADE.ttft_s, rtol=0.03)


def test_the_fit_keeps_what_engines_set(fitted: ServingConstants) -> None:
    kept = ("chunk_tokens", "kv_share", "page_tokens", "engine_bytes")
    assert all(getattr(fitted, name) == getattr(START, name) for name in kept)


def test_the_fit_stays_within_its_bounds(fitted: ServingConstants) -> None:
    for name, (low, high) in {**STEP, **FIRST_TOKEN}.items():
        assert low * 0.999 <= getattr(fitted, name) <= high * 1.001


def line(slope: float = 2.0) -> Linearised:
    """Times 1 + slope (x - 1) of one constant, twenty rows."""
    return Linearised(("step_s",), np.array([1.0]), np.ones(20), np.full((20, 1), slope))


BOUNDS = {"step_s": (0.1, 10.0)}


def test_a_linear_model_is_fitted_exactly() -> None:
    found = refit(line(), np.full(20, 3.0), np.ones(20, dtype=bool), BOUNDS)
    assert found[0] == pytest.approx(2.0, rel=1e-4)


def test_a_row_far_off_hardly_pulls() -> None:
    measured = np.full(20, 3.0)
    measured[0] = 300.0
    found = refit(line(), measured, np.ones(20, dtype=bool), BOUNDS)
    assert found[0] == pytest.approx(2.0, rel=0.02)


def test_rows_that_were_not_chosen_do_not_count() -> None:
    measured = np.where(np.arange(20) < 10, 3.0, 50.0)
    found = refit(line(), measured, np.arange(20) < 10, BOUNDS)
    assert found[0] == pytest.approx(2.0, rel=1e-4)


def test_rows_without_a_measured_time_do_not_count() -> None:
    measured = np.full(20, 3.0)
    measured[3:9] = np.nan
    found = refit(line(), measured, np.ones(20, dtype=bool), BOUNDS)
    assert found[0] == pytest.approx(2.0, rel=1e-4)


def test_the_linear_model_agrees_with_the_model_at_its_centre() -> None:
    linear = linearise(POINTS, START, tuple(STEP), first_token=False)
    centre = np.array([getattr(START, name) for name in STEP])
    np.testing.assert_allclose(linear.times_s(centre), predict(POINTS, START).tpot_s)


def test_the_model_is_close_to_linear_in_its_constants() -> None:
    linear = linearise(POINTS, START, tuple(STEP), first_token=False)
    moved = np.array([1.3 * getattr(START, name) for name in STEP])
    truth = predict(POINTS, replace(START, **dict(zip(STEP, moved.tolist(), strict=True)))).tpot_s
    np.testing.assert_allclose(linear.times_s(moved), truth, rtol=0.03)


def test_a_refused_point_has_no_linear_model() -> None:
    refused = replace(POINTS[0], concurrency=0)
    assert np.isnan(linearise([refused], START, tuple(STEP), first_token=False).at[0])


def test_a_constant_that_no_row_depends_on_stays_where_it_is() -> None:
    linear = Linearised(
        names=("kernel_s", "expert_kernels_s"),
        centre=np.array([5e-6, 4e-5]),
        at=np.array([0.01, 0.02]),
        slopes=np.array([[500.0, 0.0], [900.0, 0.0]]),
    )
    values = refit(linear, np.array([0.011, 0.021]), np.ones(2, dtype=bool), STEP)
    assert values[1] == 4e-5
    assert values[0] > 5e-6
