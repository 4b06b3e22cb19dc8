r"""All feasible points of some boxes of objective space: breadth-first branch and bound by labels.

A label is a partial assignment: row activities, objectives so far, and for each direction
:math:`d` in use a lower bound of :math:`w_d \cdot z` over its completions. One level fixes one
column for all labels at once, in arrays. A label is dropped where

* a row can no longer be met by the columns that are left;
* for every box :math:`u` some direction has a bound above :math:`w_d \cdot (u - 1)`.

The bound is that of ``directions`` with the fixed columns priced at their values, plus what the
rows must waste: an upper side priced at :math:`\pi` that the remaining columns cannot fill costs
:math:`\pi` a unit. Columns whose other values cost more than all boxes allow are fixed before the
first level (reduced-cost fixing). Everything is integer arithmetic, so a listing that was not cut
short is a proof: whatever feasible image lies in a box was listed.

Breadth-first branch and bound with bound sets in objective space: after Sourd and Spanjaard, "A
multiobjective branch-and-bound framework" (INFORMS Journal on Computing 20, 2008).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
import numpy.typing as npt

from formulations.milp import IntArray
from solver.engines.labels.directions import Direction, Directions
from solver.engines.labels.frontier import nondominated_rows

__all__ = ["Listing", "Shortfall", "list_boxes"]

BoolArray = npt.NDArray[np.bool_]

_NO_BOUND = 2**61
_HISTORY_LIMIT = 60_000_000
_TESTS_AT_ONCE = 4_000_000
_CHILDREN_AT_ONCE = 2_000_000


class Shortfall(Enum):
    """What first kept a listing from being all that its boxes hold."""

    COLUMNS = "columns had to be held fixed"
    LABELS = "labels had to be cut away"
    ROOM = "there were more labels than can be kept"
    STOPPED = "the listing was stopped"


@dataclass(frozen=True, slots=True, eq=False)
class Listing:
    """What was found in the boxes.

    Parameters
    ----------
    images : (k, p) int64
        Nondominated among the feasible images that were met inside a box.
    x : (k, n) int64
    shortfall
        Why that may not be all of them; ``None`` where it is.
    reach
        What is said holds where the first direction's weighted sum is at most this; ``None`` for
        all of the boxes.
    labels
        How many were made, for measurements.
    """

    images: IntArray
    x: IntArray
    shortfall: Shortfall | None
    reach: int | None
    labels: int

    @property
    def complete(self) -> bool:
        """Whether no image is missing."""
        return self.shortfall is None


def _columns_left(
    directions: Directions, used: Sequence[Direction], limits: IntArray
) -> tuple[IntArray, IntArray] | None:
    """Column bounds within the limits of all directions, or ``None`` where none are left."""
    milp = directions.program.milp
    lower, upper = milp.lower.copy(), milp.upper.copy()
    for direction, limit in zip(used, limits.tolist(), strict=True):
        slack = limit - direction.bound
        if slack < 0:
            return None
        steps = np.full(len(lower), _NO_BOUND, dtype=np.int64)
        priced = direction.reduced != 0
        steps[priced] = slack // np.abs(direction.reduced[priced])
        room = np.minimum(steps, milp.upper - milp.lower)
        rising = direction.reduced > 0
        upper = np.where(rising, np.minimum(upper, milp.lower + room), upper)
        lower = np.where(~rising, np.maximum(lower, milp.upper - room), lower)
    return None if (lower > upper).any() else (lower, upper)


def _core(
    lower: IntArray, upper: IntArray, main: Direction, size: int
) -> tuple[IntArray, IntArray, bool]:
    """Keep only the ``size`` columns free that are cheapest to move; whether that left any out."""
    free = np.flatnonzero(lower < upper)
    if len(free) <= size:
        return lower, upper, False
    ranked = free[np.argsort(np.abs(main.reduced[free]), kind="stable")]
    fixed = ranked[size:]
    at_upper = main.reduced[fixed] < 0
    lower, upper = lower.copy(), upper.copy()
    lower[fixed] = np.where(at_upper, upper[fixed], lower[fixed])
    upper[fixed] = lower[fixed]
    return lower, upper, True


def _nearest(directions: Directions, main: Direction, free: int) -> int:
    """The weighted sum up to which at most ``free`` columns have a choice."""
    milp = directions.program.milp
    prices = np.sort(np.abs(main.reduced[milp.lower < milp.upper]))
    if len(prices) <= free:
        return _NO_BOUND
    return main.bound + max(0, int(prices[free]) - 1)


class _Run:
    """One listing: arrays of labels, one level after the other."""

    def __init__(
        self,
        directions: Directions,
        used: Sequence[Direction],
        corners: IntArray,
        lower: IntArray,
        upper: IntArray,
        limits: IntArray,
    ) -> None:
        program, milp = directions.program, directions.program.milp
        self.directions, self.costs = directions, program.costs
        self.lower, self.upper = lower, upper
        main = used[0]
        free = np.flatnonzero(lower < upper)
        # The costliest columns to move come first: most of their values are dropped at once.
        weight = np.abs(main.reduced[free]) * (upper[free] - lower[free])
        self.order = free[np.argsort(-weight, kind="stable")]
        self.reduced = np.stack([d.reduced for d in used])
        self.least = np.minimum(self.reduced * milp.lower, self.reduced * milp.upper)
        prices = np.stack([d.multipliers for d in used], axis=1)
        self.low_price, self.high_price = np.maximum(prices, 0), np.maximum(-prices, 0)
        self.has_low_price: BoolArray = np.any(self.low_price, axis=1)
        self.has_high_price: BoolArray = np.any(self.high_price, axis=1)
        self.row_lower = np.maximum(milp.row_lower, -_NO_BOUND)
        self.row_upper = np.minimum(milp.row_upper, _NO_BOUND)
        # (boxes, directions): what each box allows each weighted sum to be.
        self.allowed = np.stack([(corners - 1) @ d.weights for d in used], axis=1)
        self.limits = limits
        self.corners = corners

        ahead = directions.rows[:, self.order]
        ends = np.stack([ahead * lower[self.order], ahead * upper[self.order]])
        self.least_ahead = self._suffix_sums(ends.min(axis=0))
        self.most_ahead = self._suffix_sums(ends.max(axis=0))
        fixed = np.where(lower == upper, lower, 0)
        shut = lower == upper
        self.activity = (directions.rows @ fixed)[None, :]
        self.images = (self.costs @ fixed)[None, :]
        bounds = np.array([d.bound for d in used], dtype=np.int64)
        penalties = (self.reduced * fixed - self.least)[:, shut].sum(axis=1)
        self.bounds = (bounds + penalties)[None, :]
        every_row = np.arange(len(self.row_lower))
        self.waste = self._wasted(self.activity, every_row, 0)
        self.parents: list[npt.NDArray[np.int32]] = []
        self.values: list[npt.NDArray[np.int32]] = []
        self.made = 0

    @staticmethod
    def _suffix_sums(terms: IntArray) -> IntArray:
        """(levels + 1, m): sums of the columns from each level on."""
        sums = np.zeros((terms.shape[1] + 1, terms.shape[0]), dtype=np.int64)
        sums[:-1] = np.cumsum(terms[:, ::-1], axis=1)[:, ::-1].T
        return sums

    def _feasible(self, activity: IntArray, rows: IntArray, level: int) -> npt.NDArray[np.bool_]:
        """(k,) whether these rows, with (k, len(rows)) activities, can still be met."""
        # Sides that do not exist are so far away that nothing reaches them.
        low = activity >= self.row_lower[rows] - self.most_ahead[level, rows]
        low &= activity <= self.row_upper[rows] - self.least_ahead[level, rows]
        met: npt.NDArray[np.bool_] = low.all(axis=1)
        return met

    def _wasted(self, activity: IntArray, rows: IntArray, level: int) -> IntArray:
        """(k, directions): price of the slack that these rows cannot avoid."""
        wasted = np.zeros((len(activity), len(self.reduced)), dtype=np.int64)
        high = self.has_high_price[rows]
        if high.any():
            some = rows[high]
            spare = (self.row_upper[some] - self.most_ahead[level, some]) - activity[:, high]
            wasted += np.maximum(spare, 0) @ self.high_price[some]
        low = self.has_low_price[rows]
        if low.any():
            some = rows[low]
            spare = activity[:, low] - (self.row_lower[some] - self.least_ahead[level, some])
            wasted += np.maximum(spare, 0) @ self.low_price[some]
        return wasted

    def start_holds(self) -> bool:
        """Whether the fixed columns alone leave every row and limit reachable."""
        every_row = np.arange(len(self.row_lower))
        if not self._feasible(self.activity, every_row, 0)[0]:
            return False
        return bool((self.bounds + self.waste <= self.limits).all())

    def step(self, level: int, width: int, beam: int) -> bool:
        """Fix the column of this level; returns whether labels had to be cut away.

        Where more than ``width`` are left, the best ``beam`` stay.
        """
        column = self.order[level]
        rows, coefficients = self.directions.column(int(column))
        old = self.activity[:, rows]
        # Without this level's rows; their waste is computed anew for each value.
        settled = self.waste - self._wasted(old, rows, level)
        n_parents = len(settled)
        parts: list[tuple[IntArray, IntArray, IntArray, IntArray, IntArray]] = []
        first, last = int(self.lower[column]), int(self.upper[column])
        at_once = max(1, _CHILDREN_AT_ONCE // n_parents)
        for start in range(first, last + 1, at_once):
            choices = np.arange(start, min(start + at_once, last + 1))
            activity = old + coefficients * choices[:, None, None]
            # Not -1: a column may stand in no row at all.
            activity = activity.reshape(len(choices) * n_parents, len(rows))
            child = np.flatnonzero(self._feasible(activity, rows, level + 1))
            activity, parents = activity[child], child % n_parents
            values = choices[child // n_parents]
            waste = settled[parents] + self._wasted(activity, rows, level + 1)
            bounds = self.bounds[parents] + (
                self.reduced[:, column] * values[:, None] - self.least[:, column]
            )
            within = np.flatnonzero(((bounds + waste) <= self.limits).all(axis=1))
            parts.append(
                (parents[within], values[within], waste[within], bounds[within], activity[within])
            )
        parents, values, self.waste, self.bounds, activity = (
            np.concatenate(arrays) for arrays in zip(*parts, strict=True)
        )
        self.activity = self.activity[parents]
        self.activity[:, rows] = activity
        self.images = self.images[parents] + self.costs[:, column] * values[:, None]
        some = self._worth_keeping()
        cut = len(some) > width
        if cut:
            worth = self.bounds[some, 0] + self.waste[some, 0]
            some = np.sort(some[np.argpartition(worth, beam)[:beam]])
        if len(some) < len(parents):
            self.waste, self.bounds = self.waste[some], self.bounds[some]
            self.activity, self.images = self.activity[some], self.images[some]
        self.parents.append(parents[some].astype(np.int32))
        self.values.append(values[some].astype(np.int32))
        self.made += len(some)
        return cut

    def _worth_keeping(self) -> IntArray:
        """Labels that may still end in a box."""
        n_boxes = len(self.corners)
        if n_boxes == 1:
            return np.arange(len(self.bounds))
        reach = self.bounds + self.waste
        alive = np.zeros(len(reach), dtype=bool)
        chunk = max(1, _TESTS_AT_ONCE // (n_boxes * reach.shape[1]))
        for start in range(0, len(reach), chunk):
            part = reach[start : start + chunk]
            hits = (part[:, None, :] <= self.allowed[None]).all(axis=2).any(axis=1)
            alive[start : start + chunk] = hits
        return np.flatnonzero(alive)

    def answer(self, shortfall: Shortfall | None, reach: int | None) -> Listing:
        """The nondominated images inside the boxes, with their columns."""
        n, p = len(self.lower), self.images.shape[1]
        inside = np.zeros(len(self.images), dtype=bool)
        for corner in self.corners:
            inside |= (self.images < corner).all(axis=1)
        rows = np.flatnonzero(inside)
        rows = rows[nondominated_rows(self.images[rows])]
        x = np.zeros((len(rows), n), dtype=np.int64)
        x[:, self.lower == self.upper] = self.lower[self.lower == self.upper]
        at: npt.NDArray[np.integer[Any]] = rows
        for parents, values, column in zip(
            reversed(self.parents), reversed(self.values), reversed(self.order), strict=True
        ):
            x[:, column] = values[at]
            at = parents[at]
        return Listing(self.images[rows].reshape(-1, p), x, shortfall, reach, self.made)


def list_boxes(
    directions: Directions,
    used: Sequence[Direction],
    corners: IntArray,
    *,
    width: int,
    beam: int,
    core: int | None = None,
    free: int | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Listing:
    """List the feasible images inside some boxes.

    Parameters
    ----------
    directions
        Of the program.
    used
        Directions that bound labels; the first one also ranks them.
    corners : (k, p) int64
        Exclusive corners of the boxes.
    width
        Labels that a level may have; more of them mean that the listing is cut short.
    beam
        Labels kept at a level once it is, the best by the first direction: from there on the
        listing only looks for points.
    core
        Columns left free; the cheapest to move, if there are more. ``None`` for all.
    free
        Lists only what lies so near the first direction's bound that at most about this many
        columns can leave the value it prefers; ``Listing.reach`` says how near. ``None`` for no
        such limit.
    should_stop
        Asked at every level; a true answer ends the listing without points.

    Returns
    -------
    Listing
        Complete, or with what first kept it from being so.
    """
    n, p = directions.program.milp.n_columns, corners.shape[1]
    nothing = np.zeros((0, p), dtype=np.int64), np.zeros((0, n), dtype=np.int64)
    limits = np.stack([(corners - 1) @ d.weights for d in used], axis=1).max(axis=0)
    reach = None
    if free is not None:
        nearest = _nearest(directions, used[0], free)
        if nearest < int(limits[0]):
            reach = nearest
            limits[0] = nearest
    left = _columns_left(directions, used, limits)
    if left is None:
        return Listing(*nothing, shortfall=None, reach=reach, labels=0)
    lower, upper = left
    shortfall = None
    if core is not None:
        lower, upper, narrowed = _core(lower, upper, used[0], core)
        shortfall = Shortfall.COLUMNS if narrowed else None
    run = _Run(directions, used, corners, lower, upper, limits)
    if not run.start_holds():
        return Listing(*nothing, shortfall=shortfall, reach=reach, labels=0)
    for level in range(len(run.order)):
        stopped = should_stop is not None and should_stop()
        if stopped or run.made > _HISTORY_LIMIT:
            ended = Shortfall.STOPPED if stopped else Shortfall.ROOM
            return Listing(*nothing, shortfall=shortfall or ended, reach=reach, labels=run.made)
        if run.step(level, width if shortfall is None else beam, beam):
            shortfall = shortfall or Shortfall.LABELS
        if not len(run.bounds):
            return Listing(*nothing, shortfall=shortfall, reach=reach, labels=run.made)
    return run.answer(shortfall, reach)
