"""Node and link attributes of a graph file, with their units, as hosts, switches and links.

==========  ====================================================================================
node        ``kind``; a host also ``accelerator``, ``devices``, ``hbm_bytes`` (or ``hbm_gb``),
            and optionally ``device_bytes_per_s`` (or ``device_gb_per_s``), ``device_latency_ps``
            (or ``device_latency_us``), ``usd_per_hour`` (a decimal or "p/q")
link        ``bytes_per_s`` (or ``gb_per_s``, ``gbit_per_s``), ``latency_ps`` (or ``latency_us``,
            ``latency_ms``), optionally ``name``
==========  ====================================================================================

Every figure ends as a whole number in the first unit; one that does not is a fault, not rounded.
Attributes that a drawing program leaves behind (``label``, ``x``, ``y``, ``color`` and the like)
are listed in ``DRAWING`` and passed over; any other is a fault.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any, cast

from solver.errors import Fault, InstanceError
from solver.topology.checks import topology_faults
from solver.topology.elements import (
    HOST,
    NODE_KINDS,
    SWITCH_KINDS,
    Host,
    Link,
    Switch,
    SwitchKind,
    link_name,
)
from solver.topology.graph import Topology

__all__ = ["DRAWING", "topology_from_attributes"]

DRAWING = frozenset({"label", "title", "x", "y", "z", "r", "g", "b", "color", "size", "pos", "id"})

_Units = Mapping[str, Fraction]
_BANDWIDTH: _Units = {
    "bytes_per_s": Fraction(1),
    "gb_per_s": Fraction(10**9),
    "gbit_per_s": Fraction(10**9, 8),
}
_LATENCY: _Units = {
    "latency_ps": Fraction(1),
    "latency_us": Fraction(10**6),
    "latency_ms": Fraction(10**9),
}
_HBM: _Units = {"hbm_bytes": Fraction(1), "hbm_gb": Fraction(10**9)}
_DEVICE_BANDWIDTH: _Units = {
    "device_bytes_per_s": Fraction(1),
    "device_gb_per_s": Fraction(10**9),
}
_DEVICE_LATENCY: _Units = {
    "device_latency_ps": Fraction(1),
    "device_latency_us": Fraction(10**6),
}
_DEVICES: _Units = {"devices": Fraction(1)}

_NODE_KEYS = frozenset(
    {"kind", "accelerator", "usd_per_hour"}.union(
        _DEVICES, _HBM, _DEVICE_BANDWIDTH, _DEVICE_LATENCY
    )
)
_LINK_KEYS = frozenset({"name"}.union(_BANDWIDTH, _LATENCY))
MAX_EXPONENT = 40
"""Powers of ten a figure may have; no unit of a network needs more."""
_PLACEHOLDER = 1
"""Stands for a figure that is reported as missing, so that the rest is still checked."""


@dataclass(slots=True)
class _Reading:
    where: str
    faults: list[Fault] = field(default_factory=list)

    def fault(self, place: str, what: str, mend: str) -> None:
        self.faults.append(Fault(f"{self.where}: {place}", what, mend))


def topology_from_attributes(
    name: str,
    nodes: Iterable[tuple[str, Mapping[str, Any]]],
    links: Iterable[tuple[str, str, Mapping[str, Any]]],
    *,
    where: str,
    further: Iterable[Fault] = (),
) -> Topology:
    """A topology from named nodes and pairs of names, each with attributes as a file has them.

    Parameters
    ----------
    further
        Faults found before, to be reported with those found here.

    Raises
    ------
    InstanceError
        With every fault: a missing, unknown or malformed attribute, and those of ``Topology``.
    """
    reading = _Reading(where)
    reading.faults.extend(further)
    hosts: list[Host] = []
    switches: list[Switch] = []
    for node, attributes in nodes:
        place = f"nodes.{node}"
        _check_keys(attributes, _NODE_KEYS, place, reading)
        kind = attributes.get("kind")
        if kind == HOST:
            hosts.append(_host(node, attributes, place, reading))
            continue
        if kind not in NODE_KINDS:
            reading.fault(
                place,
                "kind is missing" if kind is None else f"{kind!r} is not a kind of node",
                f"Write one of: {', '.join(NODE_KINDS)}",
            )
            kind = SWITCH_KINDS[0]
        switches.append(Switch(node, cast(SwitchKind, kind)))
    found = [_link(a, b, attributes, reading) for a, b, attributes in links]
    rest = topology_faults(hosts, switches, found, where=where)
    if reading.faults or rest:
        raise InstanceError.all_of([*reading.faults, *rest])
    return Topology(name, tuple(hosts), tuple(switches), tuple(found), where=where)


def _host(name: str, attributes: Mapping[str, Any], place: str, reading: _Reading) -> Host:
    accelerator = attributes.get("accelerator")
    if not isinstance(accelerator, str) or not accelerator:
        reading.fault(place, "the host names no accelerator", "Add 'accelerator'")
        accelerator = "?"
    return Host(
        name=name,
        accelerator=accelerator,
        devices=_needed(attributes, _DEVICES, 1, place, reading),
        hbm_bytes=_needed(attributes, _HBM, 1, place, reading),
        device_bytes_per_s=_figure(attributes, _DEVICE_BANDWIDTH, 1, place, reading),
        device_latency_ps=_figure(attributes, _DEVICE_LATENCY, 0, place, reading),
        usd_per_hour=_price(attributes.get("usd_per_hour"), place, reading),
    )


def _link(a: str, b: str, attributes: Mapping[str, Any], reading: _Reading) -> Link:
    name = attributes.get("name")
    name = link_name(a, b) if name is None else str(name)
    place = f"links.{name}"
    _check_keys(attributes, _LINK_KEYS, place, reading)
    return Link(
        name,
        a,
        b,
        _needed(attributes, _BANDWIDTH, 1, place, reading),
        _needed(attributes, _LATENCY, 0, place, reading),
    )


def _check_keys(
    attributes: Mapping[str, Any], known: frozenset[str], place: str, reading: _Reading
) -> None:
    for key in attributes:
        if key not in known and key not in DRAWING:
            reading.fault(
                place, f"{key!r} is not a known attribute", f"Use {', '.join(sorted(known))}"
            )


def _needed(
    attributes: Mapping[str, Any], units: _Units, least: int, place: str, reading: _Reading
) -> int:
    if not any(key in attributes for key in units):
        what = "the link has no bandwidth" if units is _BANDWIDTH else f"{_first(units)} is missing"
        reading.fault(place, what, f"Add {' or '.join(units)}")
        return _PLACEHOLDER
    value = _figure(attributes, units, least, place, reading)
    return _PLACEHOLDER if value is None else value


def _first(units: _Units) -> str:
    return next(iter(units))


def _figure(
    attributes: Mapping[str, Any], units: _Units, least: int, place: str, reading: _Reading
) -> int | None:
    given = [key for key in units if key in attributes]
    if not given:
        return None
    if len(given) > 1:
        reading.fault(place, f"{' and '.join(given)} state the same figure", "Keep one of them")
        return None
    key = given[0]
    value = exact(attributes[key])
    scaled = None if value is None else value * units[key]
    if scaled is None or scaled < least or scaled.denominator != 1:
        reading.fault(
            place,
            f"{key} is {attributes[key]!s}",
            f"Write a number that makes a whole {_first(units)} of at least {least}",
        )
        return None
    return int(scaled)


def _price(value: Any, place: str, reading: _Reading) -> Fraction | None:
    if value is None:
        return None
    price = exact(value)
    if price is None or price <= 0:
        reading.fault(
            place, f"usd_per_hour is {value!s}", "Write a positive decimal or a fraction p/q"
        )
        return None
    return price


def exact(value: Any) -> Fraction | None:
    """The number as a fraction, by its decimal digits; ``None`` if it is none, or out of all scale.

    A float stands for the shortest decimal that reads back as it, which is what its file holds.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float, str, Decimal, Fraction)):
        return None
    try:
        if isinstance(value, str) and "/" in value:
            return Fraction(value)
        if isinstance(value, (float, str)):
            value = Decimal(repr(value) if isinstance(value, float) else value.strip())
        if isinstance(value, Decimal) and value and abs(value.adjusted()) > MAX_EXPONENT:
            # Made a fraction, 1e999999999 would fill the memory.
            return None
        return Fraction(value)
    except (ValueError, ArithmeticError):
        return None
