"""The result of one run as data: points with designs and proofs, open boxes, conflicts.

Objectives are told twice: ``objectives`` in the units people read (floats, for display), ``exact``
in the integers and fractions that were compared. Points run from fastest to cheapest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = ["Conflict", "ConflictingLimit", "Objective", "OpenBox", "Point", "Result", "Status"]

Status = Literal["complete", "partial", "infeasible"]


@dataclass(frozen=True, slots=True)
class Objective:
    """One thing traded off: its name, the unit it is shown in, and which way is better."""

    name: str
    unit: str
    sense: Literal["max", "min"]


@dataclass(frozen=True, slots=True)
class Point:
    """One nondominated point.

    Parameters
    ----------
    objectives
        For people: ``{"speed": 156.98, "cost": 29.727}``.
    exact
        What was compared: ``{"latency_ps": 6370093822, "cost": "p/q"}`` (US$ per million tokens).
    design
        Something that can be deployed; keys as in the result contract.
    proof
        ``engine``, ``closed_by`` (``enumeration``, ``bound`` or ``infeasible``) and the box of
        objective space that was closed.
    """

    objectives: Mapping[str, float]
    exact: Mapping[str, int | str]
    design: Mapping[str, Any]
    proof: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class OpenBox:
    """A region that was not closed before a limit was reached.

    A point may hide where ``latency_ps_min <= latency <= latency_ps_max`` (``None``: no bound) and
    cost is at least ``cost_min`` and below ``cost_below`` (fractions as text; ``None``: no bound).
    """

    latency_ps_min: int | None
    latency_ps_max: int | None
    cost_min: str | None
    cost_below: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class ConflictingLimit:
    """One limit of a conflicting set.

    ``needed`` is the value it would have to take, the others unchanged, for a design to exist, and
    ``None`` where it cannot mend the conflict alone. Values are in ``unit``.
    """

    limit: str
    value: float
    unit: str
    needed: float | None
    change: float | None
    explanation: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """A smallest set of limits that no design meets together, and how far each must give."""

    limits: tuple[ConflictingLimit, ...]
    is_minimum: bool
    nearest: Mapping[str, Any]
    """The candidate that came closest, the limit that refused it and by how much."""


@dataclass(frozen=True, slots=True)
class Result:
    """Everything one run has to say; see ``files`` for the JSON form."""

    status: Status
    instance: Mapping[str, Any]
    """``name``, ``kind``, ``sha256`` and ``resolved`` (the whole question, catalog included)."""
    objectives: tuple[Objective, ...]
    points: tuple[Point, ...]
    open_boxes: tuple[OpenBox, ...] = ()
    conflict: Conflict | None = None
    ideal: Mapping[str, Any] = field(default_factory=dict)
    nadir: Mapping[str, Any] = field(default_factory=dict)
    near: Mapping[str, Any] | None = None
    """Designs within a tolerance of the points, where they were asked for."""
    model_error: Mapping[str, Any] | None = None
    """How far the performance model was off on measured questions of this kind."""
    provenance: Mapping[str, Any] = field(default_factory=dict)
