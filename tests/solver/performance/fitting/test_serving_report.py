"""Errors of fitted constants, by family of models and with whole systems left out."""

from __future__ import annotations

import numpy as np

from solver.catalog import shipped_catalog
from solver.performance.calibrated.constants import serving_constants
from solver.performance.calibrated.point import Layout, ServingPoint
from solver.performance.fitting.serving import FIRST_TOKEN, STEP, linearise
from solver.performance.fitting.serving_report import errors_by_system, serving_errors

CATALOG = shipped_catalog()
POINTS = [
    ServingPoint(
        model=CATALOG.model(model),
        accelerator=CATALOG.accelerator(machine),
        weight_format="fp8",
        expert_format="fp8",
        kv_format="fp8",
        input_tokens=500,
        output_tokens=500,
        concurrency=load,
        aggregated=Layout(2),
    )
    for model in ("Llama-3.1-8B", "Qwen3-30B-A3B")
    for machine in ("H100 SXM", "H200 SXM")
    for load in (1, 16, 64)
]
ALL = np.ones(len(POINTS), dtype=bool)
STEPS = linearise(POINTS, serving_constants(), tuple(STEP), first_token=False)
FIRST = linearise(POINTS, serving_constants(), tuple(FIRST_TOKEN), first_token=True)
TIMES = (STEPS.at, FIRST.at)


def test_a_model_that_is_right_has_no_error() -> None:
    for entry in serving_errors(POINTS, predicted=TIMES, measured=TIMES, parts={"all": ALL}):
        assert entry.tpot is not None
        assert entry.tpot.median == 0


def test_a_model_that_is_a_tenth_too_slow_says_so() -> None:
    slow = (1.1 * STEPS.at, FIRST.at)
    found = serving_errors(POINTS, predicted=slow, measured=TIMES, parts={"all": ALL})
    assert all(entry.tpot is not None and abs(entry.tpot.bias - 0.1) < 1e-9 for entry in found)


def test_dense_models_and_mixtures_are_told_apart() -> None:
    routed = np.array([point.model.moe is not None for point in POINTS])
    wrong = (np.where(routed, 2.0, 1.0) * STEPS.at, FIRST.at)
    found = serving_errors(POINTS, predicted=wrong, measured=TIMES, parts={"part": ALL})
    medians = {entry.name: entry.tpot.median for entry in found if entry.tpot is not None}
    assert medians["part, dense"] == 0
    assert medians["part, MoE"] == 1


def test_each_system_is_left_out_once() -> None:
    found = errors_by_system(POINTS, step=STEPS, first_token=FIRST, measured=TIMES, rows=ALL)
    assert [entry.name for entry in found] == ["without H100 SXM", "without H200 SXM"]


def test_constants_fitted_on_other_systems_tell_a_system_that_behaves_alike() -> None:
    for entry in errors_by_system(POINTS, step=STEPS, first_token=FIRST, measured=TIMES, rows=ALL):
        assert entry.tpot is not None
        assert entry.tpot.median < 0.01
