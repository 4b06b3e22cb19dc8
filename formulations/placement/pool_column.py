"""Chains as columns of a packing: hosts, time, rate and what each takes of shared links."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from formulations.placement.chain_plan import ChainPlan, value_of
from formulations.placement.chain_problem import ChainProblem
from formulations.placement.chain_tables import ChainTables, Trunk

__all__ = ["SHARE_PARTS", "ChainPool", "PoolColumn", "column_of", "names_of_links"]

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
        If the chain takes no time at all, or its rate does not fit into 60 bits.
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
        shares=tuple(
            share.get(name, 0) for name in (names_of_links(question) if links is None else links)
        ),
    )


def names_of_links(question: ChainProblem | ChainTables) -> tuple[str, ...]:
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
