"""What the links of a design carry, one entry a direction in use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from solver.lowering.placement.routes import Step, steps
from solver.topology import Link, Path
from solver.topology.paths import PS_PER_S

__all__ = ["Carried", "Load", "busiest"]


@dataclass(slots=True)
class Load:
    """What crosses one direction of a link.

    Attributes
    ----------
    amount
        Sum over its users, in a unit of whoever adds them up.
    uses
        From and to, by host or gateway.
    """

    step: Step
    amount: int = 0
    uses: list[list[str]] = field(default_factory=list)


class Carried:
    """Loads of all directions of links, added up path by path."""

    def __init__(self) -> None:
        self._loads: dict[str, Load] = {}

    @property
    def loads(self) -> list[Load]:
        """One a direction in use, by name of the link, then by direction."""
        return sorted(
            self._loads.values(), key=lambda load: (load.step.link.name, load.step.origin)
        )

    def add(self, path: Path | None, amount_of: Callable[[Link], int]) -> None:
        """Add what one user puts on each link of its path; a way without a path has none."""
        if path is None:
            return
        for step in steps(path):
            load = self._loads.setdefault(step.name, Load(step))
            load.amount += amount_of(step.link)
            load.uses.append([path.nodes[0], path.nodes[-1]])

    def told(self, share_of: Callable[[Load], Fraction]) -> list[dict[str, Any]]:
        """Entries of a result document."""
        return [
            {
                "name": load.step.link.name,
                "a": load.step.link.a,
                "b": load.step.link.b,
                "from": load.step.origin,
                "to": load.step.target,
                "bytes_per_s": load.step.link.bytes_per_s,
                "latency_s": load.step.link.latency_ps / PS_PER_S,
                "uses": load.uses,
                "busy_fraction": float(share_of(load)),
            }
            for load in self.loads
        ]


def busiest(links: list[dict[str, Any]]) -> str | None:
    """Name of the busiest link, the first of equals; ``None`` where none is used."""
    best = max(links, key=lambda link: float(link["busy_fraction"]), default=None)
    return None if best is None else str(best["name"])
