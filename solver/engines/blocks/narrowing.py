r"""The cheapest fleet of cost at most a target: blocks listed, narrowed, merged and joined.

The gap between the target and the Lagrangian bound says which plans of a block can matter
(``listing``), and what the listed ones use says how much of each limit is left to a group
(``windows``). Tables are merged two by two, smallest first; after each merge the bound is maximised
anew, the gap shrinks and all tables with it. The last two or three tables are never merged: a join
looks only at rows that use the limits nearly up (``joining``). The block with most plans need not
be listed at all: its two halves join like tables, with its demand as one limit more.

Invariant: if some fleet within all active limits costs at most the target, there is one made of a
row of every table and a plan of every block. Whatever is dropped either belongs to no such fleet
(its price or its uses leave more than the gap to the others), or gives way to a row no worse in
cost and in every active limit. For that no limit but an active one may carry a multiplier.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from formulations.milp import IntArray
from solver.engines.blocks.dual import Bound, CutPool, Group, best_bound, evaluate
from solver.engines.blocks.joining import best_choice
from solver.engines.blocks.listing import TooManyPlansError, list_halves, list_plans
from solver.engines.blocks.merging import merge, pairs_within
from solver.engines.blocks.plans import Merged, Plans, blocks_behind
from solver.engines.blocks.pricing import fair_price, prices_of
from solver.engines.blocks.structure import Block, BlockProblem
from solver.engines.blocks.windows import Window, window_beside

__all__ = ["Grid", "Narrowing"]

EASY = 20_000
"""Room in which blocks are listed at once, without waiting for a better bound."""
SMALL = 4_000
"""Pairs that are merged without maximising the bound before."""
STREAMED = 300_000
"""Pairs above which the last three tables are joined, not merged first."""
ROUNDS = 20
"""Most of maximising the bound before tables are narrowed again."""
_LARGEST_PRICE = 2**56
_PARTS = 8
_PULLS = (0.03, 0.3, 3.0)
"""How much being away from the mix that meets the limits counts, in the choice of few rows."""


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """``scale`` units of price to one of cost; (R,) greatest multipliers that price safely."""

    scale: int
    dearest: IntArray

    def only(self, active: IntArray) -> IntArray:
        """The greatest multipliers, zero for limits that are not active."""
        dearest = np.zeros_like(self.dearest)
        dearest[active[active > 0] - 1] = self.dearest[active[active > 0] - 1]
        return dearest


class Narrowing:
    """One target.

    Parameters
    ----------
    root
        The bound over all blocks; only active limits have a multiplier.
    active
        Positions in plan vectors: the cost, and the limits that are looked at.
    room
        Most rows of a table.
    joined
        Most pairs that a last join looks at.
    look
        Asked between steps; may raise to stop.
    on_found
        Told of fleets within the active limits, one row each, as joins come upon them.
    pool
        See ``dual.best_bound``.
    width
        Rows that every table is cut to, the cheapest; what is found is then a fleet within the
        limits, but that none is found proves nothing. ``None``: nothing is cut.
    """

    def __init__(
        self,
        problem: BlockProblem,
        grid: Grid,
        target: int,
        root: Bound,
        active: IntArray,
        *,
        room: int,
        joined: int,
        look: Callable[[], None],
        pool: CutPool,
        on_found: Callable[[Plans], None],
        width: int | None = None,
    ) -> None:
        self.pool, self.on_found = pool, on_found
        self.width = width
        self.limit = problem.limit
        self.grid, self.target, self.active = grid, target, active
        self.room, self.joined, self.look = room, joined, look
        self.bound = root
        self.tables: list[Plans] = []
        self.blocks = list(problem.blocks)
        mean = root.cheapest if root.mean is None else root.mean
        self.means = dict(zip(problem.blocks, mean, strict=True))

    @property
    def gap(self) -> int:
        """What prices of one fleet may add to their least."""
        return self.target * self.grid.scale - self.bound.value

    def cheapest(self) -> Plans | None:
        """One row: a fleet that is the cheapest within the active limits, if one costs so little.

        Where there is none, the row may be of a dearer fleet, or ``None``.

        Raises
        ------
        TooManyPlansError
            If some table would outgrow the room.
        """
        if self.gap < 0:
            return None
        self._list_the_easy()
        while True:
            self.look()
            self._maximise()
            if self.gap < 0 or not self._narrow():
                return None
            if not self.blocks and len(self.tables) <= 2:
                return self._join(self.tables)
            if self._merge_two(STREAMED):
                continue
            if not self.blocks and len(self.tables) == 3:
                return self._join(self.tables)
            # What a block may still use is known better than before: it may be short by now.
            if self._list_one_more(min(EASY, self.room)) or self._merge_two(20 * self.room):
                continue
            if not self.blocks:
                raise TooManyPlansError("pairs")
            if len(self.blocks) == 1 and len(self.tables) <= 1:
                return self._join_halves()
            if not self._list_one_more(self.room):
                raise TooManyPlansError("plans")

    @property
    def _share(self) -> int:
        """How far from the cheapest plans of one group may be priced."""
        return self.gap if self.width is None else self.gap // _PARTS

    def _list_the_easy(self) -> None:
        hard = []
        last = None
        if self.width is not None:
            # What uses the limits up in the end is the block that has most ways to.
            ways = [
                _combinations(block, self.bound.weights, least + self.gap)
                for block, least in zip(self.blocks, self.bound.least, strict=True)
            ]
            last = self.blocks[int(np.argmax(ways))]
        for block, least in zip(self.blocks, self.bound.least, strict=True):
            self.look()
            if block is last:
                hard.append(block)
                continue
            try:
                plans = list_plans(
                    block,
                    self.bound.weights,
                    least + self._share,
                    self.active,
                    room=min(EASY, self.room),
                )
            except TooManyPlansError:
                hard.append(block)
            else:
                self.tables.append(self._cut(plans))
        self.blocks = hard

    def _cut(self, table: Plans) -> Plans:
        if self.width is None or len(table) <= self.width:
            return table
        weights = self.bound.weights.astype(np.float64)
        priced = table.vector @ weights
        # The cheapest rows alone may all lie at one end of a limit, where no others fit them.
        mean = sum(self.means[block] for block in blocks_behind(table))
        away = np.abs(table.vector - mean)[:, 1:] @ weights[1:]
        best = [
            np.argsort(priced + part * away, kind="stable")[: self.width // len(_PULLS)]
            for part in _PULLS
        ]
        return table.only(np.unique(np.concatenate(best)))

    def _maximise(self) -> None:
        if any(not len(table) for table in self.tables):
            return
        groups: list[Group] = [*self.tables, *self.blocks]
        if self.width is not None:
            # Of what is left of cut tables the best multipliers would be wild.
            self.bound = evaluate(groups, self.limit, self.bound.weights)
            return
        self.bound = best_bound(
            groups,
            self.limit,
            scale=self.grid.scale,
            start=self.bound.weights,
            dearest=self.grid.only(self.active),
            aim=self.target * self.grid.scale,
            pool=self.pool,
            look=self.look,
            rounds=ROUNDS,
        )

    def _narrow(self) -> bool:
        """Drop rows that leave more than the gap to the others; whether every table keeps some."""
        weights, gap = self.bound.weights, self.gap
        for _ in range(2):
            for number, table in enumerate(self.tables):
                if any(not len(t) for t in self.tables):
                    return False
                priced = table.vector @ weights
                left = gap - (priced - int(priced.min()))
                others = [t.vector for k, t in enumerate(self.tables) if k != number]
                window = self._window(others)
                kept = (left >= 0) & (table.vector[:, 1:] <= window.high).all(axis=1)
                if not self.blocks:
                    # What must stay unused whatever the others do is paid for.
                    for r in (self.active[self.active > 0] - 1).tolist():
                        price = int(weights[1 + r])
                        if not price:
                            continue
                        most = sum(int(vector[:, 1 + r].max()) for vector in others)
                        idle = np.maximum(int(self.limit[r]) - most - table.vector[:, 1 + r], 0)
                        idle = np.minimum(idle, gap // price + 1)
                        left = left - idle * price
                    kept &= left >= 0
                if not kept.all():
                    self.tables[number] = table.only(np.flatnonzero(kept))
        return all(len(table) for table in self.tables)

    def _window(self, others: list[IntArray], *, but_one: bool = False) -> Window:
        """What is left beside ``others``; blocks not listed may use anything, ``but_one`` aside."""
        unknown = len(self.blocks) - but_one > 0
        return window_beside(others, unknown, self.bound.weights, self.gap, self.active, self.limit)

    def _merge_two(self, most: int) -> bool:
        """Merge the two smallest tables, and more while that is quick, if few pairs matter."""
        if len(self.tables) < 2:
            return False
        weights = self.bound.weights
        self.tables.sort(key=len)
        if pairs_within(self.tables[0], self.tables[1], weights, self._share) > most:
            return False
        while True:
            one, other, *rest = self.tables
            window = self._window([table.vector for table in rest])
            try:
                merged = merge(
                    one,
                    other,
                    weights,
                    self._share,
                    self.active,
                    window,
                    room=self.room,
                    look=self.look,
                )
            except TooManyPlansError:
                return False  # they may be joined unmerged in the end
            self.tables = [*rest, self._cut(merged)]
            self.tables.sort(key=len)
            if len(self.tables) < 3 or not len(self.tables[0]):
                return True
            if len(self.tables[0]) * len(self.tables[1]) > SMALL:
                return True

    def _list_one_more(self, room: int) -> bool:
        """List the block with fewest plans, if there is one and there is room."""
        if not self.blocks:
            return False
        place, least = self._shortest()
        block = self.blocks[place]
        allowed = self.gap if len(self.blocks) == 1 else self._share
        window = self._window([table.vector for table in self.tables], but_one=True)
        while True:
            try:
                plans = list_plans(
                    block,
                    self.bound.weights,
                    least + allowed,
                    self.active,
                    room=room,
                    window=window,
                )
            except TooManyPlansError:
                if self.width is None or len(self.blocks) == 1 or not allowed:
                    return False
                allowed //= 2
                continue
            self.blocks.pop(place)
            self.tables.append(self._cut(plans))
            return True

    def _shortest(self) -> tuple[int, int]:
        """The block with fewest plans, and the price of its cheapest."""
        leasts = [
            evaluate([block], self.limit, self.bound.weights).least[0] for block in self.blocks
        ]
        sizes = [
            _combinations(block, self.bound.weights, least + self.gap)
            for block, least in zip(self.blocks, leasts, strict=True)
        ]
        place = int(np.argmin(sizes))
        return place, leasts[place]

    def _join(self, tables: list[Plans]) -> Plans | None:
        """The cheapest fleet of a row of each table."""
        if len(tables) == 1:
            return self._cheapest_row(tables[0])
        *others, last = sorted(tables, key=len)
        positions = self.active
        found = best_choice(
            [table.vector[:, positions] for table in (*others, last)],
            self.bound.weights[positions],
            self.limit[positions[1:] - 1],
            self.target * self.grid.scale,
            pairs=self.joined,
            look=self.look,
            on_found=lambda rows: self.on_found(_chosen((*others, last), rows)),
        )
        return None if found is None else _chosen((*others, last), found[1])

    def _join_halves(self) -> Plans | None:
        """The same with a block that is not listed: cover counts as a limit that must be met."""
        weights = self.bound.weights
        block, (_, least) = self.blocks[0], self._shortest()
        window = self._window([table.vector for table in self.tables], but_one=True)
        one, other, *covers = self._halves_of(block, least, window)
        halves = sorted(zip((one, other), covers, strict=True), key=lambda half: len(half[0]))
        rho, _ = fair_price(block, prices_of(block, weights))
        positions = self.active
        limit = self.limit[positions[1:] - 1]
        size = sum(
            w * b for w, b in zip(weights[positions[1:]].tolist(), limit.tolist(), strict=True)
        )
        size += self.target * self.grid.scale + int(rho * block.demand)
        # A finer grid, so that the price of cover need not be rounded by much.
        finer = max(_LARGEST_PRICE // max(size, 1), 1)
        tables = [
            np.column_stack([table.vector[:, positions], -cover])
            for table, cover in (
                *((table, np.zeros(len(table), dtype=np.int64)) for table in self.tables),
                *halves,
            )
        ]
        parts = (*self.tables, *(table for table, _ in halves))
        found = best_choice(
            tables,
            np.concatenate([weights[positions] * finer, [int(rho * finer)]]).astype(np.int64),
            np.concatenate([limit, [-block.demand]]).astype(np.int64),
            self.target * self.grid.scale * finer,
            pairs=self.joined,
            look=self.look,
            on_found=lambda rows: self.on_found(_chosen(parts, rows)),
        )
        return None if found is None else _chosen(parts, found[1])

    def _halves_of(
        self, block: Block, least: int, window: Window
    ) -> tuple[Plans, Plans, IntArray, IntArray]:
        allowed, room = self.gap, self.room // 2
        while True:
            try:
                return list_halves(
                    block,
                    self.bound.weights,
                    least + allowed,
                    self.active,
                    room=room if self.width is None else min(room, EASY),
                    window=window,
                )
            except TooManyPlansError:
                if self.width is None or not allowed:
                    raise
                allowed //= 2

    def _cheapest_row(self, table: Plans) -> Plans | None:
        tied = self.active[self.active > 0]
        within = np.flatnonzero((table.vector[:, tied] <= self.limit[tied - 1]).all(axis=1))
        if not len(within):
            return None
        return table.only(within[[int(table.vector[within, 0].argmin())]])


def _chosen(parts: tuple[Plans, ...], rows: tuple[int, ...]) -> Plans:
    """One row put together of a row of each part."""
    whole = parts[0].only(np.array([rows[0]]))
    for part, row in zip(parts[1:], rows[1:], strict=True):
        piece, zero = part.only(np.array([row])), np.zeros(1, dtype=np.int64)
        whole = Plans(whole.vector + piece.vector, Merged(whole, piece, zero, zero))
    return whole


def _combinations(block: Block, weights: IntArray, most: int) -> float:
    """Logarithm of how many ways rungs priced within ``most`` could be combined."""
    prices = prices_of(block, weights)
    rho, _ = fair_price(block, prices)
    excess = most - rho * block.demand
    return sum(
        math.log(len(ladder.rungs(price, rho, excess).k))
        for price, ladder in zip(prices, block.ladders, strict=True)
    )
