"""Every point of a fleet frontier as one row of a table for other programs."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

from solver.report.fleet_bill import node_names, replica_names
from solver.report.fleet_facts import devices_by_machine, goals_of, is_helper
from solver.report.numbers import clean

__all__ = ["fleet_csv"]

_ACCOUNT = {
    "j_per_token": "energy per token [J/token]",
    "kwh_per_day": "energy a day [kWh]",
    "electricity_usd_per_day": "electricity a day [US$]",
    "kg_co2_per_day": "CO2 a day [kg]",
}
"""Headers of the account of energy, by key of a design."""


def _compact(counts: Mapping[str, int]) -> str:
    return "; ".join(f"{count} x {name}" for name, count in counts.items())


def _limit_units(points: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Unit of every limit by name, in order of appearance."""
    found: dict[str, str] = {}
    for point in points:
        for name, entry in point["design"].get("utilisation", {}).items():
            if not is_helper(name):
                found.setdefault(name, clean(entry.get("unit", ""), limit=30))
    return found


def fleet_csv(document: Mapping[str, Any]) -> str:
    """All points as CSV (RFC 4180, but lines end in a plain newline), units in the headers.

    Columns: objectives as decimals and as exact ``p/q``; latency in picoseconds, where speed is
    one; whether nothing dominates the point, by proof; price, power, tokens and devices, in all and
    by machine (means over the day); where energy is asked about, its account; replicas and nodes as
    text; of every limit what is used and which share of it that is (empty for a limit of 0).
    """
    points, goals = document["points"], goals_of(document)
    held = [devices_by_machine(document, point["design"]) for point in points]
    machines = sorted({name for entry in held for name in entry})
    limits = _limit_units(points)
    has_latency = any("latency_ps" in point.get("exact", {}) for point in points)
    header = [f"{goal.name} [{goal.unit}]" for goal in goals]
    header += [f"{goal.name} exact [{goal.unit}]" for goal in goals]
    header += ["latency [ps]"] * has_latency
    header += ["nondominated", "price [US$/h]", "power [W]", "tokens [tok/s]"]
    header += ["tokens per GPU [tok/s]", "devices"]
    header += [f"devices of {name}" for name in machines]
    account = any("energy" in point["design"] for point in points)
    header += list(_ACCOUNT.values()) * account
    header += ["replicas", "nodes"]
    for name, unit in limits.items():
        header += [f"{clean(name)} used [{unit}]", f"{clean(name)} share"]
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(header)
    for point, by_machine in zip(points, held, strict=True):
        design, exact = point["design"], point.get("exact", {})
        row: list[Any] = [point["objectives"][goal.name] for goal in goals]
        row += [exact.get(goal.name, "") for goal in goals]
        row += [exact.get("latency_ps", "")] * has_latency
        row.append(point["proof"].get("nondominated", ""))
        row += [design.get("usd_per_hour"), design.get("watts"), design.get("tok_per_s")]
        row += [design.get("tok_per_s_per_gpu"), design.get("devices")]
        row += [by_machine.get(name, 0) for name in machines]
        if account:
            row += [design.get("energy", {}).get(key) for key in _ACCOUNT]
        row += [_compact(replica_names(design)), _compact(node_names(design))]
        for name in limits:
            entry = design.get("utilisation", {}).get(name, {})
            row += [entry.get("used"), entry.get("share")]
        writer.writerow(["" if value is None else value for value in row])
    return stream.getvalue()
