"""What an epsilon-constraint sweep returns: points with proofs, and what stayed open.

Latency and cost stand for any two integer objectives, both minimised; the sweep was told their
names.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from formulations.milp import IntArray

__all__ = ["EmptyBox", "OpenArea", "PointProof", "SweepOutcome", "SweepPoint", "SweepProgress"]


@dataclass(frozen=True, slots=True)
class EmptyBox:
    """A proof that no design has ``latency <= latency_max`` and ``cost < cost_below``.

    ``None`` is no bound. ``engine`` stands behind the proof.
    """

    engine: str
    closed_by: Literal["bound", "infeasible"]
    latency_max: int | None
    cost_below: int | None


@dataclass(frozen=True, slots=True)
class PointProof:
    """Why a point is nondominated.

    Parameters
    ----------
    cheapest
        Stage one: nothing in reach of its epsilon is cheaper than the point.
    fastest
        Stage two: nothing that costs at most as much is faster.
    """

    cheapest: EmptyBox
    fastest: EmptyBox


@dataclass(frozen=True, slots=True, eq=False)
class SweepPoint:
    """One nondominated point.

    Parameters
    ----------
    latency, cost
        Objectives that its design attains.
    x
        (n,) int64 values of all columns.
    design
        What the program decodes ``x`` to.
    """

    latency: int
    cost: int
    x: IntArray
    design: Any
    proof: PointProof


@dataclass(frozen=True, slots=True)
class OpenArea:
    """Where something unseen may be: ``latency <= latency_max`` and ``cost >= cost_min``.

    ``None`` is no bound: of latency, the whole range; of cost, nothing proven. ``reason`` says what
    stopped the sweep.
    """

    latency_max: int | None
    cost_min: int | None
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class SweepOutcome:
    """A sweep from its limits downwards in latency.

    Parameters
    ----------
    program, engine
        Their names.
    latency_max, cost_max
        Limits that the sweep was given; nothing is said about what lies beyond.
    points
        From cheapest (slowest) to fastest; every one proved nondominated within the limits, unless
        the engine contradicted itself (see ``open_areas``).
    closed
        The final proof that nothing is faster than the last point (nothing exists at all, where
        there is no point); ``None`` unless the sweep is complete.
    open_areas
        Empty exactly where ``closed`` is given.
    solves
        Number of engine calls made.
    """

    program: str
    engine: str
    latency_max: int | None
    cost_max: int | None
    points: tuple[SweepPoint, ...]
    closed: EmptyBox | None
    open_areas: tuple[OpenArea, ...]
    solves: int
    runtime_s: float

    def __post_init__(self) -> None:
        if (self.closed is None) != bool(self.open_areas):
            raise ValueError("a sweep is either closed by a proof or has open areas")

    @property
    def status(self) -> Literal["complete", "partial", "infeasible"]:
        """``infeasible``: proved that no design meets the limits."""
        if self.closed is None:
            return "partial"
        return "complete" if self.points else "infeasible"


@dataclass(frozen=True, slots=True)
class SweepProgress:
    """Told after every solve: points so far, solves so far, seconds since the start.

    ``latency_max`` is where the search stands (``None`` before the first point of an unlimited
    sweep).
    """

    points: int
    solves: int
    latency_max: int | None
    elapsed_s: float
