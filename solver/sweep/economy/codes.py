r"""Every allowed candidate of a question, unpruned, as integers held against the stated points.

Let :math:`v_0 < v_1 < \dots` be the levels of one objective among the points. A candidate of value
*v* has the code :math:`2 i` where :math:`v = v_i`, and :math:`2 i - 1` where *i* levels are better
and none is equal. Codes compare as values do wherever points are concerned: a point of image *z* is
at least as good as a candidate of codes *c* exactly if :math:`2 z \le c`, and a candidate lies in
the box of a corner *u* exactly if :math:`c < 2 u`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from formulations.milp import IntArray
from solver.lowering.economy.cells import FLOAT_SLACK, Block, FamilyCells
from solver.lowering.economy.space import Worth
from solver.performance.step_table import FloatArray
from solver.sweep.economy.objectives import Goal
from solver.sweep.economy.search import blocks_of

__all__ = ["CodedBlock", "coded_blocks"]

Levels = Sequence[Fraction | int]


@dataclass(frozen=True, slots=True, eq=False)
class CodedBlock:
    """Allowed candidates of one family: rows, columns and (n, p) codes; ``looked_at`` in all."""

    cells: FamilyCells
    rows: IntArray
    columns: IntArray
    latency_ps: IntArray
    power_mw: IntArray | None
    codes: IntArray
    looked_at: int

    def worth(self, index: int) -> Worth:
        """Exact figures of one of them."""
        return self.cells.worth(
            int(self.rows[index]),
            int(self.columns[index]),
            int(self.latency_ps[index]),
            None if self.power_mw is None else int(self.power_mw[index]),
        )


def coded_blocks(
    every: Sequence[FamilyCells], goals: Sequence[Goal], tables: Sequence[Levels]
) -> Iterator[CodedBlock]:
    """All candidates of all families, block by block.

    Parameters
    ----------
    tables : (p,)
        Exact levels of every objective among the points, from best to worst.
    """
    for cells in every:
        for rows, columns in blocks_of(cells):
            block = cells.block(rows, columns)
            at, column = np.nonzero(block.allowed)
            latency = block.latency_ps[at, column]
            power = None if block.power_mw is None else block.power_mw[at, column]
            found = CodedBlock(
                cells=cells,
                rows=rows[at, 0],
                columns=columns[0, column],
                latency_ps=latency,
                power_mw=power,
                codes=np.zeros((len(at), len(goals)), dtype=np.int64),
                looked_at=block.allowed.size,
            )
            for k, (goal, levels) in enumerate(zip(goals, tables, strict=True)):
                found.codes[:, k] = _codes(goal, levels, block, (at, column), found)
            yield found


def _codes(
    goal: Goal,
    levels: Levels,
    block: Block,
    at: tuple[IntArray, IntArray],
    found: CodedBlock,
) -> IntArray:
    if goal.name == "quality":
        quality = found.cells.quality
        if quality is None:
            raise ValueError("quality is weighed and not known")
        return np.full(len(at[0]), _code(-quality, levels), dtype=np.int64)
    if goal.name in ("speed", "power"):
        whole = found.latency_ps if goal.name == "speed" else found.power_mw
        if whole is None:
            raise ValueError("power is weighed and not known")
        return _codes_of_integers(whole, np.array(levels, dtype=np.int64))
    estimate = block.cost if goal.name == "cost" else block.energy
    if estimate is None:
        raise ValueError("energy is weighed and not known")
    return _codes_of_estimates(estimate[at], levels, lambda index: goal.level(found.worth(index)))


def _code(value: Fraction | int, levels: Levels) -> int:
    better = bisect_left(levels, value)
    return 2 * better - (better == len(levels) or levels[better] != value)


def _codes_of_integers(values: IntArray, levels: IntArray) -> IntArray:
    better = np.searchsorted(levels, values, side="left")
    at_most = np.searchsorted(levels, values, side="right")
    return np.asarray(2 * better - (better == at_most), dtype=np.int64)


def _codes_of_estimates(
    values: FloatArray, levels: Levels, exact: Callable[[int], Fraction | int]
) -> IntArray:
    """Where no level is as close as floats can tell they decide; elsewhere fractions do."""
    table = np.array([float(level) for level in levels])
    better = np.searchsorted(table, values * (1 - FLOAT_SLACK), side="left")
    at_most = np.searchsorted(table, values * (1 + FLOAT_SLACK), side="right")
    codes = np.asarray(2 * better - 1, dtype=np.int64)
    for index in np.flatnonzero(better != at_most).tolist():
        codes[index] = _code(exact(index), levels)
    return codes
