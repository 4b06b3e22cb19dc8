"""Facts of a placement result, read from its document alone: chains, flows, stages, links, pace.

A *chain design* is one pipeline; a design of ``replicas`` holds several, each on hosts of its own;
a *flow design* holds ranges of layers on hosts and the tokens that flow between them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from solver.report.fleet_facts import Goal, goals_of
from solver.report.numbers import clean, percent, short
from solver.topology.paths import PS_PER_S

__all__ = [
    "bracket_gaps",
    "bracket_of",
    "busiest_text",
    "chains_of",
    "exact_value",
    "flow_bound",
    "full_links",
    "host_count",
    "hosts_by_machine",
    "is_flow",
    "latency_ms",
    "layers_text",
    "machines_in_short",
    "memory_text",
    "pace_text",
    "range_groups",
    "rate_text",
    "setting_text",
    "share_text",
    "stage_name",
    "told_values",
]

Design = Mapping[str, Any]
Point = Mapping[str, Any]

_FULL = 1 - 1e-9
"""A link at or above this share of its bandwidth is full: shares are told in floats."""


def is_flow(design: Design) -> bool:
    """Whether the design is a flow through ranges, not pipelines."""
    return "flows" in design


def chains_of(design: Design) -> list[Design]:
    """The pipelines of a design; a flow has none."""
    if is_flow(design):
        return []
    return list(design["replicas"]) if "replicas" in design else [design]


def _stages(design: Design) -> list[Mapping[str, Any]]:
    if is_flow(design):
        return list(design["stages"])
    return [stage for chain in chains_of(design) for stage in chain["stages"]]


def exact_value(point: Point, goal: Goal) -> Fraction:
    """The exact value of an objective; speed is one over the exact latency."""
    exact = point.get("exact", {})
    if goal.name == "speed" and "latency_ps" in exact:
        return Fraction(PS_PER_S, int(exact["latency_ps"]))
    return Fraction(str(exact.get(goal.name, point["objectives"][goal.name])))


def latency_ms(point: Point) -> float | None:
    """Milliseconds from token to token of one user; ``None`` where speed is not asked."""
    found = point.get("exact", {}).get("latency_ps")
    return None if found is None else int(found) / 1e9


def host_count(design: Design) -> int:
    """Hosts that hold layers."""
    return int(design.get("hosts", len(_stages(design))))


def hosts_by_machine(design: Design) -> dict[str, int]:
    """Hosts in use of every kind of machine, in order of name."""
    found: dict[str, int] = {}
    for stage in _stages(design):
        found[stage["machine"]] = found.get(stage["machine"], 0) + 1
    return {name: found[name] for name in sorted(found)}


def machines_in_short(counts: Mapping[str, int], *, most: int = 6) -> str:
    """``4 a100, 6 l4``; beyond ``most`` kinds the largest and how many more."""
    chosen = sorted(counts, key=lambda name: -counts[name])[:most]
    told = ", ".join(
        f"{count:,} {clean(name, limit=40) or 'unnamed'}"
        for name, count in counts.items()
        if name in chosen
    )
    return told if len(counts) <= most else f"{told} and {len(counts) - most} more"


def setting_text(design: Design) -> str:
    """``8 × 4``: sequences in a microbatch, times microbatches in flight; empty for a flow."""
    told = dict.fromkeys(
        f"{chain['microbatch']:,} × {chain['in_flight']:,}"
        for chain in chains_of(design)
        if chain.get("microbatch") is not None and chain.get("in_flight") is not None
    )
    return ", ".join(told)


def stage_name(stage: Mapping[str, Any]) -> str:
    """``h100x8 TP8``; the degree is left out where the machine leaves no choice."""
    name = clean(stage["machine"], limit=40) or "unnamed"
    degree = stage.get("tensor_parallel")
    if degree is None or (degree == 1 and stage.get("devices", 1) == 1):
        return name
    return f"{name} TP{degree}"


def layers_text(stage: Mapping[str, Any]) -> str:
    """First to last layer held, counted from 1 as in the drawings: ``41-80``."""
    first, count = int(stage["first_layer"]) + 1, int(stage["layers"])
    return f"{first}-{first + count - 1}" if count > 1 else str(first)


def memory_text(stage: Mapping[str, Any]) -> str:
    """Share of the fullest device's HBM in use; empty where it is not known."""
    used, most = stage.get("hbm_used_bytes"), stage.get("hbm_capacity_bytes")
    if used is None or not most:
        return ""
    text = percent(float(used) / float(most))
    return "99.9 %" if text == "100.0 %" and used < most else text


def range_groups(design: Design) -> list[tuple[tuple[str, str], list[Mapping[str, Any]]]]:
    """Hosts of a flow that hold the same range on the same kind of machine, by first layer."""
    found: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    order = sorted(
        design["stages"],
        key=lambda s: (s["first_layer"], s["first_layer"] + s["layers"], stage_name(s), s["host"]),
    )
    for stage in order:
        found.setdefault((stage_name(stage), layers_text(stage)), []).append(stage)
    return list(found.items())


def _link_name(link: Mapping[str, Any]) -> str:
    name = clean(link["name"], limit=60)
    way = f"{clean(link['from'], limit=40)} to {clean(link['to'], limit=40)}"
    return f"{name} ({way})"


def share_text(share: float) -> str:
    """Per cent; a link that is used at all never reads 0, one that is not full never 100."""
    text = percent(share)
    if text == "0.0 %" and share > 0:
        return "<0.1 %"
    return "99.9 %" if text == "100.0 %" and share < _FULL else text


def busiest_text(design: Design) -> str:
    """The link that is busiest, which way, and its share; empty where no link is in use."""
    links = [link for link in design.get("links") or () if link.get("busy_fraction") is not None]
    name = design.get("busiest_link")
    found = [link for link in links if link["name"] == name] or links
    if not found:
        return ""
    link = max(found, key=lambda entry: float(entry["busy_fraction"]))
    share = share_text(float(link["busy_fraction"]))
    verb = "carries" if is_flow(design) else "is busy"
    rest = "of what it can" if is_flow(design) else "of the time"
    uses = link.get("uses") or ()
    shared = f", shared by {len(uses)} hand-overs" if len(uses) > 1 else ""
    return f"Busiest link: {_link_name(link)} {verb} {share} {rest}{shared}."


def full_links(design: Design) -> list[str]:
    """Names of the directed links that carry all they can."""
    return [
        _link_name(link)
        for link in design.get("links") or ()
        if float(link.get("busy_fraction") or 0.0) >= _FULL
    ]


def pace_text(chain: Design) -> str:
    """What sets the pace of a pipeline, in a sentence."""
    slowest = clean(chain.get("slowest_stage") or "", limit=40)
    by = chain.get("paced_by")
    if by in ("latency", "stage") and len(chain.get("stages", ())) == 1:
        return f"Paced by its one stage, {slowest}." if slowest else "Paced by its one stage."
    if by == "latency":
        told = "Paced by latency: a token waits for every stage in turn, and no stage is the limit."
        return f"{told} The slowest stage is {slowest}." if slowest else told
    if by == "stage":
        return f"Paced by its slowest stage, {slowest}, which is never idle."
    if by == "link":
        name = clean(chain.get("busiest_link") or "", limit=60)
        return f"Paced by a link, {name}, which is never idle." if name else "Paced by a link."
    return f"What paces it is not told: {clean(by, limit=40)}." if by else ""


def flow_bound(document: Mapping[str, Any]) -> float | None:
    """Tokens/s that no flow exceeds, as far as proved; ``None`` where nothing is told of it."""
    points = document["points"]
    told = [point.get("proof") for point in points[:1]]
    regions = (*(document.get("claims") or ()), *document["open_boxes"])
    told += [entry.get("facts") for entry in regions]
    bounds = [Fraction(str(facts["bound"])) for facts in told if facts and "bound" in facts]
    return float(min(bounds)) if bounds else None


def bracket_of(document: Mapping[str, Any]) -> list[Point]:
    """Points of the generous network, each as a point with ``objectives`` alone."""
    found = []
    for entry in document.get("bracket") or ():
        if "objectives" in entry:
            found.append(entry)
        else:
            found.append({"objectives": entry})
    return found


def bracket_gaps(document: Mapping[str, Any]) -> list[tuple[Goal, float, float, float]]:
    """For every objective the best design, the best that may be, and the gap between them.

    Values are in the unit of the objective; the gap is a share of the best design's, never
    negative but for rounding.
    """
    bound, points = bracket_of(document), document["points"]
    found: list[tuple[Goal, float, float, float]] = []
    if not bound or not points:
        return found
    for goal in goals_of(document):
        best = max if goal.maximised else min
        mine, most = (best(exact_value(point, goal) for point in side) for side in (points, bound))
        gap = abs(float((most - mine) / mine)) if mine else 0.0
        found.append((goal, float(mine), float(most), gap))
    return found


def told_values(point: Point, goals: Sequence[Goal]) -> str:
    """``83.3 tok/s/user, US$1.20/Mtok``."""
    return ", ".join(goal.told(float(point["objectives"][goal.name])) for goal in goals)


def rate_text(value: float | None) -> str:
    """Tokens/s for people; empty where there is none."""
    return "" if value is None else f"{short(value, 6)} tok/s"
