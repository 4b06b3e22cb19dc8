"""What changed between two economic results, in sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from solver.report.compare_opening import compare_opening
from solver.report.economy_choose import levels_of, marks_of, slice_best
from solver.report.economy_facts import (
    axes_of,
    clock_range,
    economy_title,
    exact_levels,
    plain,
    told_value,
    values_of,
)
from solver.report.economy_findings import design_in_short, short_economy_status
from solver.report.findings import count_of
from solver.report.fleet_facts import Goal, goals_of
from solver.report.numbers import clean, percent
from solver.report.question import leaves, value_text

__all__ = ["compare_economies"]

Document = Mapping[str, Any]
_MOST_CHANGES = 20
_MOST_FLOORS = 4


def compare_economies(a: Document, b: Document) -> list[str]:
    """Sentences on what changed from result document ``a`` ("before") to ``b`` ("after").

    Questions are compared leaf by leaf, points by their exact objectives; then the best of one
    objective at floors of the others that both know, and the points worth a name.

    Raises
    ------
    ValueError
        If the two trade off different objectives, or in another order.
    """
    goals = goals_of(a)
    if goals != goals_of(b):
        raise ValueError("the two results trade off different objectives, or in another order")
    before, after = (
        {exact_levels(point, goals) for point in document["points"]} for document in (a, b)
    )
    told, more = compare_opening(
        a,
        b,
        title=economy_title,
        status=short_economy_status,
        changes=_question_changes(a, b),
        before=before,
        after=after,
    )
    if not more:
        return told
    if a["points"] and b["points"]:
        told += _slices(a, b, goals)
        told += _named(a, b, goals)
    return told


def _question(document: Document) -> dict[str, Any]:
    """The question leaf by leaf; clocks as one leaf, not a machine each."""
    resolved = document["instance"].get("resolved")
    tree = dict(resolved) if isinstance(resolved, Mapping) else {}
    machines: dict[Any, Any] = {}
    for machine in tree.pop("machines", None) or ():
        rest = {key: value for key, value in machine.items() if key != "clock_mhz"}
        machines.setdefault(str(rest), rest)
    tree["machines"] = list(machines.values())
    tree["clocks"] = clock_range(document) or "left alone"
    return leaves(tree, "question")


def _question_changes(a: Document, b: Document) -> list[str]:
    before, after = _question(a), _question(b)
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


def _floors(a: Document, b: Document, goal: Goal) -> list[float]:
    """Bounds on a goal to compare at, loosest first: of both results together."""
    both = {"points": [*a["points"], *b["points"]]}
    return levels_of(both, goal, most=_MOST_FLOORS)


def _slices(a: Document, b: Document, goals: Sequence[Goal]) -> list[str]:
    """The best of what is drawn upwards at bounds on the other goals, before and after."""
    axes = axes_of(goals)
    target = axes.y
    others = [goal for goal in (axes.third, axes.x) if goal is not None]
    bounds: list[dict[str, float]] = [{}]
    for goal in others:
        bounds = [{**bound, goal.name: level} for bound in bounds for level in _floors(a, b, goal)]
    lines = []
    for bound in bounds:
        old, new = (_value_at(document, target, bound) for document in (a, b))
        if old is None and new is None:
            continue
        where = "With " + " and ".join(
            f"{goal.name} {'at least' if goal.maximised else 'at most'} {plain(bound[goal.name])}"
            for goal in others
        )
        if old is None or new is None:
            lines.append(f"{where}: {'newly reached' if old is None else 'no longer reached'}.")
        elif old == new:
            lines.append(f"{where}: {told_value(target, float(old))}, as before.")
        else:
            change = f" ({percent(float(new / old) - 1, signed=True)})" if old > 0 else ""
            lines.append(
                f"{where}: {told_value(target, float(old))} before, "
                f"{told_value(target, float(new))} after{change}."
            )
    return lines


def _value_at(document: Document, target: Goal, bounds: Mapping[str, float]) -> Fraction | None:
    index = slice_best(document, target, bounds)
    if index is None:
        return None
    level = exact_levels(document["points"][index], (target,))[0]
    if target.name == "speed":
        return Fraction(float(values_of(document, target)[index]))
    return -level if target.maximised else level


def _named(a: Document, b: Document, goals: Sequence[Goal]) -> list[str]:
    """The fastest, cheapest, least hungry point and the like, before and after."""
    lines = []
    old_marks, new_marks = (
        {name: index for index, names in marks_of(document).items() for name in names}
        for document in (a, b)
    )
    for name in dict.fromkeys((*old_marks, *new_marks)):
        old = _in_words(a, old_marks.get(name), goals)
        new = _in_words(b, new_marks.get(name), goals)
        title = name[0].upper() + name[1:]
        if old == new:
            lines.append(f"{title}: the same, {old}.")
        else:
            lines.append(f"{title}: {old or 'none'} before; {new or 'none'} after.")
    return lines


def _in_words(document: Document, index: int | None, goals: Sequence[Goal]) -> str:
    if index is None:
        return ""
    point = document["points"][index]
    values = [told_value(goal, float(point["objectives"][goal.name])) for goal in goals]
    return f"{', '.join(values)} on {design_in_short(point['design'])}"
