r"""The cover bound: no rate is possible at which the layers cost more than the machines are worth.

Give every machine of orbit :math:`o` a worth :math:`u_o \ge 0`. Held over :math:`k` layers, it is
worth :math:`u_o / k` a layer. At rate :math:`F`, the machines that carry flow through one layer
have rates that sum to :math:`F` at least, so what they are worth in that layer is at least

.. math::
    v(F) = \min \Big\{ \sum_{o,k} \frac{u_o}{k}\, m_{ok} \;:\;
    \sum_{o,k} T_o(k)\, m_{ok} \ge F, \; m_{ok} \in \mathbb{Z}_{\ge 0} \Big\}

and all layers together cannot cost more than all machines: :math:`L\, v(F) \le \sum_o N_o u_o`. By
duality the best worths prove what the linear program over all sets of machines that can stand
together in one layer (configurations) proves:

.. math::
    \max \sum_C y_C \quad \text{subject to} \quad
    \sum_C \Big(\sum_k \frac{m_{ok}(C)}{k}\Big) y_C \le N_o \;\; \forall o

:math:`F` is impossible where this is below :math:`L`. Here worths are integers, prices are rounded
down, :math:`v` comes from a table over integer costs: whatever worths are tried, the bound holds.
Links are not counted. Cutting stock is bounded the same way (Gilmore and Gomory, 1961).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from formulations.milp import IntArray
from formulations.placement.problem import PlacementProblem

__all__ = ["CoverTable", "Item", "cover_rate_bound", "cover_table", "items_of", "total_worth"]


@dataclass(frozen=True, slots=True)
class Item:
    """One machine over one of the layers that it holds.

    Parameters
    ----------
    price
        Its worth, divided by the layers held and rounded down.
    """

    orbit: int
    layers: int
    rate: int
    price: int


def items_of(problem: PlacementProblem, worth: IntArray) -> list[Item]:
    """Every orbit at every number of layers, priced by the worths, (n,) int64 >= 0."""
    return [
        Item(orbit, layers, problem.rate(orbit, layers), int(worth[orbit]) // layers)
        for orbit in range(problem.n_orbits)
        for layers in problem.held(orbit)
    ]


def total_worth(problem: PlacementProblem, worth: IntArray) -> int:
    """What all machines are worth together."""
    return sum(
        value * count for value, count in zip(worth.tolist(), problem.count.tolist(), strict=True)
    )


@dataclass(frozen=True, slots=True, eq=False)
class CoverTable:
    """For each cost, the greatest rate that items of no greater cost sum to.

    Parameters
    ----------
    rate : (c + 1,) int64
        By cost, from 0; items at price 0 are in all entries, as often as there are machines.
    last : (c + 1,) int64
        Index in ``items`` of the item added last, -1 where one unit of cost is spent on nothing.
    """

    items: tuple[Item, ...]
    rate: IntArray
    last: IntArray

    def cheapest(self, rate: int) -> int | None:
        """Least cost at which ``rate`` is reached; ``None`` if beyond the table."""
        place = int(np.searchsorted(self.rate, rate))
        return place if place < len(self.rate) else None

    def chosen(self, cost: int) -> dict[tuple[int, int], int]:
        """The items behind an entry: (orbit, layers) -> how many; those at price 0 left out."""
        counts: dict[tuple[int, int], int] = {}
        while cost > 0:
            index = int(self.last[cost])
            if index < 0:
                cost -= 1
                continue
            item = self.items[index]
            counts[item.orbit, item.layers] = counts.get((item.orbit, item.layers), 0) + 1
            cost -= item.price
        return counts


def _worth_keeping(items: list[Item]) -> list[Item]:
    """Priced items of which none is both dearer and slower than another, cheapest first."""
    kept: list[Item] = []
    for item in sorted(items, key=lambda item: (item.price, -item.rate)):
        if item.price and (not kept or item.rate > kept[-1].rate):
            kept.append(item)
    return kept


def _fill_by_cost(rate: IntArray, last: IntArray, prices: IntArray, rates: IntArray) -> None:
    """Fill a table cost by cost, trying all items at once; ``rate[0]`` is given."""
    reach = np.searchsorted(prices, np.arange(len(rate)), side="right").tolist()
    for spent in range(1, len(rate)):
        rate[spent] = rate[spent - 1]
        most = reach[spent]
        if most:
            with_one_more = rate[spent - prices[:most]] + rates[:most]
            best = int(with_one_more.argmax())
            if with_one_more[best] > rate[spent]:
                rate[spent], last[spent] = with_one_more[best], best


def _fill_by_block(rate: IntArray, last: IntArray, prices: IntArray, rates: IntArray) -> None:
    """The same, item by item over blocks of costs: much faster where no price is small.

    Costs that are less than the least price apart do not build on each other.
    """
    stride = int(prices[0])
    for begin in range(1, len(rate), stride):
        end = min(begin + stride, len(rate))
        best: npt.NDArray[np.int64] = np.full(end - begin, -1, dtype=np.int64)
        added: npt.NDArray[np.int64] = np.full(end - begin, -1, dtype=np.int64)
        for index, price in enumerate(prices.tolist()):
            reached = max(begin, price)
            if reached >= end:
                break
            with_one_more = rate[reached - price : end - price] + rates[index]
            place = slice(reached - begin, end - begin)
            better = with_one_more > best[place]
            best[place][better] = with_one_more[better]
            added[place][better] = index
        before = np.maximum.accumulate(np.concatenate([rate[begin - 1 : begin], best]))
        rate[begin:end] = before[1:]
        last[begin:end] = np.where(best > before[:-1], added, -1)


def cover_table(problem: PlacementProblem, worth: IntArray, *, cost: int) -> CoverTable:
    """The table up to ``cost``; stock is not counted, so its rates are upper bounds.

    Parameters
    ----------
    worth : (n,) int64 >= 0

    Raises
    ------
    ValueError
        If its rates could leave 64 bits.
    """
    items = items_of(problem, worth)
    free = sum(
        int(problem.count[orbit])
        * max((i.rate for i in items if i.orbit == orbit and not i.price), default=0)
        for orbit in range(problem.n_orbits)
    )
    kept = _worth_keeping(items)
    if free + (cost + 1) * max((item.rate for item in kept), default=0) >= 2**62:
        raise ValueError(f"{problem.name}: rates are too large for a table of {cost} costs")
    prices = np.array([item.price for item in kept], dtype=np.int64)
    rates = np.array([item.rate for item in kept], dtype=np.int64)
    rate: npt.NDArray[np.int64] = np.full(cost + 1, free, dtype=np.int64)
    last: npt.NDArray[np.int64] = np.full(cost + 1, -1, dtype=np.int64)
    if kept and kept[0].price > len(kept):
        _fill_by_block(rate, last, prices, rates)
    else:
        _fill_by_cost(rate, last, prices, rates)
    return CoverTable(tuple(kept), rate, last)


def cover_rate_bound(problem: PlacementProblem, worth: IntArray) -> int:
    """A rate that no plan exceeds, by these worths, (n,) int64 >= 0; exact integer arithmetic."""
    per_layer = total_worth(problem, worth) // problem.layers
    return int(cover_table(problem, worth, cost=per_layer).rate[-1])
