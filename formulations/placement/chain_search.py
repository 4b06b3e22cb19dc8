"""One run over the labels that ``chain_labels`` describes: cells, labels, chains at the exit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from formulations.milp import IntArray
from formulations.placement.chain_bounds import FAR, PaceNeeded, Rivals, least_left
from formulations.placement.chain_columns import LabelColumns, joined, start_label
from formulations.placement.chain_filter import nondominated_rows, nondominated_with_resources
from formulations.placement.chain_loads import TrunkLoads, most_hosts
from formulations.placement.chain_plan import ChainPlan, ChainStage
from formulations.placement.chain_stop import LabelLimitError, LabelStop, Watch
from formulations.placement.chain_tables import ChainTables

__all__ = ["ChainSearch"]

_STEPS = 100
"""Steps of progress a host."""

_Used = tuple[int, ...]
_Shadow = tuple[IntArray, IntArray, IntArray, IntArray]


class ChainSearch:
    """One run: the cells in order, their labels, and the labels at the exit.

    With ``quick`` a cell keeps one label for each number of layers: chains are found, no frontier.
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
    ) -> None:
        self.tables = tables
        self.joint, self.priced, self.most_labels = joint, priced, most_labels
        self.rivals, self.watch, self.quick = rivals, watch, quick
        self.ends = tables.n_orbits
        self.options = [np.flatnonzero(tables.orbit == o).tolist() for o in range(self.ends)]
        self.held = [np.flatnonzero(row) for row in tables.allowed]
        self.most_hosts = most_hosts(tables)
        self.most_price = self._binding_price()
        self._prepare_bounds()
        # Where every option of an orbit costs the same, hosts used say the price: then labels of
        # cells with fewer hosts can be compared without looking at it.
        self.uniform = all(
            len({int(self.price[k]) for k in options}) <= 1 for options in self.options
        )
        self.index: dict[tuple[_Used, int], int] = {}
        self.cells: list[tuple[int, LabelColumns]] = []
        self.shadows: dict[tuple[_Used, int], _Shadow] = {}
        self.finished: list[LabelColumns] = []
        self.n_labels = 0

    def _binding_price(self) -> int | None:
        """The limit of the price, unless all hosts together keep it."""
        tables = self.tables
        dearest = [max((int(tables.price[k]) for k in ks), default=0) for ks in self.options]
        everything = sum(n * price for n, price in zip(tables.count.tolist(), dearest, strict=True))
        limit = tables.max_price
        return None if limit is None or everything <= limit else limit

    def _prepare_bounds(self) -> None:
        """What is left to the exit of every criterion and resource, at least."""
        tables = self.tables
        counts = self.priced or self.most_price is not None
        self.price = tables.price if counts else np.zeros_like(tables.price)
        stage_price = np.repeat(self.price[:, None], tables.allowed.shape[1], axis=1)
        self.price_left = least_left(tables, stage_price, np.zeros_like(tables.hop_time))
        self.left = least_left(tables, tables.stage_time, tables.hop_time)
        self.pace_needed = PaceNeeded(tables)
        least_pace = int(self.pace_needed.by_layers(tables.count)[tables.layers])
        if self.joint:
            starts = tables.linked[-1, :-1]
            latency = (tables.hop_time[-1, :-1] + self.left[0])[starts]
            least_pace = max(least_pace, int(latency.min(initial=FAR)))
        self.trunks = TrunkLoads(tables, least_pace=least_pace, joint=self.joint)

    def run(self) -> None:
        """Find chains for all nondominated values that no rival given at the start has or beats."""
        reached: set[_Used] = {(0,) * self.ends}
        for n_hosts in range(1, self.most_hosts + 1):
            # Cells are made from those one host smaller; only their shadows are asked for.
            self.shadows = {k: rows for k, rows in self.shadows.items() if sum(k[0]) == n_hosts - 1}
            onward = sorted({used for before in reached for used in self._one_more(before)})
            reached = set()
            for place, used in enumerate(onward):
                steps = _STEPS * (n_hosts - 1) + _STEPS * place // len(onward)
                self.watch.report(steps, _STEPS * self.most_hosts)
                for orbit in range(self.ends):
                    if used[orbit] and self._add_cell(used, orbit):
                        reached.add(used)
        self.watch.report(_STEPS * self.most_hosts, _STEPS * self.most_hosts)

    def chains(self) -> list[ChainPlan]:
        """Nondominated ones of those found so far."""
        ends = joined(self.finished)
        kept = nondominated_rows(self._criteria(ends))
        return [self._plan(ends, int(position)) for position in kept]

    def _one_more(self, used: _Used) -> Iterator[_Used]:
        for orbit, most in enumerate(self.tables.count.tolist()):
            if used[orbit] < most:
                yield tuple(n + (o == orbit) for o, n in enumerate(used))

    def _add_cell(self, used: _Used, orbit: int) -> bool:
        """Whether there are labels of this cell; they are kept, and so are chains that end here."""
        labels = self._cell(used, orbit)
        if not len(labels):
            return False
        self.index[used, orbit] = len(self.cells)
        self.cells.append((orbit, labels))
        self.n_labels += len(labels)
        if self.n_labels > self.most_labels:
            raise LabelLimitError(
                f"{self.tables.name}: more than {self.most_labels} labels at "
                f"{sum(used)} hosts; allow more, or ask for fewer hosts or options"
            )
        ends = self._finished(len(self.cells) - 1)
        if len(ends):
            self.finished.append(ends)
        return True

    def _cell(self, used: _Used, orbit: int) -> LabelColumns:
        """Labels to keep with ``used`` hosts of which the last, in ``orbit``, is unfilled."""
        tables = self.tables
        before = _less_one(used, orbit)
        parts = []
        if not any(before) and tables.linked[self.ends, orbit]:
            latency, pace = tables.hop_time[self.ends, orbit], tables.entry_pace[orbit]
            loads = self.trunks.load[self.ends, orbit]
            parts.append(start_label(latency=int(latency), pace=int(pace), loads=loads))
        for source in range(self.ends):
            place = self.index.get((before, source))
            if place is not None and tables.linked[source, orbit]:
                parts.extend(self._extended(place, orbit))
        every = joined(parts, n_loads=len(self.trunks))
        labels = self._possible(every, orbit, before)
        labels = self._undominated(labels, used, orbit)
        if self.quick:
            order = np.lexsort((labels.latency, labels.pace, labels.done))
            labels = labels.take(order[np.unique(labels.done[order], return_index=True)[1]])
        return labels

    def _extended(self, place: int, following: int) -> Iterator[LabelColumns]:
        """Labels of one cell extended to an unfilled host of another orbit or the same."""
        orbit, labels = self.cells[place]
        for option in self.options[orbit]:
            if self.watch.stops():
                raise LabelStop(f"{self.tables.name}: told to stop before all chains were seen")
            held = self.held[option]
            row, choice = np.nonzero(labels.done[:, None] + held < self.tables.layers)
            if len(row):
                yield self._step(place, row, option, held[choice], following)

    def _finished(self, place: int) -> LabelColumns:
        """Nondominated labels at the exit that extend one cell; they are rivals from now on."""
        orbit, labels = self.cells[place]
        parts = []
        if self.tables.linked[orbit, self.ends]:
            width = self.tables.allowed.shape[1]
            missing = self.tables.layers - labels.done
            for option in self.options[orbit]:
                row = np.flatnonzero(missing < width)
                row = row[self.tables.allowed[option, missing[row]]]
                parts.append(self._step(place, row, option, missing[row], self.ends))
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
        following: int,
    ) -> LabelColumns:
        """These rows of a cell with so many layers on their host, handed over to ``following``."""
        tables = self.tables
        orbit, labels = self.cells[place]
        hop = int(tables.hop_time[orbit, following])
        pace = np.maximum(labels.pace[row], tables.pace[option, held, following])
        loads = labels.loads[row]
        if len(self.trunks):
            loads = loads + self.trunks.load[orbit, following]
            np.maximum(pace, self.trunks.pace(loads), out=pace)
        return LabelColumns(
            done=labels.done[row] + held,
            latency=labels.latency[row] + tables.stage_time[option, held] + hop,
            pace=pace,
            price=labels.price[row] + int(self.price[option]),
            cell=np.full(len(row), place, dtype=np.int64),
            row=row.astype(np.int64),
            option=np.full(len(row), option, dtype=np.int64),
            held=held.astype(np.int64),
            loads=loads,
        )

    def _possible(self, labels: LabelColumns, orbit: int, before: _Used) -> LabelColumns:
        """Those with a completion within the limits that no rival has or beats.

        Their paces are raised to what is sure, and loads that cannot matter any more are 0.
        ``before`` are the hosts filled.
        """
        hosts_left = self.most_hosts - sum(before)
        unfilled = self.tables.count - np.array(before, dtype=np.int64)
        few = hosts_left if self.tables.max_hosts is not None else None
        needed = self.pace_needed.by_layers(unfilled, at_most=few)
        left = self.left[labels.done, orbit]
        pace = np.maximum(labels.pace, needed[self.tables.layers - labels.done])
        kept = (pace < FAR) & (left < FAR)
        if self.most_price is not None:
            kept &= labels.price + self.price_left[labels.done, orbit] <= self.most_price
        labels, left = replace(labels, pace=pace).take(kept), left[kept]
        if self.joint:
            np.maximum(labels.pace, labels.latency + left, out=labels.pace)
        if len(self.trunks):
            sure = self.trunks.pace_at_least(labels.loads, labels.done, orbit)
            np.maximum(labels.pace, sure, out=labels.pace)
            loads = self.trunks.settled(
                labels.loads, labels.done, labels.pace, orbit, hosts_left - 1
            )
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

    def _undominated(self, labels: LabelColumns, used: _Used, orbit: int) -> LabelColumns:
        """Those that no label of this cell, or of one with fewer hosts, dominates."""
        own = (labels.done, labels.latency, labels.pace, labels.loads)
        if not self.uniform:
            resources = np.column_stack([labels.loads, labels.price])
            return labels.take(nondominated_with_resources(*own[:3], resources))
        fewer = ((_less_one(used, o), orbit) for o, n in enumerate(used) if n)
        shadows = [self.shadows[key] for key in fewer if key in self.shadows]
        done, latency, pace, loads = (
            np.concatenate(columns) for columns in zip(*shadows, own, strict=True)
        )
        kept = nondominated_with_resources(done, latency, pace, loads)
        self.shadows[used, orbit] = done[kept], latency[kept], pace[kept], loads[kept]
        first = len(done) - len(labels)
        return labels.take(kept[kept >= first] - first)

    def _plan(self, labels: LabelColumns, row: int) -> ChainPlan:
        stages: list[ChainStage] = []
        while (cell := int(labels.cell[row])) >= 0:
            orbit, parents = self.cells[cell]
            stages.append(ChainStage(orbit, int(labels.option[row]), int(labels.held[row])))
            labels, row = parents, int(labels.row[row])
        return ChainPlan(tuple(reversed(stages)))


def _less_one(used: _Used, orbit: int) -> _Used:
    return tuple(n - (o == orbit) for o, n in enumerate(used))
