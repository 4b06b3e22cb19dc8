r"""Blocks of a fleet problem: what separates by workload, and the limits that tie it together.

A problem has this shape if every column covers at most one cell, nothing has a negative
coefficient, no column bound cuts anything off, and there are neither routings nor racks. Then

.. math::
    \min \sum_w c \cdot n_w \;:\; \sum_j a_{wj} n_{wj} \ge d_w,\quad
    \sum_w B n_w \le b

with one covering row a block :math:`w` and shared rows :math:`B`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from formulations.fleet.problem import FleetProblem
from formulations.milp import INFINITY, IntArray
from solver.engines.blocks.ladder import Ladder

__all__ = ["Block", "BlockBuilder", "BlockProblem", "find_blocks"]

GREATEST = 2**49
"""Demands, costs and uses stay below: floats hold them exactly, sums of thousands fit 64 bits."""
MOST_MULTIPLE = 64
"""Columns of a greater multiple get ladders of their own."""


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """One cell: its demand, and the ladders that can cover it."""

    name: str
    demand: int
    ladders: tuple[Ladder, ...]

    def columns_of(self, units: IntArray) -> dict[int, int]:
        """Column -> count behind units of every ladder."""
        found: dict[int, int] = {}
        for ladder, k in zip(self.ladders, units.tolist(), strict=True):
            for column, count in ladder.columns_of(k).items():
                found[column] = found.get(column, 0) + count
        return found


@dataclass(frozen=True, slots=True, eq=False)
class BlockProblem:
    """All blocks, and the (R,) shared limits."""

    name: str
    blocks: tuple[Block, ...]
    limit: IntArray

    @property
    def dearest_value(self) -> int:
        """No plan without needless units costs, or uses of one limit, more than this."""
        return sum(
            -(-block.demand // ladder.gain) * ladder.period * int(ladder.vector.max())
            for block in self.blocks
            for ladder in block.ladders
        )

    @property
    def ceiling(self) -> int:
        """No plan within the limits costs more: a budget, or a limit that rises with the cost."""
        most = self.dearest_value
        vectors = [ladder.vector for block in self.blocks for ladder in block.ladders]
        for r, limit in enumerate(self.limit.tolist()):
            # Every plan uses at least this share of its cost.
            share = min(Fraction(int(v[1 + r]), int(v[0])) for v in vectors)
            if share:
                most = min(most, math.floor(limit / share))
        return most


class BlockBuilder:
    """The columns of a problem sorted into cells, and blocks made of some of them.

    Attributes
    ----------
    refusal
        Why the problem has no block structure, or ``None``; blocks may be built only then.
    """

    def __init__(self, problem: FleetProblem, measure: str) -> None:
        self.problem = problem
        n = problem.n_columns
        self._cell = np.full(n, -1, dtype=np.int64)
        self._cover = np.zeros(n, dtype=np.int64)
        self._finite = [r for r in range(problem.use.n_rows) if problem.limit[r] < INFINITY]
        self._vectors = np.zeros((n, 1 + len(self._finite)), dtype=np.int64)
        self.refusal = self._read(measure)

    def _read(self, measure: str) -> str | None:
        problem = self.problem
        if problem.routings or problem.racks is not None:
            return "shares or racks tie its columns together"
        if (problem.cover.value < 0).any() or (problem.use.value < 0).any():
            return "a column takes from a cell or gives to a limit"
        for i in range(problem.cover.n_rows):
            columns, values = problem.cover.row(i)
            if (self._cell[columns] >= 0).any():
                return "a column covers two cells"
            self._cell[columns], self._cover[columns] = i, values
        serving = np.flatnonzero(self._cover > 0)
        self._vectors[:, 0] = problem.measures[measure]
        # A column that serves no cell is left out of every plan, which is right unless it pays.
        if (self._vectors[serving, 0] <= 0).any() or (self._vectors[:, 0] < 0).any():
            return f"a column adds nothing to {measure}, or takes from it"
        demand = np.maximum(problem.demand[self._cell[serving]], 0)
        need = -(-demand // self._cover[serving])
        if (problem.upper[serving] < need).any() and not _implied(problem, serving, need):
            return "a bound on a column may bind"
        for position, r in enumerate(self._finite):
            columns, values = problem.use.row(r)
            self._vectors[columns, 1 + position] = values
        dearest = self._vectors[serving].max(axis=1).astype(np.float64) @ need
        if max(dearest, demand.max(initial=0)) >= GREATEST:
            return "its numbers are too large for exact 64-bit sums"
        return None

    @property
    def limit(self) -> IntArray:
        """(R,) finite limits."""
        return self.problem.limit[self._finite].copy()

    def columns_of(self, i: int) -> IntArray:
        """Columns that cover cell ``i``."""
        columns, values = self.problem.cover.row(i)
        return columns[values > 0]

    def costs_of(self, columns: IntArray, needed: int) -> tuple[IntArray, IntArray]:
        """Cost of a unit of each column, and what it covers of a demand."""
        return self._vectors[columns, 0], np.minimum(self._cover[columns], needed)

    def vector_of(self, counts: Mapping[int, int]) -> IntArray:
        """Cost and uses of some columns together."""
        total = np.zeros(self._vectors.shape[1], dtype=np.int64)
        for column, count in counts.items():
            total += count * self._vectors[column]
        return total

    def block(self, i: int, columns: IntArray) -> Block:
        """Cell ``i`` with these columns, those left out that units of another make needless."""
        needed = int(self.problem.demand[i])
        cover = np.minimum(self._cover[columns], needed)
        columns = columns[_not_replaceable(self._vectors[columns], cover)]
        groups: dict[tuple[int, ...], list[tuple[int, int]]] = {}
        for column in columns.tolist():
            vector = self._vectors[column].tolist()
            multiple = math.gcd(*vector)
            key = tuple(entry // multiple for entry in vector)
            groups.setdefault(key, []).append((multiple, column))
        ladders = tuple(
            Ladder(
                np.array(key, dtype=np.int64),
                [multiple for multiple, _ in group],
                [int(self._cover[column]) for _, column in group],
                [column for _, column in group],
                needed,
            )
            for key, group in _short_tables(groups)
        )
        return Block(self.problem.cell_names[i], needed, ladders)


def find_blocks(problem: FleetProblem, measure: str) -> BlockProblem | str:
    """The block structure of a problem, or why it has none."""
    builder = BlockBuilder(problem, measure)
    if builder.refusal is not None:
        return builder.refusal
    blocks = [
        builder.block(i, builder.columns_of(i))
        for i in range(problem.cover.n_rows)
        if problem.demand[i] > 0
    ]
    return BlockProblem(problem.name, tuple(blocks), builder.limit)


_AT_ONCE = 4_000_000


def _not_replaceable(vectors: IntArray, cover: IntArray) -> IntArray:
    """Positions of columns that no whole number of units of another can stand in for.

    ``q`` units of b cost and use no more than one a if ``q = min_r floor(v_ar / v_br)``, and cover
    as much if ``q c_b >= c_a``. Valid for all weights; a chain of replacements ends in one that is
    kept, and of equals the first is.
    """
    n, width = vectors.shape
    kept = np.ones(n, dtype=np.bool_)
    chunk = max(1, _AT_ONCE // max(n * width, 1))
    for start in range(0, n, chunk):
        mine = slice(start, min(start + chunk, n))
        units = np.full((mine.stop - start, n), INFINITY, dtype=np.int64)
        for r in range(width):
            have, need = vectors[mine, r][:, None], vectors[None, :, r]
            times = np.where(need > 0, have // np.maximum(need, 1), INFINITY)
            np.minimum(units, times, out=units)
        # More units than cover the demand are never needed, and this keeps the product small.
        enough = -(-cover[mine][:, None] // np.maximum(cover[None, :], 1))
        beaten = units >= enough
        rows = np.arange(start, mine.stop)
        beaten[np.arange(len(rows)), rows] = False
        same = (vectors[mine][:, None, :] == vectors[None, :, :]).all(axis=2)
        same &= cover[mine][:, None] == cover[None, :]
        beaten &= ~same | (np.arange(n)[None, :] < rows[:, None])
        kept[mine] = ~beaten.any(axis=1)
    return np.flatnonzero(kept)


def _short_tables(
    groups: Mapping[tuple[int, ...], list[tuple[int, int]]],
) -> Iterator[tuple[tuple[int, ...], list[tuple[int, int]]]]:
    """The groups in their greatest common units; those whose table, as long as the square of the
    greatest multiple, would be too long are taken apart."""
    for key, group in sorted(groups.items()):
        unit = math.gcd(*(multiple for multiple, _ in group))
        if max(multiple for multiple, _ in group) <= MOST_MULTIPLE * unit:
            yield tuple(unit * entry for entry in key), [(m // unit, column) for m, column in group]
            continue
        for multiple, column in group:
            yield tuple(multiple * entry for entry in key), [(1, column)]


def _implied(problem: FleetProblem, serving: IntArray, need: IntArray) -> bool:
    """Whether every bound below the need follows from a limit row anyway."""
    short = serving[problem.upper[serving] < need]
    implied = np.zeros(problem.n_columns, dtype=np.bool_)
    for r in range(problem.use.n_rows):
        columns, values = problem.use.row(r)
        implied[columns] |= problem.upper[columns] >= problem.limit[r] // np.maximum(values, 1)
    return bool(implied[short].all())
