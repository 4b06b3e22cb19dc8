"""A table of plans: cost and uses row by row, and how to get back to the units behind a row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from formulations.milp import IntArray
from solver.engines.blocks.structure import Block

__all__ = ["Merged", "Plans", "Single", "blocks_behind", "columns_behind"]


@dataclass(frozen=True, slots=True, eq=False)
class Single:
    """Rows of one block: ``units`` of every ladder, (n, ladders)."""

    block: Block
    units: IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Merged:
    """Rows that pair a row of ``left`` with one of ``right``."""

    left: Plans
    right: Plans
    left_row: IntArray
    right_row: IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Plans:
    """``vector`` (n, 1 + R): cost and uses of every row."""

    vector: IntArray
    origin: Single | Merged

    def __len__(self) -> int:
        return len(self.vector)

    def only(self, rows: IntArray) -> Plans:
        """The rows kept, in their order."""
        origin = self.origin
        if isinstance(origin, Single):
            fewer: Single | Merged = Single(origin.block, origin.units[rows])
        else:
            fewer = Merged(origin.left, origin.right, origin.left_row[rows], origin.right_row[rows])
        return Plans(self.vector[rows], fewer)


def blocks_behind(plans: Plans) -> list[Block]:
    """The blocks that every row is put together of."""
    if isinstance(plans.origin, Single):
        return [plans.origin.block]
    return [*blocks_behind(plans.origin.left), *blocks_behind(plans.origin.right)]


def columns_behind(plans: Plans, row: int) -> Mapping[int, int]:
    """Column -> count of one row."""
    found: dict[int, int] = {}
    waiting = [(plans, row)]
    while waiting:
        table, place = waiting.pop()
        origin = table.origin
        if isinstance(origin, Merged):
            waiting.append((origin.left, int(origin.left_row[place])))
            waiting.append((origin.right, int(origin.right_row[place])))
            continue
        for column, count in origin.block.columns_of(origin.units[place]).items():
            found[column] = found.get(column, 0) + count
    return found
