"""What a search for several replicas on one cluster ends with: points, and spans left open."""

from __future__ import annotations

from dataclasses import dataclass

from formulations.placement.chain_plan import ChainPlan

__all__ = ["LABELS", "LATTICE", "OpenSpan", "PackedReplica", "ReplicaAnswer", "ReplicaPoint"]

LATTICE = "lattice"
"""Name of the dynamic program over budgets of hosts, in proofs."""
LABELS = "labels"
"""Name of the search for chains."""


@dataclass(frozen=True, slots=True)
class PackedReplica:
    """One replica: its setting, its chain, its time (T or latency, ps), its micro-tokens/s."""

    setting: int
    plan: ChainPlan
    time: int
    rate: int


@dataclass(frozen=True, slots=True)
class ReplicaPoint:
    """A point of the frontier, or of what is known of it.

    Parameters
    ----------
    time
        Of the slowest replica, ps.
    rate
        Of all replicas together, micro-tokens/s.
    replicas
        From the fastest; on hosts of their own, taken from each orbit in this order.
    engine, closed_by
        Who proved that nothing at this time or less has a greater rate, and how; ``engine`` is
        empty where that is not proved.
    """

    time: int
    rate: int
    replicas: tuple[PackedReplica, ...]
    engine: str
    closed_by: str


@dataclass(frozen=True, slots=True)
class OpenSpan:
    """Times at which more may be possible than is known.

    Parameters
    ----------
    above_ps, to_ps
        Beyond the first, up to the second and inclusive; ``None`` is no end.
    rate
        Micro-tokens/s that are reached at ``above_ps``.
    bound
        That no packing of this span exceeds, if proved.
    """

    above_ps: int
    to_ps: int | None
    rate: int
    bound: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class ReplicaAnswer:
    """Points from the fastest, and what stayed open.

    Parameters
    ----------
    points
        Rising in time and in rate.
    columns
        Chains in the pool.
    solves
        Programs solved.
    engines
        That had a part, the dynamic programs included.
    """

    points: tuple[ReplicaPoint, ...]
    open_spans: tuple[OpenSpan, ...]
    columns: int
    solves: int
    engines: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Whether the points are proved to be the whole frontier."""
        return not self.open_spans
