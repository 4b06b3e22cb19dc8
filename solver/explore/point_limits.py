"""How close one point comes to every limit of the question."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from solver.explore.damage import told_damage
from solver.report.design import BINDINGS
from solver.report.fleet_facts import amount, limits_of
from solver.report.numbers import clean, percent, with_prefix
from solver.result import kind_of

__all__ = ["LimitRow", "limits_view"]

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LimitRow:
    """One limit at one point.

    Parameters
    ----------
    limit
        In words.
    value, used
        What it allows and what the point takes of it, with units; ``value`` is empty where
        nothing was stated.
    share
        ``used`` as a share of the room: 1 is full. ``None`` where there is none to tell.
    binds
        Whether nothing is left of it at this point.
    """

    limit: str
    value: str
    used: str
    share: float | None
    binds: bool


@dataclass(frozen=True, slots=True)
class _Stated:
    """A limit that questions state: where a point tells its side, and which way it points."""

    title: str
    unit: str
    goal: str
    key: str
    at_least: bool = False


_STATED = {
    "min_speed_tok_per_s": _Stated("Speed, at least", "tok/s/user", "speed", "", at_least=True),
    "min_quality": _Stated("Quality, at least", "", "quality", "quality", at_least=True),
    "max_cost_usd_per_mtok": _Stated("Cost, at most", "US$/Mtok", "cost", ""),
    "max_devices": _Stated("Devices, at most", "devices", "", "devices"),
    "max_hosts": _Stated("Hosts, at most", "hosts", "", "hosts"),
    "max_tok_per_s": _Stated("Throughput, at most", "tok/s", "", "tok_per_s"),
    "max_usd_per_hour": _Stated("Price, at most", "US$/h", "", "usd_per_hour"),
    "max_ttft_s": _Stated("Time to first token, at most", "s", "ttft", "ttft_s"),
    "max_watts": _Stated("Power, at most", "W", "power", "watts"),
    "max_j_per_token": _Stated("Energy, at most", "J/token", "energy", "j_per_token"),
    "max_g_co2_per_mtok": _Stated("CO2, at most", "g/Mtok", "", "g_co2_per_mtok"),
}
"""Costs of a plain replica are in the objectives, all else in the design."""


@told_damage
def limits_view(document: Document, index: int | None = None) -> tuple[LimitRow, ...]:
    """Every limit at point ``index``; ``None`` takes the first point, and no point has none.

    A limit that a question states by name is full where the point attains it exactly; how close a
    point comes is told by ``share``.

    Raises
    ------
    ResultError
        If there is no such point, or a value is missing or of the wrong type.
    """
    if index is None and not document["points"]:
        return ()
    point = document["points"][index or 0]
    if kind_of(document) == "fleet":
        return tuple(_fleet(document, point["design"]))
    return (*_stated(document, point), *_hardware(document, point["design"]))


def _fleet(document: Document, design: Mapping[str, Any]) -> list[LimitRow]:
    """What the whole fleet must meet, then what every workload asks of its slowest replicas."""
    rows = [
        LimitRow(
            limit.title, amount(limit.limit, limit.unit), limit.told, limit.share,
            limit.share == 1.0,
        )
        for limit in limits_of(design) if not limit.supply
    ]  # fmt: skip
    for workload in document["instance"].get("resolved", {}).get("workloads") or ():
        name = workload["name"]
        entries = [entry for entry in design.get("replicas", ()) if entry["workload"] == name]
        of = f" of {clean(name, limit=40)}"
        for key, told in (("min_speed_tok_per_s", "tpot_s"), ("max_ttft_s", "ttft_s")):
            times = [entry[told] for entry in entries if entry.get(told) is not None]
            if workload.get(key) is None or not times:
                continue
            slowest, known = Fraction(str(max(times))), _STATED[key]
            used = 1 / slowest if known.at_least else slowest
            rows.append(_row(known, of, Fraction(str(workload[key])), used))
    return rows


def _row(known: _Stated, of: str, bound: Fraction, used: Fraction) -> LimitRow:
    head, comma, tail = known.title.partition(",")
    share = bound / used if known.at_least else used / bound
    return LimitRow(
        f"{head}{of}{comma}{tail}", amount(float(bound), known.unit),
        amount(float(used), known.unit), float(share), share == 1,
    )  # fmt: skip


def _stated(document: Document, point: Mapping[str, Any]) -> list[LimitRow]:
    limits = document["instance"].get("resolved", {}).get("limits") or {}
    rows = []
    for key, value in limits.items():
        known = _STATED.get(key)
        if value is None or known is None:
            continue
        bound = Fraction(str(value))
        used = _used(point, known)
        if used is None:
            rows.append(LimitRow(known.title, amount(float(bound), known.unit), "", None, False))
            continue
        rows.append(_row(known, "", bound, used))
    return rows


def _used(point: Mapping[str, Any], known: _Stated) -> Fraction | None:
    """The point's side, exact where the document holds it exactly."""
    exact = point.get("exact", {})
    if known.goal == "speed" and "latency_ps" in exact:
        return Fraction(10**12, int(exact["latency_ps"]))
    value = exact.get(known.goal) if known.goal else None
    if value is None and known.goal:
        value = point["objectives"].get(known.goal)
    if value is None and known.key:
        value = point["design"].get(known.key)
    return None if value is None else Fraction(str(value))


def _hardware(document: Document, design: Mapping[str, Any]) -> list[LimitRow]:
    """Memory and pace, which nobody states and every point has."""
    rows = []
    used, most = design.get("hbm_used_bytes"), design.get("hbm_capacity_bytes")
    if used is not None and most:
        rules = document["instance"].get("resolved", {}).get("rules") or {}
        room = float(most) * (1 - float(Fraction(str(rules.get("hbm_reserve_fraction") or 0))))
        share = float(used) / room
        told = f"{with_prefix(float(used), 'B')} ({percent(share)})"
        rows.append(LimitRow("HBM of a device", with_prefix(room, "B"), told, share, share >= 1))
    binding = BINDINGS.get(str(design.get("binding", "")))
    if binding is not None:
        rows.append(LimitRow(f"Pace: {binding.title}", "", clean(binding.meaning), None, True))
    return rows
