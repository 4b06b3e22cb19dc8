r"""The chains worth having for every number of hosts of each orbit, by label setting.

Where several chains share a cluster, a chain that is slower but leaves more hosts to the others is
worth having, and so is one that crosses shared links less. So of all chains of one setting those
are sought that no other beats in (hosts by orbit; time; load of every trunk), or with latency and
pace in place of the time.

Labels and cells are those of ``chain_labels``: a label is a partial chain that ends at a host
chosen but not yet filled, and cells (hosts by orbit, orbit of that host) are visited by the number
of hosts. A label is dropped where one of its cell, or of a cell with a host less and the same last
orbit, is no worse in latency, pace and every load; or where a finished chain on no more hosts is no
worse than the best that its completions could be. A dominated label may itself have been dropped
before: what beat it beats what it would have beaten.

Trunks whose load does not count among replicas still hold up a chain. Their load is then only a
resource of labels, left out where it cannot show any more (``chain_loads``). A gate
(``pool_gate``) drops labels that can only become chains of no use.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass, fields, replace

import numpy as np
import numpy.typing as npt

from formulations.milp import IntArray
from formulations.placement.chain_bounds import FAR, PaceNeeded, least_left
from formulations.placement.chain_filter import nondominated_with_resources
from formulations.placement.chain_loads import TrunkLoads, most_hosts
from formulations.placement.chain_plan import ChainPlan, ChainStage
from formulations.placement.chain_stop import LabelLimitError, LabelStop, Watch
from formulations.placement.chain_tables import ChainTables, Trunk
from formulations.placement.pool_filter import beaten_by, smallest_vectors
from formulations.placement.pool_gate import RateGate, rate_of_times
from formulations.placement.pool_options import competing_options

__all__ = ["MOST_CELLS", "chains_by_hosts"]

MOST_CELLS = 500_000
"""Vectors of hosts by orbit, at most: beyond this no pool is tried."""

_Used = tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Labels:
    """Partial chains as columns; ``loads`` is (n, e): of each trunk, then the price where it
    counts. ``cell`` and ``row`` say which label was extended, ``option`` and ``held`` by what."""

    done: IntArray
    latency: IntArray
    pace: IntArray
    loads: IntArray
    cell: IntArray
    row: IntArray
    option: IntArray
    held: IntArray

    def __len__(self) -> int:
        return len(self.done)

    def take(self, kept: npt.NDArray[np.intp] | npt.NDArray[np.bool_]) -> _Labels:
        return _Labels(*(getattr(self, entry.name)[kept] for entry in fields(self)))


def _joined(parts: list[_Labels]) -> _Labels:
    return _Labels(
        *(
            np.concatenate([getattr(part, entry.name) for part in parts])
            for entry in fields(_Labels)
        )
    )


class _Search:
    def __init__(
        self,
        tables: ChainTables,
        *,
        joint: bool,
        loads: Collection[str] | None,
        gate: RateGate | None,
        batch: int | None,
        most_labels: int,
        watch: Watch,
    ) -> None:
        self.joint, self.most_labels, self.watch = joint, most_labels, watch
        self.gate, self.batch = gate, batch
        self.ends = tables.n_orbits
        self.needed = PaceNeeded(tables)
        self.left = least_left(tables, tables.stage_time, tables.hop_time)
        counted = tuple(t for t in tables.trunks if loads is None or t.name in loads)
        others = tuple(t for t in tables.trunks if t not in counted)
        self.carried = TrunkLoads(
            replace(tables, trunks=others), least_pace=self._least_pace(tables), joint=joint
        )
        self.tables = tables = replace(tables, trunks=(*counted, *self.carried.trunks))
        self.most_hosts = most_hosts(tables)
        options = competing_options(tables)
        self.options = [[k for k in options if tables.orbit[k] == o] for o in range(self.ends)]
        self.held = [np.flatnonzero(row) for row in tables.allowed]
        self.n_counted, self.n_loads = len(counted), len(tables.trunks)
        self.width = self.n_loads + (tables.max_price is not None)
        if tables.max_price is not None:
            stage_price = np.repeat(tables.price[:, None], tables.allowed.shape[1], axis=1)
            self.price_left = least_left(tables, stage_price, np.zeros_like(tables.hop_time))
        self.index: dict[tuple[_Used, int], int] = {}
        self.cells: list[tuple[int, _Labels]] = []
        self.shadows: dict[tuple[_Used, int], _Labels] = {}
        self.standing: dict[_Used, IntArray] = {}
        self.n_labels = 0
        self.found: list[tuple[_Used, ChainPlan]] = []

    def _least_pace(self, tables: ChainTables) -> int:
        """At or below that of every chain; of time where that is what counts."""
        pace = int(self.needed.by_layers(tables.count)[tables.layers])
        if not self.joint:
            return pace
        latency = (tables.hop_time[-1, :-1] + self.left[0])[tables.linked[-1, :-1]]
        return max(pace, int(latency.min(initial=FAR)))

    def used(self) -> list[_Used]:
        counts = self.tables.count.tolist()
        n_cells = math.prod(count + 1 for count in counts)
        if n_cells > MOST_CELLS:
            raise LabelLimitError(
                f"{self.tables.name}: {n_cells} combinations of hosts by kind, where {MOST_CELLS} "
                f"are tried; make more hosts alike, or ask for fewer"
            )
        most = self.most_hosts
        everything = itertools.product(*(range(count + 1) for count in counts))
        within = (used for used in everything if 0 < sum(used) <= most)
        return sorted(within, key=lambda used: (sum(used), used))

    def run(self) -> None:
        """Fills ``found``."""
        n_hosts = 0
        order = self.used()
        for step, used in enumerate(order):
            if self.watch.stops():
                raise LabelStop(f"{self.tables.name}: stopped at {sum(used)} hosts")
            self.watch.report(step, len(order))
            if sum(used) > n_hosts:
                n_hosts = sum(used)
                # Only what has one host less is asked for.
                self.shadows = {k: v for k, v in self.shadows.items() if sum(k[0]) == n_hosts - 1}
                self.standing = {k: v for k, v in self.standing.items() if sum(k) == n_hosts - 1}
            self._standing_of_fewer(used)
            ends: list[_Labels] = []
            for orbit in range(self.ends):
                labels = self._cell(used, orbit) if used[orbit] else None
                if labels is None or not len(labels):
                    continue
                self.index[used, orbit] = len(self.cells)
                self.cells.append((orbit, labels))
                self.n_labels += len(labels)
                if self.n_labels > self.most_labels:
                    raise LabelLimitError(
                        f"{self.tables.name}: more than {self.most_labels} labels at "
                        f"{n_hosts} hosts; allow more, or ask for fewer hosts or options"
                    )
                ends.extend(self._finished(len(self.cells) - 1))
            if ends:
                self._take(used, _joined(ends))
        self.watch.report(len(order), len(order))

    def _standing_of_fewer(self, used: _Used) -> None:
        """What stands finished on fewer hosts stands here too."""
        fewer = [self.standing[b] for b in _one_less(used) if b in self.standing]
        rows = np.concatenate([np.empty((0, self._n_criteria), dtype=np.int64), *fewer])
        self.standing[used] = rows[smallest_vectors(rows)] if len(rows) else rows

    @property
    def _n_criteria(self) -> int:
        return (1 if self.joint else 2) + self.n_counted

    def _criteria(self, labels: _Labels, left: IntArray | int) -> IntArray:
        """(n, d): time, or latency and pace, with what is left; then the loads that count."""
        latency = labels.latency + left
        first = [np.maximum(latency, labels.pace)] if self.joint else [latency, labels.pace]
        return np.concatenate([np.stack(first, axis=1), labels.loads[:, : self.n_counted]], axis=1)

    def _take(self, used: _Used, ends: _Labels) -> None:
        """Keep the finished chains that nothing beats."""
        rows = self._criteria(ends, 0)
        fresh = np.flatnonzero(~beaten_by(self.standing[used], rows))
        fresh = fresh[smallest_vectors(rows[fresh])]
        self.found.extend((used, self._plan(ends, position)) for position in fresh.tolist())
        rows = np.concatenate([self.standing[used], rows[fresh]])
        self.standing[used] = rows[smallest_vectors(rows)]

    def _cell(self, used: _Used, orbit: int) -> _Labels | None:
        """Labels to keep with ``used`` hosts of which the last, in ``orbit``, is unfilled."""
        tables = self.tables
        before = tuple(n - (o == orbit) for o, n in enumerate(used))
        parts = []
        if not any(before) and tables.linked[self.ends, orbit]:
            parts.append(self._start(orbit))
        for source in range(self.ends):
            place = self.index.get((before, source))
            if place is not None and tables.linked[source, orbit]:
                parts.extend(self._extended(place, orbit))
        if not parts:
            return None
        unfilled = tables.count - np.array(before, dtype=np.int64)
        labels = self._possible(_joined(parts), used, orbit, self.needed.by_layers(unfilled))
        return self._undominated(labels, used, orbit)

    def _start(self, orbit: int) -> _Labels:
        tables = self.tables
        loads = [int(trunk.load[self.ends, orbit]) for trunk in tables.trunks]
        crossed = zip(tables.trunks, loads, strict=True)
        pace = max(
            int(tables.entry_pace[orbit]),
            *(trunk.pace(load) for trunk, load in crossed if load),
            -FAR,
        )
        none = np.array([-1])
        return _Labels(
            np.array([0]),
            np.array([tables.hop_time[self.ends, orbit]]),
            np.array([pace]),
            np.array([loads + [0] * (self.width - self.n_loads)], dtype=np.int64),
            none, none, none, none,
        )  # fmt: skip

    def _extended(self, place: int, following: int) -> Iterator[_Labels]:
        orbit, labels = self.cells[place]
        for option in self.options[orbit]:
            held = self.held[option]
            row, choice = np.nonzero(labels.done[:, None] + held < self.tables.layers)
            if len(row):
                yield self._step(place, row, option, held[choice], following)

    def _finished(self, place: int) -> Iterator[_Labels]:
        """Chains that end with the last host of a cell's labels, within the limit on price."""
        tables = self.tables
        orbit, labels = self.cells[place]
        if not tables.linked[orbit, self.ends]:
            return
        missing = tables.layers - labels.done
        for option in self.options[orbit]:
            row = np.flatnonzero(missing < tables.allowed.shape[1])
            row = row[tables.allowed[option, missing[row]]]
            ends = self._step(place, row, option, missing[row], self.ends)
            if tables.max_price is not None:
                ends = ends.take(ends.loads[:, -1] <= tables.max_price)
            if len(ends):
                yield ends

    def _step(
        self,
        place: int,
        row: npt.NDArray[np.intp],
        option: int,
        held: IntArray,
        following: int,
    ) -> _Labels:
        """These rows of a cell with so many layers on their host, handed over to ``following``."""
        tables = self.tables
        orbit, labels = self.cells[place]
        more = [int(trunk.load[orbit, following]) for trunk in tables.trunks]
        more += [int(tables.price[option])] * (self.width - self.n_loads)
        loads = labels.loads[row] + np.array(more, dtype=np.int64)
        hop = int(tables.hop_time[orbit, following])
        pace = np.maximum(labels.pace[row], tables.pace[option, held, following])
        for t, trunk in enumerate(tables.trunks):
            if more[t]:
                pace = np.maximum(pace, _trunk_paces(trunk, loads[:, t]))
        return _Labels(
            done=labels.done[row] + held,
            latency=labels.latency[row] + tables.stage_time[option, held] + hop,
            pace=pace,
            loads=loads,
            cell=np.full(len(row), place, dtype=np.int64),
            row=row.astype(np.int64),
            option=np.full(len(row), option, dtype=np.int64),
            held=held.astype(np.int64),
        )

    def _possible(self, labels: _Labels, used: _Used, orbit: int, needed: IntArray) -> _Labels:
        """Those that can be completed, and to something that does not stand already.

        Paces are raised to what every completion has: see ``chain_labels``.
        """
        left = self.left[labels.done, orbit]
        np.maximum(labels.pace, needed[self.tables.layers - labels.done], out=labels.pace)
        kept = (labels.pace < FAR) & (left < FAR)
        if self.tables.max_price is not None:
            price = labels.loads[:, -1] + self.price_left[labels.done, orbit]
            kept &= price <= self.tables.max_price
        labels, left = labels.take(kept), left[kept]
        if self.joint:
            np.maximum(labels.pace, labels.latency + left, out=labels.pace)
        if self.gate is not None:
            kept = ~self._refused(labels, left, used)
            labels, left = labels.take(kept), left[kept]
        kept = ~beaten_by(self.standing[used], self._criteria(labels, left))
        return self._settled(labels.take(kept), used, orbit)

    def _refused(self, labels: _Labels, left: IntArray, used: _Used) -> npt.NDArray[np.bool_]:
        """What the gate refuses whatever completes it."""
        if self.gate is None:
            return np.zeros(len(labels), dtype=np.bool_)
        if self.batch is None:
            return self.gate.refuses(used, labels.latency + left, -labels.pace)
        time = np.maximum(labels.latency + left, labels.pace)
        return self.gate.refuses(used, time, rate_of_times(self.batch, time))

    def _settled(self, labels: _Labels, used: _Used, orbit: int) -> _Labels:
        """Loads that do not count are 0 from where on they cannot hold up the chain."""
        if len(self.carried):
            own = slice(self.n_counted, self.n_loads)
            labels.loads[:, own] = self.carried.settled(
                labels.loads[:, own],
                labels.done,
                labels.pace,
                orbit,
                self.most_hosts - sum(used),
            )
        return labels

    def _undominated(self, labels: _Labels, used: _Used, orbit: int) -> _Labels:
        """Those that no label of this cell, or of one with fewer hosts, dominates."""
        fewer = ((b, orbit) for b in _one_less(used))
        shadows = [self.shadows[key] for key in fewer if key in self.shadows]
        everything = _joined([*shadows, labels])
        kept = nondominated_with_resources(
            everything.done, everything.latency, everything.pace, everything.loads
        )
        self.shadows[used, orbit] = everything.take(kept)
        first = len(everything) - len(labels)
        return labels.take(kept[kept >= first] - first)

    def _plan(self, labels: _Labels, row: int) -> ChainPlan:
        stages: list[ChainStage] = []
        while (cell := int(labels.cell[row])) >= 0:
            orbit, parents = self.cells[cell]
            stages.append(ChainStage(orbit, int(labels.option[row]), int(labels.held[row])))
            labels, row = parents, int(labels.row[row])
        return ChainPlan(tuple(reversed(stages)))


def _one_less(used: _Used) -> Iterator[_Used]:
    for orbit, n in enumerate(used):
        if n:
            yield tuple(m - (o == orbit) for o, m in enumerate(used))


def _trunk_paces(trunk: Trunk, load: IntArray) -> IntArray:
    """The pace of each positive load, (n,) int64; below every pace where nothing crosses."""
    if trunk.factor:
        return np.where(load > 0, trunk.factor * load, -FAR)
    return np.where(load > 0, -(trunk.capacity // np.maximum(load, 1)), -FAR)


def chains_by_hosts(
    tables: ChainTables,
    *,
    joint: bool,
    loads: Collection[str] | None = None,
    gate: RateGate | None = None,
    batch: int | None = None,
    most_labels: int,
    watch: Watch,
) -> list[tuple[tuple[int, ...], ChainPlan]]:
    """(hosts used by orbit, chain) for every vector of the module's text, fewest hosts first.

    Parameters
    ----------
    joint
        Whether latency and pace count as one criterion, their greater (time), or as two.
    loads
        Names of the trunks whose load is a criterion; ``None``: all of them.
    gate
        Chains that it refuses may be left out.
    batch
        For the gate: the rate is that of so many sequences in a time; ``None``: minus the pace.
    most_labels
        Labels held at once, at most.

    Raises
    ------
    LabelLimitError
        If more are needed, or there are more than ``MOST_CELLS`` vectors of hosts; ``LabelStop`` if
        ``watch`` says so. ``plans`` are those found by then.
    """
    search = _Search(
        tables,
        joint=joint,
        loads=loads,
        gate=gate,
        batch=batch,
        most_labels=most_labels,
        watch=watch,
    )
    try:
        search.run()
    except LabelLimitError as error:
        error.plans = [plan for _, plan in search.found]
        raise
    return search.found
