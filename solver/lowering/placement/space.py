"""What a placement question becomes: numbers for the formulations, and what they stand for."""

from __future__ import annotations

from dataclasses import dataclass, field

from formulations.placement.chain_problem import ChainProblem, ChainSetting
from formulations.placement.chain_tables import ChainTables
from formulations.placement.problem import PlacementProblem
from solver.instance.placement.domain import PlacementInstance
from solver.lowering.placement.routes import Routes, orbits_of
from solver.topology import Topology

__all__ = ["MICRO", "ChainSpace", "FlowSpace", "OptionMeaning", "PlacementSpace", "SharedCapacity"]

MICRO = 10**6
"""Rates are whole micro-tokens/s, rounded down."""


@dataclass(frozen=True, slots=True)
class OptionMeaning:
    """What an option of a chain is: hosts of ``orbit`` run at this tensor-parallel degree.

    ``None``: as they were measured.
    """

    orbit: int
    machine: str
    tensor_parallel: int | None


@dataclass(frozen=True, slots=True, eq=False)
class ChainSpace:
    """All single pipelines of a question.

    Parameters
    ----------
    topology
        The network that is counted on: the instance's own, or a rounded one.
    orbits
        Names of the interchangeable hosts of each orbit, sorted; hosts of an orbit are used in
        this order.
    meanings
        Of the options, by index.
    problem
        Where time is what counts: T = max(latency, pace) by setting. Exactly one of ``problem``
        and ``tables`` is given.
    tables
        Where latency stands against measured rates: paces are minus micro-tokens/s, times ps.
    settings
        Of ``problem``; for ``tables`` the one at which latency was measured.
    notes
        What a reader should know: what was assumed, what was left out.

    Attributes
    ----------
    routes
        Paths of all hand-overs, made here from ``topology`` and ``orbits``.
    """

    instance: PlacementInstance
    topology: Topology
    orbits: tuple[tuple[str, ...], ...]
    meanings: tuple[OptionMeaning, ...]
    settings: tuple[ChainSetting, ...]
    problem: ChainProblem | None = None
    tables: ChainTables | None = None
    notes: tuple[str, ...] = ()
    routes: Routes = field(init=False)

    def __post_init__(self) -> None:
        if (self.problem is None) == (self.tables is None):
            raise ValueError(f"{self.instance.name}: either a problem or tables")
        routes = _routes(self.instance, self.topology, self.orbits)
        object.__setattr__(self, "routes", routes)

    def tables_of(self, setting: int) -> ChainTables:
        """The integer tables of one setting."""
        if self.problem is not None:
            return self.problem.tables(setting)
        if self.tables is None or setting:
            raise ValueError(f"{self.instance.name}: there is no setting {setting}")
        return self.tables


@dataclass(frozen=True, slots=True)
class SharedCapacity:
    """One direction of a link that the flows of several pairs of machines share.

    A flow meets it if the sum over ``users`` of bytes a token x flow in micro-tokens/s is at most
    ``capacity``, which is in micro-bytes/s.

    Parameters
    ----------
    name
        Of the link.
    origin, target
        The nodes it leads from and to.
    users
        (from, to, bytes a token) by index of the machines, ``SOURCE`` and ``SINK`` of
        ``formulations.placement.plan`` for the ways in and out.
    """

    name: str
    origin: str
    target: str
    capacity: int
    users: tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, slots=True, eq=False)
class FlowSpace:
    """The throughput problem of a question, every host by itself.

    Parameters
    ----------
    hosts
        Name of each machine of ``problem``, by index. Hosts that can hold no layer are left out;
        if none is left the first is here, cut off from everything, and nothing flows.
    choices
        For each machine, by layers held less one: (tensor-parallel degree, microbatch) behind its
        rate; empty where rates are measured.
    shared
        Links that several pairs share and that may bind. ``problem`` knows each pair's own
        bottleneck only, so its optimum is a bound where ``shared`` is not empty, and a plan has to
        be checked against it.
    """

    instance: PlacementInstance
    topology: Topology
    hosts: tuple[str, ...]
    problem: PlacementProblem
    choices: tuple[tuple[tuple[int, int], ...], ...] = ()
    shared: tuple[SharedCapacity, ...] = ()
    notes: tuple[str, ...] = ()
    routes: Routes = field(init=False)

    def __post_init__(self) -> None:
        orbits = orbits_of(self.topology, through_hosts=self.instance.through_hosts)
        object.__setattr__(self, "routes", _routes(self.instance, self.topology, orbits))


def _routes(
    instance: PlacementInstance, topology: Topology, orbits: tuple[tuple[str, ...], ...]
) -> Routes:
    return Routes(
        topology,
        orbits,
        through_hosts=instance.through_hosts,
        entry=instance.entry,
        exit=instance.exit,
    )


PlacementSpace = ChainSpace | FlowSpace
