"""Facts of a fleet result, read from its document alone: objectives, machines, loads, limits.

Nothing here imports the solver: a result file is enough, and what an older one leaves out is told
as unknown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from solver.report.numbers import aligned, clean, percent, short, with_prefix

__all__ = [
    "Goal",
    "Limit",
    "amount",
    "column_of",
    "devices_by_machine",
    "dollars",
    "goals_of",
    "is_helper",
    "is_supply",
    "layout_name",
    "limit_title",
    "limits_of",
    "machines_in_short",
    "rack_name",
    "replica_count",
    "tightest",
    "value_of",
]

Point = Mapping[str, Any]
Design = Mapping[str, Any]

_UNITS = {
    "usd/h": "US$/h",
    "usd/Mtok": "US$/Mtok",
    "usd": "US$",
    "of target": "× target",
    "level": "1/level",
}
_HOURS_A_YEAR = 8760
_PREFIXED = frozenset({"W", "B/s"})
_SUPPLY = "devices of "
"""Rows that say devices in replicas are bought: no limit of the buyer."""

_HELPERS = ("layouts: ", "changes: ", "places of ")
"""Rows that only count: what is in use for a limit that stands beside them, or replicas of one
queue on several pools of nodes."""


@dataclass(frozen=True, slots=True)
class Goal:
    """One objective: its name, unit as people write it, and whether more is better."""

    name: str
    unit: str
    maximised: bool

    @property
    def header(self) -> str:
        """For a table: the unit below the name."""
        return f"{clean(self.name, limit=20)}\n{self.unit}"

    @property
    def better(self) -> str:
        """``faster``, ``cheaper``, or ``better in quality``."""
        known = {"speed": "faster", "cost": "cheaper"}
        return known.get(self.name, f"better in {clean(self.name, limit=30)}")

    def told(self, value: float) -> str:
        """A value with its unit: ``83.3 tok/s/user``."""
        return amount(value, self.unit)


@dataclass(frozen=True, slots=True)
class Limit:
    """How full a limit is, in the unit that people read; ``share`` is ``None`` of a limit of 0.

    ``supply`` marks rows that tie replicas to nodes bought: they are as good as always full.
    """

    name: str
    used: float
    limit: float
    unit: str
    share: float | None
    supply: bool

    @property
    def title(self) -> str:
        """The limit in words."""
        return limit_title(self.name)

    @property
    def told(self) -> str:
        """``96 of 160 devices``, ``96 of 170 kW``."""
        if self.unit.startswith("US$"):
            return f"US${dollars(self.used)} of {amount(self.limit, self.unit)}"
        if self.unit in _PREFIXED:
            most = with_prefix(self.limit, self.unit)
            return f"{with_prefix(self.used, self.unit)} of {most}"
        return f"{short(self.used)} of {short(self.limit)} {self.unit}".strip()

    @property
    def percent(self) -> str:
        """Per cent with one decimal place; a limit that is not quite reached never reads 100."""
        if self.share is None:
            return "no room" if self.used else "unused"
        text = percent(self.share)
        return "99.9 %" if text == "100.0 %" and self.share < 1 else text


def is_supply(name: str) -> bool:
    """Whether a limit of this name only ties replicas to the nodes that are bought."""
    return name.startswith(_SUPPLY)


def is_helper(name: str) -> bool:
    """Whether a row of this name only helps another to count; nobody stated it."""
    return name.startswith(_HELPERS)


def limit_title(name: str) -> str:
    """A limit in words: ``use of h100`` for a row of supply, else its name."""
    if not is_supply(name):
        return name
    return f"use of {name.removeprefix(_SUPPLY)}"


def amount(value: float, unit: str) -> str:
    """A value with its unit: ``US$344/h``, ``96 kW``, ``83.33 tok/s/user``."""
    if unit.startswith("US$"):
        sign = "−" if value < 0 else ""
        return f"{sign}US${dollars(abs(value))}{unit.removeprefix('US$')}"
    if unit in _PREFIXED:
        return with_prefix(value, unit)
    if unit == _UNITS["level"]:
        return f"{short(value)} ({unit})"
    return f"{short(value)} {unit}".strip()


def dollars(value: float) -> str:
    """A sum without its sign: whole dollars or cents, more digits only below a dollar."""
    if value and abs(value) < 1:
        return short(value)
    return f"{value:,.0f}" if round(value, 2) == round(value) else f"{value:,.2f}"


def goals_of(document: Mapping[str, Any]) -> tuple[Goal, ...]:
    """The objectives, in the order of the document.

    A sum of money over the hours that the question looks ahead says how many they are.
    """
    return tuple(
        Goal(
            str(entry["name"]),
            _UNITS.get(str(entry["unit"]), clean(entry["unit"], limit=20))
            + (_ahead(document) if entry["unit"] == "usd" else ""),
            entry["sense"] == "max",
        )
        for entry in document["objectives"]
    )


def _ahead(document: Mapping[str, Any]) -> str:
    """`` in 3 years``, `` in 100 h``; empty where the document does not say."""
    stated = (document["instance"].get("resolved") or {}).get("horizon_hours")
    if stated is None:
        return ""
    hours = Fraction(str(stated))
    years, rest = divmod(hours, _HOURS_A_YEAR)
    if years and not rest:
        return f" in {years} year{'s' if years > 1 else ''}"
    return f" in {short(float(hours))} h"


def value_of(point: Point, goal: Goal) -> Fraction:
    """The exact value of an objective; the decimal one where the point carries no other."""
    exact = point.get("exact", {}).get(goal.name)
    return Fraction(str(point["objectives"][goal.name] if exact is None else exact))


def column_of(points: Sequence[Point], goal: Goal) -> list[str]:
    """Values of an objective with equal decimals; money in cents where not all is whole."""
    values = [float(point["objectives"][goal.name]) for point in points]
    cents = goal.unit.startswith("US$") and not all(value.is_integer() for value in values)
    return aligned(values, digits=4, least=2 if cents else 0)


def _period_weights(document: Mapping[str, Any]) -> dict[str, float]:
    """Share of the day by name of period; what stands all day has no name."""
    periods = document["instance"].get("resolved", {}).get("periods") or ()
    weights = {str(p["name"]): float(Fraction(str(p["hours"])) / 24) for p in periods}
    return {**weights, "": 1.0}


def devices_by_machine(document: Mapping[str, Any], design: Design) -> dict[str, float]:
    """Devices held of every machine, those of nodes bought included; means over the day.

    A machine had by the node appears with its nodes; others with their replicas' devices.
    """
    weights = _period_weights(document)
    found: dict[str, float] = {}
    by_node = {entry["machine"] for entry in design.get("nodes", ())}
    for entry in design.get("replicas", ()):
        machine = entry["machine"]
        if machine not in by_node:
            held = entry["count"] * entry["devices"] * weights.get(entry.get("period", ""), 1.0)
            found[machine] = found.get(machine, 0.0) + held
    for entry in design.get("nodes", ()):
        held = entry["devices"] * weights.get(entry.get("period", ""), 1.0)
        found[entry["machine"]] = found.get(entry["machine"], 0.0) + held
    return {clean(name, limit=60) or "unnamed": found[name] for name in sorted(found)}


def machines_in_short(document: Mapping[str, Any], design: Design, *, most: int = 4) -> str:
    """``96 h100, 16 l40s``; beyond ``most`` the largest and how many more."""
    held = {name: n for name, n in devices_by_machine(document, design).items() if n}
    chosen = sorted(held, key=lambda name: -held[name])[:most]
    told = ", ".join(f"{short(n)} {name}" for name, n in held.items() if name in chosen)
    return told if len(held) <= most else f"{told} and {len(held) - most} more"


def limits_of(design: Design) -> list[Limit]:
    """Every limit in the order of the result, those of what is not used at all left out."""
    found = []
    for name, entry in design.get("utilisation", {}).items():
        if is_helper(name):
            continue
        limit = Limit(
            clean(name, limit=60),
            float(entry["used"]),
            float(entry["limit"]),
            clean(entry.get("unit", ""), limit=20),
            None if entry.get("share") is None else float(entry["share"]),
            is_supply(name),
        )
        if limit.used or limit.limit:
            found.append(limit)
    return found


def tightest(design: Design) -> Limit | None:
    """The limit that is fullest, rows of supply apart; the first of equals."""
    stated = [limit for limit in limits_of(design) if not limit.supply and limit.share is not None]
    return max(stated, key=lambda limit: limit.share or 0.0, default=None)


def layout_name(entry: Mapping[str, Any]) -> str:
    """Layout of an entry, with the batch where the layout does not tell it.

    Of several measured rows of one layout also what sets this one apart: ``TP2, 50 tok/s/user``.
    """
    layout, batch = clean(entry["layout"], limit=60), entry.get("batch")
    if batch is not None and "batch" not in layout:
        layout += f", batch {batch}"
    if entry.get("clock_mhz") is not None:
        layout += f", {entry['clock_mhz']} MHz"
    apart = clean(entry.get("apart") or "", limit=40)
    return f"{layout}, {apart}" if apart else layout


def rack_name(entry: Mapping[str, Any]) -> str:
    """Region or rack of an entry; empty where it does not matter."""
    return clean(entry.get("region_or_rack", ""), limit=30)


def replica_count(entry: Mapping[str, Any]) -> str:
    """``20``, or ``6 (3 pools)`` where replicas stand behind shared queues."""
    pools = entry.get("pools")
    return f"{entry['count']:,}" + (
        f" ({pools:,} pool{'s' if pools != 1 else ''})" if pools else ""
    )
