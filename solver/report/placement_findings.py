"""Title, status, open regions, conflict and notes of a placement result, as sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from solver.report.findings import count_of
from solver.report.fleet_choose import marks_of
from solver.report.fleet_facts import amount, goals_of
from solver.report.fleet_findings import notes_of
from solver.report.numbers import clean, percent, short
from solver.report.placement_facts import (
    bracket_gaps,
    flow_bound,
    hosts_by_machine,
    is_flow,
    machines_in_short,
    rate_text,
)

__all__ = [
    "bracket_lines",
    "circumstances_of",
    "conflict_heading",
    "conflict_lines",
    "effort_text",
    "flow_lines",
    "noun_of",
    "open_regions",
    "placement_marks",
    "placement_notes",
    "placement_status",
    "placement_title",
    "short_placement_status",
    "what_to_do",
]

Document = Mapping[str, Any]
_LONG = 600
_MARKS = {"best throughput": "most tok/s"}


def placement_title(document: Document) -> str:
    """The title that the file gives, or its name."""
    instance = document["instance"]
    title = instance.get("resolved", {}).get("title")
    return clean(title or instance["name"], limit=120)


def _asks_flow(document: Document) -> bool:
    return [entry["name"] for entry in document["objectives"]] == ["throughput"]


def noun_of(document: Document) -> tuple[str, str]:
    """What a point is, singular and plural: a pipeline, a set of pipelines, or a flow."""
    if any(is_flow(point["design"]) for point in document["points"]):
        return "flow", "flows"
    resolved = document["instance"].get("resolved", {})
    if resolved.get("design", {}).get("replicas") == "several" or any(
        "replicas" in point["design"] for point in document["points"]
    ):
        return "set of pipelines", "sets of pipelines"
    return ("flow", "flows") if _asks_flow(document) else ("pipeline", "pipelines")


def circumstances_of(document: Document) -> str:
    """Model, hosts by machine, links and trade-off, in a line."""
    resolved = document["instance"].get("resolved", {})
    told = []
    model, shape = resolved.get("model"), resolved.get("shape")
    if isinstance(model, Mapping) and model.get("name"):
        told.append(clean(model["name"], limit=60))
    elif isinstance(shape, Mapping) and "layers" in shape:
        told.append(f"{count_of(shape['layers'], 'layer')}, measured machines")
    network = resolved.get("topology") or {}
    hosts: dict[str, int] = {}
    for node in network.get("nodes") or ():
        if node.get("kind") == "host":
            machine = str(node.get("accelerator", ""))
            hosts[machine] = hosts.get(machine, 0) + 1
    if hosts:
        count = count_of(sum(hosts.values()), "host")
        told.append(f"{count} ({machines_in_short(dict(sorted(hosts.items())))})")
        edges = network.get("edges") or network.get("links") or ()
        told.append(count_of(len(edges), "link"))
    told.append(" against ".join(clean(g.name, limit=30) for g in goals_of(document)))
    return "; ".join(told)


def placement_marks(document: Document) -> dict[int, tuple[str, ...]]:
    """For each point worth a name, by index: fastest, cheapest, most tok/s, knee."""
    return {
        index: tuple(_MARKS.get(name, name) for name in names)
        for index, names in marks_of(document).items()
    }


def short_placement_status(document: Document) -> str:
    """``complete: 8 points``."""
    count = count_of(len(document["points"]), "point")
    if document["status"] == "complete":
        return f"complete: {count}"
    if document["status"] == "infeasible":
        return f"infeasible: no {noun_of(document)[0]} meets all limits"
    return f"partial: {count} found, {count_of(len(document['open_boxes']), 'region')} still open"


def placement_status(document: Document) -> str:
    """What the status means, in a sentence or two."""
    one, many = noun_of(document)
    points, status = document["points"], document["status"]
    names = [clean(goal.name, limit=30) for goal in goals_of(document)]
    goals = " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)
    if status == "infeasible":
        return f"Infeasible: it is proved that no {one} meets all limits."
    if one == "flow" and points:
        rate = rate_text(float(points[0]["objectives"]["throughput"]))
        if status == "complete":
            return f"Complete: {rate} is proved to be the most that the cluster can carry."
        bound = flow_bound(document)
        most = "no bound is told" if bound is None else f"no more than {rate_text(bound)} can be"
        return f"Partial: a flow of {rate} was found; {most}, and what is between is not closed."
    if status == "partial":
        boxes = len(document["open_boxes"])
        verb = "is" if boxes == 1 else "are"
        text = (
            f"Partial: {count_of(len(points), one, many)} found; "
            f"{count_of(boxes, 'region')} of {goals} {verb} not closed by a proof."
        )
        if document.get("bracket"):
            text += " Links were rounded to levels, so the frontier is known within a bracket."
        return text
    if len(points) == 1:
        told = f"best {goals}" if len(names) == 1 else f"best in {goals} at once"
        return f"Complete: one {one} is proved to be the {told}."
    return (
        f"Complete: {len(points):,} {many}, and it is proved that no other is better in one of "
        f"{goals} without being worse in another."
    )


def effort_text(document: Document) -> str:
    """Sizes, engines and time; empty where the result does not tell."""
    provenance = document.get("provenance", {})
    told = []
    sizes = provenance.get("sizes")
    if isinstance(sizes, Mapping):
        for name, value in sizes.items():
            if isinstance(value, int) and not isinstance(value, bool):
                noun = clean(name, limit=30).replace("_", " ")
                told.append(f"{value:,} {noun.removesuffix('s') if value == 1 else noun}")
    solves = provenance.get("solves")
    if isinstance(solves, int) and solves:
        engines = ", ".join(clean(name, limit=30) for name in provenance.get("engines", ()))
        told.append(count_of(solves, "solve") + (f" by {engines}" if engines else ""))
    if provenance.get("formulation"):
        told.append(f"formulation {clean(provenance['formulation'], limit=40)}")
    if "wall_s" in provenance:
        told.append(f"{float(provenance['wall_s']):,.2f} s")
    return "; ".join(told)


def open_regions(document: Document) -> tuple[str, list[str]]:
    """What stopped the search, where that is one reason for several regions, and the regions.

    A region by itself, or one of several reasons, comes with its own.
    """
    told = [
        (
            clean(entry.get("region", "anywhere"), limit=_LONG),
            clean(entry.get("reason", "not told"), limit=_LONG),
        )
        for entry in document["open_boxes"]
    ]
    if len(told) > 1 and len({reason for _, reason in told}) == 1:
        return told[0][1], [region for region, _ in told]
    return "", [f"{region}: {reason}" for region, reason in told]


def what_to_do(document: Document) -> str:
    """How to close what is open; empty where nothing is."""
    if document["status"] != "partial":
        return ""
    if document.get("bracket"):
        return "More or finer levels in topology.rounding narrow the bracket."
    less = ", or ask for less: fewer hosts (limits.max_hosts), degrees or settings"
    return f"Give more time with --time-limit{'' if _asks_flow(document) else less}."


def bracket_lines(document: Document) -> list[str]:
    """Best design, bound and gap of every objective, where the network was rounded."""
    return [
        f"{clean(goal.name, limit=30)}: {goal.told(mine)} by a design, bound {goal.told(most)}, "
        f"gap {percent(gap)}"
        for goal, mine, most, gap in bracket_gaps(document)
    ]


def flow_lines(document: Document, index: int = 0) -> list[str]:
    """Throughput, bound, gap and who proved it, of a flow; empty of anything else."""
    point = document["points"][index]
    if not is_flow(point["design"]):
        return []
    rate = float(point["objectives"]["throughput"])
    bound = flow_bound(document)
    through = machines_in_short(hosts_by_machine(point["design"])) or "no host"
    lines = [f"Flow: {rate_text(rate)} through {through}."]
    if bound is not None:
        gap = "" if not rate else f", gap {percent(max(bound / rate - 1, 0.0))}"
        lines.append(f"Bound: {rate_text(bound)}{gap}.")
    told = _flow_proof(document, point.get("proof", {}))
    if told:
        what = "Proved" if document["status"] == "complete" else "Bound proved"
        lines.append(f"{what} by {told}.")
    return lines


def _flow_proof(document: Document, proof: Mapping[str, Any]) -> str:
    """``cover prices (integers)``: the argument behind the bound, and who stands behind it."""
    boxes = [entry.get("facts") or {} for entry in document["open_boxes"]]
    for facts in (proof, *boxes):
        argument, engine = (clean(facts.get(k) or "", limit=60) for k in ("argument", "engine"))
        if argument or engine:
            return f"{argument} ({engine})" if argument and engine else argument or engine
    return ""


def _conflict(document: Document) -> list[Mapping[str, Any]]:
    found = document.get("conflict") or ()
    if isinstance(found, Mapping):
        found = found.get("limits") or ()
    return list(found)


def conflict_heading(document: Document) -> str:
    """What kind of set the conflicting limits are; empty without a conflict."""
    entries = _conflict(document)
    one = noun_of(document)[0]
    if not entries:
        return ""
    if entries[0].get("set") == "not reduced":
        return f"No {one} meets these limits; whether fewer of them conflict is not known."
    if len(entries) == 1:
        return f"One limit alone rules out every {one}."
    smallest = (
        "no smaller set of limits conflicts"
        if entries[0].get("set") == "minimum"
        else f"without any one of them a {one} exists"
    )
    return f"These {len(entries)} limits conflict; {smallest}."


def conflict_lines(document: Document) -> list[str]:
    """Each limit of the conflict and how far it alone must give."""
    lines = []
    for entry in _conflict(document):
        if entry.get("text"):
            lines.append(clean(entry["text"], limit=_LONG))
            continue
        unit = clean(entry.get("unit", ""), limit=30)
        stated = entry.get("stated", entry.get("value"))
        now = "" if stated is None else f", now {_amount(stated, unit)}"
        needed = entry.get("needed")
        # All digits: the value is rounded to the side on which it works.
        told = (
            "no value of it alone is enough"
            if needed is None
            else f"it would have to be {needed} {unit}".rstrip() + ", the others unchanged"
        )
        why = clean(entry.get("explanation") or "", limit=_LONG)
        lines.append(f"{clean(entry['limit'], limit=80)}{now}: {told}{f'; {why}' if why else ''}")
    return lines


def _amount(value: Any, unit: str) -> str:
    try:
        number = float(Fraction(str(value)))
    except (ValueError, ZeroDivisionError):
        return f"{clean(value, limit=60)} {unit}".strip()
    return amount(number, unit) if unit else short(number)


def placement_notes(document: Document) -> Sequence[tuple[str, str]]:
    """Warnings and notes of the run, each with its kind."""
    return notes_of(document)
