"""The bill of materials of a fleet point, and what changes from one point to another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from solver.report.fleet_facts import (
    amount,
    dollars,
    goals_of,
    layout_name,
    limits_of,
    machines_in_short,
    rack_name,
    replica_count,
    value_of,
)
from solver.report.fleet_traffic import traffic_of
from solver.report.numbers import clean, percent, short

__all__ = [
    "Bill",
    "bill_of",
    "changes_between",
    "energy_in_short",
    "fuller_limits",
    "node_names",
    "replica_names",
    "step_of",
]

_REPLICA_HEADERS = (
    "workload",
    "model",
    "phase",
    "period",
    "layout",
    "machine",
    "contract",
    "rack",
    "replicas",
    "devices",
    "share",
    "load",
)
"""``share`` is of the requests of the workload, ``load`` of what the replicas may be asked for."""

_NODE_HEADERS = ("machine", "contract", "period", "rack", "nodes", "devices", "US$/h")


@dataclass(frozen=True, slots=True)
class Bill:
    """Tables of plain text; columns that would be empty are left out.

    ``everywhere`` tells the models and contracts where workload and machine decide them: then they
    have no columns.
    """

    replica_headers: tuple[str, ...]
    replicas: tuple[tuple[str, ...], ...]
    node_headers: tuple[str, ...]
    nodes: tuple[tuple[str, ...], ...]
    everywhere: str
    totals: str


def bill_of(document: Mapping[str, Any], index: int) -> Bill:
    """What to run and what to buy or rent at point ``index``."""
    design = document["points"][index]["design"]
    traffic = traffic_of(document, design)
    rows = [
        (
            clean(entry["workload"], limit=40),
            clean(entry.get("model", ""), limit=40),
            clean(entry.get("phase", ""), limit=12),
            clean(entry.get("period", ""), limit=20),
            layout_name(entry),
            clean(entry["machine"], limit=40),
            clean(entry.get("contract", ""), limit=30),
            rack_name(entry),
            replica_count(entry),
            f"{entry['count'] * entry['devices']:,}",
            "" if carried.share is None else percent(carried.share),
            "" if carried.load is None else percent(carried.load),
        )
        for entry, carried in zip(design.get("replicas", ()), traffic, strict=True)
    ]
    nodes = [
        (
            clean(entry["machine"], limit=40),
            clean(entry["contract"], limit=30),
            clean(entry.get("period", ""), limit=20),
            rack_name(entry),
            f"{entry['count']:,}",
            f"{entry['devices']:,}",
            dollars(entry["usd_per_hour"]),
        )
        for entry in design.get("nodes", ())
    ]
    model = _decided(rows, "workload", "model")
    contract = _decided(rows, "machine", "contract")
    decided = (("model", model), ("contract", contract))
    skip = {name for name, found in decided if found is not None}
    phases = {row[_REPLICA_HEADERS.index("phase")] for row in rows}
    # That replicas serve whole requests goes without saying.
    skip |= {"phase"} if phases <= {"", "aggregated"} else set()
    replica_headers, replicas = _told(rows, _REPLICA_HEADERS, skip=skip)
    node_headers, node_rows = _told(nodes, _NODE_HEADERS)
    return Bill(
        replica_headers, replicas, node_headers, node_rows,
        " ".join(_apart(name, found) for name, found in (("Model", model), ("Contract", contract))
        if found and any(found.values())),
        _totals(document, design),
    )  # fmt: skip


def _decided(rows: Sequence[tuple[str, ...]], by: str, name: str) -> dict[str, str] | None:
    """The one value of column ``name`` for each of ``by``; ``None`` where one has several."""
    found: dict[str, str] = {}
    for row in rows:
        key, value = (row[_REPLICA_HEADERS.index(header)] for header in (by, name))
        if found.setdefault(key, value) != value:
            return None
    return found


def _apart(name: str, found: Mapping[str, str]) -> str:
    """``Model: Llama-3.1-70B.``, or ``Model: Llama-3.1-70B of chat, Llama-3.1-8B of batch.``"""
    values = set(found.values())
    if len(values) == 1:
        return f"{name}: {values.pop()}."
    return f"{name}: {', '.join(f'{value} of {key}' for key, value in found.items() if value)}."


def _told(
    rows: Sequence[tuple[str, ...]], headers: tuple[str, ...], skip: set[str] | None = None
) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """The table without columns that are empty or in ``skip``."""
    kept = [
        k
        for k, name in enumerate(headers)
        if name not in (skip or ()) and any(row[k] for row in rows)
    ]
    return tuple(headers[k] for k in kept), tuple(tuple(row[k] for k in kept) for row in rows)


def _totals(document: Mapping[str, Any], design: Mapping[str, Any]) -> str:
    """``96 devices (96 h100), US$224/h, 96 kW, 1,350 tok/s, 14.06 tok/s per GPU``."""
    names = machines_in_short(document, design, most=12)
    devices = f"{short(design['devices'])} device{'' if design['devices'] == 1 else 's'}"
    parts = [f"{devices} ({names})" if names else devices]
    parts.append(amount(design["usd_per_hour"], "US$/h"))
    if design["watts"]:
        parts.append(amount(design["watts"], "W"))
    if design.get("tok_per_s") is not None:
        parts.append(f"{short(design['tok_per_s'])} tok/s")
    if design.get("tok_per_s_per_gpu") is not None:
        parts.append(f"{short(design['tok_per_s_per_gpu'])} tok/s per GPU")
    return ", ".join([*parts, *energy_in_short(design)])


def energy_in_short(design: Mapping[str, Any]) -> list[str]:
    """``0.42 J/token``, ``electricity US$92.1 a day``, ``430 kg CO2 a day``: what is known."""
    energy = design.get("energy") or {}
    told = []
    if energy.get("j_per_token") is not None:
        told.append(f"{short(energy['j_per_token'])} J/token")
    if energy.get("electricity_usd_per_day") is not None:
        told.append(f"electricity US${dollars(energy['electricity_usd_per_day'])} a day")
    if energy.get("kg_co2_per_day") is not None:
        told.append(f"{short(energy['kg_co2_per_day'])} kg CO2 a day")
    return told


def replica_names(design: Mapping[str, Any]) -> dict[str, int]:
    """Replicas by what they are: ``chat: 2 × TP4 on h100`` counts 2 under ``chat: TP4 on h100``."""
    found: dict[str, int] = {}
    for entry in design.get("replicas", ()):
        name = f"{clean(entry['workload'], limit=40)}: {_model(entry)}{layout_name(entry)}"
        if entry["machine"]:
            name += f" on {clean(entry['machine'], limit=40)}"
        extra = [
            "" if entry.get("phase") == "aggregated" else clean(entry.get("phase", ""), limit=12),
            clean(entry.get("period", ""), limit=20),
        ]
        told = ", ".join(part for part in extra if part)
        name += f" ({told})" if told else ""
        found[name] = found.get(name, 0) + entry["count"]
    return found


def _model(entry: Mapping[str, Any]) -> str:
    """The model, where its option is told apart by it: the workload accepts several."""
    workload, model = entry["workload"], entry.get("model", "")
    several = model and entry["option"].startswith(f"{workload}: {model} ")
    return f"{clean(model, limit=40)} " if several else ""


def node_names(design: Mapping[str, Any]) -> dict[str, int]:
    """Nodes bought or rented by machine, contract and period."""
    found: dict[str, int] = {}
    for entry in design.get("nodes", ()):
        name = f"nodes of {clean(entry['machine'], limit=40)} {clean(entry['contract'], limit=30)}"
        period = clean(entry.get("period", ""), limit=20)
        name = name.rstrip() + (f" ({period})" if period else "")
        found[name] = found.get(name, 0) + entry["count"]
    return found


def changes_between(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """What to start, stop, buy and give back on the way from one design to another.

    ``+7 chat: TP8 on h100``: replicas first, then nodes; more before less.
    """
    lines = []
    for counts in (replica_names, node_names):
        old, new = counts(before), counts(after)
        steps = {name: new.get(name, 0) - old.get(name, 0) for name in dict.fromkeys((*new, *old))}
        lines += [f"+{step:,} {name}" for name, step in steps.items() if step > 0]
        lines += [f"−{-step:,} {name}" for name, step in steps.items() if step < 0]
    return lines


def step_of(document: Mapping[str, Any], before: int, after: int) -> str:
    """The step in every objective: ``+41.67 tok/s/user for +US$60.8/h (to 83.33 ...)``."""
    points = document["points"]
    steps, ends = [], []
    for goal in goals_of(document):
        old, new = (value_of(points[index], goal) for index in (before, after))
        if new == old:
            continue
        sign = "+" if new > old else "−"
        steps.append(f"{sign}{goal.told(float(abs(new - old)))}")
        ends.append(goal.told(float(new)))
    rest = " and ".join(steps[1:])
    return f"{steps[0]}{f' for {rest}' if rest else ''} (to {', '.join(ends)})"


def fuller_limits(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Limits that the second design fills and the first does not."""
    full = {limit.name for limit in limits_of(before) if limit.share == 1.0}
    return [
        limit.title
        for limit in limits_of(after)
        if limit.share == 1.0 and not limit.supply and limit.name not in full
    ]
