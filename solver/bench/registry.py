"""Every formulation and algorithm of every group, and the engines that can take them."""

from __future__ import annotations

from functools import cache

from solver.bench.families.family import Group
from solver.bench.kinds.fleet import FleetKind, RacksKind
from solver.bench.kinds.flow import FlowKind
from solver.bench.kinds.kind import OWN, BenchKind, Entry
from solver.bench.kinds.moip import MoipKind
from solver.bench.kinds.placement import PlacementKind
from solver.bench.kinds.replica import ReplicaKind
from solver.engines import OPTIONAL_ENGINE_NAMES

__all__ = ["DEFAULT_ENGINES", "ENGINES", "GROUPS", "all_entries", "engines_of", "kind_of_group"]

_KINDS: tuple[BenchKind, ...] = (
    ReplicaKind(), PlacementKind(), FlowKind(), FleetKind(), RacksKind(), MoipKind(),
)  # fmt: skip
GROUPS: tuple[Group, ...] = ("replica", "placement", "flow", "fleet", "racks", "moip")

_READERS: dict[str, tuple[str, ...]] = {
    "milp": ("highs", "cp-sat", "scip", "cbc", "glpk"),
    "indicator": ("cp-sat", "scip"),
    "cp": ("cp-sat",),
}
"""Kind of statement -> engines that read it; a test holds it against what engines accept."""
DEFAULT_ENGINES: tuple[str, ...] = (OWN, "highs", "cp-sat", "scip")
ENGINES: tuple[str, ...] = (*DEFAULT_ENGINES, *OPTIONAL_ENGINE_NAMES)
"""``own`` are algorithms of this project; ``cbc`` and ``glpk`` are programs to be installed."""


def kind_of_group(group: str) -> BenchKind:
    """The group of this name; ``KeyError`` where there is none."""
    return {kind.group: kind for kind in _KINDS}[group]


@cache
def all_entries() -> tuple[Entry, ...]:
    """Every formulation and algorithm, group by group."""
    return tuple(entry for kind in _KINDS for entry in kind.entries())


def engines_of(entry: Entry) -> tuple[str, ...]:
    """Engines that can run an entry."""
    return entry.engines or _READERS[entry.takes]
