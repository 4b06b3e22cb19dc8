"""What turns a replica question into tables of steps: one class a performance model.

``TableMaker`` is the contract; ``solver.lowering.epoch_tables`` and ``calibrated_tables`` keep it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from solver.errors import Fault
from solver.instance.domain import Draft, Machine
from solver.lowering.layouts import Grid, Refusal
from solver.performance.step_table import StepPrecision, StepTable

__all__ = ["DraftRows", "TableMaker"]


@dataclass(frozen=True, slots=True, eq=False)
class DraftRows:
    """One layout of a draft on the devices of a grid.

    ``rows`` are the rows of the grid that it can run beside, ``batches`` those that it can share
    out; row ``i`` of ``table`` runs beside ``rows[i]``.
    """

    rows: tuple[int, ...]
    batches: tuple[int, ...]
    table: StepTable


class TableMaker(Protocol):
    """A question under one performance model."""

    def faults(self) -> list[Fault]:
        """What the model cannot represent, each with the key of the file that asks for it."""

    def grids(self) -> tuple[list[Grid], list[Refusal]]:
        """Layouts that can be deployed, and what was refused for its shape."""

    @property
    def n_layouts(self) -> int:
        """Layouts that the design space names, before any rule."""

    @property
    def n_draft_layouts(self) -> int:
        """Layouts that the question offers a draft on given devices."""

    def precisions(self, machine: Machine) -> list[StepPrecision]:
        """Precisions on offer on a machine, in the order of the file."""

    def table(
        self,
        machine: Machine,
        precision: StepPrecision,
        grid: Grid,
        *,
        rows: tuple[int, ...],
        batches: tuple[int, ...],
        draft_tokens: int,
    ) -> StepTable:
        """Steps of some rows of a grid that decode, or verify ``draft_tokens`` drafted tokens."""

    def drafts(
        self,
        draft: Draft,
        machine: Machine,
        precision: StepPrecision,
        grid: Grid,
        *,
        draft_tokens: int,
    ) -> Iterator[DraftRows]:
        """Every layout of the draft on the devices of ``grid``, ``draft_tokens`` at a time."""
