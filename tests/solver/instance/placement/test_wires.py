"""Figures of wires in the units of files."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solver.catalog import shipped_catalog
from solver.instance.lookup import Lookup
from solver.instance.placement.network_records import FarWire, WireKeys
from solver.instance.placement.wires import (
    BANDWIDTH_KEYS,
    LATENCY_KEYS,
    bytes_per_s_of,
    latency_ps_of,
    read_wire,
)
from solver.topology import Wire


def read(record: WireKeys) -> tuple[Wire | None, list[str]]:
    lookup = Lookup(shipped_catalog(), "q.toml", Path())
    wire = read_wire(record, "links.0", lookup)
    return wire, [str(fault) for fault in lookup.faults]


@pytest.mark.parametrize(
    ("keys", "wire"),
    [
        ({"gbit_per_s": 400, "latency_us": "1.5"}, Wire(50 * 10**9, 1_500_000)),
        ({"gb_per_s": 25, "latency_us": 0}, Wire(25 * 10**9, 0)),
        ({"mb_per_s": "14.2", "latency_ms": 55}, Wire(14_200_000, 55 * 10**9)),
    ],
)
def test_every_unit_is_read(keys: dict[str, Any], wire: Wire) -> None:
    assert read(WireKeys(**keys)) == (wire, [])


def test_a_fibre_takes_its_length_times_the_delay_of_glass() -> None:
    wire, faults = read(FarWire(gbit_per_s=Fraction(10), km=Fraction(1000)))
    assert faults == []
    assert wire is not None
    # Light takes 1.4682 / 299792.458 km/s in glass: 4.9 ms for 1000 km.
    assert wire.latency_ps == pytest.approx(1000 * 1.4682 / 299792.458 * 1e12, rel=1e-6)


def test_a_latency_and_a_length_state_the_same_figure() -> None:
    far = FarWire(gbit_per_s=Fraction(10), km=Fraction(5), latency_us=Fraction(1))
    wire, (fault,) = read(far)
    assert wire is None
    assert "latency_us and km state the same figure" in fault


@given(
    st.sampled_from(BANDWIDTH_KEYS),
    st.sampled_from(LATENCY_KEYS),
    st.fractions(Fraction(1, 100), 10_000),
)
def test_rounding_never_makes_a_wire_better(bandwidth: str, latency: str, value: Fraction) -> None:
    bits = {"gbit_per_s": 10**9, "gb_per_s": 8 * 10**9, "mb_per_s": 8 * 10**6}
    per_unit = Fraction(bits[bandwidth], 8)
    ps = {"latency_us": 10**6, "latency_ms": 10**9}[latency]
    assert 0 <= value * per_unit - bytes_per_s_of(bandwidth, value) < 1
    assert 0 <= latency_ps_of(latency, value) - value * ps < 1
