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

The load of a shared link is a resource: it adds up along a label, its pace so far is a pace of the
label, and a label dominates only such as have no less of it. So is the price where there is a limit
to it that is no criterion. Both are left out where they cannot matter, see ``chain_loads``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress

import numpy as np

from formulations.placement.chain_bounds import Rivals
from formulations.placement.chain_filter import nondominated_rows
from formulations.placement.chain_plan import ChainPlan, value_of
from formulations.placement.chain_search import ChainSearch
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
    time_below
        With time but no price: slower chains, and equally slow ones, are left out.
    most_labels
        Labels held at once, at most.
    should_stop
        Asked often; once it says so the search ends with ``LabelStop``.
    on_progress
        Called with hundredths of hosts done, and of how many. More hosts take longer.

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
    watch = Watch(should_stop)

    def search(*, quick: bool) -> ChainSearch:
        return ChainSearch(
            tables,
            joint=joint,
            priced=priced,
            most_labels=most_labels,
            rivals=rivals,
            watch=watch if quick else Watch(should_stop, on_progress),
            quick=quick,
        )

    def found(searches: Sequence[ChainSearch]) -> list[ChainPlan]:
        plans = [plan for one in searches for plan in one.chains()]
        return _nondominated(tables, plans, joint=joint, priced=priced)

    runs: list[ChainSearch] = []
    try:
        for quick in (True, False) if joint else (False,):
            runs.append(search(quick=quick))
            runs[-1].run()
    except LabelLimitError as fault:
        if not joint and not isinstance(fault, LabelStop):
            # Few labels, soon done: so that something is known where a limit was reached early.
            runs.append(search(quick=True))
            with suppress(LabelLimitError):
                runs[-1].run()
        raise type(fault)(str(fault), plans=found(runs)) from None
    return found(runs)


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
