"""What a replay of a design finds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from solver.instance.placement.domain import PlacementInstance
from solver.lowering.placement.routes import Routes, orbits_of
from solver.topology import Topology

__all__ = ["Replayed", "ToldStage", "routes_anew", "told_stages", "whole"]


@dataclass(frozen=True, slots=True)
class Replayed:
    """The exact figures of a design, made anew.

    Attributes
    ----------
    latency_ps
        T, the time between two tokens of one user; 0 for a flow and where faults leave it unknown.
    price
        US$ an hour of all hosts; ``None`` where a host has none.
    cost
        US$ per million tokens, exact; ``None`` without a price, and where rates are measured.
    throughput
        Tokens/s, whole micro-tokens.
    faults
        Everything that the design breaks, in words; empty for a feasible one.
    """

    latency_ps: int
    price: Fraction | None
    cost: Fraction | None
    throughput: Fraction
    faults: tuple[str, ...]

    @classmethod
    def broken(cls, *faults: str) -> Replayed:
        """A design without figures."""
        return cls(0, None, None, Fraction(0), faults)


@dataclass(frozen=True, slots=True)
class ToldStage:
    """What a replay reads of a stage."""

    host: str
    tensor_parallel: int | None
    layers: int


def whole(value: object, what: str) -> int:
    """A whole number of a design.

    Raises
    ------
    ValueError
        If it is anything else, a truth value included.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"{what} is not a whole number")
    return value


def told_stages(design: Mapping[str, Any]) -> list[ToldStage]:
    """Host, degree and layers of every stage.

    Raises
    ------
    KeyError, TypeError, ValueError
        If the design is not laid out as one.
    """
    found = []
    for stage in design["stages"]:
        degree = stage["tensor_parallel"]
        host = stage["host"]
        if not isinstance(host, str):
            raise ValueError("a host is not named by text")
        found.append(
            ToldStage(
                host,
                None if degree is None else whole(degree, "tensor_parallel"),
                whole(stage["layers"], "layers"),
            )
        )
    return found


def routes_anew(instance: PlacementInstance, topology: Topology) -> Routes:
    """The paths that the rules of the question give on a network."""
    return Routes(
        topology,
        orbits_of(topology, through_hosts=instance.through_hosts),
        through_hosts=instance.through_hosts,
        entry=instance.entry,
        exit=instance.exit,
    )
