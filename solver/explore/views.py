"""What a page shows of a result document, as plain data: frontier, plan, limits, comparison.

Every text is one line without control characters (``solver.report.numbers.clean``); nothing is
marked up, so that whoever shows it escapes it once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from solver.explore.damage import told_damage
from solver.explore.kinds import is_economic, plain_result
from solver.explore.plans import PlanView, Table, plan_view
from solver.explore.point_limits import LimitRow, limits_view
from solver.explore.run_status import StatusView, status_view
from solver.report.choose import RECOMMENDATIONS, marks
from solver.report.fleet_facts import goals_of
from solver.report.numbers import clean
from solver.result import kind_of

__all__ = [
    "Comparison",
    "FrontierPoint",
    "FrontierRows",
    "LimitRow",
    "ObjectiveView",
    "PlanView",
    "StatusView",
    "Table",
    "checked",
    "comparison",
    "frontier_rows",
    "limits_view",
    "plan_view",
    "status_view",
]

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ObjectiveView:
    """One objective: its name, its unit as people write it, ``max`` or ``min``."""

    name: str
    unit: str
    sense: str


@dataclass(frozen=True, slots=True)
class FrontierPoint:
    """One point of the frontier.

    Parameters
    ----------
    index
        Its place in the document.
    values
        Of the objectives, in their order.
    told
        The same with units: ``83.3 tok/s/user``.
    label
        The design in a line.
    marks
        What it is recommended as: ``fastest``, ``cheapest``, ``knee`` and the like.
    """

    index: int
    values: tuple[float, ...]
    told: tuple[str, ...]
    label: str
    marks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FrontierRows:
    """All points in the order of the document."""

    objectives: tuple[ObjectiveView, ...]
    points: tuple[FrontierPoint, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What changed from the first answer to the second: tables, then sentences."""

    tables: tuple[Table, ...]
    sentences: tuple[str, ...]


@told_damage
def frontier_rows(document: Document) -> FrontierRows:
    """The frontier of a result of any kind.

    Raises
    ------
    ResultError
        If a value is missing or of the wrong type.
    """
    goals = goals_of(document)
    named = _marks(document) if document["points"] else {}
    points = []
    for index, point in enumerate(document["points"]):
        values = tuple(float(point["objectives"][goal.name]) for goal in goals)
        told = tuple(goal.told(value) for goal, value in zip(goals, values, strict=True))
        label = _label(document, point["design"])
        points.append(FrontierPoint(index, values, told, label, named.get(index, ())))
    objectives = tuple(
        ObjectiveView(clean(goal.name, limit=30), goal.unit, "max" if goal.maximised else "min")
        for goal in goals
    )
    return FrontierRows(objectives, tuple(points))


def _label(document: Document, design: Mapping[str, Any]) -> str:
    if kind_of(document) == "fleet":
        from solver.report.fleet_facts import machines_in_short

        return machines_in_short(document, design) or "no machine"
    if kind_of(document) == "placement":
        from solver.report import placement_short

        return placement_short.design_in_short(design)
    from solver.report import economy_findings

    return economy_findings.design_in_short(design)


def _marks(document: Document) -> Mapping[int, tuple[str, ...]]:
    if kind_of(document) == "fleet":
        from solver.report import fleet_choose

        return fleet_choose.marks_of(document)
    if kind_of(document) == "placement":
        from solver.report.placement_findings import placement_marks

        return placement_marks(document)
    if is_economic(document):
        from solver.report import economy_choose

        return economy_choose.marks_of(document)
    named = marks(plain_result(document))
    return {
        index: tuple(RECOMMENDATIONS[key].mark for key in keys) for index, keys in named.items()
    }


@told_damage
def comparison(before: Document, after: Document) -> Comparison:
    """What changed from one answer to another of the same kind of question.

    Raises
    ------
    ResultError
        If they cannot be compared: they weigh different things, or a value is damaged.
    """
    kinds = {(kind_of(document), is_economic(document)) for document in (before, after)}
    if len(kinds) > 1:
        raise ValueError("one weighs or limits more than the other")
    ((kind, economic),) = kinds
    if kind == "fleet":
        from solver.report.fleet_compare import compare_fleets

        return Comparison((), tuple(compare_fleets(before, after)))
    if kind == "placement":
        from solver.report.placement_compare import compare_placements

        return Comparison((), tuple(compare_placements(before, after)))
    if economic:
        from solver.report.economy_compare import compare_economies

        return Comparison((), tuple(compare_economies(before, after)))
    return _compared_replicas(before, after)


def _compared_replicas(before: Document, after: Document) -> Comparison:
    from solver.report.compare import compare_results
    from solver.report.numbers import percent, short

    found = compare_results(plain_result(before), plain_result(after))
    if found.identical:
        return Comparison((), ("Same question, same status, same points.",))

    def cost(value: float | None) -> str:
        return "not reached" if value is None else short(value)

    changes = [
        (entry.where, entry.before or "absent", entry.after or "absent") for entry in found.question
    ]
    shifts = [
        (
            short(shift.speed),
            cost(shift.cost_before),
            cost(shift.cost_after),
            "" if shift.change is None else percent(shift.change, signed=True),
        )
        for shift in found.shifts
    ]
    wished = [
        (
            RECOMMENDATIONS[entry.kind].title,
            entry.before or "none",
            "the same" if entry.same else entry.after or "none",
        )
        for entry in found.recommended
    ]
    tables = (
        Table("What the questions say", ("question", "A", "B"), tuple(changes)),
        Table(
            "Least cost of a speed",
            ("at least, tok/s/user", "A, US$/Mtok", "B, US$/Mtok", "change"),
            tuple(shifts),
        ),
        Table("Recommended points", ("point", "A", "B"), tuple(wished)),
    )
    counts = (
        f"{found.same:,} points in both, {found.only_before:,} only in A, "
        f"{found.only_after:,} only in B."
    )
    return Comparison(tuple(table for table in tables if table.rows), (counts,))


def checked(document: Document) -> Document:
    """The document, once every view of it could be told.

    Raises
    ------
    ResultError
        If a value is missing or of the wrong type.
    """
    if kind_of(document) == "replica" and not is_economic(document):
        plain_result(document)
    status_view(document)
    named = [point.index for point in frontier_rows(document).points if point.marks]
    for index in named:
        plan_view(document, index)
        limits_view(document, index)
    return document
