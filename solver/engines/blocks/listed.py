"""Which block is listed next, and how much of it: from blocks to tables, the shortest first."""

from __future__ import annotations

import math

import numpy as np

from formulations.milp import IntArray
from solver.engines.blocks.dual import evaluate
from solver.engines.blocks.listing import TooManyPlansError, list_halves, list_plans
from solver.engines.blocks.narrowed import Narrowed
from solver.engines.blocks.plans import Plans
from solver.engines.blocks.pricing import fair_price, prices_of
from solver.engines.blocks.structure import Block

__all__ = ["halves_of_the_last", "list_one_more", "list_the_easy"]


def list_the_easy(narrowed: Narrowed) -> None:
    """List every block whose plans within the gap are few."""
    target, bound = narrowed.target, narrowed.bound
    hard = []
    last = None
    if target.width is not None:
        # What uses the limits up in the end is the block that has most ways to.
        ways = [
            _combinations(block, bound.weights, least + narrowed.gap)
            for block, least in zip(narrowed.blocks, bound.least, strict=True)
        ]
        last = narrowed.blocks[int(np.argmax(ways))]
    for block, least in zip(narrowed.blocks, bound.least, strict=True):
        if block is last:
            hard.append(block)
            continue
        try:
            plans = list_plans(
                block,
                bound.weights,
                least + narrowed.share,
                target.active,
                room=min(target.easy, target.room),
                look=target.look,
            )
        except TooManyPlansError:
            hard.append(block)
        else:
            narrowed.tables.append(narrowed.cut(plans))
    narrowed.blocks = hard


def list_one_more(narrowed: Narrowed, room: int) -> bool:
    """List the block with fewest plans, if there is one and there is room."""
    if not narrowed.blocks:
        return False
    target = narrowed.target
    place, least = _shortest(narrowed)
    block = narrowed.blocks[place]
    allowed = narrowed.gap if len(narrowed.blocks) == 1 else narrowed.share
    window = narrowed.window(narrowed.tables, but_one=True)
    while True:
        try:
            plans = list_plans(
                block,
                narrowed.bound.weights,
                least + allowed,
                target.active,
                room=room,
                window=window,
                look=target.look,
            )
        except TooManyPlansError:
            if target.width is None or len(narrowed.blocks) == 1 or not allowed:
                return False
            allowed //= 2
            continue
        narrowed.blocks.pop(place)
        narrowed.tables.append(narrowed.cut(plans))
        return True


def halves_of_the_last(narrowed: Narrowed) -> tuple[Plans, Plans, IntArray, IntArray]:
    """The only block left as two tables that are joined like others; see ``list_halves``.

    Raises
    ------
    TooManyPlansError
        If there is not room enough.
    """
    target = narrowed.target
    (block,), (_, least) = narrowed.blocks, _shortest(narrowed)
    window = narrowed.window(narrowed.tables, but_one=True)
    allowed, room = narrowed.gap, target.room // 2
    while True:
        try:
            return list_halves(
                block,
                narrowed.bound.weights,
                least + allowed,
                target.active,
                room=room if target.width is None else min(room, target.easy),
                window=window,
                look=target.look,
            )
        except TooManyPlansError:
            if target.width is None or not allowed:
                raise
            allowed //= 2


def _shortest(narrowed: Narrowed) -> tuple[int, int]:
    """The block with fewest plans, and the price of its cheapest."""
    weights = narrowed.bound.weights
    leasts = [
        evaluate([block], narrowed.target.limit, weights).least[0] for block in narrowed.blocks
    ]
    sizes = [
        _combinations(block, weights, least + narrowed.gap)
        for block, least in zip(narrowed.blocks, leasts, strict=True)
    ]
    place = int(np.argmin(sizes))
    return place, leasts[place]


def _combinations(block: Block, weights: IntArray, most: int) -> float:
    """Logarithm of how many ways rungs priced within ``most`` could be combined."""
    prices = prices_of(block, weights)
    rho, _ = fair_price(block, prices)
    excess = most - rho * block.demand
    return sum(
        math.log(len(ladder.rungs(price, rho, excess).k))
        for price, ladder in zip(prices, block.ladders, strict=True)
    )
