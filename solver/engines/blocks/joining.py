r"""The cheapest way to choose one row of each of two or three tables within limits.

Under weights :math:`w` a choice of cost at most :math:`U` spends at most a gap: the price of each
row above the least of its table, and :math:`w_r` for every unit of a limit left unused. So for
given rows of all tables but one the last must use each limit *nearly up*: few rows do, and they are
found in an index over two columns at once. Nothing but one chunk of pairs is ever held.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from formulations.milp import IntArray
from solver.engines.blocks.listing import TooManyPlansError
from solver.engines.blocks.looking import Look

__all__ = ["best_choice", "ranges"]

_CHUNK = 500_000
_ROWS = 4_000
_GREATEST_GAP = 2**57


def ranges(
    counts: IntArray, first: IntArray, chunk: int = _CHUNK
) -> Iterator[tuple[IntArray, IntArray]]:
    """Pairs (query, place): for each query ``counts`` places from ``first`` on, in chunks."""
    total = np.cumsum(counts)
    start = 0
    while start < len(counts):
        behind = int(total[start - 1]) if start else 0
        end = max(start + 1, int(np.searchsorted(total, behind + chunk, side="right")))
        part = counts[start:end]
        query = np.repeat(np.arange(start, end), part)
        place = np.arange(int(part.sum())) - np.repeat(np.cumsum(part) - part, part)
        yield query, place + np.repeat(first[start:end], part)
        start = end


class _Index:
    """Rows found by windows on two of their columns.

    Rows stand in strips of the first column, as wide as the widest window, so that a window lies
    in two strips at most; within a strip they are sorted by the second column.
    """

    def __init__(self, table: IntArray, widest: Sequence[int]) -> None:
        low, high = table.min(axis=0), table.max(axis=0)
        share = [
            (1 + width) / (1 + int(top) - int(bottom))
            for width, bottom, top in zip(widest, low, high, strict=True)
        ]
        best = np.argsort(share, kind="stable")
        self.first = int(best[0])
        self.second = int(best[1]) if len(best) > 1 else self.first
        self._low = int(low[self.first]), int(low[self.second])
        self._reach = int(high[self.first]) - self._low[0]
        self._width = max(min(int(widest[self.first]), self._reach) + 1, self._reach >> 20)
        span = int(high[self.second]) - self._low[1] + 1
        # Coarser steps keep a strip and a place in it within one 64-bit key.
        self._shift = max(span.bit_length() - 40, 0)
        self._span = (span >> self._shift) + 1
        strip = (table[:, self.first] - self._low[0]) // self._width
        key = strip * self._span + ((table[:, self.second] - self._low[1]) >> self._shift)
        self.order = np.argsort(key, kind="stable")
        self._key = key[self.order]

    def look_up(self, low: IntArray, high: IntArray) -> list[tuple[IntArray, IntArray]]:
        """(first place in ``order``, count) for (n, columns) windows: once for each of 2 strips.

        All rows within the windows are among those found, and some more.
        """
        bottom = np.maximum(low[:, self.first] - self._low[0], 0)
        top = np.minimum(high[:, self.first] - self._low[0], self._reach)
        under = np.clip((low[:, self.second] - self._low[1]) >> self._shift, 0, self._span)
        over = np.clip((high[:, self.second] - self._low[1]) >> self._shift, -1, self._span - 1)
        lower, upper = bottom // self._width, top // self._width
        possible = (over >= under) & (top >= bottom)
        found = []
        for strip, held in ((lower, possible), (upper, possible & (upper > lower))):
            start = np.searchsorted(self._key, strip * self._span + under, side="left")
            end = np.searchsorted(self._key, strip * self._span + over, side="right")
            found.append((start, np.where(held, np.maximum(end - start, 0), 0)))
        return found


def best_choice(
    tables: Sequence[IntArray],
    weights: IntArray,
    limit: IntArray,
    most: int,
    *,
    pairs: int,
    look: Look,
    on_found: Callable[[tuple[int, ...]], None] = lambda _: None,
) -> tuple[int, tuple[int, ...]] | None:
    """Cost and rows of the cheapest choice within the limits that prices at most ``most``.

    Parameters
    ----------
    tables
        Two or three, (n, 1 + m) int64 each: cost, and uses that add up to at most ``limit``. The
        last is indexed, so it had best be the largest.
    weights : (1 + m,) int64 >= 0, positive for the cost
    most
        Of the price less what the limits are worth. Any choice of cost c within the limits has at
        most ``weights[0] * c``.
    pairs
        Most pairs to look at.
    look
        Told the rows and pairs looked at; may raise to stop.
    on_found
        Told the rows of every choice that is the cheapest so far: they hold even if there turn out
        to be too many pairs.

    Raises
    ------
    TooManyPlansError
        If there are more.
    """
    if any(not len(table) for table in tables):
        return None
    prices = [table @ weights for table in tables]
    least = [int(price.min()) for price in prices]
    charge = sum(w * b for w, b in zip(weights[1:].tolist(), limit.tolist(), strict=True))
    gap = most + charge - sum(least)
    if gap < 0:
        return None
    if gap >= _GREATEST_GAP:
        raise TooManyPlansError("prices beyond 64 bits")
    spent = [price - bottom for price, bottom in zip(prices, least, strict=True)]
    search = _Join(tables, spent, weights, limit, gap, most, pairs, look, on_found)
    return search.best()


class _Join:
    def __init__(
        self,
        tables: Sequence[IntArray],
        spent: Sequence[IntArray],
        weights: IntArray,
        limit: IntArray,
        gap: int,
        most: int,
        pairs: int,
        look: Look,
        on_found: Callable[[tuple[int, ...]], None],
    ) -> None:
        self.on_found = on_found
        self.tables, self.spent = tables, spent
        self.weights, self.limit = weights[1:], limit
        self.unit = int(weights[0])
        self.gap, self.pairs, self.look = gap, pairs, look
        self.base = most - gap
        self.looked = 0
        self.found: tuple[int, tuple[int, ...]] | None = None
        last = tables[-1][:, 1:]
        self.low, self.high = last.min(axis=0), last.max(axis=0)
        # What is spent counts as one column more; its window begins at zero.
        self.last = np.column_stack([spent[-1], last])
        unused = self._unused(np.array([gap]))[0]
        self.index = _Index(self.last, [gap, *unused.tolist()])

    def _unused(self, left: IntArray) -> IntArray:
        """(n, m) units of every limit that may stay unused; free ones may by any amount."""
        paying = np.maximum(self.weights, 1)
        return np.where(self.weights > 0, left[:, None] // paying, 2**60)

    def best(self) -> tuple[int, tuple[int, ...]] | None:
        # Cheapest rows first: what they find narrows the gap for the others.
        rows = np.argsort(self.spent[0], kind="stable")
        join = self._complete_alone if len(self.tables) == 2 else self._middle()
        for start in range(0, len(rows), _ROWS):
            part = rows[start : start + _ROWS]
            self.look(len(part))
            join(part[self.spent[0][part] <= self.gap])
        return self.found

    def _complete_alone(self, rows: IntArray) -> None:
        self._complete((rows,), self.tables[0][rows], self.spent[0][rows])

    def _middle(self) -> Callable[[IntArray], None]:
        """How rows of the first table go on to the second, which is indexed as well."""
        one, other = self.tables[0], self.tables[1]
        reach = self._unused(np.array([self.gap]))[0] + self.high - self.low
        middle = np.column_stack([self.spent[1], other[:, 1:]])
        index = _Index(middle, [self.gap, *reach.tolist()])

        def go_on(rows: IntArray) -> None:
            left = self.gap - self.spent[0][rows]
            need = self.limit - one[rows, 1:]
            high = np.column_stack([left, need - self.low])
            low = np.column_stack([np.zeros_like(left), need - self.high - self._unused(left)])
            for first, counts in index.look_up(low, high):
                self._count(int(counts.sum()))
                for query, place in ranges(counts, first):
                    self.look(len(place))
                    self._through(rows[query], index.order[place])

        return go_on

    def _through(self, a: IntArray, b: IntArray) -> None:
        """Pairs of the first two tables that some row of the last may complete, completed."""
        spent = self.spent[0][a] + self.spent[1][b]
        alive = spent <= self.gap
        a, b, spent = a[alive], b[alive], spent[alive]
        vector = self.tables[0][a] + self.tables[1][b]
        rest = self.limit - vector[:, 1:]
        short = np.maximum(rest - self.high, 0)
        # No product beyond the gap is formed, so none overflows.
        alive = (rest >= self.low).all(axis=1)
        alive &= (short <= self._unused(self.gap - spent)).all(axis=1)
        a, b, vector, short, spent = a[alive], b[alive], vector[alive], short[alive], spent[alive]
        alive = spent + short @ self.weights <= self.gap
        self._complete((a[alive], b[alive]), vector[alive], spent[alive])

    def _count(self, pairs: int) -> None:
        self.looked += pairs
        if self.looked > self.pairs:
            raise TooManyPlansError("pairs")

    def _complete(self, rows: tuple[IntArray, ...], vector: IntArray, spent: IntArray) -> None:
        """Rows of the last table for each vector of the others."""
        left = self.gap - spent
        possible = np.flatnonzero(left >= 0)
        need = self.limit - vector[possible, 1:]
        left = left[possible]
        high = np.column_stack([left, need])
        low = np.column_stack([np.zeros_like(left), need - self._unused(left)])
        last = self.tables[-1]
        for first, counts in self.index.look_up(low, high):
            self._count(int(counts.sum()))
            for query, place in ranges(counts, first):
                self.look(len(place))
                row = self.index.order[place]
                inside = np.ones(len(row), dtype=np.bool_)
                for r in range(len(self.limit)):
                    inside &= last[row, 1 + r] <= need[query, r]
                query, row = query[inside], row[inside]
                if not len(row):
                    continue
                chosen = possible[query]
                cost = vector[chosen, 0] + last[row, 0]
                winner = int(cost.argmin())
                if self.found is None or int(cost[winner]) < self.found[0]:
                    where = (*(int(part[chosen[winner]]) for part in rows), int(row[winner]))
                    self.found = int(cost[winner]), where
                    self.on_found(where)
                    # From now on only a cheaper choice is worth finding.
                    self.gap = min(self.gap, (self.found[0] - 1) * self.unit - self.base)
