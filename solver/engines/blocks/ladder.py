r"""One kind of supply in multiples: the most that ``k`` units of it can cover.

Columns of a block whose cost and use are multiples :math:`m_j` of one vector (replicas of 1, 2, 4
and 8 devices of one type) differ only in how much they cover. What matters is then

.. math::
    C(k) = \max \Bigl\{ \sum_j c_j n_j : \sum_j m_j n_j \le k \Bigr\} ,

an unbounded knapsack. It is periodic: with :math:`m` the multiple and :math:`c` the cover of the
densest column, :math:`C(k + m) = C(k) + c` once :math:`k \ge m \max_j m_j`, since among
:math:`m` other columns some together have a multiple of :math:`m` and can be exchanged (pigeonhole;
Gilmore and Gomory, Operations Research 14, 1966). So a table of that length says all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from formulations.milp import IntArray

__all__ = ["Ladder", "Rungs"]


@dataclass(frozen=True, slots=True, eq=False)
class Rungs:
    """Multiples ``k`` worth having, what they cover, and how far each is above its fair price.

    ``excess`` is ``price k - rho C(k)``, a float within the margin of its caller.
    """

    k: IntArray
    cover: IntArray
    excess: np.ndarray[tuple[int], np.dtype[np.float64]]


class Ladder:
    """Columns that are multiples of one vector.

    Parameters
    ----------
    vector : (1 + R,) int64
        Cost and use of one unit.
    multiples, covers, columns
        One entry a column; positive.
    demand
        Of the block; covers above it count as it.
    """

    def __init__(
        self,
        vector: IntArray,
        multiples: list[int],
        covers: list[int],
        columns: list[int],
        demand: int,
    ) -> None:
        self.vector = vector
        self.demand = demand
        entries = sorted(zip(multiples, covers, columns, strict=True))
        self._items = [(m, min(c, demand), column) for m, c, column in entries]
        densest = max(self._items, key=lambda item: (item[1] / item[0], -item[0]))
        for item in self._items:  # the float above may tie; integers decide
            if item[1] * densest[0] > densest[1] * item[0]:
                densest = item
        self.period, self.gain, self._dense_column = densest
        self._table: tuple[IntArray, IntArray, list[int]] | None = None

    @property
    def density(self) -> float:
        """Most cover a unit."""
        return self.gain / self.period

    def _tabulated(self) -> tuple[IntArray, IntArray, list[int]]:
        """Rising steps (k, C) of the table, and the item taken at every k (-1: none)."""
        if self._table is None:
            length = self.period * (max(m for m, *_ in self._items) + 1)
            best = [0] * (length + 1)
            taken = [-1] * (length + 1)
            for k in range(1, length + 1):
                best[k], taken[k] = best[k - 1], -1
                for number, (multiple, cover, _) in enumerate(self._items):
                    if multiple > k:
                        break
                    if best[k - multiple] + cover > best[k]:
                        best[k], taken[k] = best[k - multiple] + cover, number
            all_covers = np.array(best, dtype=np.int64)
            steps = np.flatnonzero(np.diff(all_covers, prepend=-1)).astype(np.int64)
            self._table = steps, all_covers[steps], taken
        return self._table

    @property
    def _length(self) -> int:
        return self.period * (max(m for m, *_ in self._items) + 1)

    def rungs(self, price: int, rho: float, most: float) -> Rungs:
        """Every step whose excess is at most ``most`` and whose predecessor does not cover all.

        ``k = 0`` comes first. Beyond the table a few steps more than needed may be among them.
        """
        steps, cover, _ = self._tabulated()
        last_needed = int(np.searchsorted(cover, self.demand))
        inside = slice(0, min(last_needed + 1, len(steps)))
        ks, covers = [steps[inside]], [cover[inside]]
        if last_needed >= len(steps):
            # Beyond the table: repeat its last period.
            tail = steps > self._length - self.period
            k0, c0 = steps[tail], cover[tail]
            per_period = price * self.period - rho * self.gain
            room = -(-(self.demand - c0) // self.gain)
            if per_period > 0:
                affordable = (most - (price * k0 - rho * c0)) / per_period
                room = np.minimum(room, np.clip(np.floor(affordable), 0, 2**40).astype(np.int64))
            room = np.maximum(room, 0)
            which = np.repeat(np.arange(len(k0)), room)
            times = np.arange(int(room.sum())) - np.repeat(np.cumsum(room) - room, room) + 1
            ks.append(k0[which] + times * self.period)
            covers.append(c0[which] + times * self.gain)
        k, c = np.concatenate(ks), np.minimum(np.concatenate(covers), self.demand)
        excess = price * k.astype(np.float64) - rho * c
        kept = excess <= most
        kept[0] = True
        return Rungs(k[kept], c[kept], excess[kept])

    def least(self, need: IntArray) -> IntArray:
        """(n,) fewest units that cover each of ``need``, which may be negative."""
        steps, cover, _ = self._tabulated()
        need = np.maximum(need, 0)
        top = int(cover[-1])
        repeats = np.maximum(-(-(need - top) // self.gain), 0)
        place = np.searchsorted(cover, need - repeats * self.gain)
        return np.asarray(steps[place] + repeats * self.period)

    def most(self, k: IntArray) -> IntArray:
        """(n,) what so many units cover at most."""
        steps, cover, _ = self._tabulated()
        repeats = np.maximum(-(-(k - self._length) // self.period), 0)
        place = np.searchsorted(steps, k - repeats * self.period, side="right") - 1
        return np.asarray(cover[place] + repeats * self.gain)

    def beaten_by(self, other: Ladder, price: int, other_price: int) -> bool:
        """Whether every column here may give way to units of ``other`` for no more money."""
        multiples = np.array([multiple for multiple, *_ in self._items], dtype=np.int64)
        covers = np.array([cover for _, cover, _ in self._items], dtype=np.int64)
        return bool((other.most(multiples * price // other_price) >= covers).all())

    def columns_of(self, k: int) -> dict[int, int]:
        """Columns that make up ``k`` units: column -> count."""
        _, _, taken = self._tabulated()
        found: dict[int, int] = {}
        if k > self._length:
            repeats = -(-(k - self._length) // self.period)
            k -= repeats * self.period
            found[self._dense_column] = repeats
        while k > 0:
            number = taken[k]
            if number < 0:
                k -= 1
                continue
            multiple, _, column = self._items[number]
            found[column] = found.get(column, 0) + 1
            k -= multiple
        return found
