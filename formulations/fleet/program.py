"""A fleet formulation ready to solve: the statement, and the way back from numbers to a plan."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from formulations.fleet.plan import FilledRack
from formulations.fleet.problem import FleetProblem
from formulations.milp import IntArray
from formulations.program import ProgramKind, Statement

__all__ = ["Decoded", "FleetProgram"]

Decoded = tuple[IntArray, tuple[FilledRack, ...]]
"""Counts, (n,) int64, and what stands in the racks."""


@dataclass(frozen=True, slots=True, eq=False)
class FleetProgram:
    """One formulation of one problem.

    Parameters
    ----------
    formulation
        Its name in the registry.
    statement
        What an engine loads; its objectives are the measures of the problem.
    decoder
        From the integer values of all columns of the statement to counts and racks.
    """

    formulation: str
    problem: FleetProblem
    statement: Statement
    decoder: Callable[[IntArray], Decoded]

    @property
    def name(self) -> str:
        """Problem and formulation, for messages."""
        return f"{self.problem.name}/{self.formulation}"

    @property
    def kind(self) -> ProgramKind:
        """What kind of engine it takes."""
        return self.statement.kind

    def decode(self, x: IntArray) -> Decoded:
        """Counts and filled racks of a solution; shares of requests are found afterwards.

        Raises
        ------
        ValueError
            If ``x`` is not a solution of the statement and cannot be read as a plan.
        """
        if x.shape != (self.statement.n_columns,):
            raise ValueError(f"{self.name}: {x.shape} values for {self.statement.n_columns}")
        return self.decoder(x)
