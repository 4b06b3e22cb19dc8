r"""The nondominated chains of a topology by label-setting dynamic programming, exact and complete.

A *label* is a partial chain that ends at a host chosen but not yet filled: layers done :math:`l`,
hosts used by orbit :math:`c` (that host included), its orbit :math:`o`, and (latency, pace, price)
so far. It is extended by an option and a number of layers for that host and by the orbit that comes
next, or the exit where the layers are complete. ``chain_search`` is one run over them.

Hosts are counted only of the orbits where it matters. The first run counts none: a chain may use
more hosts of an orbit than there are. Such a chain on the frontier of a run, unless a chain that
keeps the rules has or beats its value, makes its orbits counted in the next run, and with them
those of equal hosts elsewhere. Once every chain left keeps the rules the frontier of the run, which
holds all chains that keep them and more, is that of the question (Boland, Dethridge and Dumitrescu,
"Accelerated label setting algorithms for the elementary resource constrained shortest path
problem", Operations Research Letters 34, 2006; Righini and Salani, "New dynamic programming
algorithms for the resource constrained elementary shortest path problem", Networks 51, 2008). Only
chains that keep the rules are handed on from run to run as rivals.

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

The load of a shared link is a resource: it adds up along a label, its pace so far is a pace of the
label, and a label dominates only such as have no less of it. So is the price where there is a limit
to it that is no criterion. Both are left out where they cannot matter, see ``chain_loads``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace

import numpy as np

from formulations.milp import IntArray
from formulations.placement.chain_ahead import ChainAhead
from formulations.placement.chain_bounds import Rivals
from formulations.placement.chain_filter import nondominated_rows
from formulations.placement.chain_plan import ChainPlan, value_of, violations
from formulations.placement.chain_search import STEPS, ChainSearch
from formulations.placement.chain_stop import LabelLimitError, LabelStop, Progress, Watch
from formulations.placement.chain_tables import ChainTables

__all__ = ["MOST_LABELS", "LabelLimitError", "LabelStop", "nondominated_chains"]

MOST_LABELS = 20_000_000
"""Labels held at once, at most: some 2 GB."""


def nondominated_chains(
    tables: ChainTables,
    *,
    joint: bool,
    priced: bool,
    by_cost: bool = False,
    elsewhere: Sequence[tuple[int, float]] = (),
    known: Sequence[ChainPlan] = (),
    time_below: int | None = None,
    most_labels: int = MOST_LABELS,
    should_stop: Callable[[], bool] | None = None,
    on_progress: Progress | None = None,
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
    known
        Chains to compare with from the start; those that break a rule of the tables are not used.
    time_below
        With time but no price: slower chains, and equally slow ones, are left out.
    most_labels
        Labels held at once, at most.
    should_stop
        Asked often; once it says so the search ends with ``LabelStop``.
    on_progress
        Called with how much is done, and of how much, as if every orbit were counted in its turn.

    Returns
    -------
    list of ChainPlan
        Empty exactly if no chain exists, or none that is not left out. Values are (latency, pace),
        (time,), (latency, pace, price) or (time, price).

    Notes
    -----
    There are n_o times the product of c_o + 1 over all counted orbits states, so identical hosts
    cost little, and unlike ones much where the best chains want more of them than there are.

    Raises
    ------
    LabelLimitError
        If more are needed; of its chains none is proved to be on the frontier.
    LabelStop
        The same where ``should_stop`` said so.
    ValueError
        If ``by_cost`` is asked without time and price, or ``time_below`` with another criterion.
    """
    if by_cost and not (joint and priced):
        raise ValueError(f"{tables.name}: cost is that of time and price")
    if time_below is not None and (priced or not joint):
        raise ValueError(f"{tables.name}: a limit of time alone is for time alone")
    rivals = Rivals(by_cost=by_cost)
    if elsewhere:
        times, costs = zip(*elsewhere, strict=True)
        rivals.add_costs(np.array(times, dtype=np.int64), np.array(costs, dtype=np.float64))
    if time_below is not None:
        rivals.add(np.array([time_below]), np.array([0]))
    relaxed = _Relaxed(
        _tightened(tables),
        joint=joint,
        priced=priced,
        rivals=rivals,
        most_labels=most_labels,
        watch=Watch(should_stop, on_progress),
    )
    relaxed.take([plan for plan in known if not violations(tables, plan)])
    try:
        relaxed.solve()
    except LabelLimitError as fault:
        if not joint and not isinstance(fault, LabelStop):
            # So that something is known where a limit was reached early.
            with suppress(LabelLimitError):
                relaxed.search_quickly()
        plans = _nondominated(tables, relaxed.plans, joint=joint, priced=priced)
        raise type(fault)(str(fault), plans=plans) from None
    return _nondominated(tables, relaxed.plans, joint=joint, priced=priced)


class _Relaxed:
    """Searches that count the hosts of ever more orbits, and the chains found so far.

    ``plans`` keep all rules, and so do those that ``rivals`` are made of.
    """

    def __init__(
        self,
        tables: ChainTables,
        *,
        joint: bool,
        priced: bool,
        rivals: Rivals,
        most_labels: int,
        watch: Watch,
    ) -> None:
        self.tables, self.joint, self.priced = tables, joint, priced
        self.rivals, self.most_labels, self.watch = rivals, most_labels, watch
        self.plans: list[ChainPlan] = []
        self.counted: set[int] = set()
        self.ahead = ChainAhead(tables, joint=joint, priced=priced)

    def solve(self) -> None:
        """Count more orbits until no chain on the frontier has more hosts than there are."""
        steps = self.tables.n_orbits + 1
        for step in range(steps):
            if self.joint and not self.plans:
                self._search(quick=True, watch=self.watch.quiet())
            over = self._search(quick=False, watch=self.watch.part(step, steps))
            if not over:
                break
            self.counted |= self._alike(over)
        self.watch.report(steps * STEPS, steps * STEPS)

    def _alike(self, orbits: set[int]) -> set[int]:
        """With those whose hosts are as good but for their place: they would be the next."""
        tables = self.tables

        def kind(orbit: int) -> tuple[object, ...]:
            mine = np.flatnonzero(tables.orbit == orbit)
            parts = tables.price[mine], tables.allowed[mine], tables.stage_time[mine]
            return tuple(part.tobytes() for part in parts)

        kinds = {kind(orbit) for orbit in orbits}
        return {orbit for orbit in range(tables.n_orbits) if kind(orbit) in kinds}

    def search_quickly(self) -> None:
        """Find some chains if there are none yet: few labels, soon done."""
        while not self.plans:
            over = self._search(quick=True, watch=self.watch.quiet())
            if not over:
                break
            self.counted |= over

    def _search(self, *, quick: bool, watch: Watch) -> set[int]:
        """Orbits of which chains that nothing found beats have more hosts than there are."""
        search = ChainSearch(
            self.tables,
            joint=self.joint,
            priced=self.priced,
            most_labels=self.most_labels,
            rivals=self.rivals.copy(),
            watch=watch,
            quick=quick,
            counted=self.counted,
            ahead=self.ahead,
        )
        try:
            search.run()
        finally:
            over = self.take(search.chains())
        return over

    def take(self, plans: Sequence[ChainPlan]) -> set[int]:
        """Keep those within the hosts there are; orbits that the rest needs more hosts of."""
        tables = self.tables
        over: dict[ChainPlan, set[int]] = {}
        for plan in plans:
            used = np.array(plan.hosts_used(tables.n_orbits))
            over[plan] = set(np.flatnonzero(used > tables.count).tolist())
            if not over[plan]:
                self.plans.append(plan)
                criteria = self._criteria(plan)
                if criteria is not None:
                    self.rivals.add(*criteria)
        # Of equal value with a chain that keeps the rules, or worse than one: not needed.
        return {o for plan, orbits in over.items() if not self._is_beaten(plan) for o in orbits}

    def _is_beaten(self, plan: ChainPlan) -> bool:
        criteria = self._criteria(plan)
        return criteria is not None and bool(self.rivals.beat(*criteria)[0])

    def _criteria(self, plan: ChainPlan) -> tuple[IntArray, IntArray] | None:
        """The two criteria of a plan; ``None`` where there are three."""
        value = value_of(self.tables, plan)
        if self.joint:
            two = value.time, value.price if self.priced else 0
        elif not self.priced:
            two = value.latency, value.pace
        else:
            return None
        return np.array([two[0]]), np.array([two[1]])


def _tightened(tables: ChainTables) -> ChainTables:
    """Without the hand-overs between two hosts of an orbit that has but one, or from none."""
    linked = tables.linked.copy()
    orbits = np.arange(tables.n_orbits)
    linked[orbits, orbits] &= tables.count > 1
    linked[:-1] &= tables.count[:, None] > 0
    linked[:, :-1] &= tables.count > 0
    return replace(tables, linked=linked)


def _nondominated(
    tables: ChainTables, plans: Sequence[ChainPlan], *, joint: bool, priced: bool
) -> list[ChainPlan]:
    """The first plan of every nondominated value, by value."""
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
