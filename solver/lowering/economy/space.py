r"""All candidates of an economic replica question, and what each one is worth, exactly.

A question is one ``ReplicaSpace`` for each model that may serve. Every candidate has integers and
ratios of integers:

* latency, whole picoseconds (``CandidateFamily``);
* power of the replica, whole milliwatts, rounded up: devices by phase and clock
  (``solver.performance.power``) and their share of the host;
* energy of one output token, ``power x latency / batch``, a ratio;
* cost, ``price x devices x latency / batch``, and where electricity is billed
  ``PUE x price of a kWh x energy`` besides, a ratio;
* quality, a fraction: the score of its model less the penalties of its precisions.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from solver.instance.domain import ReplicaInstance
from solver.instance.quality import ServedModel
from solver.lowering.families import CandidateFamily
from solver.lowering.space import ReplicaSpace

__all__ = ["EconomicSpace", "ModelSpace", "Worth"]


@dataclass(frozen=True, slots=True)
class Worth:
    """Exact figures of one candidate.

    ``energy`` in joules per output token, ``cost`` in US$ per million output tokens, ``carbon`` in
    grams per million output tokens (``None`` where no intensity is stated). ``power_mw`` and
    ``energy`` are ``None`` where the accelerator's power is not known, ``quality`` where no score
    is stated.
    """

    latency_ps: int
    cost: Fraction
    power_mw: int | None
    energy: Fraction | None
    carbon: Fraction | None
    quality: Fraction | None


@dataclass(frozen=True, slots=True, eq=False)
class ModelSpace:
    """The candidates of one model; ``space.instance`` asks for this model alone."""

    served: ServedModel
    space: ReplicaSpace


@dataclass(frozen=True, slots=True, eq=False)
class EconomicSpace:
    """All candidates of a question.

    Attributes
    ----------
    parts
        One for each model that fits, in the order in which the question lists them.
    notes
        Models that were left out, and why.
    """

    instance: ReplicaInstance
    parts: tuple[ModelSpace, ...]
    notes: tuple[str, ...] = ()

    @property
    def families(self) -> tuple[tuple[ModelSpace, CandidateFamily], ...]:
        """Every rectangle with the model it belongs to."""
        return tuple((part, family) for part in self.parts for family in part.space.families)

    @property
    def n_stated(self) -> int:
        """Candidates before any rule, of all models that fit."""
        return sum(part.space.n_stated for part in self.parts)

    @property
    def n_candidates(self) -> int:
        """Candidates that deployability rules leave, before HBM and other limits."""
        return sum(part.space.n_candidates for part in self.parts)
