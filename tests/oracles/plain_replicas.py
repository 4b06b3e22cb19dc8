"""Replicas on one cluster by plain enumeration, and small random questions for them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import product
from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

from formulations.placement.chain_problem import (
    ChainOption,
    ChainProblem,
    ChainSetting,
    SharedLink,
)
from formulations.placement.chain_tables import ChainTables, Trunk, throughput_tables
from solver.instance.placement.domain import (
    PlacementDesign,
    PlacementInstance,
    PlacementLimits,
    ServedShape,
)
from solver.lowering.placement.space import ChainSpace
from solver.topology import Host, Topology
from tests.oracles.limited_chains import limited_chains, limited_value, loads_of
from tests.oracles.plain_chains import Stage, plain_frontier

PARTS = 720_720


class PlainChain(NamedTuple):
    """Hosts by orbit, time, rate, load and share of each link by its name, price."""

    setting: int
    chain: tuple[Stage, ...]
    used: tuple[int, ...]
    time: int
    rate: int
    loads: tuple[int, ...]
    shares: tuple[int, ...]
    price: int


def every_chain(question: ChainProblem | ChainTables) -> Iterator[PlainChain]:
    """All chains at all settings."""
    if isinstance(question, ChainTables):
        yield from _chains_of(question, question, 0)
        return
    for setting in range(len(question.settings)):
        yield from _chains_of(question, question.tables(setting), setting)


def _chains_of(
    question: ChainProblem | ChainTables, tables: ChainTables, setting: int
) -> Iterator[PlainChain]:
    shared = question.trunks if isinstance(question, ChainTables) else question.shared
    for chain in limited_chains(tables):
        latency, pace, price = limited_value(tables, chain)
        used = tuple(sum(s[0] == o for s in chain) for o in range(tables.n_orbits))
        if isinstance(question, ChainTables):
            time, rate = latency, -pace
        else:
            time = max(latency, pace)
            rate = question.settings[setting].batch * 10**18 // time
        load = {
            trunk.name: (trunk, q)
            for trunk, q in zip(tables.trunks, loads_of(tables, chain), strict=True)
        }
        exact = {name: _ceiling(trunk, q, time, rate) for name, (trunk, q) in load.items()}
        names = [link.name for link in shared]
        if rate > 0:
            yield PlainChain(
                setting,
                chain,
                used,
                time,
                rate,
                tuple(load[name][1] if name in load else 0 for name in names),
                tuple(exact.get(name, 0) for name in names),
                price,
            )


def _ceiling(trunk: Trunk, load: int, time: int, rate: int) -> int:
    if trunk.factor:
        whole, left = divmod(PARTS * trunk.factor * load, time)
    else:
        whole, left = divmod(PARTS * load * rate, trunk.capacity)
    return whole + (left > 0)


def worth_having(question: ChainProblem | ChainTables) -> list[PlainChain]:
    """Chains that no other of their setting beats in hosts, time (and rate) and loads."""
    rated = isinstance(question, ChainTables)
    left: dict[tuple[int, ...], PlainChain] = {}
    for one in every_chain(question):
        key = (one.setting, *one.used, one.time, *([-one.rate] if rated else []), *one.loads)
        left.setdefault(key, one)
    kept = []
    for key, one in left.items():
        rivals = (other for other in left if other[0] == key[0] and other != key)
        if not any(all(a <= b for a, b in zip(other, key, strict=True)) for other in rivals):
            kept.append(one)
    return kept


def packed_frontier(question: ChainProblem | ChainTables) -> list[tuple[int, int]]:
    """(time, rate) of all packings of chains worth having, by trying every multiset of them."""
    distinct = {(c.used, c.shares, c.time, c.rate) for c in worth_having(question)}
    chains = sorted(distinct)
    values: set[tuple[int, ...]] = set()

    def more(first: int, hosts: list[int], parts: list[int], time: int, rate: int) -> None:
        if time:
            values.add((time, -rate))
        for place in range(first, len(chains)):
            used, shares, its_time, its_rate = chains[place]
            left = [have - n for have, n in zip(hosts, used, strict=True)]
            free = [have - n for have, n in zip(parts, shares, strict=True)]
            if min(left) >= 0 and min(free, default=0) >= 0:
                more(place, left, free, max(time, its_time), rate + its_rate)

    n_links = len(chains[0][1]) if chains else 0
    more(0, question.count.tolist(), [PARTS] * n_links, 0, 0)
    return [(time, -rate) for time, rate in plain_frontier(values)]


def partition_frontier(question: ChainProblem | ChainTables) -> list[tuple[int, int]]:
    """(time, rate) by trying every partition of the hosts into chains and hosts left idle.

    Host by host, and of all chains, not only those worth having; shared links are not counted.
    """
    orbit = [o for o, n in enumerate(question.count.tolist()) for _ in range(n)]
    chains = list(every_chain(question))
    values: set[tuple[int, ...]] = set()
    for limit in sorted({one.time for one in chains}):
        fastest: dict[tuple[int, ...], int] = {}
        for one in chains:
            if one.time <= limit:
                fastest[one.used] = max(fastest.get(one.used, 0), one.rate)

        @cache
        def best(hosts: tuple[int, ...], fastest: dict = fastest) -> int:  # type: ignore[type-arg]
            if not hosts:
                return 0
            first, others = hosts[0], hosts[1:]
            rates = [best(others)]
            for chosen in product((False, True), repeat=len(others)):
                group = [first, *(h for h, taken in zip(others, chosen, strict=True) if taken)]
                kinds = tuple(sum(orbit[h] == o for h in group) for o in range(len(question.count)))
                if kinds in fastest:
                    rest = tuple(h for h, taken in zip(others, chosen, strict=True) if not taken)
                    rates.append(fastest[kinds] + best(rest))
            return max(rates)

        values.add((limit, -best(tuple(range(len(orbit))))))
    return [(time, -rate) for time, rate in plain_frontier(values)]


@st.composite
def small_questions(
    draw: st.DrawFn, *, most_hosts: int = 5, most_layers: int = 4, most_links: int = 0
) -> ChainProblem:
    """Problems of one to three orbits, settings of several sizes, and shared links if asked."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n_orbits = draw(st.sampled_from([2, 1, 3]))
    count = np.ones(n_orbits, dtype=np.int64)
    for _ in range(draw(st.integers(0, most_hosts - n_orbits))):
        count[draw(st.integers(0, n_orbits - 1))] += 1
    n_settings = draw(st.sampled_from([2, 1, 3]))
    chosen = [ChainSetting(int(m), int(f)) for m, f in rng.integers(1, 5, size=(n_settings, 2))]
    spread = draw(st.sampled_from([900, 4, 2]))

    def numbers(*shape: int, low: int = 1) -> np.ndarray:
        return 10_000 * rng.integers(low, spread + 1, size=shape, dtype=np.int64)

    prices = rng.integers(0, 4, size=n_orbits)

    def times() -> tuple[int, ...]:
        return tuple(int(x) for x in numbers(n_settings))

    options = [
        ChainOption(
            name=f"o{orbit}.{k}",
            orbit=orbit,
            price=int(prices[orbit]),
            hbm_bytes=int(rng.integers(1, 5)),
            layer_time_ps=times(),
            layer_bytes=tuple(int(x) for x in rng.integers(0, 3, size=n_settings)),
            fixed_bytes=tuple(int(x) for x in rng.integers(0, 2, size=n_settings)),
            max_layers=draw(st.sampled_from([None, 2])),
        )
        for orbit in range(n_orbits)
        for k in range(draw(st.sampled_from([1, 1, 2])))
    ]
    shape = (n_settings, n_orbits + 1, n_orbits + 1)
    shared = []
    for place in range(draw(st.integers(0, most_links))):
        busy = numbers(*shape) * draw(st.sampled_from([1, 2]))
        crossed = rng.random(shape[1:]) < draw(st.sampled_from([0.4, 0.9]))
        shared.append(SharedLink(f"link {place}", np.where(crossed, busy, 0)))
    return ChainProblem(
        name="small",
        layers=draw(st.integers(1, most_layers)),
        count=count,
        settings=chosen,
        options=options,
        hand_over_ps=numbers(*shape, low=0),
        linked=rng.random(shape[1:]) < draw(st.sampled_from([1.0, 1.0, 0.8])),
        shared=shared,
        price_per_usd=1,
        max_hosts=draw(st.sampled_from([None, None, 2])),
    )


@st.composite
def small_rated_tables(
    draw: st.DrawFn, *, most_hosts: int = 5, most_layers: int = 4, most_links: int = 0
) -> ChainTables:
    """Tables of measured machines, whose paces are negative rates."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n_orbits = draw(st.sampled_from([2, 1, 3]))
    count = np.ones(n_orbits, dtype=np.int64)
    for _ in range(draw(st.integers(0, most_hosts - n_orbits))):
        count[draw(st.integers(0, n_orbits - 1))] += 1
    spread = draw(st.sampled_from([900, 5]))
    layers = draw(st.integers(1, most_layers))
    ends = n_orbits + 1
    trunks = []
    for place in range(draw(st.integers(0, most_links))):
        load = rng.integers(1, 3, size=(ends, ends))
        load[rng.random((ends, ends)) < 0.4] = 0
        capacity = int(rng.integers(1, 4)) * spread
        trunks.append(Trunk(f"link {place}", load, capacity=capacity))
    return throughput_tables(
        "rated",
        layers=layers,
        count=count,
        layer_time=rng.integers(1, spread + 1, size=n_orbits),
        most_layers=rng.integers(1, layers + 1, size=n_orbits),
        rate=rng.integers(0, spread + 1, size=(n_orbits, layers + 1)),
        link_time=rng.integers(0, spread + 1, size=(ends, ends)),
        link_rate=rng.integers(0, 3 * spread, size=(ends, ends)),
        trunks=tuple(trunks),
    )


def space_of(
    question: ChainProblem | ChainTables, limits: PlacementLimits | None = None
) -> ChainSpace:
    """A space around a question; the instance says little more than its limits."""
    count = question.count.tolist()
    orbits = tuple(tuple(f"{o}-{i}" for i in range(n)) for o, n in enumerate(count))
    problem = question if isinstance(question, ChainProblem) else None
    instance = PlacementInstance(
        name="small",
        title="",
        trade_off=("speed", "throughput"),
        model=None,
        shape=ServedShape(question.layers, 1, 1),
        context_tokens=1,
        machines=(),
        topology=Topology(name="one", hosts=(Host("h", "m", 1, 1),), switches=(), links=()),
        design=PlacementDesign(replicas="several"),
        limits=limits or PlacementLimits(),
    )
    return ChainSpace(
        instance=instance,
        topology=instance.topology,
        orbits=orbits,
        meanings=(),
        settings=tuple(problem.settings) if problem else (ChainSetting(1, 1),),
        problem=problem,
        tables=question if isinstance(question, ChainTables) else None,
    )
