"""What the replicas of a point are, read from a result, whatever the kind of question."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from solver.deploy.fleet_designs import fleet_designs
from solver.deploy.launch import ReplicaDesign
from solver.deploy.placement_designs import placement_designs
from solver.deploy.reading import Place, point_of
from solver.deploy.replica_design import replica_design
from solver.errors import ResultError
from solver.report.numbers import clean

__all__ = ["replica_designs"]

_READERS: dict[str, Callable[[Place, Place], tuple[ReplicaDesign, ...]]] = {
    "replica": replica_design,
    "fleet": fleet_designs,
    "placement": placement_designs,
}


def replica_designs(document: Mapping[str, Any], point: int) -> tuple[ReplicaDesign, ...]:
    """Every kind of replica that point ``point`` (from 0) runs.

    Raises
    ------
    ResultError
        For a damaged document, a point that is not there, a result that plans no servers, and a
        measured layout whose name does not say its degrees.
    """
    question, design = point_of(document, point)
    kind = question.text("kind")
    if kind not in _READERS:
        raise ResultError.one(
            f"is of kind {clean(kind, limit=40)!r}, which plans no servers",
            where="result",
            mend="Give the result of a question of kind replica, fleet or placement",
        )
    designs = _READERS[kind](question, design)
    if not designs:
        raise ResultError.one(
            f"point {point + 1} runs no replicas",
            where="result",
            mend="Choose another point with --point",
        )
    return designs
