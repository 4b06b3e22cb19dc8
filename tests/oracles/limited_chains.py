"""Chains under shared links and limits of price and hosts: by plain enumeration, and at random."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np
from hypothesis import strategies as st

from formulations.placement.chain_tables import ChainTables, Trunk
from tests.oracles.plain_chains import Stage, all_chains, plain_value, small_tables


def loads_of(tables: ChainTables, chain: tuple[Stage, ...]) -> list[int]:
    """What a chain puts on each trunk, hop after hop, the way in and out included."""
    ends = tables.n_orbits
    hops = list(pairwise([ends, *(stage[0] for stage in chain), ends]))
    return [sum(int(trunk.load[hop]) for hop in hops) for trunk in tables.trunks]


def limited_value(tables: ChainTables, chain: tuple[Stage, ...]) -> tuple[int, int, int]:
    """(latency, pace, price) of a chain whose hand-overs share the trunks."""
    latency, pace, price = plain_value(tables, chain)
    for trunk, load in zip(tables.trunks, loads_of(tables, chain), strict=True):
        if load and trunk.factor:
            pace = max(pace, trunk.factor * load)
        elif load:
            pace = max(pace, -(trunk.capacity // load))
    return latency, pace, price


def limited_chains(tables: ChainTables) -> Iterator[tuple[Stage, ...]]:
    """Every chain within the limits."""
    for chain in all_chains(tables):
        price = sum(int(tables.price[option]) for _, option, _ in chain)
        if tables.max_hosts is not None and len(chain) > tables.max_hosts:
            continue
        if tables.max_price is not None and price > tables.max_price:
            continue
        yield chain


@st.composite
def limited_tables(
    draw: st.DrawFn, *, most_hosts: int = 6, most_layers: int = 6, most_trunks: int = 3
) -> ChainTables:
    """Small tables with trunks of factor or capacity, some of which bind, and limits."""
    tables = draw(small_tables(most_hosts=most_hosts, most_layers=most_layers))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    ends = tables.n_orbits + 1
    pace = max(1, int(np.abs(tables.pace).max(initial=1)))
    trunks = []
    for place in range(draw(st.integers(0, most_trunks))):
        load = rng.integers(1, draw(st.sampled_from([2, 4])), size=(ends, ends))
        load[rng.random((ends, ends)) < draw(st.sampled_from([0.7, 0.3]))] = 0
        if draw(st.booleans()):
            factor = draw(st.sampled_from([1, max(1, pace // 3), pace, 2 * pace]))
            trunks.append(Trunk(f"t{place}", load, factor=factor))
        else:
            capacity = draw(st.sampled_from([1, pace, 2 * pace, 7 * pace]))
            trunks.append(Trunk(f"t{place}", load, capacity=capacity))
    dear = int(tables.price.max(initial=1))
    return replace(
        tables,
        trunks=tuple(trunks),
        max_price=draw(st.sampled_from([None, dear, 2 * dear, 3 * dear // 2])),
        max_hosts=draw(st.sampled_from([None, None, 2, 3, 4])),
    )
