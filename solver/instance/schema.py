"""JSON Schema of instance files, made from the records that read them."""

from __future__ import annotations

from typing import Any

from solver.instance.records import ReplicaFile

__all__ = ["instance_schema"]


def instance_schema() -> dict[str, Any]:
    """Schema (draft 2020-12) of every kind of instance file."""
    schema = ReplicaFile.model_json_schema(by_alias=True)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "fleetfront instance",
        **{key: value for key, value in schema.items() if key != "title"},
    }
