"""A good fleet soon: the cheapest rows of every table merged, the rest let go. Proves nothing."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from formulations.milp import IntArray
from solver.engines.blocks.dual import Bound
from solver.engines.blocks.listing import TooManyPlansError, list_plans
from solver.engines.blocks.merging import best_pair, merge
from solver.engines.blocks.plans import Plans
from solver.engines.blocks.structure import Block, BlockProblem

__all__ = ["good_fleet"]

_HALVINGS = 30


def _cheapest(table: Plans, weights: IntArray, width: int) -> Plans:
    if len(table) <= width:
        return table
    return table.only(np.argsort(table.vector @ weights, kind="stable")[:width])


def _some_plans(
    block: Block, weights: IntArray, least: int, gap: int, active: IntArray, width: int
) -> Plans:
    """As many plans within the gap as there is room for, the gap halved until there is."""
    for _ in range(_HALVINGS):
        try:
            return list_plans(block, weights, least + gap, active, room=10 * width)
        except TooManyPlansError:
            gap //= 2
    return list_plans(block, weights, least, active, room=1000 * width)


def _some_pairs(
    one: Plans,
    other: Plans,
    weights: IntArray,
    gap: int,
    active: IntArray,
    limit: IntArray,
    width: int,
) -> Plans:
    for _ in range(_HALVINGS):
        try:
            return merge(one, other, weights, gap, active, limit, room=10 * width)
        except TooManyPlansError:
            gap //= 2
    return merge(one, other, weights, 0, active, limit, room=1000 * width)


def good_fleet(
    problem: BlockProblem, bound: Bound, gap: int, *, width: int, look: Callable[[], None]
) -> Plans | None:
    """One row: a fleet that meets every limit, or ``None`` where none was met with.

    Parameters
    ----------
    bound
        Over the blocks of the problem, in their order.
    gap
        How far above the cheapest, in prices, plans are looked at; the wider, the more varied.
    width
        Rows that each table keeps.
    look
        Asked between steps; may raise to stop.
    """
    weights = bound.weights
    active = np.arange(1 + len(problem.limit))
    tables = []
    for block, least in zip(problem.blocks, bound.least, strict=True):
        look()
        tables.append(
            _cheapest(_some_plans(block, weights, least, gap, active, width), weights, width)
        )
    while len(tables) > 2:
        look()
        tables.sort(key=len)
        one, other, *tables = tables
        if not len(one) or not len(other):
            return None
        merged = _some_pairs(one, other, weights, gap, active, problem.limit, width)
        tables.append(_cheapest(merged, weights, width))
    if len(tables) == 1:
        within = np.flatnonzero((tables[0].vector[:, 1:] <= problem.limit).all(axis=1))
        if not len(within):
            return None
        row = within[int(tables[0].vector[within, 0].argmin())]
        return tables[0].only(np.array([row]))
    one, other = tables
    charge = int(weights[1:] @ problem.limit)
    lowest = 0
    if len(one) and len(other):
        lowest = int((one.vector @ weights).min() + (other.vector @ weights).min())
    for _ in range(_HALVINGS):
        try:
            most = lowest - charge + gap
            found = best_pair(one, other, weights, most, active, problem.limit, room=30 * width)
            return found if len(found) else None
        except TooManyPlansError:
            gap //= 2
    return None
