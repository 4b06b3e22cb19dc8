r"""The cheapest fleet of cost at most a target: blocks listed, narrowed, merged and joined.

The gap between the target and the Lagrangian bound says which plans of a block can matter
(``listed``), and what the listed ones use says how much of each limit is left to a group
(``windows``). Tables are merged two by two, smallest first; after each merge the bound is maximised
anew, the gap shrinks and all tables with it. The last two or three tables are never merged: a join
looks only at rows that use the limits nearly up (``last_join``). The block with most plans need not
be listed at all: its two halves join like tables. What stays true throughout is in ``narrowed``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from formulations.milp import IntArray
from solver.engines.blocks.dual import Bound, CutPool, Group, best_bound, evaluate
from solver.engines.blocks.last_join import join_halves, join_tables
from solver.engines.blocks.listed import list_one_more, list_the_easy
from solver.engines.blocks.listing import TooManyPlansError
from solver.engines.blocks.looking import Look
from solver.engines.blocks.merging import merge, pairs_within
from solver.engines.blocks.narrowed import Narrowed, Target
from solver.engines.blocks.plans import Plans
from solver.engines.blocks.structure import BlockProblem

__all__ = ["Grid", "Narrowing"]

EASY = 20_000
"""Room in which blocks are listed at once, without waiting for a better bound."""
SMALL = 4_000
"""Pairs that are merged without maximising the bound before."""
STREAMED = 300_000
"""Pairs above which the last three tables are joined, not merged first."""
ROUNDS = 20
"""Most of maximising the bound before tables are narrowed again."""


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
    """One target: see ``narrowed.Target``.

    Parameters
    ----------
    target
        Greatest cost.
    root
        The bound over all blocks; only active limits have a multiplier.
    pool
        See ``dual.best_bound``.
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
        look: Look,
        pool: CutPool,
        on_found: Callable[[Plans], None],
        width: int | None = None,
    ) -> None:
        self.grid, self.pool = grid, pool
        self.target = Target(
            problem.limit, target * grid.scale, active, room, EASY, joined, look, on_found, width
        )
        mean = root.cheapest if root.mean is None else root.mean
        self.now = Narrowed(
            self.target,
            root,
            tables=[],
            blocks=list(problem.blocks),
            means=dict(zip(problem.blocks, mean, strict=True)),
        )

    def cheapest(self) -> Plans | None:
        """One row: a fleet that is the cheapest within the active limits, if one costs so little.

        Where there is none, the row may be of a dearer fleet, or ``None``.

        Raises
        ------
        TooManyPlansError
            If some table would outgrow the room.
        """
        now, room = self.now, self.target.room
        if now.gap < 0:
            return None
        list_the_easy(now)
        while True:
            self._maximise()
            if now.gap < 0 or not self._narrow():
                return None
            if not now.blocks and len(now.tables) <= 2:
                return join_tables(now)
            if self._merge_two(STREAMED):
                continue
            if not now.blocks and len(now.tables) == 3:
                return join_tables(now)
            # What a block may still use is known better than before: it may be short by now.
            if list_one_more(now, min(EASY, room)) or self._merge_two(20 * room):
                continue
            if not now.blocks:
                raise TooManyPlansError("pairs")
            if len(now.blocks) == 1 and len(now.tables) <= 1:
                return join_halves(now)
            if not list_one_more(now, room):
                raise TooManyPlansError("plans")

    def _maximise(self) -> None:
        now, target = self.now, self.target
        target.look(0)
        if any(not len(table) for table in now.tables):
            return
        groups: list[Group] = [*now.tables, *now.blocks]
        if target.width is not None:
            # Of what is left of cut tables the best multipliers would be wild.
            now.bound = evaluate(groups, target.limit, now.bound.weights)
            return
        now.bound = best_bound(
            groups,
            target.limit,
            scale=self.grid.scale,
            start=now.bound.weights,
            dearest=self.grid.only(target.active),
            aim=target.priced,
            pool=self.pool,
            look=target.look,
            rounds=ROUNDS,
        )

    def _narrow(self) -> bool:
        """Drop rows that leave more than the gap to the others; whether every table keeps some."""
        now = self.now
        for _ in range(2):
            for number, table in enumerate(now.tables):
                if any(not len(t) for t in now.tables):
                    return False
                others = [t for k, t in enumerate(now.tables) if k != number]
                kept = self._kept(table, others)
                if not kept.all():
                    now.tables[number] = table.only(np.flatnonzero(kept))
        return all(len(table) for table in now.tables)

    def _kept(self, table: Plans, others: list[Plans]) -> npt.NDArray[np.bool_]:
        """(n,) whether a row leaves the others what they need at least."""
        now, limit = self.now, self.target.limit
        weights, gap = now.bound.weights, now.gap
        priced = table.vector @ weights
        left = gap - (priced - int(priced.min()))
        kept = (left >= 0) & (table.vector[:, 1:] <= now.window(others).high).all(axis=1)
        if now.blocks:
            return kept
        # What must stay unused whatever the others do is paid for.
        for position in self.target.active[self.target.active > 0].tolist():
            price = int(weights[position])
            if not price:
                continue
            most = sum(int(other.vector[:, position].max()) for other in others)
            idle = np.maximum(int(limit[position - 1]) - most - table.vector[:, position], 0)
            left = left - np.minimum(idle, gap // price + 1) * price
        return kept & (left >= 0)

    def _merge_two(self, most: int) -> bool:
        """Merge the two smallest tables, and more while that is quick, if few pairs matter."""
        now, target = self.now, self.target
        if len(now.tables) < 2:
            return False
        weights = now.bound.weights
        now.tables.sort(key=len)
        if pairs_within(now.tables[0], now.tables[1], weights, now.share) > most:
            return False
        while True:
            one, other, *rest = now.tables
            try:
                merged = merge(
                    one,
                    other,
                    weights,
                    now.share,
                    target.active,
                    now.window(rest),
                    room=target.room,
                    look=target.look,
                )
            except TooManyPlansError:
                return False  # they may be joined unmerged in the end
            now.tables = [*rest, now.cut(merged)]
            now.tables.sort(key=len)
            if len(now.tables) < 3 or not len(now.tables[0]):
                return True
            if len(now.tables[0]) * len(now.tables[1]) > SMALL:
                return True
