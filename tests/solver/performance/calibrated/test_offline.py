"""Greatest throughput of layouts, and static batches."""

from __future__ import annotations

import numpy as np
import pytest

from solver.catalog import shipped_catalog
from solver.performance.calibrated.constants import serving_constants
from solver.performance.calibrated.kernels import Formats
from solver.performance.calibrated.offline import greatest_throughput, static_batch_s
from solver.performance.calibrated.point import Layout
from solver.performance.calibrated.replica import Columns, Replica


@pytest.fixture(scope="module")
def replica() -> Replica:
    catalog = shipped_catalog()
    return Replica(
        catalog.model("Llama-3.1-8B"),
        catalog.accelerator("H100 SXM"),
        Formats("fp8", "fp8", "fp8"),
        serving_constants(),
    )


LAYOUTS = Columns.of([Layout(1), Layout(2), Layout(4)])


def test_the_load_stays_within_the_kv_cache(replica: Replica) -> None:
    best = greatest_throughput(replica, LAYOUTS, input_tokens=2000, output_tokens=2000)
    assert (best.in_flight <= best.capacity).all()


def test_the_load_stays_within_the_batch_of_the_engine(replica: Replica) -> None:
    best = greatest_throughput(
        replica, LAYOUTS, input_tokens=128, output_tokens=128, most_in_flight=64
    )
    assert best.in_flight.max() <= 64


def test_the_rate_is_the_load_over_the_time_between_tokens(replica: Replica) -> None:
    best = greatest_throughput(replica, LAYOUTS, input_tokens=500, output_tokens=500)
    np.testing.assert_allclose(best.tokens_per_s, best.in_flight / best.tpot_s)


def test_no_load_of_a_full_search_does_better_by_more_than_a_percent(replica: Replica) -> None:
    columns = Columns.of([Layout(1)])
    best = greatest_throughput(
        replica, columns, input_tokens=1000, output_tokens=100, most_in_flight=300
    )
    loads = np.arange(1.0, 301.0)
    many = Columns.of([Layout(1)] * 300)
    served = replica.served(many, in_flight=loads, input_tokens=1000.0, output_tokens=100.0)
    assert best.tokens_per_s[0] >= 0.99 * (loads / served.tpot_s).max()


def test_limits_on_the_time_between_tokens_are_kept_and_cost_throughput(replica: Replica) -> None:
    free = greatest_throughput(replica, LAYOUTS, input_tokens=500, output_tokens=500)
    tight = greatest_throughput(
        replica, LAYOUTS, input_tokens=500, output_tokens=500, max_tpot_s=0.01
    )
    assert (tight.tpot_s <= 0.01).all()
    assert (tight.tokens_per_s < free.tokens_per_s).all()


def test_limits_on_the_first_token_are_kept(replica: Replica) -> None:
    best = greatest_throughput(
        replica, LAYOUTS, input_tokens=500, output_tokens=500, max_ttft_s=0.15
    )
    assert (best.ttft_s <= 0.15).all()


def test_limits_that_no_load_keeps_leave_no_load(replica: Replica) -> None:
    best = greatest_throughput(
        replica, LAYOUTS, input_tokens=500, output_tokens=500, max_tpot_s=1e-6
    )
    assert (best.in_flight == 0).all()
    assert np.isnan(best.tokens_per_s).all()


def test_a_short_run_is_slower_than_the_steady_state(replica: Replica) -> None:
    asked = {"input_tokens": 500, "output_tokens": 500, "most_in_flight": 200}
    steady = greatest_throughput(replica, LAYOUTS, **asked)
    short = greatest_throughput(replica, LAYOUTS, requests=250, **asked)
    assert (short.tokens_per_s < steady.tokens_per_s).all()


def test_a_run_of_whole_waves_is_as_fast_as_the_steady_state(replica: Replica) -> None:
    asked = {"input_tokens": 500, "output_tokens": 500, "most_in_flight": 100}
    steady = greatest_throughput(replica, LAYOUTS, **asked)
    whole = greatest_throughput(replica, LAYOUTS, requests=100 * 30, **asked)
    np.testing.assert_allclose(whole.tokens_per_s, steady.tokens_per_s, rtol=0.01)


def test_weights_that_do_not_fit_leave_no_load() -> None:
    catalog = shipped_catalog()
    replica = Replica(
        catalog.model("Llama-3.1-405B"),
        catalog.accelerator("H100 SXM"),
        Formats("bf16", "bf16", "bf16"),
        serving_constants(),
    )
    best = greatest_throughput(
        replica, Columns.of([Layout(1), Layout(8, 2)]), input_tokens=100, output_tokens=100
    )
    assert best.in_flight[0] == 0
    assert best.in_flight[1] > 0


def test_each_layout_is_answered_as_if_it_were_alone(replica: Replica) -> None:
    together = greatest_throughput(
        replica, LAYOUTS, input_tokens=[100, 500, 900], output_tokens=[900, 500, 100]
    )
    alone = greatest_throughput(
        replica, Columns.of([Layout(4)]), input_tokens=900, output_tokens=100
    )
    assert together.tokens_per_s[2] == pytest.approx(alone.tokens_per_s[0], rel=1e-12)


def test_a_static_batch_adds_a_step_for_every_token_after_the_first(replica: Replica) -> None:
    asked = {"batch": 32, "input_tokens": 128}
    first = static_batch_s(replica, LAYOUTS, output_tokens=1, **asked)
    whole = static_batch_s(replica, LAYOUTS, output_tokens=129, **asked)
    step = replica.pass_cost(
        LAYOUTS, sequences=np.full(3, 32.0), context=np.full(3, 128 + 129 / 2)
    ).seconds
    np.testing.assert_allclose(whole - first, 128 * step)


def test_prompts_beyond_a_chunk_take_in_proportion_longer(replica: Replica) -> None:
    chunk = replica.serving.chunk_tokens
    asked = {"input_tokens": chunk / 4, "output_tokens": 1}
    one = static_batch_s(replica, LAYOUTS, batch=4, **asked)
    three = static_batch_s(replica, LAYOUTS, batch=12, **asked)
    np.testing.assert_allclose(three, 3 * one)
