r"""Every chain that several replicas on one cluster may be made of: the columns of a packing.

A column :math:`c` uses :math:`u_{co}` hosts of orbit :math:`o`, makes a token every :math:`T_c`
(or has this latency), lets :math:`r_c` micro-tokens/s through and takes a share :math:`s_{cl}` of
every link :math:`l` that hand-overs of several replicas may cross.

What a column may be: of all chains of one setting, those that no other beats in hosts by orbit, in
time (or latency and rate) and in what each hand-over puts on each shared link. Without shared links
that loses nothing, for at one setting the rate falls as the time rises. With them it says what is
no design: a replica that runs slower than another on the same hosts or fewer, at the same setting,
and crosses no shared link less. It would take a smaller share of the links by its slowness alone.

A replica of :math:`M` microbatches in flight keeps a link busy for :math:`M b` of every
:math:`T_c`, :math:`b` the time of all its hand-overs of one microbatch over it; one measured at
rate :math:`r_c` carries :math:`q r_c` bytes of a capacity of :math:`Q`. Shares are counted in
``SHARE_PARTS`` of the link, rounded up, so that no link is ever filled beyond its whole; no replica
alone has more than all of it. The replicas run at the speed that each has alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from formulations.placement.chain_plan import ChainPlan, value_of
from formulations.placement.chain_problem import ChainProblem
from formulations.placement.chain_stop import LabelLimitError, Progress, Watch
from formulations.placement.chain_tables import ChainTables, Trunk
from formulations.placement.pool_filter import smallest_vectors
from formulations.placement.pool_labels import chains_by_hosts

__all__ = ["MOST_POOL_LABELS", "SHARE_PARTS", "ChainPool", "PoolColumn", "chain_pool", "column_of"]

MOST_POOL_LABELS = 20_000_000
"""Labels held at once, at most, for one setting."""

SHARE_PARTS = 720_720
"""Parts that a link is counted in: the least number that 2 to 16 divide, so that equal replicas
that fill a link together are not lost to rounding."""

_MICRO_PS = 10**18
"""Micro-tokens x picoseconds in a token x second."""
_REACH = 2**60


@dataclass(frozen=True, slots=True)
class PoolColumn:
    """One chain that a replica may be.

    Parameters
    ----------
    setting
        Index into the settings; 0 for tables of measured machines.
    used
        Hosts of each orbit.
    time
        T or latency, ps.
    rate
        Micro-tokens/s, rounded down; positive.
    shares
        Of each link of the pool, in ``SHARE_PARTS``, rounded up.
    """

    setting: int
    plan: ChainPlan
    used: tuple[int, ...]
    time: int
    rate: int
    shares: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ChainPool:
    """All columns worth having, by time, then from the greatest rate down.

    Parameters
    ----------
    links
        Names of the links that shares are of.
    unsearched
        Settings whose chains are not all accounted for; empty for a complete pool.
    reason
        Why they are not; empty for a complete pool.
    """

    columns: tuple[PoolColumn, ...]
    links: tuple[str, ...]
    unsearched: tuple[int, ...] = ()
    reason: str = ""


def chain_pool(
    question: ChainProblem | ChainTables,
    *,
    links: Sequence[str] | None = None,
    keep: Callable[[PoolColumn], bool] | None = None,
    most_labels: int = MOST_POOL_LABELS,
    should_stop: Callable[[], bool] | None = None,
    on_progress: Progress | None = None,
) -> ChainPool:
    """The columns of the module's text, less those that another column replaces at no loss.

    A column replaces another if it uses no more hosts of any orbit and no more of any link, and is
    no slower and no less in rate: every packing with the other becomes one with it.

    Parameters
    ----------
    question
        A problem over settings, or tables whose paces are negative rates in micro-tokens/s and
        whose latencies are ps.
    links
        Names of its shared links that are shared among replicas too; ``None``: all of them.
    keep
        Whether a column is within limits that the tables do not know; asked before any column
        replaces another. What it refuses it must refuse in every column that is slower or has more
        hosts at the same setting too.

    Returns
    -------
    ChainPool
        Incomplete, and saying so, where labels do not fit or the search was told to stop.

    Raises
    ------
    ValueError
        If a chain takes no time at all, or a rate does not fit into 60 bits.
    """
    problem = question if isinstance(question, ChainProblem) else None
    settings = range(1 if problem is None else len(problem.settings))
    watch = Watch(should_stop, on_progress)
    names = _links(question) if links is None else tuple(links)
    columns: list[PoolColumn] = []
    unsearched: list[int] = []
    reason = ""
    for setting in settings:
        tables = question.tables(setting) if isinstance(question, ChainProblem) else question
        try:
            found = chains_by_hosts(
                tables,
                joint=problem is not None,
                most_labels=most_labels,
                watch=watch.part(setting, len(settings)),
            )
            plans = [plan for _, plan in found]
        except LabelLimitError as error:
            plans, reason = error.plans, reason or str(error)
            unsearched.append(setting)
        made = (column_of(question, setting, plan, tables=tables, links=names) for plan in plans)
        columns.extend(
            column for column in made if column.rate > 0 and (keep is None or keep(column))
        )
    return ChainPool(_irreplaceable(columns), names, tuple(unsearched), reason)


def column_of(
    question: ChainProblem | ChainTables,
    setting: int,
    plan: ChainPlan,
    *,
    tables: ChainTables | None = None,
    links: Sequence[str] | None = None,
) -> PoolColumn:
    """The column of one chain, every number of it summed anew from the tables in Python integers.

    Parameters
    ----------
    tables, links
        Of this setting, and names of the links of the pool, where they are at hand.

    Raises
    ------
    ValueError
        As ``chain_pool`` does.
    """
    if tables is None:
        tables = question.tables(setting) if isinstance(question, ChainProblem) else question
    value = value_of(tables, plan)
    loads = [_load(trunk, plan, tables.n_orbits) for trunk in tables.trunks]
    carried = list(zip(tables.trunks, loads, strict=True))
    pace = max([value.pace, *(trunk.pace(load) for trunk, load in carried if load)])
    if isinstance(question, ChainProblem):
        time = max(value.latency, pace)
        if time < 1:
            raise ValueError(f"{tables.name}: a chain takes no time")
        rate = question.settings[setting].batch * _MICRO_PS // time
    else:
        time, rate = value.latency, -pace
    if rate >= _REACH:
        raise ValueError(f"{tables.name}: a rate of {rate} micro-tokens/s, 2^60 or more")
    share = {
        trunk.name: _share(trunk, load, time=time, rate=rate) for trunk, load in carried if load
    }
    return PoolColumn(
        setting=setting,
        plan=plan,
        used=tuple(plan.hosts_used(tables.n_orbits)),
        time=time,
        rate=rate,
        shares=tuple(share.get(name, 0) for name in (_links(question) if links is None else links)),
    )


def _links(question: ChainProblem | ChainTables) -> tuple[str, ...]:
    """Names of the links that replicas may share.

    Raises
    ------
    ValueError
        If two have the same name.
    """
    if isinstance(question, ChainProblem):
        names = tuple(link.name for link in question.shared)
    else:
        names = tuple(trunk.name for trunk in question.trunks)
    if len(set(names)) != len(names):
        raise ValueError(f"{question.name}: two shared links have one name")
    return names


def _load(trunk: Trunk, plan: ChainPlan, ends: int) -> int:
    """What all hand-overs of a chain put on a link."""
    orbits = [ends, *(stage.orbit for stage in plan.stages), ends]
    return sum(int(trunk.load[a, b]) for a, b in pairwise(orbits))


def _share(trunk: Trunk, load: int, *, time: int, rate: int) -> int:
    """Parts of a link that a replica takes, rounded up."""
    if trunk.factor:
        return -(-SHARE_PARTS * trunk.factor * load // time)
    return -(-SHARE_PARTS * load * rate // trunk.capacity)


def _irreplaceable(columns: Sequence[PoolColumn]) -> tuple[PoolColumn, ...]:
    """Columns that no other replaces, by time, rate and setting."""
    if not columns:
        return ()
    ordered = sorted(columns, key=lambda c: (c.time, -c.rate, sum(c.used), c.setting))
    rows = np.array(
        [(c.time, -c.rate, *c.used, *c.shares) for c in ordered],
        dtype=np.int64,
    )
    return tuple(ordered[position] for position in smallest_vectors(rows).tolist())
