"""What a placement question becomes: numbers for the formulations, and what they stand for."""

from __future__ import annotations

from dataclasses import dataclass

from formulations.placement.chain_problem import ChainProblem, ChainSetting
from formulations.placement.chain_tables import ChainTables
from formulations.placement.problem import PlacementProblem
from solver.instance.placement.domain import PlacementInstance
from solver.topology import Topology

__all__ = ["MICRO", "ChainSpace", "FlowSpace", "OptionMeaning", "PlacementSpace"]

MICRO = 10**6
"""Rates are whole micro-tokens/s, rounded down."""


@dataclass(frozen=True, slots=True)
class OptionMeaning:
    """What an option of a chain is: hosts of ``orbit`` run at this tensor-parallel degree."""

    orbit: int
    machine: str
    tensor_parallel: int


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
    """

    instance: PlacementInstance
    topology: Topology
    orbits: tuple[tuple[str, ...], ...]
    meanings: tuple[OptionMeaning, ...]
    settings: tuple[ChainSetting, ...]
    problem: ChainProblem | None = None
    tables: ChainTables | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if (self.problem is None) == (self.tables is None):
            raise ValueError(f"{self.instance.name}: either a problem or tables")

    def tables_of(self, setting: int) -> ChainTables:
        """The integer tables of one setting."""
        if self.problem is not None:
            return self.problem.tables(setting)
        if self.tables is None or setting:
            raise ValueError(f"{self.instance.name}: there is no setting {setting}")
        return self.tables


@dataclass(frozen=True, slots=True, eq=False)
class FlowSpace:
    """The throughput problem of a question, every host by itself.

    Parameters
    ----------
    hosts
        Name of each machine of ``problem``, by index.
    choices
        For each machine, by layers held less one: (tensor-parallel degree, microbatch) behind its
        rate; empty where rates are measured.
    """

    instance: PlacementInstance
    topology: Topology
    hosts: tuple[str, ...]
    problem: PlacementProblem
    choices: tuple[tuple[tuple[int, int], ...], ...] = ()
    notes: tuple[str, ...] = ()


PlacementSpace = ChainSpace | FlowSpace
