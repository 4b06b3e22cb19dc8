"""What to buy or rent at a point: lines of units, price and hours, whose sum is the plan's cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from solver.report.numbers import clean
from solver.report.workbook.owning import Owned, owned_of
from solver.report.workbook.values import exactly

__all__ = ["BillLine", "PointBill", "bill_of_point"]

Design = Mapping[str, Any]
Resolved = Mapping[str, Any]

_DAY = Fraction(24)
_CLOSE = Fraction(1, 10**9)
"""Relative difference up to which a price of the question explains a cost of the document: costs of
lines are decimals there."""


@dataclass(frozen=True, slots=True)
class BillLine:
    """One line of a bill.

    Parameters
    ----------
    machine, contract, period, place
        As the document names them; empty where they do not apply.
    unit
        What is counted and priced: ``device`` or ``host``; empty for a line without a count.
    count
        Units held while the line runs.
    nodes
        Nodes or hosts that they come in; ``None`` where they are had one by one.
    usd_per_unit_hour
        Of one unit; of the whole line where there is no count.
    hours_a_day
        For which the line is held; the sums are means over the day.
    source
        Of the price.
    exact
        Whether the price is the question's own; else it is derived from decimals of the result.
    owned
        Machine and contract of the terms on which the devices are owned; ``None`` of others.
    purchase_usd
        Price of one device that is owned.
    """

    machine: str
    contract: str
    period: str
    place: str
    unit: str
    count: int
    nodes: int | None
    usd_per_unit_hour: Fraction
    hours_a_day: Fraction
    source: str
    exact: bool = False
    owned: tuple[str, str] | None = None
    purchase_usd: Fraction = Fraction(0)

    @property
    def usd_per_hour(self) -> Fraction:
        """Mean over the day."""
        return max(self.count, 1) * self.usd_per_unit_hour * self.hours_a_day / _DAY


@dataclass(slots=True)
class _Held:
    """What is held on one contract in one place: devices, their nodes, the document's cost."""

    devices: int = 0
    nodes: int | None = None
    cost: Fraction | None = None


@dataclass(frozen=True, slots=True)
class PointBill:
    """The lines of a point, and what the document itself says of its cost.

    Parameters
    ----------
    stated_usd_per_hour
        The document's own sum; ``exact_usd_per_hour`` where it states it as a fraction.
    exact_usd_per_mtok
        Of a point whose cost is one of tokens.
    exact_usd, horizon_hours
        Of a point whose cost is one of all hours that the question looks ahead, and these hours.
    tok_per_s
        Output of the point.
    """

    lines: tuple[BillLine, ...]
    stated_usd_per_hour: Fraction | None
    exact_usd_per_hour: str | None
    exact_usd_per_mtok: str | None
    tok_per_s: Fraction | None
    exact_usd: str | None = None
    horizon_hours: Fraction | None = None

    @property
    def usd_per_hour(self) -> Fraction:
        return sum((line.usd_per_hour for line in self.lines), Fraction(0))


def bill_of_point(document: Mapping[str, Any], index: int) -> PointBill:
    """The bill of point ``index``, whatever the kind of question.

    Prices are those of the question where they explain the document's cost; else what the document
    itself says the line costs, spread over its units. What lines of devices do not explain, such as
    electricity of owned machines, is a line of its own, so that the sum is the document's.
    """
    design = document["points"][index]["design"]
    resolved = document["instance"].get("resolved") or {}
    kind = document["instance"].get("kind")
    if kind == "fleet":
        lines = _fleet_lines(resolved, design)
    elif kind == "placement":
        lines = _placement_lines(resolved, design)
    else:
        lines = _replica_lines(resolved, design)
    hourly = _exact_cost(document, index, "usd/h")
    stated = exactly(design.get("usd_per_hour") if hourly is None else hourly)
    lines = [*lines, *_rest(resolved, design, lines, stated)]
    return PointBill(
        tuple(lines), stated, hourly, _exact_cost(document, index, "usd/Mtok"),
        exactly(design.get("tok_per_s")), _exact_cost(document, index, "usd"),
        exactly(resolved.get("horizon_hours")),
    )  # fmt: skip


def _exact_cost(document: Mapping[str, Any], index: int, unit: str) -> str | None:
    """The exact cost of a point where it is an objective in ``unit``."""
    asked = any(e["name"] == "cost" and e["unit"] == unit for e in document["objectives"])
    exact = document["points"][index].get("exact", {}).get("cost")
    return None if exact is None or not asked else str(exact)


def _close(one: Fraction, other: Fraction) -> bool:
    return abs(one - other) <= _CLOSE * max(abs(one), abs(other))


def _replica_lines(resolved: Resolved, design: Design) -> list[BillLine]:
    total = exactly(design.get("usd_per_hour"))
    devices = design.get("devices")
    if total is None or not devices:
        return []
    per_device = total / devices
    name = design.get("accelerator", "")
    offers = [
        machine["price"]
        for machine in resolved.get("machines") or ()
        if machine.get("accelerator", {}).get("name") == name
        and isinstance(machine.get("price"), Mapping)
    ]
    for price in offers:
        stated = exactly(price.get("usd_per_hour"))
        if stated is not None and _close(stated, per_device):
            return [
                BillLine(
                    clean(name), clean(price.get("tier") or ""), "", "", "device", devices, None,
                    stated, _DAY, _source(price), exact=True,
                )
            ]  # fmt: skip
    source = "cost of the design in the result, over its devices"
    return [BillLine(clean(name), "", "", "", "device", devices, None, per_device, _DAY, source)]


def _source(entry: Mapping[str, Any]) -> str:
    told = [clean(entry[key], limit=600) for key in ("source", "as_of", "note") if entry.get(key)]
    return "; ".join(told)


def _fleet_lines(resolved: Resolved, design: Design) -> list[BillLine]:
    hours = {
        str(period["name"]): Fraction(str(period["hours"]))
        for period in resolved.get("periods") or ()
    }
    contracts = {
        (machine["name"], contract["name"]): contract
        for machine in resolved.get("machines") or ()
        for contract in machine.get("contracts") or ()
    }
    owned = owned_of(resolved)
    prices = {f"type {k}": t for k, t in enumerate(resolved.get("types") or ())}
    held: dict[tuple[str, str, str, str], _Held] = {}
    by_node = {entry["machine"] for entry in design.get("nodes") or ()}
    for entry in design.get("nodes") or ():
        found = held.setdefault(_key(entry), _Held())
        found.devices += entry["devices"]
        found.nodes = (found.nodes or 0) + entry["count"]
        found.cost = (found.cost or Fraction(0)) + Fraction(str(entry["usd_per_hour"]))
    for entry in design.get("replicas") or ():
        if entry["machine"] not in by_node:
            held.setdefault(_key(entry), _Held()).devices += entry["count"] * entry["devices"]
    lines = []
    for (machine, contract, period, place), found in held.items():
        offer = contracts.get((machine, contract), {})
        hours_a_day = hours.get(period, _DAY) if period else _DAY
        price, exact = exactly(offer.get("usd_per_hour")), True
        terms = owned.get((machine, contract))
        if terms is not None and _explains(terms, found):
            price = terms.usd_per_hour
        if price is None and machine in prices:
            price = Fraction(str(prices[machine]["price_cents_per_h"])) / 100
        source = _source(offer)
        if terms is not None and price is not None:
            source = f"purchase and upkeep, see above; {source}".rstrip("; ")
        if price is None and found.cost is not None and found.devices:
            price, exact = found.cost * _DAY / hours_a_day / found.devices, False
            source = f"cost of the line in the result, over its devices; {source}".rstrip("; ")
        if price is None or not found.devices:
            continue
        lines.append(
            BillLine(
                clean(machine), clean(contract), clean(period), clean(place), "device",
                found.devices, found.nodes, price, hours_a_day, source, exact,
                owned=(machine, contract) if terms is not None and exact else None,
                purchase_usd=Fraction(0) if terms is None else terms.purchase_usd,
            )
        )  # fmt: skip
    return lines


def _explains(terms: Owned, held: _Held) -> bool:
    """Whether the terms give the cost that the result states; where it states none, they do."""
    return held.cost is None or _close(held.devices * terms.usd_per_hour, held.cost)


def _key(entry: Mapping[str, Any]) -> tuple[str, str, str, str]:
    return (
        str(entry["machine"]),
        str(entry.get("contract") or ""),
        str(entry.get("period") or ""),
        str(entry.get("region_or_rack") or ""),
    )


def _placement_lines(resolved: Resolved, design: Design) -> list[BillLine]:
    """Hosts in use by machine and price; a host that serves several ranges is had once."""
    prices = {
        str(node["id"]): exactly(node.get("usd_per_hour"))
        for node in (resolved.get("topology") or {}).get("nodes") or ()
    }
    holders = design.get("replicas") or [design]
    hosts: dict[str, Mapping[str, Any]] = {}
    for holder in holders:
        for stage in holder.get("stages") or ():
            hosts.setdefault(str(stage["host"]), stage)
    grouped: dict[tuple[str, Fraction, bool], int] = {}
    for name, stage in hosts.items():
        stated = prices.get(name)
        found = exactly(stage.get("usd_per_hour")) if stated is None else stated
        if found is not None:
            key = (clean(stage.get("machine") or ""), found, stated is not None)
            grouped[key] = grouped.get(key, 0) + 1
    source = {True: "price of the host in the question", False: "price of the host in the result"}
    return [
        BillLine(machine, "", "", "", "host", count, count, price, _DAY, source[told], exact=told)
        for (machine, price, told), count in grouped.items()
    ]


def _rest(
    resolved: Resolved, design: Design, lines: list[BillLine], stated: Fraction | None
) -> list[BillLine]:
    """What the document's sum holds beyond its devices or hosts, as one line; none if nothing."""
    if stated is None:
        return []
    left = stated - sum((line.usd_per_hour for line in lines), Fraction(0))
    if abs(left) <= _CLOSE * abs(stated):
        return []
    owned = any(
        contract.get("ownership")
        for machine in resolved.get("machines") or ()
        for contract in machine.get("contracts") or ()
    )
    name = (
        "electricity of owned machines, and rounding"
        if owned or design.get("energy")
        else "not told apart by machine in the result"
    )
    return [
        BillLine(
            name, "", "", "", "", 0, None, left, _DAY, "total of the result less the lines above"
        )
    ]
