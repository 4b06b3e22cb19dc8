"""Figures of wires in the units of files, as whole bytes/s and picoseconds.

A bandwidth is rounded down and a latency up where a file's figure makes no whole number: a design
may count on no more than there is.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction

from solver.instance.fleet.plausible import PlausibleRange
from solver.instance.lookup import Lookup
from solver.instance.placement.network_records import FarWire, WireKeys
from solver.topology import Wire
from solver.topology.builders.figures import FIBRE_PS_PER_KM

__all__ = [
    "BANDWIDTH_KEYS",
    "LATENCY_KEYS",
    "bandwidth_doubt",
    "bytes_per_s_of",
    "latency_doubt",
    "latency_ps_of",
    "read_wire",
]

_BYTES_PER_S: Mapping[str, Fraction] = {
    "gbit_per_s": Fraction(10**9, 8),
    "gb_per_s": Fraction(10**9),
    "mb_per_s": Fraction(10**6),
}
_PS: Mapping[str, Fraction] = {"latency_us": Fraction(10**6), "latency_ms": Fraction(10**9)}
BANDWIDTH_KEYS = tuple(_BYTES_PER_S)
LATENCY_KEYS = tuple(_PS)
_BANDWIDTH = PlausibleRange(
    "bytes/s for one link",
    low=Fraction(1000),
    low_mend="Is it in another unit? The key names it: gbit_per_s, gb_per_s or mb_per_s",
    high=Fraction(10**15),
    high_mend="Is it in bytes/s or MB/s? The key names the unit: gbit_per_s, gb_per_s or mb_per_s",
)
_LATENCY = PlausibleRange(
    "ps for one link",
    high=Fraction(10**13),
    high_mend="Is it in nanoseconds? The key names the unit: latency_us or latency_ms",
)


def bytes_per_s_of(key: str, value: Fraction) -> int:
    """The bandwidth ``value`` in the unit of ``key``, in whole bytes/s, rounded down."""
    return math.floor(value * _BYTES_PER_S[key])


def latency_ps_of(key: str, value: Fraction) -> int:
    """The latency ``value`` in the unit of ``key``, in whole picoseconds, rounded up."""
    return math.ceil(value * _PS[key])


def bandwidth_doubt(bytes_per_s: int) -> tuple[str, str] | None:
    """What is odd about a bandwidth, and its cure; ``None`` where nothing is."""
    return _BANDWIDTH.doubt(Fraction(bytes_per_s))


def latency_doubt(latency_ps: int) -> tuple[str, str] | None:
    """What is odd about a latency, and its cure; ``None`` where nothing is."""
    return _LATENCY.doubt(Fraction(latency_ps))


def read_wire(record: WireKeys, key: str, lookup: Lookup) -> Wire | None:
    """The wire that the table ``key`` of the file states, or ``None`` and faults."""
    stated = {
        name: value
        for name in (*BANDWIDTH_KEYS, *LATENCY_KEYS)
        if (value := getattr(record, name)) is not None
    }
    km = record.km if isinstance(record, FarWire) else None
    if km is not None:
        stated["km"] = km
    bandwidth = _one(stated, BANDWIDTH_KEYS, "bandwidth", key, lookup)
    latencies = (*LATENCY_KEYS, "km") if isinstance(record, FarWire) else LATENCY_KEYS
    latency = _one(stated, latencies, "latency", key, lookup)
    if bandwidth is None or latency is None:
        return None
    bytes_per_s = bytes_per_s_of(bandwidth, stated[bandwidth])
    if latency == "km":
        latency_ps = math.ceil(stated["km"] * FIBRE_PS_PER_KM)
    else:
        latency_ps = latency_ps_of(latency, stated[latency])
    doubts = (
        (bandwidth, bandwidth_doubt(bytes_per_s)),
        (latency, latency_doubt(latency_ps)),
    )
    for name, doubt in doubts:
        if doubt is not None:
            lookup.fault(f"{key}.{name}", *doubt)
    if any(doubt for _, doubt in doubts):
        return None
    return Wire(bytes_per_s, latency_ps)


def _one(
    stated: Mapping[str, Fraction], names: tuple[str, ...], what: str, key: str, lookup: Lookup
) -> str | None:
    """The one of ``names`` that is stated."""
    given = [name for name in names if name in stated]
    if len(given) == 1:
        return given[0]
    if given:
        lookup.fault(key, f"{' and '.join(given)} state the same figure", "Keep one of them")
    elif not lookup.has_fault(*(f"{key}.{name}" for name in names)):
        lookup.fault(key, f"the link has no {what}", f"Add {' or '.join(names)}")
    return None
