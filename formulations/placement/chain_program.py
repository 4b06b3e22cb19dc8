r"""What the programs of one pipeline share: names of the criteria, and bounds that all chains keep.

With hops :math:`h` and stage times :math:`t`,

.. math::
    \text{latency} \le \max_o h_{\text{entry}, o} + \max_{\sum_j n_j = L} \sum_j \Bigl(
        \max_k t_{k n_j} + \max_{oo'} h_{oo'} \Bigr), \qquad
    P = \max \Bigl( \min_o e_o, \min_{kno} w_{kno} \Bigr) \le \text{pace} .

The first maximum is taken by dynamic programming over the layers, whatever hosts there are; the
minima are over what is allowed and linked. Both hold for every chain, so they may bound columns.
"""

from __future__ import annotations

from formulations.formulation import StatedProblem
from formulations.placement.chain_plan import ChainPlan
from formulations.placement.chain_tables import ChainTables

__all__ = [
    "CRITERIA",
    "LATENCY",
    "PACE",
    "PRICE",
    "TIME",
    "ChainProgram",
    "hop_orbits",
    "least_pace",
    "most_latency",
    "most_pace",
    "most_stages",
    "not_linear",
]

LATENCY, PACE, PRICE, TIME = "latency", "pace", "price", "time"
CRITERIA = (LATENCY, PACE, PRICE, TIME)


class ChainProgram(StatedProblem[ChainTables, ChainPlan]):
    """One formulation of the chains of a topology; its answer is a chain.

    Objectives are latency, pace, price and time; pace and time may lie above what the chain has,
    and so may latency where a formulation says so.
    """

    __slots__ = ()


def not_linear(tables: ChainTables) -> str | None:
    """Why linear rows cannot state the tables, or ``None``."""
    for trunk in tables.trunks:
        if trunk.capacity:
            return f"the pace of {trunk.name} is a capacity over a load: no linear row"
    return None


def most_stages(tables: ChainTables) -> int:
    """S, the most stages of a chain."""
    most = min(tables.layers, int(tables.count.sum()))
    return most if tables.max_hosts is None else min(most, tables.max_hosts)


def hop_orbits(tables: ChainTables) -> dict[int, list[int]]:
    """Orbits that a host of each orbit may hand over to, the exit not among them.

    The entry stands last, at ``n_orbits``. Orbits without hosts do not occur, and an orbit of one
    host has no hop within.
    """
    live = [o for o, count in enumerate(tables.count.tolist()) if count]
    return {
        a: [b for b in live if tables.linked[a, b] and (a != b or tables.count[a] > 1)]
        for a in (*live, tables.n_orbits)
    }


def most_latency(tables: ChainTables) -> int:
    """An upper bound on the latency of every chain; 0 where no sum of stages holds L layers."""
    slowest = {}
    for n in range(1, min(tables.layers, tables.allowed.shape[1] - 1) + 1):
        times = tables.stage_time[tables.allowed[:, n], n]
        if len(times):
            slowest[n] = int(times.max())
    hop = int(tables.hop_time.max())
    best: list[int | None] = [hop]
    for layers in range(1, tables.layers + 1):
        before = ((n, best[layers - n]) for n in slowest if n <= layers)
        best.append(
            max(
                (sofar + slowest[n] + hop for n, sofar in before if sofar is not None), default=None
            )
        )
    return best[-1] or 0


def least_pace(tables: ChainTables) -> int:
    """P, a lower bound on the pace of every chain; 0 where there is none."""
    exits = tables.linked[:-1][tables.orbit]
    paces = tables.pace[tables.allowed[:, :, None] & exits[:, None, :]]
    entries = tables.entry_pace[tables.linked[-1, :-1]]
    if not len(paces) or not len(entries):
        return 0
    return max(int(paces.min()), int(entries.min()))


def most_pace(tables: ChainTables) -> int:
    """An upper bound on the pace of every chain, trunks with a factor included; P at least."""
    stages = tables.pace[tables.allowed]
    most = [least_pace(tables)]
    most += [int(part.max()) for part in (stages, tables.entry_pace) if part.size]
    stops = most_stages(tables) + 1
    most += [stops * trunk.factor * int(trunk.load.max()) for trunk in tables.trunks]
    return max(most)
