"""How the run of a result of any kind ended: what is proved, what conflicts, what is open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from solver.explore.damage import told_damage
from solver.explore.kinds import is_economic, plain_result
from solver.result import kind_of

__all__ = ["StatusView", "status_view"]

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StatusView:
    """How a run ended.

    Parameters
    ----------
    title
        What is served on what.
    status
        ``complete``, ``partial`` or ``infeasible``.
    sentence
        What that means.
    conflict
        Of an infeasible question: limits that conflict and how far each alone must give, below
        ``conflict_heading``.
    open_regions
        Of a partial answer: where better points may hide, and why.
    notes
        Warnings and notes, each with its kind first.
    """

    title: str
    status: str
    sentence: str
    conflict_heading: str
    conflict: tuple[str, ...]
    open_regions: tuple[str, ...]
    notes: tuple[tuple[str, str], ...]


@told_damage
def status_view(document: Document) -> StatusView:
    """How the run of a result ended, whatever its kind.

    Raises
    ------
    ResultError
        If a value is missing or of the wrong type.
    """
    if kind_of(document) == "fleet":
        return _fleet_status(document)
    if kind_of(document) == "placement":
        return _placement_status(document)
    if is_economic(document):
        return _economy_status(document)
    from solver.report.findings import (
        box_sentence,
        conflict_heading,
        limit_sentence,
        status_sentence,
        warnings_of,
    )
    from solver.report.question import question_of

    result = plain_result(document)
    limits = () if result.conflict is None else result.conflict.limits
    return StatusView(
        title=question_of(result).subject,
        status=result.status,
        sentence=status_sentence(result),
        conflict_heading=conflict_heading(result),
        conflict=tuple(limit_sentence(limit) for limit in limits),
        open_regions=tuple(box_sentence(box) for box in result.open_boxes),
        notes=tuple(("warning", text) for text in warnings_of(result)),
    )


def _fleet_status(document: Document) -> StatusView:
    from solver.report import fleet_findings

    return StatusView(
        title=fleet_findings.fleet_title(document),
        status=document["status"],
        sentence=fleet_findings.fleet_status(document),
        conflict_heading=fleet_findings.conflict_heading(document),
        conflict=tuple(fleet_findings.conflict_lines(document)),
        open_regions=tuple(fleet_findings.open_lines(document)),
        notes=tuple(fleet_findings.notes_of(document)),
    )


def _economy_status(document: Document) -> StatusView:
    from solver.report import economy_facts, economy_findings

    return StatusView(
        title=economy_facts.economy_title(document),
        status=document["status"],
        sentence=economy_findings.economy_status(document),
        conflict_heading=economy_findings.conflict_heading(document),
        conflict=tuple(economy_findings.conflict_lines(document)),
        open_regions=tuple(economy_findings.open_lines(document)),
        notes=tuple(economy_findings.notes_of(document)),
    )


def _placement_status(document: Document) -> StatusView:
    from solver.report import placement_findings

    reason, regions = placement_findings.open_regions(document)
    told = [f"{region}: {reason}" for region in regions] if reason else regions
    return StatusView(
        title=placement_findings.placement_title(document),
        status=document["status"],
        sentence=placement_findings.placement_status(document),
        conflict_heading=placement_findings.conflict_heading(document),
        conflict=tuple(placement_findings.conflict_lines(document)),
        open_regions=tuple(told),
        notes=tuple(placement_findings.placement_notes(document)),
    )
