"""What a search for the nondominated set ends with: points with proofs, and what stayed open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from formulations.milp import IntArray
from formulations.moip.problem import Image, MultiObjectiveProgram
from solver.sweep.moip.claims import Claim, Corner, FoundPoint

__all__ = ["ClosedBox", "OpenBox", "ProvedPoint", "SearchOutcome"]


@dataclass(frozen=True, slots=True, eq=False)
class ProvedPoint:
    """One nondominated point.

    Parameters
    ----------
    image, x
        Its objectives and (n,) int64 column values.
    proof : (p,)
        The k-th claim closes the box of all images no worse than the point everywhere and better
        in objective k; together they say that nothing dominates it.
    """

    image: Image
    x: IntArray
    proof: tuple[Claim, ...]


@dataclass(frozen=True, slots=True)
class ClosedBox:
    """A box of the search region (what nothing found dominates), and the claim that empties it."""

    corner: Corner
    claim: Claim


@dataclass(frozen=True, slots=True)
class OpenBox:
    """A box of the search region that nobody has emptied.

    An unseen image ``z`` may lie where ``floor <= z < corner``; ``floor`` is proven: no feasible
    ``z`` inside the corner has a component below it. ``reason`` says what stopped the search.
    """

    corner: Corner
    floor: Corner
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class SearchOutcome:
    """The nondominated set, or an honest part of it.

    Parameters
    ----------
    points
        Proved nondominated, sorted by image.
    candidates
        Feasible and not dominated by anything known, yet not proved nondominated; none where
        ``open_boxes`` is empty. Sorted by image.
    closed_boxes, open_boxes
        Together the whole search region of points and candidates below ``program.ceiling``, sorted
        by corner.
    solves
        Engine calls made, by engine.
    notes
        What a reader should know: points dropped, engines that were caught or that refused.
    """

    program: MultiObjectiveProgram
    points: tuple[ProvedPoint, ...]
    candidates: tuple[FoundPoint, ...]
    closed_boxes: tuple[ClosedBox, ...]
    open_boxes: tuple[OpenBox, ...]
    solves: Mapping[str, int]
    wall_s: float
    cpu_s: float
    notes: tuple[str, ...] = ()

    @property
    def status(self) -> Literal["complete", "partial", "infeasible"]:
        """``infeasible``: proved that the program has no feasible point."""
        if self.open_boxes:
            return "partial"
        return "complete" if self.points else "infeasible"
