"""A result of any kind under one set of names, so that sheets need not know what was asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from solver.report import economy_findings, findings, fleet_findings, placement_findings
from solver.report.assumptions import assumptions_of
from solver.report.choose import RECOMMENDATIONS, marks
from solver.report.economy_choose import marks_of as economy_marks
from solver.report.economy_facts import axes_of, economy_title
from solver.report.economy_page import economy_assumptions
from solver.report.fleet_choose import marks_of as fleet_marks
from solver.report.fleet_choose import recommended_of
from solver.report.fleet_facts import Goal, goals_of, machines_in_short
from solver.report.fleet_question import fleet_assumptions
from solver.report.numbers import clean
from solver.report.placement_question import placement_assumptions
from solver.report.placement_short import design_in_short as placement_in_short
from solver.report.question import question_of
from solver.result import Result, result_from_dict

__all__ = ["View", "view_of"]

Document = Mapping[str, Any]
_PS_PER_S = 10**12


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """What every sheet reads of a document.

    Parameters
    ----------
    kind
        ``replica``, ``economy`` (a replica that weighs or limits more than speed and cost),
        ``fleet`` or ``placement``.
    marks
        For each point worth a look, by its index, what it is.
    result
        Of a plain replica only.
    """

    document: Document
    kind: str
    title: str
    goals: tuple[Goal, ...]
    axes: tuple[Goal, Goal] | None
    marks: Mapping[int, tuple[str, ...]]
    status_sentence: str
    notes: tuple[tuple[str, str], ...]
    conflict_heading: str
    conflict: tuple[str, ...]
    assumptions: tuple[str, ...]
    design_in_short: Callable[[Mapping[str, Any]], str]
    result: Result | None = None

    @property
    def points(self) -> list[Mapping[str, Any]]:
        found: list[Mapping[str, Any]] = self.document["points"]
        return found

    @property
    def resolved(self) -> Mapping[str, Any]:
        found = self.document["instance"].get("resolved")
        return found if isinstance(found, Mapping) else {}

    def exact_of(self, index: int, goal: Goal) -> str | None:
        """The exact value of a goal in its own unit, ``p/q``; ``None`` where none is stated."""
        exact = self.points[index].get("exact", {})
        if exact.get(goal.name) is not None:
            return str(exact[goal.name])
        if goal.name == "speed" and exact.get("latency_ps"):
            return str(Fraction(_PS_PER_S, int(exact["latency_ps"])))
        if goal.name == "power" and exact.get("power_mw") is not None:
            return str(Fraction(int(exact["power_mw"]), 1000))
        return None


def view_of(document: Document) -> View:
    """The view of a result document of any kind.

    Raises
    ------
    ValueError
        If the document is of no kind that reports know.
    """
    kind = document["instance"].get("kind")
    if kind == "fleet":
        return _fleet(document)
    if kind == "placement":
        return _placement(document)
    if kind != "replica":
        raise ValueError(f"no workbook is known for a result of kind {kind!r}")
    # One that weighs or limits more than speed and cost has claims where a curve has boxes.
    return _economy(document) if "claims" in document else _replica(document)


def _pair(goals: tuple[Goal, ...]) -> tuple[Goal, Goal] | None:
    return (goals[0], goals[1]) if len(goals) > 1 else None


def _recommended(
    document: Document, found: Mapping[int, tuple[str, ...]]
) -> dict[int, tuple[str, ...]]:
    """Marks, with the point to read first where nothing else is named."""
    first = recommended_of(document)
    if found or first is None:
        return dict(found)
    return {first[0]: (first[1].removeprefix("the ").removesuffix(" point"),)}


def _replica(document: Document) -> View:
    result = result_from_dict(document)
    question = question_of(result)
    title = question.title or question.subject
    conflict = result.conflict
    return View(
        document=document,
        kind="replica",
        title=title,
        goals=(goals := goals_of(document)),
        axes=_pair(goals),
        marks={
            index: tuple(RECOMMENDATIONS[key].mark for key in keys)
            for index, keys in marks(result).items()
        },
        status_sentence=findings.status_sentence(result),
        notes=tuple(("warning", text) for text in findings.warnings_of(result)),
        conflict_heading=findings.conflict_heading(result),
        conflict=tuple(findings.limit_sentence(limit) for limit in conflict.limits)
        if conflict
        else (),
        assumptions=assumptions_of(question.performance_model),
        design_in_short=economy_findings.design_in_short,
        result=result,
    )


def _economy(document: Document) -> View:
    goals = goals_of(document)
    axes = axes_of(goals) if len(goals) > 1 else None
    return View(
        document=document,
        kind="economy",
        title=economy_title(document),
        goals=goals,
        axes=None if axes is None else (axes.x, axes.y),
        marks=economy_marks(document),
        status_sentence=economy_findings.economy_status(document),
        notes=tuple(economy_findings.notes_of(document)),
        conflict_heading=economy_findings.conflict_heading(document),
        conflict=tuple(economy_findings.conflict_lines(document)),
        assumptions=economy_assumptions(document),
        design_in_short=economy_findings.design_in_short,
    )


def _fleet(document: Document) -> View:
    goals = goals_of(document)
    return View(
        document=document,
        kind="fleet",
        title=fleet_findings.fleet_title(document),
        goals=goals,
        axes=_pair(goals),
        marks=_recommended(document, fleet_marks(document)),
        status_sentence=fleet_findings.fleet_status(document),
        notes=tuple(fleet_findings.notes_of(document)),
        conflict_heading=fleet_findings.conflict_heading(document),
        conflict=tuple(fleet_findings.conflict_lines(document)),
        assumptions=tuple(fleet_assumptions(document)),
        design_in_short=lambda design: machines_in_short(document, design, most=8),
    )


def _placement(document: Document) -> View:
    goals = goals_of(document)
    return View(
        document=document,
        kind="placement",
        title=placement_findings.placement_title(document),
        goals=goals,
        axes=_pair(goals),
        marks=_recommended(document, placement_findings.placement_marks(document)),
        status_sentence=placement_findings.placement_status(document),
        notes=tuple(placement_findings.placement_notes(document)),
        conflict_heading=placement_findings.conflict_heading(document),
        conflict=tuple(placement_findings.conflict_lines(document)),
        assumptions=tuple(placement_assumptions(document)),
        design_in_short=lambda design: clean(placement_in_short(design), limit=400),
    )
