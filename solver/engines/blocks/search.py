r"""Minimum cost of a fleet that separates by block, with a proof: deepen, list, merge.

1. The Lagrangian bound :math:`L` over all blocks (``dual``): no fleet is cheaper.
2. For a target :math:`U` above it, ask for the cheapest fleet of cost at most :math:`U`
   (``narrowing``): what plans may differ in is bounded by the gap :math:`U - L`.
3. Either there is none, so every fleet costs more than :math:`U` and the target is raised, or it is
   the optimum.

Fleets that are met on the way, and some looked for on purpose, cap the targets.

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
from solver.engines.blocks.dual import Bound, CutPool, best_bound, evaluate
from solver.engines.blocks.listing import TooManyPlansError
from solver.engines.blocks.narrowing import Grid, Narrowing
from solver.engines.blocks.plans import Plans, columns_behind
from solver.engines.blocks.pricing import LARGEST, cheapest_plan, some_price
from solver.engines.blocks.structure import BlockProblem

__all__ = ["BlockAnswer", "minimise_blocks"]

ROOM = 400_000
"""Rows a table may hold; about 0.05 GB with what stands behind them."""
GROWTH = 0.25
"""Share of what is proved above the first bound that the next target adds to it."""
JOINED = 200_000_000
"""Pairs that a last join may look at; about 20 s."""
BEAM = 300
"""Rows of a table that the look for a good fleet keeps."""
PATIENCE = 10_000_000
"""Rows and pairs looked at without a fleet after which one is looked for, to aim just below it;
about 10 s. Not seconds: a slower machine would find another fleet of the same cost."""


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
    grid: Grid
    pool: CutPool = field(default_factory=dict)

    looked_at: int = 0

    def look(self, looked_at: int) -> None:
        """Count the work, and stop where it is time to."""
        self.looked_at += looked_at
        if self.deadline is not None and time.monotonic() > self.deadline:
            raise _StoppedError("time limit")
        if self.should_stop is not None and self.should_stop():
            raise _StoppedError("stopped by the user")

    def bound(self, start: IntArray) -> Bound:
        """The best bound over all blocks."""
        return best_bound(
            self.problem.blocks,
            self.problem.limit,
            scale=self.grid.scale,
            start=start,
            dearest=self.grid.dearest,
            pool=self.pool,
            look=self.look,
        )

    def cheapest_up_to(
        self,
        target: int,
        root: Bound,
        active: IntArray,
        on_found: Callable[[Plans], None],
        width: int | None = None,
    ) -> Plans | None:
        """See ``Narrowing.cheapest``."""
        narrowing = Narrowing(
            self.problem,
            self.grid,
            target,
            root,
            active,
            room=ROOM,
            joined=JOINED,
            look=self.look,
            pool=self.pool,
            on_found=on_found,
            width=width,
        )
        return narrowing.cheapest()


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
    if any(not block.ladders for block in problem.blocks) or (problem.limit < 0).any():
        return BlockAnswer(None, None, None, "")
    if known is not None and known <= max(at_least or 0, 0):
        return BlockAnswer(None, None, known, "")
    if not problem.blocks:
        return BlockAnswer({}, 0, 0, "")
    deadline = None if time_limit_s is None else time.monotonic() + time_limit_s
    unpriced = np.zeros(1 + len(problem.limit), dtype=np.int64)
    unpriced[0] = 1
    estimate = max(sum(some_price(block, unpriced) for block in problem.blocks), 1)
    search = _Search(problem, deadline, should_stop, _grid(problem, estimate))
    return _deepened(search, known, at_least)


def _grid(problem: BlockProblem, estimate: int) -> Grid:
    """A grid as fine as 64-bit prices allow for fleets that cost about the estimate."""
    scale = max(1, min(10**6, LARGEST // (64 * estimate), 2**60 // problem.dearest_value))
    vectors = np.array([ladder.vector for block in problem.blocks for ladder in block.ladders])
    worth = np.where(vectors[:, 1:] > 0, vectors[:, :1] / np.maximum(vectors[:, 1:], 1), 0.0)
    dearest = np.minimum(
        16 * worth.max(axis=0) + 1, 8 * estimate / np.maximum(problem.limit, 1) + 16
    )
    return Grid(scale, np.ceil(dearest * scale).astype(np.int64))


def _apart(problem: BlockProblem, unpriced: IntArray) -> BlockAnswer | None:
    """Every block at its own cheapest, if no limit binds then."""
    counts: dict[int, int] = {}
    vector = np.zeros(1 + len(problem.limit), dtype=np.int64)
    for block in problem.blocks:
        plan = cheapest_plan(block, unpriced)
        vector += plan.vector
        for column, count in block.columns_of(plan.units).items():
            counts[column] = counts.get(column, 0) + count
    if (vector[1:] > problem.limit).any():
        return None
    return BlockAnswer(counts, int(vector[0]), int(vector[0]), "")


def _below(answer: BlockAnswer, known: int | None) -> BlockAnswer:
    """The answer, or that nothing is cheaper than what is known."""
    if known is None or (answer.cost is not None and answer.cost < known):
        return answer
    return BlockAnswer(None, None, known, "")


def _no_fleet(search: _Search, root: Bound) -> bool:
    """Whether the limits' multipliers alone, cost left out, prove that no fleet meets them.

    What the plans of the bound cost under them is no less than the cheapest, and known already.
    """
    ray = root.weights.copy()
    ray[0] = 0
    limit = search.problem.limit.tolist()
    charge = sum(w * b for w, b in zip(ray[1:].tolist(), limit, strict=True))
    if sum((root.cheapest @ ray).tolist()) <= charge:
        return False
    return evaluate(search.problem.blocks, search.problem.limit, ray).value > 0


class _Deepening:
    """Targets raised step by step, with the best fleet met on the way."""

    def __init__(self, search: _Search, root: Bound, proved: int) -> None:
        self.search = search
        self.root = root
        self.proved = proved
        self.cost: int | None = None
        self.counts: Mapping[int, int] | None = None
        problem = search.problem
        self.ceiling = problem.ceiling
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
        """A fleet to aim below: plans ever further from the cheapest, but few of them."""
        above = max(self.step, self.proved - self.root.value / self.search.grid.scale)
        known = self.cost
        every = np.arange(1 + len(self.search.problem.limit))
        for _ in range(6):
            target = self.proved + math.ceil(above)
            above *= 2
            try:
                found = self.search.cheapest_up_to(target, self.root, every, self.meet, BEAM)
            except TooManyPlansError:
                continue
            self.meet(found)
            if self.cost is not None and self.cost == known:
                return  # as much again brought nothing better
            known = self.cost

    def settle(self, target: int) -> bool:
        """Prove that nothing costs at most ``target``, or find the cheapest that does."""
        while True:
            found = self.search.cheapest_up_to(target, self.root, self.active, self.meet)
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
        looked = False
        refused: int | None = None
        begun = self.search.looked_at
        while True:
            if self.cost is not None and self.proved >= self.cost:
                return BlockAnswer(self.counts, self.cost, self.cost, "")
            if known is not None and self.proved >= known:
                return BlockAnswer(None, None, known, "")
            if self.proved > self.ceiling:
                return BlockAnswer(None, None, None, "")
            if not looked and (refused is not None or self.search.looked_at - begun > PATIENCE):
                looked = True
                self.look_for_a_fleet()
                continue
            target = min(
                value - 1
                for value in (self.cost, known, self.ceiling + 1, self._next())
                if value is not None
            )
            if refused is not None and target >= refused:
                target = (self.proved + refused) // 2
            try:
                if self.settle(max(target, self.proved)):
                    return BlockAnswer(self.counts, self.cost, self.cost, "")
            except TooManyPlansError:
                if target <= self.proved:
                    why = "more plans within the gap than there is room for"
                    return BlockAnswer(self.counts, self.cost, self.proved, why)
                refused = target

    def _next(self) -> int:
        """One above the target that is tried next where no fleet is known."""
        root = self.root.value // self.search.grid.scale
        return self.proved + math.ceil(max(self.step, (self.proved - root) * GROWTH)) + 1


def _deepened(search: _Search, known: int | None, at_least: int | None) -> BlockAnswer:
    problem = search.problem
    deepening: _Deepening | None = None
    try:
        start = np.zeros(1 + len(problem.limit), dtype=np.int64)
        start[0] = search.grid.scale
        root = search.bound(start)
        if _no_fleet(search, root):
            return BlockAnswer(None, None, None, "")
        if not root.weights[1:].any():
            apart = _apart(problem, start)
            if apart is not None:
                return _below(apart, known)
        proved = max(at_least or 0, -(-root.value // search.grid.scale))
        deepening = _Deepening(search, root, proved)
        return deepening.run(known)
    except _StoppedError as stopped:
        if deepening is None:
            return BlockAnswer(None, None, at_least or 0, str(stopped))
        return BlockAnswer(deepening.counts, deepening.cost, deepening.proved, str(stopped))
