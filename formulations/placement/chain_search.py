"""One run over the labels that ``chain_labels`` describes: cells, labels, chains at the exit.

A cell holds the labels of one price and number of hosts, in all states (``chain_states``). Cells
are visited by price, then by hosts: what is extended costs no less and has a host more, so that all
labels of a cell are there before one of them is extended. For every state a *stair* holds the
undominated ones of all labels so far, whatever their price: they are no dearer than those of the
next cell, which so need to be compared in two criteria only.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from formulations.milp import IntArray
from formulations.placement.chain_ahead import ChainAhead
from formulations.placement.chain_bounds import FAR, Rivals
from formulations.placement.chain_columns import LabelColumns, joined, start_label
from formulations.placement.chain_filter import nondominated_rows, nondominated_with_resources
from formulations.placement.chain_plan import ChainPlan, ChainStage
from formulations.placement.chain_states import ChainStates
from formulations.placement.chain_stop import LabelLimitError, LabelStop, Watch
from formulations.placement.chain_tables import ChainTables

__all__ = ["STEPS", "ChainSearch"]

STEPS = 1000
"""Steps of progress of one run."""

_AT_ONCE = 1_000_000
"""Labels made at once, at most: some 100 MB."""

_Key = tuple[int, int]
"""Price of the hosts filled, and hosts with the one that is not."""

_Stair = tuple[IntArray, IntArray, IntArray, IntArray]


class ChainSearch:
    """One run: the cells in order, their labels, and the labels at the exit.

    Parameters
    ----------
    quick
        Whether a cell keeps one label for each number of layers: chains are found, no frontier.
    counted
        Orbits whose hosts are counted along a chain; ``None``: all. Of the others a chain may use
        more hosts than there are, see ``chain_labels``.
    ahead
        Of these tables and criteria, where it is known; ``None``: it is worked out.
    """

    def __init__(
        self,
        tables: ChainTables,
        *,
        joint: bool,
        priced: bool,
        most_labels: int,
        rivals: Rivals,
        watch: Watch,
        quick: bool,
        counted: Collection[int] | None = None,
        ahead: ChainAhead | None = None,
    ) -> None:
        self.tables = tables
        self.joint, self.priced, self.most_labels = joint, priced, most_labels
        self.rivals, self.watch, self.quick = rivals, watch, quick
        self.ends = tables.n_orbits
        ahead = ChainAhead(tables, joint=joint, priced=priced) if ahead is None else ahead
        self.options = [np.flatnonzero(tables.orbit == o).tolist() for o in range(self.ends)]
        self.held = [np.flatnonzero(row) for row in tables.allowed]
        self.most_hosts, self.most_price = ahead.most_hosts, ahead.most_price
        self.price, self.trunks = ahead.price, ahead.trunks
        self.left, self.price_left = ahead.left, ahead.price_left
        self.everything = ahead.everything
        # What a link still can get depends on the hosts to come, and so does a limit of hosts.
        by_hosts = tables.max_hosts is not None or len(self.trunks) > 0
        self.states = ChainStates(
            tables,
            pace_needed=ahead.pace_needed,
            counted=range(self.ends) if counted is None else counted,
            most_hosts=self.most_hosts if by_hosts else None,
        )
        self.index: dict[_Key, int] = {}
        self.cells: list[LabelColumns] = []
        self.orbits: list[IntArray] = []
        self.stairs: dict[int, _Stair] = {}
        self.finished: list[LabelColumns] = []
        self.n_labels = 0

    def run(self) -> None:
        """Find chains for all nondominated values that no rival given at the start has or beats."""
        waiting: list[_Key] = [(0, 1)]
        known = set(waiting)
        everything = max(1, self.everything if self.price.any() else self.most_hosts)
        while waiting:
            key = heapq.heappop(waiting)
            share = key[0] if self.price.any() else key[1] - 1
            self.watch.report(STEPS * min(share, everything) // everything, STEPS)
            if self._add_cell(key):
                for orbit in np.unique(self.orbits[-1]).tolist():
                    for option in self.options[orbit]:
                        after = key[0] + int(self.price[option]), key[1] + 1
                        if after not in known:
                            known.add(after)
                            heapq.heappush(waiting, after)
        self.watch.report(STEPS, STEPS)

    def chains(self) -> list[ChainPlan]:
        """Nondominated ones of those found so far."""
        ends = joined(self.finished)
        kept = nondominated_rows(self._criteria(ends))
        return [self._plan(ends, int(position)) for position in kept]

    def _add_cell(self, key: _Key) -> bool:
        """Whether there are labels of this cell; they are kept, and so are chains that end here."""
        labels = self._cell(key)
        if not len(labels):
            return False
        self.index[key] = len(self.cells)
        self.cells.append(labels)
        self.orbits.append(self.states.orbits(labels.state))
        self.n_labels += len(labels)
        if self.n_labels > self.most_labels:
            raise LabelLimitError(
                f"{self.tables.name}: more than {self.most_labels} labels at "
                f"{key[1]} hosts; allow more, or ask for fewer hosts or options"
            )
        ends = self._finished(len(self.cells) - 1)
        if len(ends):
            self.finished.append(ends)
        return True

    def _cell(self, key: _Key) -> LabelColumns:
        """Labels to keep of a cell; their last hosts are unfilled."""
        price, hosts = key
        parts = [self._possible(start, 0) for start in self._starts()] if hosts == 1 else []
        for option in range(self.tables.n_options):
            place = self.index.get((price - int(self.price[option]), hosts - 1))
            if place is not None:
                for part in self._extended(place, option):
                    possible = self._possible(part, hosts - 1)
                    # What cannot be kept is not held in memory until the others are there.
                    large = len(possible) > _AT_ONCE // 8
                    parts.append(self._thinned(possible) if large else possible)
        labels = self._undominated(joined(parts, n_loads=len(self.trunks)))
        if self.quick:
            group = labels.state * self.tables.layers + labels.done
            order = np.lexsort((labels.latency, labels.pace, group))
            labels = labels.take(order[np.unique(group[order], return_index=True)[1]])
        return labels

    def _starts(self) -> Iterator[LabelColumns]:
        """Labels of chains whose first host is chosen."""
        tables = self.tables
        for orbit in np.flatnonzero(tables.linked[self.ends, : self.ends]).tolist():
            state = self.states.start(orbit)
            if state is not None:
                yield start_label(
                    state=state,
                    latency=int(tables.hop_time[self.ends, orbit]),
                    pace=int(tables.entry_pace[orbit]),
                    loads=self.trunks.load[self.ends, orbit],
                )

    def _extended(self, place: int, option: int) -> Iterator[LabelColumns]:
        """Labels of one cell, run so, extended to an unfilled host of every orbit."""
        if self.watch.stops():
            raise LabelStop(f"{self.tables.name}: told to stop before all chains were seen")
        labels, held = self.cells[place], self.held[option]
        mine = np.flatnonzero(self.orbits[place] == self.tables.orbit[option])
        each = max(1, len(held) * self.ends)
        for first in range(0, len(mine), max(1, _AT_ONCE // each)):
            some = mine[first : first + max(1, _AT_ONCE // each)]
            row, choice = np.nonzero(labels.done[some, None] + held < self.tables.layers)
            onward = self.states.onward(labels.state[some])[row]
            step, following = np.nonzero(onward >= 0)
            if len(step):
                state = onward[step, following]
                row, choice = some[row[step]], choice[step]
                yield self._step(place, row, option, held[choice], following, state)

    def _finished(self, place: int) -> LabelColumns:
        """Nondominated labels at the exit that extend one cell; they are rivals from now on."""
        labels, orbits = self.cells[place], self.orbits[place]
        parts = []
        width = self.tables.allowed.shape[1]
        missing = self.tables.layers - labels.done
        for option, orbit in enumerate(self.tables.orbit.tolist()):
            if self.tables.linked[orbit, self.ends]:
                row = np.flatnonzero((orbits == orbit) & (missing < width))
                row = row[self.tables.allowed[option, missing[row]]]
                following = np.full(len(row), self.ends)
                parts.append(
                    self._step(place, row, option, missing[row], following, labels.state[row])
                )
        ends = joined(parts)
        if self.most_price is not None:
            ends = ends.take(ends.price <= self.most_price)
        ends = ends.take(nondominated_rows(self._criteria(ends)))
        if self._has_two_criteria() and len(ends):
            self.rivals.add(*self._two_criteria(ends, 0, 0))
        return ends

    def _step(
        self,
        place: int,
        row: npt.NDArray[np.intp],
        option: int,
        held: IntArray,
        following: npt.NDArray[np.intp],
        state: IntArray,
    ) -> LabelColumns:
        """These rows of a cell with so many layers on their host, handed over to ``following``."""
        tables = self.tables
        labels, orbit = self.cells[place], int(tables.orbit[option])
        pace = np.maximum(labels.pace[row], tables.pace[option, held, following])
        loads = labels.loads[row]
        if len(self.trunks):
            loads = loads + self.trunks.load[orbit, following]
            np.maximum(pace, self.trunks.pace(loads), out=pace)
        taken = tables.stage_time[option, held] + tables.hop_time[orbit, following]
        return LabelColumns(
            done=labels.done[row] + held,
            latency=labels.latency[row] + taken,
            pace=pace,
            price=labels.price[row] + int(self.price[option]),
            state=state,
            cell=np.full(len(row), place, dtype=np.int64),
            row=row.astype(np.int64),
            option=np.full(len(row), option, dtype=np.int64),
            held=held.astype(np.int64),
            loads=loads,
        )

    def _possible(self, labels: LabelColumns, filled: int) -> LabelColumns:
        """Those with a completion within the limits that no rival has or beats.

        Their paces are raised to what is sure, and loads that cannot matter any more are 0.
        ``filled`` hosts have their layers.
        """
        orbit = self.states.orbits(labels.state)
        needed = self.states.pace_needed(labels.state, self.tables.layers - labels.done)
        left = self.left[labels.done, orbit]
        pace = np.maximum(labels.pace, needed)
        kept = (pace < FAR) & (left < FAR)
        if self.most_price is not None:
            kept &= labels.price + self.price_left[labels.done, orbit] <= self.most_price
        labels, left, orbit = replace(labels, pace=pace).take(kept), left[kept], orbit[kept]
        if self.joint:
            np.maximum(labels.pace, labels.latency + left, out=labels.pace)
        if len(self.trunks):
            sure = self.trunks.pace_at_least(labels.loads, labels.done, orbit)
            np.maximum(labels.pace, sure, out=labels.pace)
            still = self.most_hosts - filled - 1
            loads = self.trunks.settled(labels.loads, labels.done, labels.pace, orbit, still)
            labels = replace(labels, loads=loads)
        if not self._has_two_criteria():
            return labels
        price_left = self.price_left[labels.done, orbit] if self.joint and self.priced else 0
        return labels.take(~self.rivals.beat(*self._two_criteria(labels, left, price_left)))

    def _has_two_criteria(self) -> bool:
        return self.joint or not self.priced

    def _two_criteria(
        self, labels: LabelColumns, left: IntArray | int, price_left: IntArray | int
    ) -> tuple[IntArray, IntArray]:
        """Time and price, or latency and pace, with what is left of each."""
        if not self.joint:
            return labels.latency + left, labels.pace
        time = np.maximum(labels.pace, labels.latency + left)
        return time, labels.price + price_left if self.priced else np.zeros_like(time)

    def _criteria(self, ends: LabelColumns) -> IntArray:
        if self._has_two_criteria():
            return np.stack(self._two_criteria(ends, 0, 0), axis=1)
        return np.stack([ends.latency, ends.pace, ends.price], axis=1)

    def _thinned(self, labels: LabelColumns) -> LabelColumns:
        """Those that no other of the same state dominates."""
        group = labels.state * self.tables.layers + labels.done
        kept = nondominated_with_resources(group, labels.latency, labels.pace, labels.loads)
        return labels.take(kept)

    def _undominated(self, labels: LabelColumns) -> LabelColumns:
        """Those that no label of their state, or of one with no more hosts, dominates."""
        if not len(labels):
            return labels
        states, own_group = np.unique(labels.state, return_inverse=True)
        stairs, groups = [], []
        for number, state in enumerate(states.tolist()):
            for other in self.states.no_more(state):
                if other in self.stairs:
                    stairs.append(self.stairs[other])
                    groups.append(np.full(len(self.stairs[other][0]), number, dtype=np.int64))
        own = (labels.done, labels.latency, labels.pace, labels.loads)
        done, latency, pace, loads = (
            np.concatenate(columns) for columns in zip(*stairs, own, strict=True)
        )
        group, first = np.concatenate([*groups, own_group]), len(done) - len(labels)
        kept = nondominated_with_resources(group * self.tables.layers + done, latency, pace, loads)
        kept = kept[np.argsort(group[kept], kind="stable")]
        edges = np.searchsorted(group[kept], np.arange(len(states) + 1)).tolist()
        done, latency, pace, loads = done[kept], latency[kept], pace[kept], loads[kept]
        for place, state in enumerate(states.tolist()):
            part = slice(edges[place], edges[place + 1])
            self.stairs[state] = done[part], latency[part], pace[part], loads[part]
        return labels.take(kept[kept >= first] - first)

    def _plan(self, labels: LabelColumns, row: int) -> ChainPlan:
        stages: list[ChainStage] = []
        while (cell := int(labels.cell[row])) >= 0:
            option, held = int(labels.option[row]), int(labels.held[row])
            stages.append(ChainStage(int(self.tables.orbit[option]), option, held))
            labels, row = self.cells[cell], int(labels.row[row])
        return ChainPlan(tuple(reversed(stages)))
