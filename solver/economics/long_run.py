r"""The long run: at every concurrency N the cheapest replicas of any layouts that serve N users.

An item is a layout with the most users it may hold under the service level, c, and the price of its
hour, p (with electricity billed, every batch is an item of its own). Then

.. math:: C(N) = \min \{ \textstyle\sum_i n_i p_i : \sum_i n_i c_i \ge N,\; n_i \in \mathbb{Z}_+ \}
              = \min_i \; p_i + C(\max(N - c_i, 0)),

the covering knapsack, solved for every N up to a highest by dynamic programming (Bellman 1957;
Martello and Toth 1990, *Knapsack Problems*, chapter 3) over items that no other dominates, in
integers. C is a staircase: average cost C(N)/N is least at the right end of a step, and never below
the least :math:`p_i / c_i`, which it reaches.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

__all__ = ["LongRun", "LongRunItem", "LongRunStep", "long_run", "undominated_items"]


@dataclass(frozen=True, slots=True)
class LongRunItem:
    """A replica: ``users`` it holds at most, US$ of its hour, and the name of its layout."""

    users: int
    usd_per_hour: Fraction
    layout: str


@dataclass(frozen=True, slots=True)
class LongRunStep:
    """All N from ``first`` to ``last`` cost the same; ``mix`` is (replicas, item)."""

    first: int
    last: int
    usd_per_hour: Fraction
    mix: tuple[tuple[int, LongRunItem], ...]

    @property
    def usd_per_user_hour(self) -> Fraction:
        """Average cost at the right end, where it is least."""
        return self.usd_per_hour / self.last


@dataclass(frozen=True, slots=True)
class LongRun:
    """Steps by rising N; the last may go on beyond ``highest``, and is cut there."""

    steps: tuple[LongRunStep, ...]
    highest: int
    items: tuple[LongRunItem, ...]

    def at(self, users: int) -> LongRunStep:
        """The step that N users are on.

        Raises
        ------
        ValueError
            If it was not worked out.
        """
        for step in self.steps:
            if step.first <= users <= step.last:
                return step
        raise ValueError(f"{users} users lie outside 1 to {self.highest}")

    def marginal(self, users: int) -> Fraction:
        """US$/hour of one more user, ``C(N+1) - C(N)``."""
        return self.at(users + 1).usd_per_hour - self.at(users).usd_per_hour

    @property
    def least_average(self) -> Fraction:
        """Least US$ for a user and hour at any N."""
        return min(item.usd_per_hour / item.users for item in self.items)


def undominated_items(items: Iterable[LongRunItem]) -> tuple[LongRunItem, ...]:
    """Items of which no other holds as many users for no more; by rising users."""
    kept: list[LongRunItem] = []
    cheapest: Fraction | None = None
    for item in sorted(items, key=lambda item: (-item.users, item.usd_per_hour)):
        if cheapest is None or item.usd_per_hour < cheapest:
            kept.append(item)
            cheapest = item.usd_per_hour
    return tuple(reversed(kept))


def long_run(items: Sequence[LongRunItem], *, highest: int) -> LongRun:
    """The staircase up to ``highest`` users.

    Raises
    ------
    ValueError
        If there is no item, or no user.
    """
    if not items or highest < 1:
        raise ValueError("a long run needs an item and a user")
    kept = undominated_items(items)
    scale = math.lcm(*(item.usd_per_hour.denominator for item in kept))
    prices = [int(item.usd_per_hour * scale) for item in kept]
    least, choice = [0], [-1]
    for users in range(1, highest + 1):
        cost, chosen = min(
            (price + least[max(users - item.users, 0)], index)
            for index, (price, item) in enumerate(zip(prices, kept, strict=True))
        )
        least.append(cost)
        choice.append(chosen)
    steps: list[LongRunStep] = []
    first = 1
    for users in range(1, highest + 1):
        if users < highest and least[users + 1] == least[users]:
            continue
        usd = Fraction(least[users], scale)
        steps.append(LongRunStep(first, users, usd, _mix(kept, choice, users)))
        first = users + 1
    return LongRun(tuple(steps), highest, kept)


def _mix(
    items: Sequence[LongRunItem], choice: Sequence[int], users: int
) -> tuple[tuple[int, LongRunItem], ...]:
    counts: dict[int, int] = {}
    while users > 0:
        chosen = choice[users]
        counts[chosen] = counts.get(chosen, 0) + 1
        users -= items[chosen].users
    return tuple((count, items[index]) for index, count in sorted(counts.items(), reverse=True))
