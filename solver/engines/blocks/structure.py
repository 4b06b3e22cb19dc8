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
from dataclasses import dataclass

import numpy as np

from formulations.fleet.problem import FleetProblem
from formulations.milp import INFINITY, IntArray
from solver.engines.blocks.ladder import Ladder

__all__ = ["Block", "BlockProblem", "find_blocks"]


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """One cell: its demand, and the ladders that can cover it."""

    name: str
    demand: int
    ladders: tuple[Ladder, ...]


@dataclass(frozen=True, slots=True, eq=False)
class BlockProblem:
    """All blocks, and the (R,) shared limits; ``rows`` are their numbers in the fleet problem."""

    name: str
    n_columns: int
    blocks: tuple[Block, ...]
    limit: IntArray
    rows: tuple[int, ...]
    largest_value: int
    """No plan worth looking at costs, or uses, more than this."""


def find_blocks(problem: FleetProblem, measure: str) -> BlockProblem | str:
    """The block structure of a problem, or why it has none."""
    if problem.routings or problem.racks is not None:
        return "shares or racks tie its columns together"
    if (problem.cover.value < 0).any() or (problem.use.value < 0).any():
        return "a column takes from a cell or gives to a limit"
    cost = problem.measures[measure]
    if (cost < 0).any():
        return f"{measure} is negative somewhere"
    n = problem.n_columns
    cell_of = np.full(n, -1, dtype=np.int64)
    cover_of = np.zeros(n, dtype=np.int64)
    for i in range(problem.cover.n_rows):
        columns, values = problem.cover.row(i)
        if (cell_of[columns] >= 0).any():
            return "a column covers two cells"
        cell_of[columns], cover_of[columns] = i, values
    demand = problem.demand
    serving = np.flatnonzero((cell_of >= 0) & (cover_of > 0))
    need = -(-np.maximum(demand[cell_of[serving]], 0) // cover_of[serving])
    if (problem.upper[serving] < need).any() and not _implied(problem, serving, need):
        return "a bound on a column may bind"
    finite = [r for r in range(problem.use.n_rows) if problem.limit[r] < INFINITY]
    vectors = np.zeros((n, 1 + len(finite)), dtype=np.int64)
    vectors[:, 0] = cost
    for position, r in enumerate(finite):
        columns, values = problem.use.row(r)
        vectors[columns, 1 + position] = values
    members: list[dict[tuple[int, ...], list[tuple[int, int]]]] = [
        {} for _ in range(problem.cover.n_rows)
    ]
    largest = 0
    for column, most in zip(serving.tolist(), need.tolist(), strict=True):
        vector = vectors[column].tolist()
        multiple = math.gcd(*vector)
        if multiple == 0:
            return "a column costs nothing and uses nothing"
        key = tuple(entry // multiple for entry in vector)
        members[int(cell_of[column])].setdefault(key, []).append((multiple, column))
        largest = max(largest, max(vector) * most)
    blocks = []
    for i, groups in enumerate(members):
        needed = int(demand[i])
        if needed <= 0:
            continue
        ladders = tuple(
            Ladder(
                np.array(key, dtype=np.int64),
                [multiple for multiple, _ in group],
                [int(cover_of[column]) for _, column in group],
                [column for _, column in group],
                needed,
            )
            for key, group in sorted(groups.items())
        )
        blocks.append(Block(problem.cell_names[i], needed, ladders))
    return BlockProblem(
        name=problem.name,
        n_columns=n,
        blocks=tuple(blocks),
        limit=problem.limit[finite].copy(),
        rows=tuple(finite),
        largest_value=largest * max(len(blocks), 1),
    )


def _implied(problem: FleetProblem, serving: IntArray, need: IntArray) -> bool:
    """Whether every bound below the need follows from a limit row anyway."""
    short = serving[problem.upper[serving] < need]
    implied = np.zeros(problem.n_columns, dtype=np.bool_)
    for r in range(problem.use.n_rows):
        columns, values = problem.use.row(r)
        implied[columns] |= problem.upper[columns] >= problem.limit[r] // np.maximum(values, 1)
    return bool(implied[short].all())
