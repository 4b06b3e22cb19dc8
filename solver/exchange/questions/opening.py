"""Questions that can be exported: from a file, or from what a key holds of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from formulations.moip.problem import MultiObjectiveProgram
from solver.errors import InstanceError, ResultError
from solver.exchange.questions.chain import ChainQuestion
from solver.exchange.questions.fleet import FleetQuestion
from solver.exchange.questions.flow import FlowQuestion
from solver.exchange.questions.moip import MoipQuestion
from solver.exchange.questions.posed import Question
from solver.exchange.questions.replica import ReplicaQuestion
from solver.instance.domain import ReplicaInstance
from solver.instance.fleet.columns_reader import columns_from_resolved
from solver.instance.fleet.resolved import fleet_from_resolved
from solver.instance.moip import read_program, resolved_program
from solver.instance.placement.domain import PlacementInstance
from solver.instance.placement.resolved import placement_from_resolved
from solver.instance.reading import Question as Asked
from solver.instance.reading import read_any_instance
from solver.instance.resolved import instance_from_resolved
from solver.lowering.placement.lowering import lower_placement
from solver.lowering.placement.space import FlowSpace

__all__ = ["question_from_file", "question_from_resolved"]

_RESOLVED = "key: instance.resolved"


def question_from_file(path: Path) -> Question:
    """A question (TOML, or fleet columns as JSON) or a multi-objective program (JSON or MPS).

    Raises
    ------
    FleetError
        With every fault of the file, or if nothing of it can be stated.
    """
    if _is_program(path):
        return MoipQuestion(read_program(path))
    return _question(read_any_instance(path))


def question_from_resolved(resolved: Mapping[str, Any], *, sha256: str) -> Question:
    """The question inside a key.

    Raises
    ------
    ResultError
        If it is damaged.
    """
    kind = resolved.get("kind")
    if kind == "moip":
        return MoipQuestion(_program(resolved))
    if kind == "replica":
        return _question(instance_from_resolved(resolved, where=_RESOLVED, sha256=sha256))
    if kind == "placement":
        return _question(placement_from_resolved(resolved, where=_RESOLVED, sha256=sha256))
    if kind == "fleet" and "format" in resolved:
        return _question(columns_from_resolved(resolved, where=_RESOLVED, sha256=sha256))
    if kind == "fleet":
        return _question(fleet_from_resolved(resolved, where=_RESOLVED, sha256=sha256))
    raise ResultError.one(
        f"kind {kind!r:.60} is not known", where=_RESOLVED, mend="Export the program again"
    )


def _program(resolved: Mapping[str, Any]) -> MultiObjectiveProgram:
    return resolved_program(resolved, where=_RESOLVED)


def _is_program(path: Path) -> bool:
    """Whether a file is a multi-objective program, told by its name, or by its first key."""
    suffixes = [suffix.lower() for suffix in path.suffixes if suffix.lower() != ".gz"]
    if suffixes[-1:] == [".mps"]:
        return True
    if suffixes[-1:] != [".json"]:
        return False
    if path.suffix.lower() == ".gz":
        return True
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        # Either reader says what is wrong with it; the fleet's is the one for questions.
        return False
    return isinstance(document, dict) and "vtype" in document


def _question(asked: Asked) -> Question:
    if isinstance(asked, ReplicaInstance):
        return ReplicaQuestion(asked)
    if not isinstance(asked, PlacementInstance):
        return FleetQuestion(asked)
    if asked.design.replicas == "several":
        raise InstanceError.one(
            "several replicas on hosts of their own are solved by packing, level by level, and are "
            "no single program",
            where=f"{asked.source}: design.replicas",
            mend='Write replicas = "one" to export single pipelines',
        )
    space = lower_placement(asked)
    if isinstance(space, FlowSpace):
        return FlowQuestion(asked, space)
    return ChainQuestion(asked, space)
