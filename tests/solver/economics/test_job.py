"""A job of so many requests: rounds, a rest, and the published hourly formula."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from solver.economics.curve import PS_PER_S, Curve, CurvePoint
from solver.economics.job import Job, cheapest, fastest, job_along, job_of, rest_columns

MILLISECOND = 10**9


def point(concurrency: int, latency_ps: int, usd: Fraction = Fraction(158, 100)) -> CurvePoint:
    return CurvePoint(concurrency, latency_ps, usd)


def test_a_job_that_fills_its_rounds_costs_price_times_seconds_over_3600() -> None:
    load = job_of(Job(100, 50), point(10, 20 * MILLISECOND), None)
    # Ten rounds of 50 tokens, 20 ms each.
    assert load.seconds == 10
    assert load.usd == Fraction(158, 100) * 10 / 3600


def test_requests_left_over_run_in_a_batch_that_holds_them() -> None:
    load = job_of(Job(13, 100), point(10, 20 * MILLISECOND), point(4, 10 * MILLISECOND))
    assert load.seconds == 2 + 1


def test_a_rest_that_nothing_holds_is_refused() -> None:
    with pytest.raises(ValueError, match="3 requests are left"):
        job_of(Job(13, 100), point(10, 20 * MILLISECOND), point(2, 10 * MILLISECOND))


def test_a_job_without_requests_is_refused() -> None:
    with pytest.raises(ValueError, match="a job has a request"):
        Job(0, 10)


def rounds(job: Job, latencies: list[int], concurrency: int) -> Fraction:
    """Seconds, round by round: as many as fit, each as slow as the batch it runs in."""
    left, seconds = job.requests, Fraction(0)
    while left:
        together = min(left, concurrency)
        batch = concurrency if together == concurrency else together
        seconds += Fraction(job.answer_tokens * latencies[batch - 1], PS_PER_S)
        left -= together
    return seconds


@given(
    latencies=st.lists(st.integers(1, 10**10), min_size=1, max_size=9),
    requests=st.integers(1, 40),
)
def test_every_load_takes_as_long_as_round_by_round(latencies: list[int], requests: int) -> None:
    job = Job(requests, 7)
    points = tuple(point(c, t) for c, t in enumerate(latencies, start=1))
    found = job_along(job, Curve("m", "x", "TP1", 1, points, 1))
    assert [load.concurrency for load in found] == list(range(1, min(requests, len(latencies)) + 1))
    for load in found:
        assert load.seconds == rounds(job, latencies, load.concurrency)
        assert load.usd == load.seconds * Fraction(158, 100) / 3600
    assert cheapest(found).usd == min(load.usd for load in found)
    assert fastest(found).seconds == min(load.seconds for load in found)


def test_the_rest_goes_to_the_least_possible_batch_that_holds_it() -> None:
    possible = np.array([[True, False, True, True], [False, False, False, True]])
    columns = rest_columns(Job(10, 1), np.array([1, 2, 4, 8]), possible)
    # 10 leaves 0, 0, 2 and 2.
    assert columns[0].tolist() == [0, 0, 2, 2]
    assert columns[1].tolist()[3] == 3
