"""Deployments under load: Little's law, monotone in the load, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from solver.catalog import shipped_catalog
from solver.performance.calibrated.constants import serving_constants
from solver.performance.calibrated.kernels import Formats
from solver.performance.calibrated.point import Layout, Pool, ServingPoint
from solver.performance.calibrated.replica import Columns, Replica
from solver.performance.calibrated.serving import predict

CATALOG = shipped_catalog()


def point(**changes: object) -> ServingPoint:
    plain = ServingPoint(
        model=CATALOG.model("Llama-3.1-70B"),
        accelerator=CATALOG.accelerator("H100 SXM"),
        weight_format="fp8",
        expert_format="fp8",
        kv_format="fp8",
        input_tokens=1000,
        output_tokens=500,
        concurrency=16,
        aggregated=Layout(4),
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def apart(concurrency: float, prefill: Pool, decode: Pool) -> ServingPoint:
    return point(concurrency=concurrency, aggregated=None, prefill=prefill, decode=decode)


LOADS = [1, 4, 16, 64, 128, 256, 1024, 4096]


def test_more_concurrency_never_raises_the_speed_of_one_user() -> None:
    found = predict([point(concurrency=load) for load in LOADS])
    assert np.all(np.diff(found.tpot_s) >= 0)


def test_more_concurrency_never_brings_the_first_token_sooner() -> None:
    found = predict([point(concurrency=load) for load in LOADS])
    assert np.all(np.diff(found.ttft_s) > 0)


def test_more_requests_than_the_cache_holds_wait_and_do_not_slow_the_others() -> None:
    found = predict([point(concurrency=load) for load in (4096, 8192)])
    assert found.tpot_s[0] == found.tpot_s[1]
    assert found.ttft_s[1] > found.ttft_s[0] + 1


def rate_per_s(shape: ServingPoint) -> float:
    """Requests a second by Little's law: those in flight over the stay of each."""
    found = predict([shape])
    return shape.concurrency / float(found.ttft_s[0] + shape.output_tokens * found.tpot_s[0])


def prompt_s(layout: Layout) -> float:
    replica = Replica(
        CATALOG.model("Llama-3.1-70B"),
        CATALOG.accelerator("H100 SXM"),
        Formats("fp8", "fp8", "fp8"),
        serving_constants(),
    )
    return float(replica.prompt_s(Columns.of([layout]), np.array([1000.0]))[0])


@pytest.mark.parametrize("load", [2, 16, 64, 256, 2000])
def test_by_littles_law_a_prefill_worker_is_never_more_than_busy(load: int) -> None:
    rate = rate_per_s(apart(load, Pool(Layout(2), 1), Pool(Layout(4), 1)))
    assert rate * prompt_s(Layout(2)) <= 1 + 1e-6


def test_by_littles_law_a_prefill_worker_that_is_the_limit_is_always_busy() -> None:
    rate = rate_per_s(apart(2000, Pool(Layout(2), 1), Pool(Layout(4), 1)))
    assert rate * prompt_s(Layout(2)) == pytest.approx(1, rel=1e-3)


def test_twice_the_prefill_workers_take_twice_the_requests_once_they_are_the_limit() -> None:
    one, two = (apart(2000, Pool(Layout(1), workers), Pool(Layout(8), 8)) for workers in (1, 2))
    found = predict([one, two])
    stay = found.ttft_s + 500 * found.tpot_s
    assert 1.7 < stay[0] / stay[1] <= 2.05


def test_answers_do_not_depend_on_the_points_asked_with_them() -> None:
    many = predict([point(concurrency=load) for load in LOADS])
    one = predict([point(concurrency=LOADS[3])])
    assert many.tpot_s[3] == pytest.approx(one.tpot_s[0], rel=1e-12)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (
            {"model": replace(CATALOG.model("Llama-3.1-70B"), features=("tidal memory",))},
            "tidal memory",
        ),
        ({"weight_format": "nvfp4", "expert_format": "nvfp4"}, "nvfp4"),
        ({"input_tokens": 131_000}, "beyond the model's context"),
        ({"aggregated": Layout(1), "weight_format": "bf16"}, "do not fit"),
        ({"concurrency": 0}, "must be positive"),
    ],
    ids=["feature", "format", "length", "weights", "load"],
)
def test_a_point_that_cannot_be_is_refused_by_name(changes: dict[str, object], reason: str) -> None:
    found = predict([point(**changes)])
    assert reason in str(found.refused[0])


def test_a_refused_point_has_no_times() -> None:
    found = predict([point(concurrency=0)])
    assert np.isnan(found.tpot_s[0])
    assert np.isnan(found.ttft_s[0])


def test_a_refused_point_leaves_the_others_alone() -> None:
    found = predict([point(), point(concurrency=0)])
    assert found.refused[0] is None
    assert np.isfinite(found.tpot_s[0])


def test_a_deployment_is_one_layout_or_two_pools() -> None:
    with pytest.raises(ValueError, match="one layout, or a pool"):
        point(prefill=Pool(Layout(1), 1), decode=Pool(Layout(1), 1))
