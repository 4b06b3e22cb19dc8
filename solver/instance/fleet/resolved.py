"""The whole fleet question as plain JSON, catalog entries and measured points included, and back.

A result carries this, so that it can be checked from itself alone, whatever the catalog says later.
Where the question came from (source, digest, warnings, settings) and how it is expected to end are
no part of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from solver.errors import FleetError, ResultError
from solver.instance.fleet.codec import from_plain, to_plain
from solver.instance.fleet.domain import FleetInstance
from solver.instance.fleet.soundness import unsound

__all__ = ["fleet_from_resolved", "resolved_fleet"]

_NOT_ASKED = frozenset({"source", "sha256", "warnings", "settings", "expected_exit_status"})
_MEND = "Solve the instance again"


def resolved_fleet(instance: FleetInstance) -> dict[str, Any]:
    """Everything the answer depends on, as JSON."""
    return {"kind": instance.kind, **to_plain(instance, leave_out=_NOT_ASKED)}


def fleet_from_resolved(
    resolved: Mapping[str, Any], *, where: str = "result: instance.resolved", sha256: str = ""
) -> FleetInstance:
    """Rebuild the question from ``resolved_fleet``'s output.

    Raises
    ------
    ResultError
        If anything is missing, unknown, of the wrong type, or makes no sense.
    """
    document = dict(resolved)
    try:
        if document.pop("kind", None) != "fleet":
            raise ValueError("it is not of kind 'fleet'")
        instance = from_plain(FleetInstance, document, leave_out=_NOT_ASKED)
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise ResultError.one(f"is damaged ({error})", where=where, mend=_MEND) from error
    except FleetError as error:
        raise ResultError(*error.faults) from error
    damage = unsound(instance)
    if damage:
        raise ResultError.one(f"is damaged ({damage[0]})", where=where, mend=_MEND)
    return replace(instance, source=where, sha256=sha256)
