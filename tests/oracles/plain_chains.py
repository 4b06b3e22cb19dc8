"""Chains by plain enumeration, and small random tables: the slow road to the same frontier."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from hypothesis import strategies as st

from formulations.placement.chain_tables import ChainTables

Stage = tuple[int, int, int]
"""(orbit, option, layers)."""


def all_chains(tables: ChainTables) -> Iterator[tuple[Stage, ...]]:
    """Every chain there is, host after host."""
    pieces = [
        (int(tables.orbit[k]), int(k), int(n))
        for k, n in zip(*np.nonzero(tables.allowed), strict=True)
    ]

    def longer(chain: tuple[Stage, ...], missing: int) -> Iterator[tuple[Stage, ...]]:
        if not missing:
            yield chain
        for piece in pieces:
            used = sum(stage[0] == piece[0] for stage in chain)
            if piece[2] <= missing and used < tables.count[piece[0]]:
                yield from longer((*chain, piece), missing - piece[2])

    for chain in longer((), tables.layers):
        ends = tables.n_orbits
        orbits = [ends, *(stage[0] for stage in chain), ends]
        if all(tables.linked[a, b] for a, b in pairwise(orbits)):
            yield chain


def plain_value(tables: ChainTables, chain: tuple[Stage, ...]) -> tuple[int, int, int]:
    """(latency, pace, price) of a chain, by one loop over its stages from the last to the first."""
    latency = price = 0
    paces = []
    following = tables.n_orbits
    for orbit, option, held in reversed(chain):
        latency += tables.hop_time[orbit, following] + tables.stage_time[option, held]
        price += tables.price[option]
        paces.append(int(tables.pace[option, held, following]))
        following = orbit
    latency += tables.hop_time[tables.n_orbits, following]
    return int(latency), max(*paces, int(tables.entry_pace[following])), int(price)


def plain_frontier(values: set[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """The values that no other beats, by comparing all pairs."""
    return sorted(
        value
        for value in values
        if not any(
            other != value and all(a <= b for a, b in zip(other, value, strict=True))
            for other in values
        )
    )


@st.composite
def small_tables(draw: st.DrawFn, *, most_hosts: int = 6, most_layers: int = 6) -> ChainTables:
    """Tables of one to four orbits with ``most_hosts`` hosts at most, paces of either sign."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n_orbits = draw(st.sampled_from([3, 2, 4, 1]))
    count = np.ones(n_orbits, dtype=np.int64)
    for _ in range(draw(st.integers(0, most_hosts - n_orbits))):
        count[draw(st.integers(0, n_orbits - 1))] += 1
    n_options = draw(st.integers(n_orbits, n_orbits + 1))
    layers = most_layers + 1 - draw(st.integers(1, most_layers))
    hosts = int(count.sum())
    width = draw(st.integers(-(-layers // hosts), layers)) + 1
    # Few distinct numbers make ties, many make long frontiers.
    spread = draw(st.sampled_from([1000, 6, 2]))
    least = draw(st.sampled_from([0, -spread]))

    def numbers(*shape: int, low: int = 0) -> np.ndarray:
        return rng.integers(low, spread + 1, size=shape, dtype=np.int64)

    allowed = rng.random((n_options, width)) < draw(st.sampled_from([1.0, 0.8]))
    allowed[:, 0] = False
    orbit = np.concatenate([np.arange(n_orbits), rng.integers(0, n_orbits, n_options - n_orbits)])
    price = numbers(n_options)
    if draw(st.booleans()):
        price = price[orbit]
    stage_time = numbers(n_options, width)
    if draw(st.booleans()):
        stage_time = stage_time.cumsum(axis=1)
    return ChainTables(
        name="small",
        layers=layers,
        count=count,
        orbit=orbit.astype(np.int64),
        price=price,
        allowed=allowed,
        stage_time=stage_time,
        hop_time=numbers(n_orbits + 1, n_orbits + 1),
        linked=rng.random((n_orbits + 1, n_orbits + 1)) < draw(st.sampled_from([1.0, 1.0, 0.7])),
        pace=numbers(n_options, width, n_orbits + 1, low=least),
        entry_pace=numbers(n_orbits, low=least),
    )
