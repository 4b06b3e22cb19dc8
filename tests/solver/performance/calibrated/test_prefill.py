"""Replicas that read prompts alone: time, lanes and HBM."""

from __future__ import annotations

import numpy as np
import pytest

from solver.catalog import shipped_catalog
from solver.performance.calibrated.constants import serving_constants
from solver.performance.calibrated.kernels import Formats
from solver.performance.calibrated.point import Layout
from solver.performance.calibrated.prefill import PREFILL_PROMPTS_HELD, prefill_work
from solver.performance.calibrated.replica import Columns, Replica

CATALOG = shipped_catalog()
SERVING = serving_constants()
REPLICA = Replica(
    CATALOG.models["Llama-3.1-70B"],
    CATALOG.accelerators["H200 SXM"],
    Formats("fp8", "fp8", "fp8"),
    SERVING,
)
ROWS = [Layout(2), Layout(8), Layout(4, pipeline_parallel=2), Layout(2, attention_data_parallel=4)]
COLUMNS = Columns.of(ROWS)


@pytest.mark.parametrize("tokens", [1.0, 700.0, 30_000.0])
def test_a_prompt_takes_what_a_replica_says(tokens: float) -> None:
    found = prefill_work(REPLICA, COLUMNS, input_tokens=tokens)
    assert found.prompt_s == pytest.approx(REPLICA.prompt_s(COLUMNS, np.full(len(ROWS), tokens)))


def test_every_group_of_every_stage_reads_a_prompt() -> None:
    assert prefill_work(REPLICA, COLUMNS, input_tokens=100.0).lanes.tolist() == [1, 1, 2, 4]


def test_a_layout_alone_gives_the_same_floats() -> None:
    together = prefill_work(REPLICA, COLUMNS, input_tokens=5000.0, prefix_hit=0.3)
    for row, layout in enumerate(ROWS):
        alone = prefill_work(REPLICA, Columns.of([layout]), input_tokens=5000.0, prefix_hit=0.3)
        for name in ("prompt_s", "lanes", "hbm_bytes"):
            assert getattr(alone, name)[0] == getattr(together, name)[row]


def test_more_of_a_prompt_in_the_cache_takes_less_time() -> None:
    times = [
        prefill_work(REPLICA, COLUMNS, input_tokens=8000.0, prefix_hit=hit).prompt_s
        for hit in (0.0, 0.25, 0.5, 0.9)
    ]
    assert np.all(np.diff(times, axis=0) < 0)


def test_a_cached_beginning_is_still_attended_to() -> None:
    rest = prefill_work(REPLICA, COLUMNS, input_tokens=8000.0, prefix_hit=0.5).prompt_s
    short = prefill_work(REPLICA, COLUMNS, input_tokens=4000.0).prompt_s
    assert np.all(rest > short)


def test_hbm_holds_weights_engine_activations_and_two_prompts_a_lane() -> None:
    found = prefill_work(REPLICA, COLUMNS, input_tokens=6400.0).hbm_bytes
    # Llama 3.1 70B: 8 KV heads of 128, two values of a byte each, in 80 layers.
    for row, layout in enumerate(ROWS):
        heads = 8 / layout.tensor_parallel
        # A stage holds its part of the layers, for a prompt in each stage.
        cache = 2 * heads * 128 * 80 * 6400 / SERVING.kv_share
        rest = (
            REPLICA.weights_bytes(Columns.of([layout]))[0]
            + REPLICA.memory.activation_bytes(layout.tensor_parallel, 6400.0, 1.0)
            + SERVING.engine_bytes
        )
        assert found[row] == pytest.approx(float(rest) + PREFILL_PROMPTS_HELD * cache)


@pytest.mark.parametrize(("tokens", "hit"), [(0.0, 0.0), (10.0, 1.0), (10.0, -0.1)])
def test_no_prompt_and_a_whole_one_in_the_cache_are_refused(tokens: float, hit: float) -> None:
    with pytest.raises(ValueError, match="at least one token"):
        prefill_work(REPLICA, COLUMNS, input_tokens=tokens, prefix_hit=hit)
