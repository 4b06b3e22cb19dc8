"""Power by phase and clock: bounds, limits and the shape of the energy curve."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from solver.catalog import shipped_catalog
from solver.catalog.power import ClockRange, PowerProfile
from solver.instance.energy import EnergyTerms
from solver.performance.power import board_watts, core_factor, host_watts, most_watts

CLOCKS = ClockRange(lowest_mhz=210, highest_mhz=1410, step_mhz=Fraction(15), voltage_floor=0.7)
PROFILE = PowerProfile(
    idle_w=100, decode_w=300, prefill_w=400, hbm_w=60, clocks=CLOCKS, source="made up", as_of="2026"
)
SHARES = st.floats(0, 1)
CLOCK_SHARES = st.floats(210 / 1410, 1)


def watts(
    *, arithmetic: float, hbm: float, clock: float = 1.0, profile: PowerProfile = PROFILE
) -> float:
    return float(
        board_watts(
            profile,
            clock_share=clock,
            arithmetic_share=np.asarray(arithmetic),
            hbm_share=np.asarray(hbm),
        )
    )


def test_a_board_with_nothing_to_do_draws_idle_power() -> None:
    assert watts(arithmetic=0, hbm=0) == 100


def test_a_board_bound_by_arithmetic_draws_prefill_power() -> None:
    assert watts(arithmetic=1, hbm=0) == 400


def test_a_board_bound_by_hbm_draws_decode_power() -> None:
    assert watts(arithmetic=0, hbm=1) == 300


def test_arithmetic_beside_hbm_draws_no_more_than_the_most() -> None:
    assert watts(arithmetic=1, hbm=1) == 400


def test_memory_keeps_its_power_at_a_lower_clock() -> None:
    # 0.8 of the clock: 0.8^3 of the dynamic power of the cores, all of that of the memory.
    assert watts(arithmetic=0, hbm=1, clock=0.8) == pytest.approx(100 + 140 * 0.512 + 60)


def test_below_the_voltage_floor_power_falls_with_the_clock_alone() -> None:
    assert core_factor(CLOCKS, 0.35) == pytest.approx(0.35 * 0.7**2)


def test_a_board_without_clocks_keeps_its_power() -> None:
    assert core_factor(None, 0.5) == 1.0


@given(SHARES, SHARES, CLOCK_SHARES)
def test_power_lies_between_idle_and_the_most(arithmetic: float, hbm: float, clock: float) -> None:
    drawn = watts(arithmetic=arithmetic, hbm=hbm, clock=clock)
    assert PROFILE.idle_w <= drawn <= most_watts(PROFILE, clock)


@given(SHARES, SHARES, CLOCK_SHARES, CLOCK_SHARES)
def test_a_higher_clock_never_draws_less(
    arithmetic: float, hbm: float, one: float, other: float
) -> None:
    low, high = sorted((one, other))
    at_low = watts(arithmetic=arithmetic, hbm=hbm, clock=low)
    assert at_low <= watts(arithmetic=arithmetic, hbm=hbm, clock=high) + 1e-9


@given(SHARES, SHARES, SHARES, CLOCK_SHARES)
def test_more_work_never_draws_less(one: float, other: float, hbm: float, clock: float) -> None:
    low, high = sorted((one, other))
    at_low = watts(arithmetic=low, hbm=hbm, clock=clock)
    assert at_low <= watts(arithmetic=high, hbm=hbm, clock=clock) + 1e-9


@given(st.floats(1, 200), st.floats(201, 2000), st.floats(0.3, 1))
def test_energy_of_arithmetic_over_the_clock_is_u_shaped(
    idle_w: float, prefill_w: float, floor: float
) -> None:
    # Joules of a fixed piece of arithmetic: its time grows as the clock falls.
    profile = replace(
        PROFILE,
        idle_w=idle_w,
        decode_w=prefill_w,
        prefill_w=prefill_w,
        hbm_w=0.0,
        clocks=replace(CLOCKS, voltage_floor=floor),
    )
    shares = [mhz / 1410 for mhz in range(210, 1411, 15)]
    energy = [watts(arithmetic=1, hbm=0, clock=s, profile=profile) / s for s in shares]
    lowest = energy.index(min(energy))
    slack = 1e-9 * max(energy)
    assert all(energy[i + 1] <= energy[i] + slack for i in range(lowest))
    assert all(energy[i + 1] >= energy[i] - slack for i in range(lowest, len(energy) - 1))


@given(st.floats(1, 200), st.floats(201, 2000), st.floats(0.3, 1))
def test_the_cheapest_clock_of_arithmetic_is_the_closed_form(
    idle_w: float, prefill_w: float, floor: float
) -> None:
    # idle / s + dynamic s^2 is least at s^3 = idle / (2 dynamic), never below the voltage floor.
    profile = replace(
        PROFILE,
        idle_w=idle_w,
        decode_w=prefill_w,
        prefill_w=prefill_w,
        hbm_w=0.0,
        clocks=replace(CLOCKS, voltage_floor=floor),
    )
    best = min(1.0, max(floor, (idle_w / (2 * (prefill_w - idle_w))) ** (1 / 3)))
    at_best = watts(arithmetic=1, hbm=0, clock=best, profile=profile) / best
    for mhz in range(210, 1411, 15):
        share = mhz / 1410
        energy = watts(arithmetic=1, hbm=0, clock=share, profile=profile) / share
        assert at_best <= energy * (1 + 1e-12)


def test_the_host_is_what_the_catalog_has_beside_the_board() -> None:
    assert host_watts(shipped_catalog().accelerator("H100 SXM"), None) == 1370 - 700


def test_a_stated_host_comes_before_the_catalog() -> None:
    terms = EnergyTerms(host_w_per_device=Fraction(25))
    assert host_watts(shipped_catalog().accelerator("H100 SXM"), terms) == 25


def test_a_board_without_all_in_power_has_no_host() -> None:
    assert host_watts(shipped_catalog().accelerator("L4"), None) == 0
