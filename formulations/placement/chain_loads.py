"""Loads of shared links along partial chains: which links matter, and what they still can carry.

The load of a trunk adds up over the hops of a chain, as a resource does. Two facts keep it from
splitting the labels needlessly, both exact: a trunk that no chain can load so far that its pace
shows is left out altogether, and a label that cannot become such a chain any more has load 0 there.
"""

from __future__ import annotations

import numpy as np

from formulations.milp import IntArray
from formulations.placement.chain_bounds import FAR, least_left
from formulations.placement.chain_tables import ChainTables, Trunk

__all__ = ["TrunkLoads", "most_hosts"]

_REACH = 2**60


def most_hosts(tables: ChainTables) -> int:
    """No chain has more hosts than layers, than there are, or than it may have."""
    most = min(tables.layers, int(tables.count.sum()))
    return most if tables.max_hosts is None else min(most, tables.max_hosts)


class TrunkLoads:
    """The trunks that can bind, t of them, and the loads of labels on them, (n, t) int64.

    Parameters
    ----------
    least_pace
        At or below that of every chain; with ``joint`` at or below its time.
    joint
        Whether a pace at or below the latency does not matter.
    """

    def __init__(self, tables: ChainTables, *, least_pace: int, joint: bool) -> None:
        hosts = most_hosts(tables)
        self.trunks: list[Trunk] = []
        left, least = [], []
        for trunk in tables.trunks:
            load = np.where(tables.linked, trunk.load, 0)
            still = _most_left(tables, load, hosts)
            most = int(load[-1, :-1].max(initial=0) + still[-1].max(initial=0))
            if not most or trunk.pace(most) <= least_pace:
                continue
            if joint and _below_latency(tables, trunk, load):
                continue
            self.trunks.append(trunk)
            left.append(still)
            needed = least_left(tables, np.zeros_like(tables.stage_time), load)
            least.append(np.where(needed < FAR, needed, 0))
        ends = tables.n_orbits
        n_trunks = len(self.trunks)
        self.load = np.zeros((ends + 1, ends + 1, n_trunks), dtype=np.int64)
        for place, trunk in enumerate(self.trunks):
            self.load[:, :, place] = trunk.load
        self._most_left = np.array(left).reshape(n_trunks, max(hosts, 1), ends)
        self._least_left = np.array(least).reshape(n_trunks, tables.layers, ends)
        self._layers = tables.layers

    def __len__(self) -> int:
        return len(self.trunks)

    def pace(self, loads: IntArray) -> IntArray:
        """(n,) int64: the greatest pace of the trunks at loads of (n, t); ``-FAR`` without load."""
        pace = np.full(len(loads), -FAR, dtype=np.int64)
        for trunk, load in zip(self.trunks, loads.T, strict=True):
            np.maximum(pace, _paces(trunk, load), out=pace)
        return pace

    def pace_at_least(self, loads: IntArray, done: IntArray, orbit: IntArray | int) -> IntArray:
        """(n,) int64: the pace that labels with these loads have at the exit, or less."""
        return self.pace(loads + self._least_left[:, done, orbit].T)

    def settled(
        self,
        loads: IntArray,
        done: IntArray,
        pace: IntArray,
        orbit: IntArray | int,
        hosts_left: int,
    ) -> IntArray:
        """Loads with 0 where no completion loads the trunk beyond what ``pace`` allows.

        Parameters
        ----------
        pace : (n,) int64
            At or below that of every completion of the label.
        hosts_left
            That the chain may still take after the one in ``orbit`` that is to be filled.
        """
        settled = loads.copy()
        width = self._most_left.shape[1]
        further = np.minimum(np.minimum(self._layers - done - 1, hosts_left), width - 1)
        for place in range(len(self.trunks)):
            most = loads[:, place] + self._most_left[place, further, orbit]
            settled[_paces(self.trunks[place], most) <= pace, place] = 0
        return settled


def _paces(trunk: Trunk, load: IntArray) -> IntArray:
    """``Trunk.pace`` of every load; ``-FAR`` without load."""
    own = trunk.factor * load if trunk.factor else -(trunk.capacity // np.maximum(load, 1))
    return np.where(load > 0, own, -FAR)


def _most_left(tables: ChainTables, load: IntArray, hosts: int) -> IntArray:
    """(H, n_o) int64: most load from an unfilled host to the exit, at most h hosts in between.

    Orbits may be visited oftener than they have hosts.
    """
    ends = tables.n_orbits
    most = np.zeros((max(hosts, 1), ends), dtype=np.int64)
    most[0] = load[:-1, -1]
    for further in range(1, hosts):
        onward = (load[:-1, :-1] + most[further - 1]) * tables.linked[:-1, :-1]
        most[further] = np.maximum(most[0], onward.max(axis=1, initial=0))
    return most


def _below_latency(tables: ChainTables, trunk: Trunk, load: IntArray) -> bool:
    """Whether no chain has a load whose pace is beyond its latency, hosts uncounted."""
    if not trunk.factor or (tables.layers + 1) * trunk.factor * int(load.max()) >= _REACH:
        return False
    spare = tables.hop_time - trunk.factor * load
    left = least_left(tables, tables.stage_time, spare)[0]
    starts = spare[-1, :-1] + left
    return bool((starts[tables.linked[-1, :-1]] >= 0).all())
