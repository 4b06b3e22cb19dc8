r"""The nondominated chains of a topology by label-setting dynamic programming, exact and complete.

A *label* is a partial chain that ends at a host chosen but not yet filled: layers done :math:`l`,
hosts used by orbit :math:`c` (that host included), its orbit :math:`o`, and (latency, pace, price)
so far. It is extended by an option and a number of layers for that host and by the orbit that comes
next, or the exit where the layers are complete. Cells :math:`(c, o)` are visited by the number of
hosts, so every label of a cell exists before one of them is extended.

Labels are compared at equal :math:`(l, o)`. A label dominates another if it used no more hosts of
any orbit and is no worse in the criteria: whatever completes the other completes it too, and sums
and maxima keep the order. Dropped are only labels that are dominated, that nothing can complete, or
whose best completion is no better than a finished chain. So the finished chains hold, after a last
comparison, every nondominated value of the whole space exactly once (Martins, "On a multicriteria
shortest path problem", European Journal of Operational Research 16, 1984; with resources Irnich
and Desaulniers, "Shortest path problems with resource constraints", in Column Generation, 2005).

Before labels are compared their pace is raised to the least at which the hosts left can hold the
layers left, and, where only *time* = max(latency, pace) counts, to the latency plus the least
latency from there to the exit, hosts uncounted. That is at or below what every completion has, so
no value changes, and labels whose pace cannot matter any more become equal. With time, a first run
that keeps one label for each :math:`(l, c, o)` finds good chains to compare with.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from formulations.milp import IntArray
from formulations.placement.chain_bounds import FAR, PaceNeeded, Rivals, least_left
from formulations.placement.chain_columns import LabelColumns, joined, start_label
from formulations.placement.chain_filter import (
    nondominated_in_groups,
    nondominated_rows,
    nondominated_triples_in_groups,
)
from formulations.placement.chain_plan import ChainPlan, ChainStage, value_of
from formulations.placement.chain_tables import ChainTables

__all__ = ["MOST_LABELS", "LabelLimitError", "nondominated_chains"]

MOST_LABELS = 20_000_000
"""Labels held at once, at most: some 2 GB."""

_Used = tuple[int, ...]


class LabelLimitError(ValueError):
    """The frontier was not found: its labels do not fit."""


class _Search:
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
        quick: bool,
    ) -> None:
        self.tables = tables
        self.joint, self.priced, self.most_labels = joint, priced, most_labels
        self.rivals, self.quick = rivals, quick
        self.ends = tables.n_orbits
        self.pace_needed = PaceNeeded(tables)
        self.left = least_left(tables, tables.stage_time, tables.hop_time)
        free = np.zeros_like(tables.hop_time)
        self.price = tables.price if priced else np.zeros_like(tables.price)
        stage_price = np.repeat(self.price[:, None], tables.allowed.shape[1], axis=1)
        self.price_left = least_left(tables, stage_price, free)
        self.options = [np.flatnonzero(tables.orbit == o).tolist() for o in range(self.ends)]
        self.held = [np.flatnonzero(row) for row in tables.allowed]
        # Where every option of an orbit costs the same, hosts used say the price: then labels of
        # cells with fewer hosts can be compared without looking at it.
        self.uniform = all(
            len({int(self.price[k]) for k in options}) <= 1 for options in self.options
        )
        self.index: dict[tuple[_Used, int], int] = {}
        self.cells: list[tuple[int, LabelColumns]] = []
        self.shadows: dict[tuple[_Used, int], tuple[IntArray, IntArray, IntArray]] = {}
        self.n_labels = 0

    def used(self) -> list[_Used]:
        """Numbers of hosts by orbit, by their sum; a chain has no more hosts than layers."""
        counts = self.tables.count.tolist()
        everything = itertools.product(*(range(count + 1) for count in counts))
        within = (used for used in everything if 0 < sum(used) <= self.tables.layers)
        return sorted(within, key=lambda used: (sum(used), used))

    def run(self) -> list[ChainPlan]:
        """Chains for all nondominated values that no rival given at the start has or beats."""
        finished: list[LabelColumns] = []
        n_hosts = 0
        for used in self.used():
            if sum(used) > n_hosts:
                n_hosts = sum(used)
                # Only cells one host smaller are asked for their shadow.
                self.shadows = {
                    key: rows for key, rows in self.shadows.items() if sum(key[0]) == n_hosts - 1
                }
            for orbit in range(self.ends):
                labels = self._cell(used, orbit) if used[orbit] else joined([])
                if not len(labels):
                    continue
                self.index[used, orbit] = len(self.cells)
                self.cells.append((orbit, labels))
                self.n_labels += len(labels)
                if self.n_labels > self.most_labels:
                    raise LabelLimitError(
                        f"{self.tables.name}: more than {self.most_labels} labels at "
                        f"{n_hosts} hosts; allow more, or ask for fewer hosts or options"
                    )
                ends = self._finished(len(self.cells) - 1)
                if len(ends):
                    finished.append(ends)
        ends = joined(finished)
        kept = nondominated_rows(self._criteria(ends))
        return [self._plan(ends, int(position)) for position in kept]

    def _cell(self, used: _Used, orbit: int) -> LabelColumns:
        """Labels to keep with ``used`` hosts of which the last, in ``orbit``, is unfilled."""
        tables = self.tables
        before = _less_one(used, orbit)
        parts = []
        if not any(before) and tables.linked[self.ends, orbit]:
            latency, pace = tables.hop_time[self.ends, orbit], tables.entry_pace[orbit]
            parts.append(start_label(latency=int(latency), pace=int(pace)))
        for source in range(self.ends):
            place = self.index.get((before, source))
            if place is not None and tables.linked[source, orbit]:
                parts.extend(self._extended(place, orbit))
        unfilled = tables.count - np.array(before, dtype=np.int64)
        labels = self._possible(joined(parts), orbit, self.pace_needed.by_layers(unfilled))
        labels = self._undominated(labels, used, orbit)
        if self.quick:
            order = np.lexsort((labels.latency, labels.pace, labels.done))
            labels = labels.take(order[np.unique(labels.done[order], return_index=True)[1]])
        return labels

    def _extended(self, place: int, following: int) -> Iterator[LabelColumns]:
        """Labels of one cell extended to an unfilled host of another orbit or the same."""
        orbit, labels = self.cells[place]
        for option in self.options[orbit]:
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
        return LabelColumns(
            done=labels.done[row] + held,
            latency=labels.latency[row] + tables.stage_time[option, held] + hop,
            pace=np.maximum(labels.pace[row], tables.pace[option, held, following]),
            price=labels.price[row] + int(self.price[option]),
            cell=np.full(len(row), place, dtype=np.int64),
            row=row.astype(np.int64),
            option=np.full(len(row), option, dtype=np.int64),
            held=held.astype(np.int64),
        )

    def _possible(self, labels: LabelColumns, orbit: int, needed: IntArray) -> LabelColumns:
        """Those with a completion that no rival has or beats; paces are raised to what is sure.

        ``needed`` is the least pace of the hosts left, by layers.
        """
        left = self.left[labels.done, orbit]
        pace = np.maximum(labels.pace, needed[self.tables.layers - labels.done])
        kept = (pace < FAR) & (left < FAR)
        labels, left = replace(labels, pace=pace).take(kept), left[kept]
        if self.joint:
            np.maximum(labels.pace, labels.latency + left, out=labels.pace)
        if not self._has_two_criteria():
            return labels
        price_left = self.price_left[labels.done, orbit]
        return labels.take(~self.rivals.beat(*self._two_criteria(labels, left, price_left)))

    def _has_two_criteria(self) -> bool:
        return self.joint or not self.priced

    def _two_criteria(
        self, labels: LabelColumns, left: IntArray | int, price_left: IntArray | int
    ) -> tuple[IntArray, IntArray]:
        """Time and price, or latency and pace, with what is left of each."""
        if self.joint:
            time = np.maximum(labels.pace, labels.latency + left)
            return time, labels.price + price_left
        return labels.latency + left, labels.pace

    def _criteria(self, ends: LabelColumns) -> IntArray:
        if self._has_two_criteria():
            return np.stack(self._two_criteria(ends, 0, 0), axis=1)
        return np.stack([ends.latency, ends.pace, ends.price], axis=1)

    def _undominated(self, labels: LabelColumns, used: _Used, orbit: int) -> LabelColumns:
        """Those that no label of this cell, or of one with fewer hosts, dominates."""
        if not self.uniform:
            return labels.take(
                nondominated_triples_in_groups(
                    labels.done, labels.latency, labels.pace, labels.price
                )
            )
        fewer = ((_less_one(used, o), orbit) for o, n in enumerate(used) if n)
        shadows = [self.shadows[key] for key in fewer if key in self.shadows]
        own = (labels.done, labels.latency, labels.pace)
        done, latency, pace = (
            np.concatenate(columns) for columns in zip(*shadows, own, strict=True)
        )
        kept = nondominated_in_groups(done, latency, pace)
        self.shadows[used, orbit] = done[kept], latency[kept], pace[kept]
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


def nondominated_chains(
    tables: ChainTables,
    *,
    joint: bool,
    priced: bool,
    by_cost: bool = False,
    elsewhere: Sequence[tuple[int, float]] = (),
    most_labels: int = MOST_LABELS,
) -> list[ChainPlan]:
    """One chain for every nondominated value, in lexicographic order of the values.

    Parameters
    ----------
    joint
        Whether latency and pace count as one criterion, their greater (time), or as two.
    priced
        Whether the price counts.
    by_cost
        With time and price: whether chains may be left out that another beats or equals in time
        and in price x time.
    elsewhere
        With ``by_cost``: (time, price x time) of chains found at other settings, the second in
        units of these tables and right to 1e-12; what is worse than one of them may be left out.
    most_labels
        Labels held at once, at most.

    Returns
    -------
    list of ChainPlan
        Empty exactly if no chain exists, or none that is not left out. Values are (latency, pace),
        (time,), (latency, pace, price) or (time, price).

    Notes
    -----
    There are n_o times the product of all c_o + 1 cells, so identical hosts cost little and unlike
    ones much. Prices that differ between options of one orbit weaken the comparison of cells.

    Raises
    ------
    LabelLimitError
        If more are needed; nothing may be concluded then.
    ValueError
        If ``by_cost`` is asked without time and price.
    """
    if by_cost and not (joint and priced):
        raise ValueError(f"{tables.name}: cost is that of time and price")
    rivals = Rivals(by_cost=by_cost)
    if elsewhere:
        times, costs = zip(*elsewhere, strict=True)
        rivals.add_costs(np.array(times, dtype=np.int64), np.array(costs, dtype=np.float64))
    plans: list[ChainPlan] = []
    for quick in (True, False) if joint else (False,):
        search = _Search(
            tables, joint=joint, priced=priced, most_labels=most_labels, rivals=rivals, quick=quick
        )
        plans.extend(search.run())
    values = [value_of(tables, plan) for plan in plans]
    criteria: list[tuple[int, ...]]
    if joint:
        criteria = [(value.time, value.price if priced else 0) for value in values]
    else:
        criteria = [(v.latency, v.pace, v.price)[: 2 + priced] for v in values]
    if not criteria:
        return []
    kept = nondominated_rows(np.array(criteria, dtype=np.int64))
    return [plans[position] for position in kept.tolist()]
