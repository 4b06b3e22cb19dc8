"""What a partial chain can still become at best, and the finished chains it has to beat.

A partial chain is dropped where a finished one is no worse in every criterion than the best that
its completions could be: the finished chain, or one that beats it, stands for them.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from formulations.milp import IntArray
from formulations.placement.chain_filter import nondominated_rows
from formulations.placement.chain_tables import ChainTables

__all__ = ["FAR", "PaceNeeded", "Rivals", "least_left"]

FAR = 2**61
"""Stands for: there is no way."""

_MARGIN = 1 + 1e-9
"""Products are compared in float64, each right to 1e-15: beyond this factor the sign is certain."""


def least_left(tables: ChainTables, cost: IntArray, hop: IntArray) -> IntArray:
    """(L, n_orbits) int64: least sum to the exit from an unfilled host, hosts uncounted.

    At [l, o]: l layers are done and a host of orbit o is chosen. ``FAR`` where there is no way.

    Parameters
    ----------
    cost : (n_k, N + 1) int64
        Of a stage; below 2^60, as sums of them are.
    hop : (n_o + 1, n_o + 1) int64
        Of a hand-over, where there is a link.
    """
    layers, ends = tables.layers, tables.n_orbits
    width = tables.allowed.shape[1]
    least = np.full((ends, width), FAR, dtype=np.int64)
    for option, orbit in enumerate(tables.orbit.tolist()):
        own = np.where(tables.allowed[option], cost[option], FAR)
        np.minimum(least[orbit], own, out=least[orbit])
    onward = np.where(tables.linked, hop, FAR)[:ends]
    left = np.full((layers, ends), FAR, dtype=np.int64)
    # From a host that is filled; of two numbers of up to 2^61 each sum is one.
    filled = np.full((layers + 1, ends), FAR, dtype=np.int64)
    filled[layers] = onward[:, ends]
    for done in range(layers - 1, -1, -1):
        after = filled[done + 1 : done + width].T
        sums = least[:, 1 : after.shape[1] + 1] + after
        left[done] = sums.min(axis=1, initial=FAR)
        filled[done] = (onward[:, :ends] + left[done]).min(axis=1, initial=FAR)
    return left


class PaceNeeded:
    """The least pace at which given hosts can hold given layers, whatever the order and links."""

    def __init__(self, tables: ChainTables) -> None:
        option, held = np.nonzero(tables.allowed)
        pace = tables.pace[option, held].min(axis=1)
        self._levels, rank = np.unique(pace, return_inverse=True)
        most = np.zeros((tables.n_orbits, len(self._levels)), dtype=np.int64)
        np.maximum.at(most, (tables.orbit[option], rank), held)
        # More layers may have a better pace than fewer: the most at this pace or less counts.
        self._most = np.maximum.accumulate(most, axis=1)
        self._layers = tables.layers

    def by_layers(self, hosts: IntArray, *, at_most: int | None = None) -> IntArray:
        """(L + 1,) int64: for each number of layers the least pace, ``FAR`` where they do not fit.

        Parameters
        ----------
        hosts : (n_o,) int64
        at_most
            Of all these hosts together; ``None`` is no limit.
        """
        room = hosts @ self._most if at_most is None else self._room(hosts, at_most)
        place = np.searchsorted(room, np.arange(self._layers + 1))
        return np.concatenate([self._levels, [FAR]])[place]

    def _room(self, hosts: IntArray, at_most: int) -> IntArray:
        """(levels,) int64: most layers on the ``at_most`` hosts that hold most at each pace."""
        order = np.argsort(-self._most, axis=0, kind="stable")
        there = hosts[order]
        taken = np.clip(at_most - (there.cumsum(axis=0) - there), 0, there)
        room: IntArray = (taken * np.take_along_axis(self._most, order, axis=0)).sum(axis=0)
        return room


class Rivals:
    """Finished chains by two criteria, both minimised.

    Parameters
    ----------
    by_cost
        Whether first x second (time x price) is what counts besides the first, so that a rival may
        be dearer an hour if it is faster.
    """

    def __init__(self, *, by_cost: bool) -> None:
        self.by_cost = by_cost
        self._values = np.empty((0, 2), dtype=np.int64)
        self._times = np.empty(0, dtype=np.int64)
        self._costs = np.empty(0, dtype=np.float64)

    def copy(self) -> Rivals:
        """The same ones; what is added to either is not added to the other."""
        other = Rivals(by_cost=self.by_cost)
        other._values, other._times, other._costs = self._values, self._times, self._costs
        return other

    def add(self, first: IntArray, second: IntArray) -> None:
        """Take in finished chains."""
        values = np.concatenate([self._values, np.stack([first, second], axis=1)])
        self._values = values[nondominated_rows(values)]
        if self.by_cost:
            self.add_costs(first, first.astype(np.float64) * second.astype(np.float64))

    def add_costs(self, first: IntArray, product: npt.NDArray[np.float64]) -> None:
        """Take in chains by their first criterion and the product of the two, right to 1e-12.

        Those of another setting too, with the product in units of this search.
        """
        times = np.concatenate([self._times, first])
        costs = np.concatenate([self._costs, product])
        order = np.lexsort((costs, times))
        times, costs = times[order], costs[order]
        lower = np.ones(len(order), dtype=np.bool_)
        lower[1:] = costs[1:] < np.minimum.accumulate(costs)[:-1]
        self._times, self._costs = times[lower], costs[lower]

    def beat(self, first: IntArray, second: IntArray) -> npt.NDArray[np.bool_]:
        """Which of these lower bounds are at or above a rival in both criteria."""
        beaten = np.zeros(len(first), dtype=np.bool_)
        if len(self._values):
            # Along the staircase the second column falls: the last step within reach is the best.
            place = np.searchsorted(self._values[:, 0], first, side="right")
            reached = place > 0
            beaten[reached] = self._values[place[reached] - 1, 1] <= second[reached]
        if self.by_cost and len(self._times):
            place = np.searchsorted(self._times, first, side="right")
            reached = place > 0
            product = first[reached].astype(np.float64) * second[reached].astype(np.float64)
            beaten[reached] |= self._costs[place[reached] - 1] * _MARGIN < product
        return beaten
