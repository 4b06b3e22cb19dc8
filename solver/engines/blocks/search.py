r"""Minimum cost of a fleet that separates by block, with a proof: deepen, list, merge.

1. The Lagrangian bound :math:`L` over all blocks (``dual``): no fleet is cheaper.
2. For a target :math:`U` above it, ask for every fleet of cost at most :math:`U`: blocks are listed
   (``listing``) and merged (``merging``) one after the other, smallest first; plans whose price
   is further above the cheapest than the gap :math:`U - L` are left out, since the price of a whole
   fleet is the sum over its blocks. After every merge the bound is maximised anew: fewer, larger
   groups give a better one, the gap shrinks, and the blocks with most plans are listed last.
3. Either nothing is left, so every fleet costs more than :math:`U` and the target is raised, or the
   cheapest of what is left is the optimum.

Limits that carry no multiplier are left out of step 2 at first. That is a relaxation, so a bound
stays a bound, and an optimum that meets them is the optimum; one that does not brings them in.

All prices, bounds and comparisons that prove something are in integers.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from formulations.milp import IntArray
from solver.engines.blocks.beam import good_fleet
from solver.engines.blocks.dual import Bound, Group, best_bound, evaluate
from solver.engines.blocks.listing import TooManyPlansError, list_plans
from solver.engines.blocks.merging import best_pair, merge
from solver.engines.blocks.plans import Plans, columns_behind
from solver.engines.blocks.pricing import LARGEST, cheapest_plan, fair_price, prices_of
from solver.engines.blocks.structure import Block, BlockProblem

__all__ = ["BlockAnswer", "minimise_blocks"]

ROOM = 400_000
"""Rows a table may hold; about 0.1 GB with what stands behind them."""
GROWTH = 1.6
EASY = 20_000
"""Room in which blocks are listed at once, without waiting for a better bound."""
BEAM = 4_000
"""Rows of a table that the look for a good fleet keeps."""
AIM_AFTER = 2
"""Targets tried before a good fleet is looked for, to aim just below it."""
REFUSALS = 4
"""Targets that may turn out to be too many plans; after each the step is halved."""
SMALL = 4_000
"""Pairs that are merged without maximising the bound before."""


@dataclass(frozen=True, slots=True, eq=False)
class BlockAnswer:
    """What was found and proved.

    Parameters
    ----------
    counts
        Column -> count of the best fleet, ``None`` where none is known.
    cost
        Its cost.
    bound
        No fleet costs less; equal to ``cost`` where the optimum is proved; ``None`` where the
        problem is proved to have no fleet at all.
    stopped
        Why the optimum is not proved, empty where it is (or infeasibility is).
    """

    counts: Mapping[int, int] | None
    cost: int | None
    bound: int | None
    stopped: str

    @property
    def infeasible(self) -> bool:
        """Proved: no fleet meets the limits."""
        return self.bound is None and not self.stopped


class _StoppedError(Exception):
    """Time, or a wish to stop."""


@dataclass(slots=True)
class _Search:
    problem: BlockProblem
    deadline: float | None
    should_stop: Callable[[], bool] | None
    scale: int = 1
    dearest: IntArray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    def look(self) -> None:
        if self.deadline is not None and time.monotonic() > self.deadline:
            raise _StoppedError("time limit")
        if self.should_stop is not None and self.should_stop():
            raise _StoppedError("stopped by the user")

    def bound(
        self, groups: list[Group], start: IntArray, seeds: list[IntArray] | None = None
    ) -> Bound:
        return best_bound(
            groups,
            self.problem.limit,
            scale=self.scale,
            start=start,
            dearest=self.dearest,
            seeds=seeds or (),
        )

    def cheapest_up_to(self, target: int, root: Bound, active: IntArray, room: int) -> Plans | None:
        """The cheapest fleet of cost at most ``target`` under the active limits, as one row.

        Where there is none, the row may be of a dearer fleet, or ``None``.

        Raises
        ------
        TooManyPlansError
            If some table would outgrow ``room``.
        """
        gap = target * self.scale - root.value
        if gap < 0:
            return None
        blocks: list[Block] = []
        tables: list[Plans] = []
        for block, least in zip(self.problem.blocks, root.least, strict=True):
            self.look()
            try:
                tables.append(
                    list_plans(block, root.weights, least + gap, active, room=min(EASY, room))
                )
            except TooManyPlansError:
                blocks.append(block)
        current = root
        while True:
            self.look()
            groups: list[Group] = [*tables, *blocks]
            current = self.bound(groups, current.weights)
            gap = target * self.scale - current.value
            if gap < 0:
                return None
            for number, table in enumerate(tables):
                priced = table.vector @ current.weights
                kept = np.flatnonzero(priced <= current.least[number] + gap)
                tables[number] = table.only(kept)
            if not blocks and len(tables) == 1:
                return self._cheapest_row(tables[0], active)
            if not blocks and len(tables) == 2:
                most = target * self.scale
                one, other = tables
                found = best_pair(
                    one, other, current.weights, most, active, self.problem.limit, room=room
                )
                return found if len(found) else None
            if len(tables) >= 2:
                order = sorted(range(len(tables)), key=lambda number: len(tables[number]))
                one, other = (tables[number] for number in order[:2])
                tables = [tables[number] for number in order[2:]]
                tables.append(self._merged(one, other, current, gap, active, room))
                while len(tables) > 2 or (blocks and len(tables) > 1):
                    tables.sort(key=len)
                    if len(tables[0]) * len(tables[1]) > SMALL:
                        break
                    one, other, *tables = tables
                    tables.append(self._merged(one, other, current, gap, active, room))
                if any(not len(table) for table in tables):
                    return None
                continue
            sizes = [
                self._combinations(block, current.weights, least + gap)
                for block, least in zip(blocks, current.least[len(tables) :], strict=True)
            ]
            place = int(np.argmin(sizes))
            block = blocks.pop(place)
            least = current.least[len(tables) + place]
            tables.append(list_plans(block, current.weights, least + gap, active, room=room))

    def _merged(
        self, one: Plans, other: Plans, bound: Bound, gap: int, active: IntArray, room: int
    ) -> Plans:
        if not len(one) or not len(other):
            return one if not len(one) else other
        return merge(one, other, bound.weights, gap, active, self.problem.limit, room=room)

    @staticmethod
    def _combinations(block: Block, weights: IntArray, most: int) -> float:
        """Logarithm of how many ways rungs priced within ``most`` could be combined."""
        prices = prices_of(block, weights)
        rho, _ = fair_price(block, prices)
        excess = most - rho * block.demand
        return sum(
            math.log(len(ladder.rungs(price, rho, excess).k))
            for price, ladder in zip(prices, block.ladders, strict=True)
        )

    def _cheapest_row(self, table: Plans, active: IntArray) -> Plans | None:
        tied = active[active > 0]
        within = np.flatnonzero((table.vector[:, tied] <= self.problem.limit[tied - 1]).all(axis=1))
        if not len(within):
            return None
        row = within[int(table.vector[within, 0].argmin())]
        return table.only(np.array([row]))


def minimise_blocks(
    problem: BlockProblem,
    *,
    known: int | None = None,
    at_least: int | None = None,
    time_limit_s: float | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> BlockAnswer:
    """The cheapest fleet, proved, or the best bounds that time allows.

    Parameters
    ----------
    known
        Cost of a fleet that is known already: only cheaper ones are looked for. Where there is
        none, the answer has no counts and ``bound`` equals ``known``.
    at_least
        A proved lower bound.
    """
    if not problem.blocks:
        return BlockAnswer({}, 0, 0, "")
    if any(not block.ladders for block in problem.blocks):
        return BlockAnswer(None, None, None, "")
    deadline = None if time_limit_s is None else time.monotonic() + time_limit_s
    search = _Search(problem, deadline, should_stop)
    n = 1 + len(problem.limit)
    unpriced = np.zeros(n, dtype=np.int64)
    unpriced[0] = 1
    search.dearest = np.zeros(len(problem.limit), dtype=np.int64)
    separate = search.bound(list(problem.blocks), unpriced)
    use = separate.cheapest[:, 1:].sum(axis=0)
    if (use <= problem.limit).all():
        # No limit binds: every block at its own cheapest.
        return BlockAnswer(_counts(problem, unpriced), separate.value, separate.value, "")
    estimate = max(separate.value, 1)
    search.scale = max(1, min(10**6, LARGEST // (64 * estimate)))
    vectors = np.array([ladder.vector for block in problem.blocks for ladder in block.ladders])
    worth = np.where(vectors[:, 1:] > 0, vectors[:, :1] / np.maximum(vectors[:, 1:], 1), 0.0)
    search.dearest = np.minimum(
        16 * worth.max(axis=0) + 1, 8 * estimate / np.maximum(problem.limit, 1) + 16
    )
    search.dearest = np.ceil(search.dearest * search.scale).astype(np.int64)
    return _deepened(search, known, at_least)


def _counts(problem: BlockProblem, weights: IntArray) -> dict[int, int]:
    counts: dict[int, int] = {}
    for block in problem.blocks:
        plan = cheapest_plan(block, weights)
        for ladder, k in zip(block.ladders, plan.units.tolist(), strict=True):
            for column, count in ladder.columns_of(k).items():
                counts[column] = counts.get(column, 0) + count
    return counts


def _no_fleet(search: _Search, root: Bound) -> bool:
    """Whether the limits' multipliers alone, cost left out, prove that no fleet meets them."""
    ray = root.weights.copy()
    ray[0] = 0
    return evaluate(list(search.problem.blocks), search.problem.limit, ray).value > 0


class _Deepening:
    """Targets raised step by step, with the best fleet met on the way."""

    def __init__(self, search: _Search, root: Bound, proved: int) -> None:
        self.search = search
        self.root = root
        self.proved = proved
        self.cost: int | None = None
        self.counts: Mapping[int, int] | None = None
        problem = search.problem
        unit = min(int(ladder.vector[0]) for block in problem.blocks for ladder in block.ladders)
        self.step = max(unit / 2, 1.0)
        self.active = np.concatenate([[0], 1 + np.flatnonzero(root.weights[1:] > 0)])

    def meet(self, found: Plans | None) -> None:
        """Keep a fleet that meets every limit and is the cheapest so far."""
        if found is None or (found.vector[0, 1:] > self.search.problem.limit).any():
            return
        value = int(found.vector[0, 0])
        if self.cost is None or value < self.cost:
            self.cost, self.counts = value, columns_behind(found, 0)

    def look_for_a_fleet(self) -> None:
        """A fleet to aim below: beams over plans ever further from the cheapest."""
        gap = int(self.step * self.search.scale)
        for _ in range(6):
            gap *= 3
            found = good_fleet(
                self.search.problem, self.root, gap, width=BEAM, look=self.search.look
            )
            self.meet(found)
            if found is not None:
                return

    def settle(self, target: int) -> bool:
        """Prove that nothing costs at most ``target``, or find the cheapest that does."""
        while True:
            found = self.search.cheapest_up_to(target, self.root, self.active, ROOM)
            self.meet(found)
            if found is None or int(found.vector[0, 0]) > target:
                break
            over = np.flatnonzero(found.vector[0, 1:] > self.search.problem.limit)
            if not len(over):
                return True
            self.active = np.unique(np.concatenate([self.active, 1 + over]))
        self.proved = max(self.proved, target + 1)
        return False

    def run(self, known: int | None) -> BlockAnswer:
        """Until the best fleet is proved, none cheaper than ``known`` can be, or room runs out."""
        target, rounds, refused = self.proved, 0, 0
        while True:
            if self.cost is not None and self.proved >= self.cost:
                return BlockAnswer(self.counts, self.cost, self.cost, "")
            if known is not None and self.proved >= known:
                return BlockAnswer(None, None, known, "")
            ceiling = min(value for value in (self.cost, known, target + 1) if value is not None)
            try:
                if self.settle(ceiling - 1):
                    return BlockAnswer(self.counts, self.cost, self.cost, "")
            except TooManyPlansError:
                refused += 1
                if self.cost is None:
                    self.look_for_a_fleet()
                target = (self.proved + ceiling) // 2
                if refused > REFUSALS or target <= self.proved:
                    why = "more plans within the gap than there is room for"
                    return BlockAnswer(self.counts, self.cost, self.proved, why)
                continue
            rounds += 1
            if rounds == AIM_AFTER and self.cost is None:
                self.look_for_a_fleet()
            if not refused:
                self.step *= GROWTH
            target = self.proved + math.ceil(self.step / 2**refused)


def _deepened(search: _Search, known: int | None, at_least: int | None) -> BlockAnswer:
    problem = search.problem
    deepening: _Deepening | None = None
    try:
        start = np.zeros(1 + len(problem.limit), dtype=np.int64)
        start[0] = search.scale
        root = search.bound(list(problem.blocks), start)
        if _no_fleet(search, root):
            return BlockAnswer(None, None, None, "")
        proved = max(at_least or 0, -(-root.value // search.scale))
        deepening = _Deepening(search, root, proved)
        return deepening.run(known)
    except _StoppedError as stopped:
        if deepening is None:
            return BlockAnswer(None, None, at_least or 0, str(stopped))
        return BlockAnswer(deepening.counts, deepening.cost, deepening.proved, str(stopped))
