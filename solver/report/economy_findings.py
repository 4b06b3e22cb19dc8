"""Status, open regions, conflict and least energy of an economic result, as sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from solver.report.design import layout_name
from solver.report.economy_choose import marks_of
from solver.report.economy_facts import clock_name, clocks_offered, models_of
from solver.report.findings import count_of, nearest_lines
from solver.report.fleet_facts import amount, goals_of
from solver.report.numbers import clean, short

__all__ = [
    "conflict_heading",
    "conflict_lines",
    "design_in_short",
    "economy_status",
    "energy_line",
    "nearest_of",
    "notes_of",
    "open_lines",
    "short_economy_status",
]

Document = Mapping[str, Any]
_LONG = 600


def _goal_names(document: Document) -> str:
    names = [clean(goal.name, limit=30) for goal in goals_of(document)]
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)


def short_economy_status(document: Document) -> str:
    """``complete frontier: 4,643 points``."""
    points = count_of(len(document["points"]), "point")
    if document["status"] == "complete":
        return f"complete frontier: {points}"
    if document["status"] == "infeasible":
        return "infeasible: no design meets all limits"
    left = count_of(len(document["open_boxes"]), "region")
    return f"partial: {points} found, {left} still open"


def economy_status(document: Document) -> str:
    """What the status means, in a sentence or two."""
    count, goals = len(document["points"]), _goal_names(document)
    if document["status"] == "infeasible":
        return "Infeasible: it is proved that no design in the space meets all limits."
    if document["status"] == "partial":
        regions = len(document["open_boxes"])
        return (
            f"Partial: {count_of(count, 'point')} found before a limit was reached; "
            f"{count_of(regions, 'region')} of {goals} {'is' if regions == 1 else 'are'} not "
            "closed by a proof, and better designs may hide there."
        )
    if count == 1:
        return f"Complete: one design is proved to be the best in {goals} at once."
    return (
        f"Complete: {count:,} points, and it is proved that no design in the space is better in "
        f"one of {goals} without being worse in another."
    )


def open_lines(document: Document) -> list[str]:
    """Where better designs may hide, and what stopped the search there."""
    return [
        f"{clean(entry.get('region', 'anywhere'), limit=_LONG)}: {clean(entry['reason'])}"
        for entry in document["open_boxes"]
    ]


def _conflicting(document: Document) -> tuple[list[Mapping[str, Any]], bool]:
    """The limits in conflict, and whether no smaller set conflicts.

    A replica result holds one entry with all limits in it, others an entry a limit.
    """
    entries: list[Mapping[str, Any]] = list(document.get("conflict") or ())
    if not entries:
        return [], False
    if "limits" in entries[0]:
        return list(entries[0]["limits"]), bool(entries[0].get("is_minimum"))
    return entries, entries[0].get("set") == "minimum"


def conflict_heading(document: Document) -> str:
    """What kind of set the conflicting limits are; empty without any."""
    entries, is_minimum = _conflicting(document)
    count = len(entries)
    if not count:
        return ""
    if count == 1:
        return "One limit alone rules out every design."
    smallest = (
        "no smaller set of limits conflicts"
        if is_minimum
        else "without any one of them a design exists"
    )
    return f"These {count} limits conflict; {smallest}."


def conflict_lines(document: Document) -> list[str]:
    """Each limit of the conflict and how far it alone must give."""
    found = []
    for entry in _conflicting(document)[0]:
        if entry.get("text"):
            found.append(clean(entry["text"], limit=_LONG))
            continue
        # A score has no unit of its own.
        unit = clean(entry.get("unit", ""), limit=20).replace("usd", "US$").removesuffix("score")
        now = entry.get("value", entry.get("stated"))
        stated = "" if now is None else f", now {amount(float(now), unit)}"
        needed = entry.get("needed")
        # All digits: the value is rounded to the side on which it works.
        told = (
            "no value of it alone is enough"
            if needed is None
            else f"it would have to be {float(needed):g} {unit}".rstrip() + ", the others unchanged"
        )
        why = clean(entry.get("explanation", ""), limit=_LONG)
        found.append(
            f"{clean(entry['limit'], limit=80)}{stated}: {told}" + (f" ({why})" if why else "")
        )
    return found


def nearest_of(document: Document) -> list[tuple[str, str]]:
    """The candidate that came closest to meeting the limits, as pairs of what and value."""
    entries = list(document.get("conflict") or ())
    nearest = entries[0].get("nearest") if entries else None
    if not nearest:
        return []
    clock = nearest.get("clock_mhz")
    rest = {key: value for key, value in nearest.items() if key != "clock_mhz"}
    return nearest_lines(rest | ({} if clock is None else {"clock": clock_name(nearest)}))


def notes_of(document: Document) -> list[tuple[str, str]]:
    """Warnings and notes of the run, each with its kind."""
    provenance = document.get("provenance", {})
    return [
        (kind, clean(entry, limit=_LONG))
        for kind, key in (("warning", "warnings"), ("note", "notes"))
        for entry in provenance.get(key) or ()
    ]


def design_in_short(design: Mapping[str, Any], *, model: bool = True) -> str:
    """``Llama-3.1-8B, 2 × H100 SXM at 1,410 MHz, TP2, batch 64``."""
    parts = [clean(design["model"], limit=60)] if model and design.get("model") else []
    if "devices" in design and "accelerator" in design:
        clock = "" if design.get("clock_mhz") is None else f" at {clock_name(design)}"
        parts.append(f"{design['devices']:,} × {clean(design['accelerator'])}{clock}")
    if "tensor_parallel" in design:
        parts.append(layout_name(design))
    if "batch" in design:
        parts.append(f"batch {design['batch']:,}")
    return ", ".join(parts)


def energy_line(document: Document) -> str:
    """Where energy is least on the frontier, at what clock, and what its other ends take.

    Empty where power is not known. Energy of the frontier is the least there is only where it is
    traded and the result complete; the sentence says which.
    """
    points = document["points"]
    told = [point["design"].get("j_per_token") for point in points]
    known = [(float(value), index) for index, value in enumerate(told) if value is not None]
    if not known:
        return ""
    least, index = min(known)
    design = points[index]["design"]
    traded = any(goal.name == "energy" for goal in goals_of(document))
    proved = traded and document["status"] == "complete"
    where = "of all designs" if proved else "found so far" if traded else "on this frontier"
    text = (
        f"Energy is least {where}: {short(least)} J/token, {short(float(design['watts']))} W "
        f"({design_in_short(design, model=len(models_of(document)) > 1)}"
        f"{_place_of_clock(document, design)})"
    )
    ends = [
        f"the {name} point takes {short(float(told[other]))} J/token"
        for name, other in _ends(document)
        if other != index and told[other] is not None
    ]
    return f"{text}; {', '.join(ends)}." if ends else f"{text}."


def _place_of_clock(document: Document, design: Mapping[str, Any]) -> str:
    """Whether a clock is the lowest or highest on offer, or between: where the U turns."""
    offered = clocks_offered(document, str(design.get("accelerator", "")))
    if len(offered) < 2 or design.get("clock_mhz") not in offered:
        return ""
    if design["clock_mhz"] == offered[0]:
        return "; the lowest clock on offer"
    if design["clock_mhz"] == offered[-1]:
        return "; the highest clock on offer"
    return f"; clocks on offer reach from {offered[0]:,} to {offered[-1]:,} MHz"


def _ends(document: Document) -> list[tuple[str, int]]:
    """The fastest and the cheapest point where they are ends of the frontier."""
    return [
        (name, index)
        for index, names in marks_of(document).items()
        for name in names
        if name in ("fastest", "cheapest")
    ]
