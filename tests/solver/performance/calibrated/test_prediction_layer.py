"""What a prediction layer costs beyond one more layer: a projection, two norms, and no tables."""

from __future__ import annotations

import numpy as np
import pytest

from solver.catalog import shipped_catalog
from solver.catalog.prediction_layers import prediction_layer
from solver.performance.calibrated.constants import serving_constants
from solver.performance.calibrated.kernels import Formats
from solver.performance.calibrated.point import Layout
from solver.performance.calibrated.replica import Columns, Replica

LAYER = prediction_layer(shipped_catalog().models["DeepSeek-V3"])
H200 = shipped_catalog().accelerators["H200 SXM"]
EIGHT = Columns.of([Layout(8)])
WIDTH = 7168


def replica(*, prediction_layer: bool) -> Replica:
    return Replica(
        LAYER,
        H200,
        Formats("fp8_block", "fp8_block", "bf16"),
        serving_constants(),
        prediction_layer=prediction_layer,
    )


def test_tables_are_not_its_own_and_the_projection_is_whole_on_every_device() -> None:
    as_model = replica(prediction_layer=False).weights_bytes(EIGHT)[0]
    as_layer = replica(prediction_layer=True).weights_bytes(EIGHT)[0]
    tables = 2 * 2 * 129280 * WIDTH / 8
    assert as_layer == pytest.approx(as_model - tables + 2 * 2 * WIDTH * WIDTH)


def test_the_projection_and_two_norms_come_in_front() -> None:
    def seconds(own: bool) -> float:
        cost = replica(prediction_layer=own).pass_cost(EIGHT, sequences=4.0, context=4000.0)
        return float(cost.seconds[0])

    kernels = replica(prediction_layer=True).kernels
    joined = kernels.linear(4.0, WIDTH, 2 * WIDTH, plain=True)
    norms = kernels.elementwise(4.0 * 2.0 * 2.0 * WIDTH * 2, kernels=2)
    assert seconds(True) - seconds(False) == pytest.approx(float((joined + norms).seconds))


def test_the_projection_takes_no_less_than_reading_it() -> None:
    passes = [replica(prediction_layer=own).passes.tokens(8.0, 1.0) for own in (True, False)]
    more_s = float(passes[0].seconds - passes[1].seconds)
    least_s = 2 * 2 * WIDTH * WIDTH / H200.hbm_bytes_per_s
    assert least_s < more_s < 3 * least_s


def test_a_single_layer_lies_on_one_stage() -> None:
    two = Columns.of([Layout(8, pipeline_parallel=2)])
    with pytest.raises(ValueError, match="one pipeline stage"):
        replica(prediction_layer=True).weights_bytes(two)


def test_its_cache_is_that_of_one_layer() -> None:
    held = replica(prediction_layer=True).memory.kv_bytes(np.array([8.0]), 6400.0)[0]
    assert held == 6400 * (512 + 64) * 2
