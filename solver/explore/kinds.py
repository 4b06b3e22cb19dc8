"""Which kind a question or a result is of, told once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from solver.instance.domain import ReplicaInstance
from solver.instance.fleet.columns import ColumnFleet
from solver.instance.fleet.domain import FleetInstance
from solver.instance.reading import Question
from solver.instance.resolved import resolved_instance
from solver.result import Result, kind_of, result_from_dict

__all__ = ["is_economic", "plain_result", "resolved_of"]


def is_economic(document: Mapping[str, Any]) -> bool:
    """Whether a replica result weighs or limits more than speed and cost of one model."""
    return kind_of(document) == "replica" and "claims" in document


def plain_result(document: Mapping[str, Any]) -> Result:
    """A replica result of speed and cost as its domain object.

    Raises
    ------
    ResultError
        If the document is no such result.
    """
    return result_from_dict(document)


def resolved_of(question: Question) -> dict[str, Any]:
    """Everything the answer depends on, as a result holds it."""
    if isinstance(question, ReplicaInstance):
        return resolved_instance(question)
    if isinstance(question, ColumnFleet):
        from solver.instance.fleet.columns_reader import resolved_columns

        return resolved_columns(question)
    if isinstance(question, FleetInstance):
        from solver.instance.fleet.resolved import resolved_fleet

        return resolved_fleet(question)
    from solver.instance.placement.resolved import resolved_placement

    return resolved_placement(question)
