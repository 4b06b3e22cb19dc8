"""Status, open regions, next steps, answers and conflicts of a fleet result, as sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from solver.report.findings import count_of
from solver.report.fleet_bill import changes_between, fuller_limits, step_of
from solver.report.fleet_choose import next_better
from solver.report.fleet_facts import amount, goals_of
from solver.report.numbers import clean
from solver.report.question import leaves, value_text

__all__ = [
    "answer_groups",
    "conflict_heading",
    "conflict_lines",
    "fleet_status",
    "fleet_title",
    "neighbours",
    "notes_of",
    "open_lines",
    "short_fleet_status",
]

_LONG = 600
_GROUPS = {
    "limits": "What one more or less of a limit is worth",
    "break_even": "At which price the plan would change",
    "preferences": "What a preference costs",
}


def fleet_title(document: Mapping[str, Any]) -> str:
    """The title that the file gives, or its name."""
    instance = document["instance"]
    title = instance.get("resolved", {}).get("title")
    return clean(title or instance["name"], limit=120)


def short_fleet_status(document: Mapping[str, Any]) -> str:
    """``complete: 8 points``."""
    count = count_of(len(document["points"]), "point")
    if document["status"] == "complete":
        return f"complete: {count}"
    if document["status"] == "infeasible":
        return "infeasible: no fleet meets all limits"
    left = count_of(len(document["open_boxes"]), "region")
    return f"partial: {count} found, {left} still open"


def fleet_status(document: Mapping[str, Any]) -> str:
    """What the status means."""
    count = len(document["points"])
    names = [clean(goal.name, limit=30) for goal in goals_of(document)]
    goals = " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)
    if document["status"] == "infeasible":
        return "Infeasible: it is proved that no fleet of the options offered meets all limits."
    if document["status"] == "partial":
        unproved = sum(p["proof"].get("nondominated") != "proved" for p in document["points"])
        text = (
            f"Partial: {count_of(count, 'fleet')} found before a limit was reached; "
            f"{count_of(len(document['open_boxes']), 'region')} of {goals} "
            f"{'is' if len(document['open_boxes']) == 1 else 'are'} not closed by a proof."
        )
        return f"{text} {unproved:,} of them may still be beaten." if unproved else text
    if count == 1:
        told = f"best {goals}" if len(names) == 1 else f"best in {goals} at once"
        return f"Complete: one fleet is proved to be the {told}."
    return (
        f"Complete: {count:,} fleets, and it is proved that no other is better in one of {goals} "
        "without being worse in another."
    )


def open_lines(document: Mapping[str, Any]) -> list[str]:
    """Where better fleets may hide, and what stopped the search there."""
    return [
        f"{clean(entry.get('region', 'anywhere'), limit=_LONG)}: {clean(entry['reason'])}"
        for entry in document["open_boxes"]
    ]


def neighbours(document: Mapping[str, Any], index: int) -> list[tuple[str, list[str]]]:
    """The next better point in the first two objectives: what it takes, and what changes."""
    points = document["points"]
    found: list[tuple[str, list[str]]] = []
    goals = goals_of(document)
    if len(points) < 2 or len(goals) < 2:
        return found
    for goal in goals[:2]:
        other = next_better(document, index, goal)
        if other is None:
            # Where regions are open, a better one may hide in them.
            where = "found" if document["open_boxes"] else "on the frontier"
            found.append((f"No fleet {where} is {goal.better}.", []))
            continue
        before, after = points[index]["design"], points[other]["design"]
        lines = changes_between(before, after)
        full = fuller_limits(before, after)
        if full:
            lines.append(f"then full: {', '.join(full)}")
        heading = f"Next point that is {goal.better}: {step_of(document, index, other)}"
        found.append((heading, lines or ["the same replicas and nodes, placed otherwise"]))
    return found


def _told(entry: Any) -> str:
    """An entry of answers or conflict: its own text, else its values by name."""
    if isinstance(entry, Mapping):
        if entry.get("text"):
            return clean(entry["text"], limit=_LONG)
        pairs = [
            f"{name.replace('_', ' ').replace('.', ': ')} {value_text(value)}"
            for name, value in leaves(entry).items()
            if value is not None and value not in ("", [], ())
        ]
        return clean("; ".join(pairs), limit=_LONG)
    return clean(entry, limit=_LONG)


def answer_groups(document: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    """Heading and sentences of every question answered, in the order of the result."""
    answers = document.get("answers") or {}
    groups = []
    reference = answers.get("reference")
    for key, value in answers.items():
        if key == "reference" or not value:
            continue
        heading = _GROUPS.get(key, clean(key, limit=40).replace("_", " ").capitalize())
        entries = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
        groups.append((heading, [line for line in map(_told, entries) if line]))
    if groups and reference:
        groups.insert(0, ("Answers", [_told(reference)]))
    return groups


def conflict_heading(document: Mapping[str, Any]) -> str:
    """What kind of set the conflicting limits are."""
    entries = list(document.get("conflict") or [])
    count = len(entries)
    if not count:
        return ""
    kind = entries[0].get("set")
    if kind == "not reduced":
        return "No fleet meets these limits; whether fewer of them conflict is not known."
    if count == 1:
        return "One limit alone rules out every fleet."
    smallest = (
        "no smaller set of limits conflicts"
        if kind == "minimum"
        else "without any one of them a fleet exists"
    )
    return f"These {count} limits conflict; {smallest}."


def conflict_lines(document: Mapping[str, Any]) -> list[str]:
    """Each limit of the conflict and how far it alone must give."""
    found = []
    for entry in document.get("conflict") or ():
        if entry.get("text"):
            found.append(clean(entry["text"], limit=_LONG))
            continue
        unit = clean(entry.get("unit", ""), limit=20)
        stated = amount(float(entry["stated"]), unit)
        needed = entry.get("needed")
        # All digits: the value is rounded to the side on which it works.
        told = (
            "no value of it alone is enough"
            if needed is None
            else f"it would have to be {needed} {unit}".rstrip() + ", the others unchanged"
        )
        found.append(f"{clean(entry['limit'], limit=80)}, now {stated}: {told}")
    return found


def notes_of(document: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Warnings and notes of the run, each with its kind."""
    provenance = document.get("provenance", {})
    return [
        (kind, clean(entry, limit=_LONG))
        for kind, key in (("warning", "warnings"), ("note", "notes"))
        for entry in provenance.get(key) or ()
    ]
