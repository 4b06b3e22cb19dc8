"""What a placement search ends with: points, claims that close the space, and what stayed open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from solver.instance.placement.domain import PlacementInstance
from solver.sweep.placement.image import Image
from solver.sweep.placement.strips import Strip

__all__ = ["Claim", "OpenRegion", "PlacementAnswer", "PlacementPoint"]


@dataclass(frozen=True, slots=True, eq=False)
class PlacementPoint:
    """A design and its image.

    Parameters
    ----------
    design
        Plain JSON, keys as in the result contract.
    """

    image: Image
    design: Mapping[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Claim:
    """Nothing lies in ``strip``, says ``engine``.

    Parameters
    ----------
    closed_by
        ``enumeration``: all chains were looked at, or left out with a reason; ``infeasible``: a
        program without a solution; ``bound``: a proven bound.
    facts
        Plain JSON that a reader can check the claim by, where there is such.
    """

    strip: Strip
    engine: str
    closed_by: Literal["enumeration", "bound", "infeasible"]
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class OpenRegion:
    """Designs may be unseen in ``strip``; ``reason`` says what stopped the search.

    Parameters
    ----------
    facts
        Plain JSON on how far the search came: a proven bound, say.
    """

    strip: Strip
    reason: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class PlacementAnswer:
    """Points sorted from fastest to cheapest, claims and open regions that tile what they leave.

    Parameters
    ----------
    bracket
        With rounded links: images of the generous network, that no design of the true one beats;
        ``None`` without, or where they were not found.
    engines
        That had a part.
    sizes
        Hosts, orbits, settings, and so on, for the reader.
    conflict
        Plain JSON, where infeasible: limits that stand against each other.
    """

    instance: PlacementInstance
    points: tuple[PlacementPoint, ...]
    claims: tuple[Claim, ...]
    open_regions: tuple[OpenRegion, ...]
    formulation: str
    engines: tuple[str, ...]
    solves: int
    wall_s: float
    cpu_s: float
    bracket: tuple[Image, ...] | None = None
    notes: tuple[str, ...] = ()
    sizes: Mapping[str, int] = field(default_factory=dict)
    conflict: tuple[Mapping[str, Any], ...] = ()

    @property
    def status(self) -> Literal["complete", "partial", "infeasible"]:
        """``infeasible``: proved that nothing meets the limits."""
        if self.open_regions:
            return "partial"
        return "complete" if self.points else "infeasible"
