"""JSON Schema of instance files, made from the records that read them."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import models_json_schema

from solver.instance.fleet.records import FleetFile
from solver.instance.placement.records import PlacementFile
from solver.instance.reader import KINDS
from solver.instance.records import ReplicaFile

__all__ = ["instance_schema"]


def instance_schema() -> dict[str, Any]:
    """Schema (draft 2020-12) of every kind of instance file; ``kind`` chooses."""
    references, schema = models_json_schema(
        [(ReplicaFile, "validation"), (FleetFile, "validation"), (PlacementFile, "validation")],
        by_alias=True,
    )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "fleetfront instance",
        "type": "object",
        "required": ["kind"],
        "properties": {"kind": {"enum": list(KINDS), "description": "The question."}},
        # A choice by kind, so that an editor reports a slip once and against the right table.
        "if": {"properties": {"kind": {"const": "fleet"}}},
        "then": references[FleetFile, "validation"],
        "else": {
            "if": {"properties": {"kind": {"const": "placement"}}},
            "then": references[PlacementFile, "validation"],
            "else": references[ReplicaFile, "validation"],
        },
        **schema,
    }
