r"""The cheapest plan of one block under given weights: an exact integer covering knapsack.

With weights :math:`w` on cost and uses (integers :math:`\ge 0`) a unit of ladder :math:`t` costs
:math:`p_t = w \cdot v_t`. Let :math:`\rho` be the least price of a unit of cover. Every plan costs
:math:`\rho d` plus its *excess*: what its rungs cost above :math:`\rho` times their cover, and
:math:`\rho` times what it covers beyond the demand. A plan no dearer than a known one therefore
has a small excess, which leaves few rungs of few ladders. The others are combined ladder by
ladder, dominated states dropped, and the ladder with the best ratio fills the rest.

Prices are exact integers; the excess is a float and only prunes, with a margin above its error:
it is a sum of at most one term a ladder, each correct to a few units in the last place of
:math:`p_t k \le` ``LARGEST``, so within 2 units of price together.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from formulations.milp import IntArray
from solver.engines.blocks.ladder import Rungs
from solver.engines.blocks.pareto import undominated_rows
from solver.engines.blocks.structure import Block

__all__ = [
    "LARGEST",
    "MARGIN",
    "CheapestPlan",
    "cheapest_plan",
    "fair_price",
    "prices_of",
    "some_price",
]

LARGEST = 2**50
"""Prices of whole plans stay below this, so that floats err by far less than a unit."""
MARGIN = 4.0
"""Units of price by which pruning is kinder than it need be."""
_FILTER_FROM = 256
_FIRST_SHARE = 16.0
_ROOM = 1.5
_FACTOR = 4.0


@dataclass(frozen=True, slots=True, eq=False)
class CheapestPlan:
    """``price`` of the plan; ``units`` of every ladder; ``vector``: its cost and uses.

    ``excess``: what the price is above the least conceivable, as a share of that.
    """

    price: int
    units: IntArray
    vector: IntArray
    excess: float = 0.0


def prices_of(block: Block, weights: IntArray) -> list[int]:
    """Price of one unit of every ladder."""
    return [int(ladder.vector @ weights) for ladder in block.ladders]


def fair_price(block: Block, prices: list[int]) -> tuple[float, int]:
    """Least price of a unit of cover, and the ladder that has it."""
    ratios = [
        price * ladder.period / ladder.gain
        for price, ladder in zip(prices, block.ladders, strict=True)
    ]
    # The densest multiple bounds every other from below, so the ratio is a lower bound.
    best = int(np.argmin(ratios))
    return ratios[best] * (1.0 - 2.0**-50), best


def _a_price(block: Block, prices: list[int], best: int) -> int:
    """Price of some good plan: the best ladder, its last units replaced by one other ladder."""
    ladder = block.ladders[best]
    whole = int(ladder.least(np.array([block.demand]))[0])
    known = whole * prices[best]
    if known >= LARGEST:
        return known
    units = np.arange(max(0, whole - 5 * ladder.period), whole + 1, dtype=np.int64)
    rest = block.demand - ladder.most(units)
    rho = prices[best] * ladder.period / ladder.gain
    for price, other in zip(prices, block.ladders, strict=True):
        if price - rho * other.density > known - rho * block.demand:
            continue  # one unit alone is too dear
        last = other.least(rest)
        if int(last.max()) * price >= LARGEST:
            continue
        total = units * prices[best] + last * price
        known = min(known, int(total.min()))
    return known


def some_price(block: Block, weights: IntArray) -> int:
    """What some good plan of the block prices at: quick, and not the least."""
    prices = prices_of(block, weights)
    return _a_price(block, prices, fair_price(block, prices)[1])


def cheapest_plan(
    block: Block, weights: IntArray, *, effort: int | None = None, excess: float | None = None
) -> CheapestPlan:
    """See the module's text.

    Parameters
    ----------
    weights : (1 + R,) int64 >= 0
        Of the cost and of each limit.
    effort
        Most combinations looked at in one step; where that is too few, ``price`` is a lower bound
        on the cheapest and the plan is some plan. ``None``: always exact.
    excess
        As a share of the least conceivable price, what a plan is expected to have: where the
        search begins.

    Raises
    ------
    OverflowError
        If even a good plan prices at ``LARGEST`` or more.
    """
    prices = prices_of(block, weights)
    rho, best = fair_price(block, prices)
    known = _a_price(block, prices, best)
    if known >= LARGEST:
        raise OverflowError(f"{block.name}: its cheapest plan prices at {known}")
    fair = rho * block.demand
    # Few plans have little excess, so less than the known one's is tried first.
    trial = (known - fair) / _FIRST_SHARE
    if excess is not None:
        trial = max(trial, _ROOM * excess * fair + MARGIN)
    # One less than the float says: it may err by less than a unit.
    above = int(fair) - 1
    try:
        while trial < known - fair:
            plan = _within(block, prices, rho, best, fair + trial, effort)
            if plan is not None:
                return replace(plan, excess=(plan.price - fair) / max(fair, 1.0))
            above = max(above, int(fair + trial))
            trial *= _FACTOR
        plan = _within(block, prices, rho, best, float(known), effort)
    except _TooMuchEffortError:
        units = np.zeros(len(prices), dtype=np.int64)
        units[best] = block.ladders[best].least(np.array([block.demand]))[0]
        vectors = np.array([ladder.vector for ladder in block.ladders])
        return CheapestPlan(min(above, known), units, units @ vectors)
    if plan is None:
        raise ArithmeticError(f"{block.name}: a known plan was not found again")
    return replace(plan, excess=(plan.price - fair) / max(fair, 1.0))


class _TooMuchEffortError(Exception):
    """More combinations than were allowed."""


def _within(
    block: Block,
    prices: list[int],
    rho: float,
    best: int,
    priced_at_most: float,
    effort: int | None,
) -> CheapestPlan | None:
    """The cheapest plan priced at most so much, if there is one."""
    most = priced_at_most - rho * block.demand + MARGIN
    choices: list[tuple[int, Rungs]] = []
    for number, (price, ladder) in enumerate(zip(prices, block.ladders, strict=True)):
        if number != best and price * ladder.period - rho * ladder.gain <= most * ladder.period:
            rungs = ladder.rungs(price, rho, most)
            if len(rungs.k) > 1:
                choices.append((number, rungs))
    choices.sort(key=lambda choice: len(choice[1].k))
    strong = sorted(range(len(prices)), key=lambda t: prices[t] / block.ladders[t].density)[:4]
    choices = [
        (number, rungs)
        for number, rungs in choices
        if not any(
            (prices[t] / block.ladders[t].density, t)
            < (prices[number] / block.ladders[number].density, number)
            and prices[t] > 0
            and block.ladders[number].beaten_by(block.ladders[t], prices[number], prices[t])
            for t in strong
        )
    ]
    rest = np.array([block.demand], dtype=np.int64)
    priced = np.zeros(1, dtype=np.int64)
    units = np.zeros((1, len(prices)), dtype=np.int64)
    for number, rungs in choices:
        order = np.argsort(rungs.excess, kind="stable")
        k, cover, excess = rungs.k[order], rungs.cover[order], rungs.excess[order]
        spent = priced - rho * (block.demand - rest)
        counts = np.searchsorted(excess, most - spent, side="right")
        if effort is not None and int(counts.sum()) > effort:
            raise _TooMuchEffortError
        state = np.repeat(np.arange(len(rest)), counts)
        rung = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
        new_rest = rest[state] - cover[rung]
        new_priced = priced[state] + k[rung] * prices[number]
        alive = (rest[state] > 0) | (k[rung] == 0)
        alive &= new_priced - rho * (block.demand - new_rest) <= most
        state, rung = state[alive], rung[alive]
        rest, priced = np.maximum(new_rest[alive], 0), new_priced[alive]
        units = units[state]
        units[:, number] = k[rung]
        if len(rest) > _FILTER_FROM:
            kept = undominated_rows(np.stack([rest, priced], axis=1))
            rest, priced, units = rest[kept], priced[kept], units[kept]
    fill = block.ladders[best].least(rest)
    units[:, best] = fill
    total = priced + fill * prices[best]
    winner = int(total.argmin())
    if total[winner] > priced_at_most:
        return None
    vectors = np.array([ladder.vector for ladder in block.ladders])
    return CheapestPlan(int(total[winner]), units[winner], units[winner] @ vectors)
