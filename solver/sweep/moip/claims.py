r"""What a proof says about objective space, and what a piece of work brings home.

All images are minimised integer vectors. A *corner* :math:`u` names the box
:math:`\{z : z_k < u_k \;\forall k\}`. A claim names a corner and, maybe, a half-space inside it:

.. math::
    \text{no feasible } z \text{ has } z < u \text{ and } w \cdot z < b .

Without weights the whole box is empty. An epsilon-constraint optimum is the claim with one unit
weight; a weighted sum minimised inside a box is one with several. A claim closes the box of another
corner :math:`v \le u` if :math:`w \cdot (v - 1) < b`, as :math:`v - 1` is the box's greatest
integer point (:math:`w \ge 0`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from formulations.milp import IntArray
from formulations.moip.problem import Image

__all__ = ["Claim", "ClosedBy", "Corner", "FoundPoint", "JobReport"]

Corner = tuple[int, ...]
ClosedBy = Literal["infeasible", "bound", "enumeration"]


@dataclass(frozen=True, slots=True)
class Claim:
    """One proof; see the module's text.

    Parameters
    ----------
    upper : (p,)
        The corner, exclusive.
    weights : (p,) non-negative, or ``None``
        Of the half-space.
    bound
        Exclusive as well; ``None`` exactly where ``weights`` is.
    engine
        Who stands behind it.
    closed_by
        ``infeasible`` (the engine found the box empty), ``bound`` (its lower bound of the weighted
        sum) or ``enumeration`` (all of the box was listed).
    """

    upper: Corner
    weights: tuple[int, ...] | None
    bound: int | None
    engine: str
    closed_by: ClosedBy

    def __post_init__(self) -> None:
        if (self.weights is None) != (self.bound is None):
            raise ValueError("weights and bound come together")
        if self.weights is not None and (
            len(self.weights) != len(self.upper) or min(self.weights) < 0
        ):
            raise ValueError("weights must be non-negative, one for each objective")

    def closes(self, corner: Corner) -> bool:
        """Whether the box of ``corner`` is empty by this claim."""
        if any(v > u for v, u in zip(corner, self.upper, strict=True)):
            return False
        if self.weights is None or self.bound is None:
            return True
        return sum(w * (v - 1) for w, v in zip(self.weights, corner, strict=True)) < self.bound


@dataclass(frozen=True, slots=True, eq=False)
class FoundPoint:
    """A feasible point: its image and (n,) int64 column values."""

    image: Image
    x: IntArray


@dataclass(frozen=True, slots=True, eq=False)
class JobReport:
    """What one job brings home. Points and claims hold whatever became of the rest.

    Parameters
    ----------
    points
        Feasible, checked in integers; not necessarily nondominated.
    claims
        Proved.
    solves
        Engine calls made.
    cpu_s
        Processor time of the worker.
    stopped
        Why the job ended before its boxes were settled; ``None`` where they were.
    interrupted
        Whether Ctrl-C was what ended it.
    out_of_time
        Whether more time could have settled it.
    refused
        Whether whoever was asked takes no job on this program.
    """

    points: tuple[FoundPoint, ...]
    claims: tuple[Claim, ...]
    solves: int
    cpu_s: float
    stopped: str | None = None
    interrupted: bool = False
    out_of_time: bool = False
    refused: bool = False
