"""The whole placement question as plain JSON, catalog entries and the network included, and back.

A result carries this, so that it can be checked from itself alone, whatever the catalog says later.
The network stands in node-link form, which other programs read too. Where the question came from
(source, digest, warnings, settings) and how it is expected to end are no part of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, make_dataclass
from typing import Any, get_type_hints

from solver.errors import FleetError, ResultError
from solver.instance.fleet.codec import from_plain, to_plain
from solver.instance.placement.domain import PlacementInstance
from solver.instance.placement.soundness import unsound
from solver.topology.node_link import node_link_data, topology_from_node_link

__all__ = ["placement_from_resolved", "resolved_placement"]

_NOT_ASKED = frozenset({"source", "sha256", "warnings", "settings", "expected_exit_status"})
_APART = _NOT_ASKED | {"topology"}
_MEND = "Solve the instance again"
_hints = get_type_hints(PlacementInstance)
_Rest: Any = make_dataclass(
    "_Rest",
    [(f.name, _hints[f.name]) for f in fields(PlacementInstance) if f.name not in _APART],
    frozen=True,
)
"""All that is asked but the network, which is read by the floor that knows it."""


def resolved_placement(instance: PlacementInstance) -> dict[str, Any]:
    """Everything the answer depends on, as JSON; ``design.weight_format`` only where it is said."""
    plain = {name: to_plain(getattr(instance, name)) for name in _names()}
    if instance.design.weight_format is None:
        del plain["design"]["weight_format"]
    return {"kind": instance.kind, **plain, "topology": node_link_data(instance.topology)}


def _names() -> list[str]:
    return [f.name for f in fields(_Rest)]


def placement_from_resolved(
    resolved: Mapping[str, Any], *, where: str = "result: instance.resolved", sha256: str = ""
) -> PlacementInstance:
    """Rebuild the question from ``resolved_placement``'s output.

    Raises
    ------
    ResultError
        If anything is missing, unknown, of the wrong type, or makes no sense.
    """
    document = dict(resolved)
    try:
        if document.pop("kind", None) != "placement":
            raise ValueError("it is not of kind 'placement'")
        if "topology" not in document:
            raise ValueError("topology is missing")
        topology = topology_from_node_link(
            document.pop("topology"), name="", where=f"{where}: topology"
        )
        design = document.get("design")
        if isinstance(design, Mapping):
            document["design"] = {"weight_format": None, **design}
        rest = from_plain(_Rest, document)
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise ResultError.one(f"is damaged ({error})", where=where, mend=_MEND) from error
    except FleetError as error:
        raise ResultError(*error.faults) from error
    instance = PlacementInstance(
        **{name: getattr(rest, name) for name in _names()},
        topology=topology,
        source=where,
        sha256=sha256,
    )
    damage = unsound(instance)
    if damage:
        raise ResultError.one(f"is damaged ({damage[0]})", where=where, mend=_MEND)
    return instance
