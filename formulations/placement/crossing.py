r"""The crossing bound: where machines are short, flow cannot pass a narrow border between regions.

The cover bound (``cover.py``) prices what stands in a layer. If the cheapest set of machines that
carries rate :math:`F` through a layer costs :math:`v`, and all machines are worth :math:`U`, then
the layers' sets cost at most :math:`D = U - L v` more than :math:`v`, all together. With a small
:math:`D` the sets that can occur are few. Suppose that

1. each of them stands within one region, and
2. no region alone is worth :math:`L v`.

Then some layer's set and the next one's stand in different regions, so all of :math:`F` crosses
between these two sets: the first set's machines all end there, the second's all start. If for no
two sets whose excess costs sum to :math:`D` or less the links carry :math:`F`, then :math:`F` is
impossible. Links count at the greatest capacity between the two regions.

All numbers are integers; worths may be any, they only decide whether the argument goes through.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from formulations.milp import IntArray
from formulations.placement.cover import CoverTable, Item, cover_table, items_of, total_worth
from formulations.placement.patterns import hand_over
from formulations.placement.problem import PlacementProblem

__all__ = ["crossing_refutes"]

_MOST_SETS = 20_000


@dataclass(frozen=True, slots=True)
class _LayerSet:
    """Machines of one region that can carry the rate through a layer."""

    region: int
    rates: tuple[int, ...]
    cost: int


class _Sets:
    """Every set of machines that reaches ``rate`` at ``most`` cost."""

    def __init__(
        self, items: Sequence[Item], region_of: Sequence[int], table: CoverTable, rate: int
    ) -> None:
        self._items = sorted(items, key=lambda item: -item.rate)
        self._region_of, self._table, self._rate = region_of, table, rate
        self._most = len(table.rate) - 1
        self.found: list[_LayerSet] = []

    def _extend(self, begin: int, chosen: list[Item], cost: int, left: int) -> bool:
        """Add all sets that start with ``chosen``; false where the argument fails."""
        if left <= 0:
            regions = {self._region_of[item.orbit] for item in chosen}
            if len(regions) > 1 or len(self.found) >= _MOST_SETS:
                return False
            rates = tuple(sorted(item.rate for item in chosen))
            self.found.append(_LayerSet(regions.pop(), rates, cost))
        for index in range(begin, len(self._items)):
            item = self._items[index]
            spent = cost + item.price
            rest = self._table.cheapest(left - item.rate) if left > item.rate else 0
            if rest is None or spent + rest > self._most:
                continue
            chosen.append(item)
            ends_well = self._extend(index, chosen, spent, left - item.rate)
            chosen.pop()
            if not ends_well:
                return False
        return True

    def all_within_regions(self) -> bool:
        """Whether every set stands within one region; if so they are in ``found``."""
        return self._extend(0, [], 0, self._rate)


def crossing_refutes(
    problem: PlacementProblem, regions: Sequence[Sequence[int]], worth: IntArray, rate: int
) -> bool:
    """Whether the cover bound, or the crossing argument, proves that no plan reaches ``rate``.

    Parameters
    ----------
    problem
        Orbits within regions, capacities the greatest of those put together.
    regions
        A partition of the orbits.
    worth
        (n,) int64 >= 0, of a machine of each orbit.

    Returns
    -------
    bool
        True is a proof; false says nothing.
    """
    total = total_worth(problem, worth)
    items = items_of(problem, worth)
    if any(not item.price for item in items):
        return False
    table = cover_table(problem, worth, cost=total // problem.layers)
    least = table.cheapest(rate)
    if least is None:
        return True
    slack = total - problem.layers * least
    region_of = [0] * problem.n_orbits
    for r, region in enumerate(regions):
        own = sum(int(worth[orbit]) * int(problem.count[orbit]) for orbit in region)
        if own >= problem.layers * least:
            return False
        for orbit in region:
            region_of[orbit] = r
    sets = _Sets(items, region_of, cover_table(problem, worth, cost=least + slack), rate)
    if not sets.all_within_regions():
        return False
    for r, before in enumerate(regions):
        for s, after in enumerate(regions):
            if r == s:
                continue
            link = max(int(problem.links[a, b]) for a in before for b in after)
            ends = [one for one in sets.found if one.region == r]
            starts = [one for one in sets.found if one.region == s]
            flow = hand_over([one.rates for one in ends], [one.rates for one in starts], link)
            for i, j in zip(*(flow >= rate).nonzero(), strict=True):
                if ends[i].cost + starts[j].cost - 2 * least <= slack:
                    return False
    return True
