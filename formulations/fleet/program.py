"""A fleet formulation ready to solve: the statement, and the way back from numbers to a plan."""

from __future__ import annotations

from dataclasses import dataclass

from formulations.fleet.plan import FilledRack
from formulations.fleet.problem import FleetProblem
from formulations.formulation import StatedProblem
from formulations.milp import IntArray

__all__ = ["Decoded", "FleetProgram"]

Decoded = tuple[IntArray, tuple[FilledRack, ...]]
"""Counts, (n,) int64, and what stands in the racks."""


@dataclass(frozen=True, slots=True, eq=False)
class FleetProgram(StatedProblem[FleetProblem, Decoded]):
    """One formulation of one problem; objectives of its statement are the problem's measures."""

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
