"""Rates are rounded down, times up, and several sizes share the slowest times."""

from __future__ import annotations

import numpy as np
import pytest

from solver.lowering.fleet.serving_table import serving_table
from solver.performance.serving import Served

FITS = np.array([[True, False]])


def served(rate: float, tpot: float, ttft: float) -> Served:
    """The same for both cells."""
    return Served(*(np.full((1, 2), value) for value in (rate, tpot, ttft)))


def test_rates_go_down_to_whole_nano_requests() -> None:
    table = serving_table([(served(1.23456789987, 1.0, 1.0), FITS)])
    assert table.rates[0, 0].tolist() == [1_234_567_899]


def test_times_go_up_to_whole_picoseconds() -> None:
    table = serving_table([(served(1.0, 0.0123456789012345, 0.5), FITS)])
    assert (table.latency_ps[0, 0], table.ttft_ps[0, 0]) == (12_345_678_902, 500_000_000_000)


def test_what_does_not_fit_carries_nothing() -> None:
    table = serving_table([(served(1.0, 1.0, 1.0), FITS)])
    assert (table.rates[0, 1, 0], table.latency_ps[0, 1], table.ttft_ps[0, 1]) == (0, 0, 0)


def test_a_time_that_there_is_not_counts_as_none() -> None:
    table = serving_table([(served(1.0, np.nan, 2.0), FITS)])
    assert table.latency_ps[0, 0] == 0


def test_times_are_those_of_the_slowest_size_that_fits() -> None:
    sizes = [(served(4.0, 0.01, 1.0), FITS), (served(2.0, 0.03, 0.5), FITS)]
    slower = (served(1.0, 9.0, 9.0), ~FITS)
    table = serving_table([*sizes, slower])
    assert table.rates[0, 0].tolist() == [4 * 10**9, 2 * 10**9, 0]
    assert (table.latency_ps[0, 0], table.ttft_ps[0, 0]) == (3 * 10**10, 10**12)


def test_a_workload_without_sizes_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="at least one request size"):
        serving_table([])
