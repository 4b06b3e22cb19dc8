"""Where a partial chain stands: its last orbit and the hosts it used, as far as they are counted.

The hosts of an orbit that is *counted* are a resource. Of the others a chain may use more than
there are: that is a relaxation, see ``chain_labels``. Where a chain may only have so many hosts,
their number is a resource too.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

import numpy as np

from formulations.milp import IntArray
from formulations.placement.chain_bounds import PaceNeeded
from formulations.placement.chain_tables import ChainTables

__all__ = ["ChainStates"]

_Used = tuple[int, ...]


class ChainStates:
    """The states met so far, numbered from 0.

    Parameters
    ----------
    pace_needed
        Of these tables.
    counted
        Orbits whose hosts are counted.
    most_hosts
        Of a chain; ``None`` is no limit, and then their number is no part of a state.
    """

    def __init__(
        self,
        tables: ChainTables,
        *,
        pace_needed: PaceNeeded,
        counted: Collection[int],
        most_hosts: int | None,
    ) -> None:
        self._tables = tables
        self._counted = {orbit: place for place, orbit in enumerate(sorted(counted))}
        self._most_hosts = most_hosts
        self._pace_needed = pace_needed
        self._number: dict[tuple[_Used, int], int] = {}
        self._states: list[tuple[_Used, int]] = []
        self._orbit: list[int] = []
        self._onward: dict[int, IntArray] = {}
        self._needed_of: dict[_Used, int] = {}
        self._needed: list[IntArray] = []
        self._needed_row: list[int] = []

    def start(self, orbit: int) -> int | None:
        """The state of a chain whose first host is of ``orbit``; ``None`` where it has none."""
        return self._after((0,) * (len(self._counted) + (self._most_hosts is not None)), orbit)

    def orbits(self, states: IntArray) -> IntArray:
        """Last orbit of each."""
        return np.array(self._orbit, dtype=np.int64)[states]

    def orbit(self, state: int) -> int:
        """Last orbit of a state."""
        return self._orbit[state]

    def onward(self, states: IntArray) -> IntArray:
        """(n, n_o) int64: the state with one host more, by its orbit; -1 where there is none."""
        distinct, which = np.unique(states, return_inverse=True)
        rows = [self._onward_of(state) for state in distinct.tolist()]
        return np.array(rows, dtype=np.int64).reshape(len(rows), self._tables.n_orbits)[which]

    def pace_needed(self, states: IntArray, layers: IntArray) -> IntArray:
        """(n,) int64: least pace at which the hosts not filled yet can hold so many layers."""
        for used, orbit in self._states[len(self._needed_row) :]:
            self._needed_row.append(self._row_of(self._less(used, orbit)))
        if not len(states):
            return np.empty(0, dtype=np.int64)
        distinct, which = np.unique(states, return_inverse=True)
        rows = np.array([self._needed[self._needed_row[state]] for state in distinct.tolist()])
        needed: IntArray = rows[which, layers]
        return needed

    def no_more(self, state: int) -> Iterator[int]:
        """States in the same orbit with as many hosts of every orbit, or one less, it included."""
        used, orbit = self._states[state]
        yield state
        for place, hosts in enumerate(used):
            if not hosts:
                continue
            less = (*used[:place], hosts - 1, *used[place + 1 :])
            known = [self._number.get((less, orbit))]
            if self._most_hosts is not None and place < len(self._counted):
                known.append(self._number.get(((*less[:-1], less[-1] - 1), orbit)))
            yield from (other for other in known if other is not None)

    def _onward_of(self, state: int) -> IntArray:
        if state not in self._onward:
            used, orbit = self._states[state]
            onward = np.full(self._tables.n_orbits, -1, dtype=np.int64)
            for following in np.flatnonzero(self._tables.linked[orbit, :-1]).tolist():
                after = self._after(used, following)
                onward[following] = -1 if after is None else after
            self._onward[state] = onward
        return self._onward[state]

    def _after(self, used: _Used, orbit: int) -> int | None:
        more = list(used)
        place = self._counted.get(orbit)
        if place is not None:
            more[place] += 1
            if more[place] > int(self._tables.count[orbit]):
                return None
        if self._most_hosts is not None:
            more[-1] += 1
            if more[-1] > self._most_hosts:
                return None
        state = tuple(more), orbit
        if state not in self._number:
            self._number[state] = len(self._states)
            self._states.append(state)
            self._orbit.append(orbit)
        return self._number[state]

    def _less(self, used: _Used, orbit: int) -> _Used:
        """Hosts filled, where the last is not."""
        less = list(used)
        if orbit in self._counted:
            less[self._counted[orbit]] -= 1
        if self._most_hosts is not None:
            less[-1] -= 1
        return tuple(less)

    def _row_of(self, filled: _Used) -> int:
        if filled not in self._needed_of:
            unfilled = self._tables.count.copy()
            for orbit, place in self._counted.items():
                unfilled[orbit] -= filled[place]
            few = None
            if self._most_hosts is not None and self._tables.max_hosts is not None:
                few = self._most_hosts - filled[-1]
            self._needed_of[filled] = len(self._needed)
            self._needed.append(self._pace_needed.by_layers(unfilled, at_most=few))
        return self._needed_of[filled]
