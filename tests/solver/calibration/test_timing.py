"""Timing of one case: graphs, events or the clock, warm caches avoided, memory given back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from solver.calibration.backend import CaseRefusedError, Machine
from solver.calibration.cases import CopyCase, DecodeCase, GemmCase, LaunchCase
from solver.calibration.timing import Timing, sets_of, time_case

GEMM = GemmCase("bfloat16", 16, 4096, 4096)
TIMING = Timing(case_s=0.05)


def test_a_graph_gives_the_time_of_the_kernel_alone(synthetic: Any) -> None:
    backend = synthetic()
    timed = time_case(backend, LaunchCase(), timing=TIMING, seed=0)
    assert timed.by == "graph"
    assert timed.latency_s == pytest.approx(backend.seconds_of(LaunchCase()), rel=1e-9)


def test_events_without_graphs_include_the_host_that_starts_small_kernels(synthetic: Any) -> None:
    backend = synthetic(graphs=False)
    timed = time_case(backend, LaunchCase(), timing=TIMING, seed=0)
    assert timed.by == "events"
    assert timed.latency_s == pytest.approx(6e-6 + backend.seconds_of(LaunchCase()), rel=0.5)
    assert timed.latency_s > 3 * backend.seconds_of(LaunchCase())


def test_events_give_the_time_of_a_kernel_that_is_longer_than_its_start(synthetic: Any) -> None:
    backend = synthetic(graphs=False)
    case = GemmCase("bfloat16", 8192, 8192, 8192)
    timed = time_case(backend, case, timing=TIMING, seed=0)
    assert timed.latency_s == pytest.approx(backend.seconds_of(case), rel=0.01)


def test_a_device_without_events_is_timed_by_the_clock(synthetic: Any) -> None:
    backend = synthetic(graphs=False, events=False)
    timed = time_case(backend, GEMM, timing=TIMING, seed=0)
    assert timed.by == "clock"
    assert timed.latency_s == pytest.approx(backend.seconds_of(GEMM) + 6e-6, rel=1e-3)


def test_a_kernel_that_no_graph_takes_is_timed_by_events_and_says_so(synthetic: Any) -> None:
    backend = synthetic(uncapturable=lambda case: case == GEMM)
    assert time_case(backend, GEMM, timing=TIMING, seed=0).by == "events"
    assert time_case(backend, LaunchCase(), timing=TIMING, seed=0).by == "graph"


def test_memory_is_given_back_after_a_case_and_after_a_refusal(synthetic: Any) -> None:
    backend = synthetic(refused=lambda case: isinstance(case, CopyCase))
    time_case(backend, GEMM, timing=TIMING, seed=0)
    with pytest.raises(CaseRefusedError):
        time_case(backend, CopyCase(2**20), timing=TIMING, seed=0)
    assert backend.released == 2


def test_three_samples_are_taken_however_long_a_kernel_runs(synthetic: Any) -> None:
    backend = synthetic()
    timed = time_case(backend, CopyCase(2**32), timing=Timing(case_s=1e-6), seed=0)
    assert timed.samples == 3


def test_a_short_kernel_gets_more_samples(synthetic: Any) -> None:
    assert time_case(synthetic(), GEMM, timing=TIMING, seed=0).samples == 15


def test_operand_sets_together_outgrow_the_cache(h200: Machine) -> None:
    sets = sets_of(GEMM, cache_bytes=h200.cache_bytes, free_bytes=h200.free_bytes)
    assert (sets - 1) * GEMM.set_bytes >= 3 * h200.cache_bytes


def test_a_weight_larger_than_the_cache_still_has_two_sets(h200: Machine) -> None:
    large = GemmCase("bfloat16", 1, 57344, 8192)
    assert sets_of(large, cache_bytes=h200.cache_bytes, free_bytes=h200.free_bytes) == 2


def test_sets_are_limited_by_free_memory() -> None:
    cache = DecodeCase(1, 1024, 8, 8, 128)
    assert sets_of(cache, cache_bytes=1e9, free_bytes=int(12.6 * cache.set_bytes)) == 5


def test_one_set_is_left_where_memory_is_short() -> None:
    assert sets_of(GEMM, cache_bytes=1e9, free_bytes=1000) == 1


def test_every_set_is_used_equally_often_in_a_sample(synthetic: Any, h200: Machine) -> None:
    used: list[int] = []
    backend = synthetic(replace(h200, cache_bytes=1e7), graphs=False)
    inner = backend.prepare

    def counted(case: Any, *, sets: int, seed: int) -> Any:
        call = inner(case, sets=sets, seed=seed)

        def noted(index: int) -> None:
            used.append(index % sets)
            call(index)

        return noted

    backend.prepare = counted
    timed = time_case(backend, GEMM, timing=TIMING, seed=0)
    calls = (len(used) - 3) // timed.samples
    sample = used[-calls:]
    assert len(set(sample)) > 1
    assert len({sample.count(index) for index in set(sample)}) == 1
