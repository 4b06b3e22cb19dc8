r"""Every plan of a block that may still matter, by meeting in the middle.

Under weights :math:`w` whose bound leaves a gap, only plans priced at most ``most`` can belong to a
cheaper fleet. The ladders are split in two halves; each half is listed on its own with excess (see
``pricing``) below what is allowed, then every entry of one half is joined with the window of the
other that completes it: it must cover the rest, and not so much more that the excess is spent.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from formulations.milp import IntArray
from solver.engines.blocks.ladder import Rungs
from solver.engines.blocks.looking import Look, unwatched
from solver.engines.blocks.pareto import undominated_rows
from solver.engines.blocks.plans import Plans, Single
from solver.engines.blocks.pricing import LARGEST, MARGIN, fair_price, prices_of
from solver.engines.blocks.structure import Block
from solver.engines.blocks.windows import Window, fits

__all__ = ["TooManyPlansError", "list_halves", "list_plans"]

_CHUNK = 2_000_000


class TooManyPlansError(Exception):
    """The listing would not fit the room it was given."""


@dataclass(frozen=True, slots=True, eq=False)
class _Half:
    cover: IntArray
    priced: IntArray
    units: IntArray


def list_plans(
    block: Block,
    weights: IntArray,
    most: int,
    active: IntArray,
    *,
    room: int,
    window: Window | None = None,
    look: Look = unwatched,
) -> Plans:
    """Plans priced at most ``most`` that no other beats in cost and active uses.

    Parameters
    ----------
    active : positions in the vector that count for dominance; others must not be able to bind
    room
        Most entries of a half, and a four-hundredth of the most pairs looked at.
    window
        Uses that plans must keep to.
    look
        Told the entries and pairs looked at; may raise to stop.

    Raises
    ------
    TooManyPlansError
        If there is not room enough.
    """
    vectors = np.array([ladder.vector for ladder in block.ladders])
    window = window or Window.open(vectors.shape[1] - 1)
    halves, rho = _halves(block, weights, most, active, room, window, look)
    return _joined(block, halves, vectors, active, most, rho, room, window, look)


def list_halves(
    block: Block,
    weights: IntArray,
    most: int,
    active: IntArray,
    *,
    room: int,
    window: Window,
    look: Look = unwatched,
) -> tuple[Plans, Plans, IntArray, IntArray]:
    """Two tables: every plan of ``list_plans`` is, or is beaten by, a sum of a row of each.

    Not every sum is a plan: the last two arrays, a number a row, say what each row covers.
    """
    halves, _ = _halves(block, weights, most, active, room, window, look)
    vectors = np.array([ladder.vector for ladder in block.ladders])
    one, other = (Plans(half.units @ vectors, Single(block, half.units)) for half in halves)
    return one, other, halves[0].cover, halves[1].cover


def _inside(rungs: Rungs, number: int, vectors: IntArray, window: Window) -> Rungs:
    """Rungs that keep to the window; its low side holds for limits this ladder alone uses."""
    kept = np.ones(len(rungs.k), dtype=np.bool_)
    for position in range(1, vectors.shape[1]):
        unit = int(vectors[number, position])
        if not unit:
            continue
        kept &= rungs.k <= window.high[position - 1] // unit
        if np.count_nonzero(vectors[:, position]) == 1:
            kept &= rungs.k >= -(-window.low[position - 1] // unit)
    return Rungs(rungs.k[kept], rungs.cover[kept], rungs.excess[kept])


def _halves(
    block: Block,
    weights: IntArray,
    most: int,
    active: IntArray,
    room: int,
    window: Window,
    look: Look,
) -> tuple[list[_Half], float]:
    if most >= LARGEST:
        raise TooManyPlansError(f"{block.name}: prices beyond exact floats")
    prices = prices_of(block, weights)
    rho, _ = fair_price(block, prices)
    excess = most - rho * block.demand + MARGIN
    vectors = np.array([ladder.vector for ladder in block.ladders])
    choices = []
    for number, (price, ladder) in enumerate(zip(prices, block.ladders, strict=True)):
        if price - rho * ladder.density > excess:
            continue
        rungs = _inside(ladder.rungs(price, rho, excess), number, vectors, window)
        if not (len(rungs.k) == 1 and rungs.k[0] == 0):
            choices.append((number, rungs))
    choices.sort(key=lambda choice: -len(choice[1].k))
    used = np.flatnonzero(active > 0)
    empty = np.zeros(1, dtype=np.int64)
    halves = [_Half(empty, empty, np.zeros((1, len(prices)), dtype=np.int64)) for _ in range(2)]
    for number, rungs in choices:
        smaller = 0 if len(halves[0].cover) <= len(halves[1].cover) else 1
        half = halves[smaller]
        order = np.argsort(rungs.excess, kind="stable")
        k, cover = rungs.k[order], rungs.cover[order]
        spent = half.priced - rho * half.cover
        counts = np.searchsorted(rungs.excess[order], excess - spent, side="right")
        if int(counts.sum()) > 4 * room:
            raise TooManyPlansError(block.name)
        look(int(counts.sum()))
        state = np.repeat(np.arange(len(half.cover)), counts)
        rung = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
        covers = half.cover[state] + cover[rung]
        priced = half.priced[state] + k[rung] * prices[number]
        alive = (priced - rho * np.minimum(covers, block.demand) <= excess) & (
            (half.cover[state] < block.demand) | (k[rung] == 0)
        )
        state, rung = state[alive], rung[alive]
        units = half.units[state]
        units[:, number] = k[rung]
        half = _Half(np.minimum(covers[alive], block.demand), priced[alive], units)
        table = np.column_stack([-half.cover, units @ vectors[:, active]])
        kept = np.flatnonzero((table[:, 1 + used] <= window.high[active[used] - 1]).all(axis=1))
        kept = kept[undominated_rows(table[kept])]
        if len(kept) > room:
            raise TooManyPlansError(block.name)
        halves[smaller] = _Half(half.cover[kept], half.priced[kept], units[kept])
    return halves, rho


def _joined(
    block: Block,
    halves: list[_Half],
    vectors: IntArray,
    active: IntArray,
    most: int,
    rho: float,
    room: int,
    window: Window,
    look: Look,
) -> Plans:
    one, other = sorted(halves, key=lambda half: len(half.cover))
    order = np.argsort(other.cover, kind="stable")
    other = _Half(other.cover[order], other.priced[order], other.units[order])
    table_one, table_other = one.units @ vectors, other.units @ vectors
    first = np.searchsorted(other.cover, block.demand - one.cover)
    excess = most - rho * block.demand + MARGIN
    # Only excess at or above zero is possible in the other half, so its cover ends the window.
    if rho > 0.0:
        reach = (excess - (one.priced - rho * one.cover)) / rho
        last = np.searchsorted(other.cover, block.demand - one.cover + reach, side="right")
    else:
        last = np.full_like(first, len(other.cover))
    counts = np.maximum(last - first, 0)
    total = np.cumsum(counts)
    if len(total) and total[-1] > 400 * room:
        raise TooManyPlansError(block.name)
    kept_vectors, kept_units = [], []
    start = 0
    while start < len(counts):
        behind = int(total[start - 1]) if start else 0
        end = max(start + 1, int(np.searchsorted(total, behind + _CHUNK, side="right")))
        part = counts[start:end]
        look(int(part.sum()))
        a = np.repeat(np.arange(start, end), part)
        b = np.arange(int(part.sum())) - np.repeat(np.cumsum(part) - part, part)
        b += np.repeat(first[start:end], part)
        alive = one.priced[a] + other.priced[b] <= most
        a, b = a[alive], b[alive]
        vector = table_one[a] + table_other[b]
        inside = fits(vector, window)
        a, b, vector = a[inside], b[inside], vector[inside]
        if len(vector):
            kept = undominated_rows(vector[:, active])
            kept_vectors.append(vector[kept])
            kept_units.append(one.units[a[kept]] + other.units[b[kept]])
        start = end
    if not kept_vectors:
        return Plans(
            np.zeros((0, vectors.shape[1]), dtype=np.int64),
            Single(block, np.zeros((0, len(vectors)), dtype=np.int64)),
        )
    vector, units = np.concatenate(kept_vectors), np.concatenate(kept_units)
    kept = undominated_rows(vector[:, active])
    return Plans(vector[kept], Single(block, units[kept]))
