"""Titles and one-line facts of the points of a placement, for pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from solver.report.findings import count_of
from solver.report.fleet_facts import Goal, dollars, goals_of
from solver.report.numbers import clean, short
from solver.report.placement_facts import chains_of, is_flow, setting_text
from solver.report.placement_scene import fitted, text_width

__all__ = ["facts_of_point", "lines_of", "point_line"]

_PACE = {
    "latency": "paced by the latency of a token",
    "stage": "paced by the slowest stage",
    "link": "paced by the busiest link",
}


def _told(goal: Goal, value: float) -> str:
    unit = {"speed": "tok/s/user", "cost": "per million tokens", "throughput": "tok/s"}
    if goal.name == "cost":
        # Cents always: points of one frontier are held side by side.
        sum_ = dollars(value) if value < 1 else f"{value:,.2f}"
        return f"US${sum_} {unit['cost']}"
    return f"{short(value)} {unit.get(goal.name, goal.unit)}"


def point_line(document: Mapping[str, Any], index: int) -> str:
    """``fastest of 12 points: 92.5 tok/s/user, US$3.42 per million tokens``."""
    points, goals = document["points"], goals_of(document)
    values = points[index]["objectives"]
    told = ", ".join(_told(goal, float(values[goal.name])) for goal in goals)
    if len(points) == 1:
        return told
    last = "cheapest" if goals[-1].name == "cost" else "greatest throughput"
    names = {0: "fastest", len(points) - 1: last}
    place = names.get(index % len(points), f"point {index + 1}")
    return f"{place} of {len(points):,} points: {told}"


def facts_of_point(document: Mapping[str, Any], index: int) -> list[str]:
    """Latency, hosts, batch, pace and price of a point, as far as its design states them."""
    point = document["points"][index]
    design = point["design"]
    told: list[str] = []
    chains: Sequence[Mapping[str, Any]] = chains_of(design)
    latency = point.get("exact", {}).get("latency_ps")
    if latency is not None and not is_flow(design) and "speed" in point["objectives"]:
        told.append(f"latency of a token {short(int(latency) / 1e9)} ms")
    total = sum(
        node["kind"] == "host" for node in document["instance"]["resolved"]["topology"]["nodes"]
    )
    told.append(f"{design['hosts']:,} of {count_of(total, 'host')}")
    if len(chains) > 1:
        told.append(f"{len(chains)} pipelines on hosts of their own")
    elif setting_text(design):
        told.append(f"microbatch × in flight: {setting_text(design)}")
    paced = _PACE.get(str(design.get("paced_by")), "")
    if paced:
        slowest = clean(design.get("slowest_stage") or "", limit=40)
        told.append(f"{paced}, {slowest}" if design["paced_by"] == "stage" and slowest else paced)
    price = design.get("usd_per_hour")
    if price is not None:
        told.append(f"US${dollars(float(price))} an hour")
    rate = design.get("tok_per_s")
    if rate is not None and "throughput" not in point["objectives"]:
        told.append(f"{short(float(rate))} tok/s")
    return told


def lines_of(parts: Sequence[str], points: float, width: float) -> list[str]:
    """Parts side by side with dots between them, in lines of at most ``width`` inches."""
    lines: list[str] = []
    for part in parts:
        joined = f"{lines[-1]} · {part}" if lines else part
        if lines and text_width(joined, points) <= width:
            lines[-1] = joined
        else:
            lines.append(fitted(part, points, width))
    return lines
