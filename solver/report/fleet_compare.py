"""What changed between two fleet results, in sentences."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from solver.report.compare_opening import compare_opening
from solver.report.findings import count_of
from solver.report.fleet_bill import changes_between
from solver.report.fleet_choose import recommended_of
from solver.report.fleet_facts import Goal, goals_of, value_of
from solver.report.fleet_findings import fleet_title, short_fleet_status
from solver.report.numbers import clean, percent
from solver.report.question import leaves, value_text

__all__ = ["compare_fleets"]

_MOST_CHANGES = 20
_MOST_SPEEDS = 6
_NOT_COMPARED = ("points", "columns")
"""Tables of the question whose rows have no names: told as changed, not row by row."""


def compare_fleets(a: Mapping[str, Any], b: Mapping[str, Any]) -> list[str]:
    """Sentences on what changed from result document ``a`` ("before") to ``b`` ("after").

    Questions are compared leaf by leaf, points by their exact objectives, and prices at speeds that
    both reach; then the recommended plans.

    Raises
    ------
    ValueError
        If the two trade off different objectives, or in other units.
    """
    goals = goals_of(a)
    if goals != goals_of(b):
        raise ValueError("the two results trade off different objectives, or in other units")
    before, after = _images(a, goals), _images(b, goals)
    told, more = compare_opening(
        a,
        b,
        title=fleet_title,
        status=short_fleet_status,
        changes=_question_changes(a, b),
        before=before,
        after=after,
    )
    if not more:
        return told
    told += _prices(a, b, goals)
    told += _plans(a, b, goals)
    return told


def _images(document: Mapping[str, Any], goals: tuple[Goal, ...]) -> set[tuple[Fraction, ...]]:
    return {tuple(value_of(p, goal) for goal in goals) for p in document["points"]}


def _without_tables(tree: Any) -> Any:
    """The question with its unnamed tables as one text each, so that a change shows once."""
    if isinstance(tree, Mapping):
        return {
            key: f"{count_of(len(item), 'entry', 'entries')} of digest {_hash_of(item)}"
            if key in _NOT_COMPARED and item
            else _without_tables(item)
            for key, item in tree.items()
        }
    if isinstance(tree, list | tuple):
        return [_without_tables(item) for item in tree]
    return tree


def _hash_of(value: Any) -> str:
    """A short digest of plain JSON, to tell two tables apart."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:8]


def _question_changes(a: Mapping[str, Any], b: Mapping[str, Any]) -> list[str]:
    before, after = (
        leaves(_without_tables(document["instance"].get("resolved", {})), "question")
        for document in (a, b)
    )
    lines = []
    for path in dict.fromkeys((*before, *after)):
        if path in before and path in after and before[path] == after[path]:
            continue
        where = clean(path.removeprefix("question."), limit=100)
        old = clean(value_text(before[path]), limit=80) if path in before else "absent"
        new = clean(value_text(after[path]), limit=80) if path in after else "absent"
        lines.append(f"{where}: {old} before, {new} after.")
    if len(lines) > _MOST_CHANGES:
        rest = count_of(len(lines) - _MOST_CHANGES, "more difference")
        lines = [*lines[:_MOST_CHANGES], f"And {rest} of the question."]
    return lines


def _prices(a: Mapping[str, Any], b: Mapping[str, Any], goals: tuple[Goal, ...]) -> list[str]:
    """Best value of the second objective for at least some values of the first, in both."""
    if len(goals) < 2 or not (a["points"] and b["points"]):
        return []
    first, second = goals[:2]
    both = sorted({value_of(p, first) for d in (a, b) for p in d["points"]})
    if len(both) > _MOST_SPEEDS:
        last = len(both) - 1
        both = [both[round(k * last / (_MOST_SPEEDS - 1))] for k in range(_MOST_SPEEDS)]
    lines = []
    for level in both:
        old, new = (_best_at(document, first, second, level) for document in (a, b))
        side = "at least" if first.maximised else "at most"
        where = f"With {clean(first.name, limit=30)} of {side} {first.told(float(level))}"
        if old is None or new is None:
            lines.append(f"{where}: {'newly reached' if old is None else 'no longer reached'}.")
            continue
        name = clean(second.name, limit=30)
        if old == new:
            lines.append(f"{where}: {name} {second.told(float(old))}, as before.")
            continue
        change = f" ({percent(float(new / old) - 1, signed=True)})" if old > 0 else ""
        lines.append(
            f"{where}: {name} {second.told(float(old))} before, "
            f"{second.told(float(new))} after{change}."
        )
    return lines


def _best_at(
    document: Mapping[str, Any], first: Goal, second: Goal, level: Fraction
) -> Fraction | None:
    """The best of ``second`` among points whose ``first`` is no worse than ``level``."""
    fit = [
        value_of(point, second)
        for point in document["points"]
        if (value_of(point, first) >= level) == first.maximised or value_of(point, first) == level
    ]
    if not fit:
        return None
    return max(fit) if second.maximised else min(fit)


def _plans(a: Mapping[str, Any], b: Mapping[str, Any], goals: tuple[Goal, ...]) -> list[str]:
    """How the recommended plan changes."""
    before, after = recommended_of(a), recommended_of(b)
    if before is None or after is None:
        return []
    old, new = a["points"][before[0]], b["points"][after[0]]
    values = [
        ", ".join(goal.told(float(point["objectives"][goal.name])) for goal in goals)
        for point in (old, new)
    ]
    changes = changes_between(old["design"], new["design"])
    if not changes:
        told = values[1] if values[0] == values[1] else f"{values[0]} before, {values[1]} after"
        return [f"The plan to read first stays the same: {told}."]
    shown = "; ".join(changes[:_MOST_CHANGES])
    if len(changes) > _MOST_CHANGES:
        shown += f"; and {len(changes) - _MOST_CHANGES:,} more"
    return [
        f"The plan to read first was {before[1]}, {values[0]}; now it is {after[1]}, {values[1]}.",
        f"From the one to the other: {shown}.",
    ]
