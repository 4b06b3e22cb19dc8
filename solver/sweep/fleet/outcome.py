"""What a fleet sweep ends with: plans, claims that close the region, and what stayed open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from formulations.fleet.plan import FleetPlan
from solver.sweep.fleet.image import Image, Objectives
from solver.sweep.moip.claims import Claim

__all__ = ["RANGE", "FleetOutcome", "FleetPoint", "OpenRegion", "outside_range"]

RANGE = "range"
"""Stands behind claims that hold for any plan: no grade is below the best one."""


def outside_range(objectives: Objectives) -> list[Claim]:
    """Claims that no image lies below the range of a grade."""
    return [
        Claim(
            tuple(0 if k == position else top for k, top in enumerate(objectives.ceiling)),
            None,
            None,
            RANGE,
            "bound",
        )
        for position, name in enumerate(objectives.names)
        if name in objectives.space.problem.grades
    ]


@dataclass(frozen=True, slots=True, eq=False)
class FleetPoint:
    """A plan and its image; ``proved`` where claims say that nothing dominates it."""

    image: Image
    plan: FleetPlan
    proof: tuple[Claim | None, ...]
    """The k-th claim empties the box of images no worse anywhere and better in objective k."""

    @property
    def proved(self) -> bool:
        """Nothing dominates it."""
        return all(claim is not None for claim in self.proof)


@dataclass(frozen=True, slots=True)
class OpenRegion:
    """Images ``floor <= z < corner`` may exist unseen; ``reason`` says what stopped the search."""

    corner: Image
    floor: Image
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class FleetOutcome:
    """Points sorted by image; claims that close the search region but for ``open_regions``.

    ``conflict`` and ``answers`` are plain JSON, filled by whoever was asked for them; ``notes`` say
    what a reader should know about the run (a checkpoint that was mended).
    """

    objectives: Objectives
    points: tuple[FleetPoint, ...]
    claims: tuple[Claim, ...]
    open_regions: tuple[OpenRegion, ...]
    solves: int
    engines: tuple[str, ...]
    wall_s: float
    cpu_s: float
    formulation: str
    conflict: tuple[Mapping[str, Any], ...] = ()
    answers: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def status(self) -> Literal["complete", "partial", "infeasible"]:
        """``infeasible``: proved that no plan meets the limits."""
        if self.open_regions:
            return "partial"
        return "complete" if self.points else "infeasible"
