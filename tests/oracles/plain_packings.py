"""Several pipelines on one small tree network by plain enumeration, from the question itself.

Every order of hosts, every split of the layers, every setting; links counted by walking the tree;
then every way to put chains side by side. Nothing of the lowering or the search takes part but the
performance model and the bytes of a hand-over, which are what the question means.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import NamedTuple

import networkx as nx
from hypothesis import strategies as st

from solver.instance.placement.domain import (
    PlacementDesign,
    PlacementInstance,
    PlacementLimits,
    PlacementRules,
    ServedShape,
)
from solver.lowering.placement.epoch_stages import step_setting
from solver.lowering.placement.hosts import hand_over_bytes, usable_hbm_bytes
from solver.performance.epoch2025.stage import layer_times_ps, stage_bytes
from solver.topology import GATEWAY, Host, Link, Switch, Topology
from solver.topology.paths import transfer_ps
from tests.oracles.placement_questions import FAST, FAST_MEASURED, SLOW, SLOW_MEASURED, TINY

MICRO = 10**6
PS = 10**12


class Chain(NamedTuple):
    """Twins used, time in ps, micro-tokens/s, what a round puts on links, share of each of them."""

    setting: tuple[int, int]
    used: tuple[int, ...]
    time: int
    rate: int
    loads: tuple[int, ...]
    shares: tuple[Fraction, ...]


class Plain:
    """All chains of a question whose network is a tree."""

    def __init__(self, instance: PlacementInstance) -> None:
        self.instance = instance
        network = instance.topology
        self.tree = nx.Graph()
        for link in network.links:
            self.tree.add_edge(link.a, link.b, link=link)
        kinds = {}
        for host in network.hosts:
            (wire,) = [link for link in network.links if host.name in (link.a, link.b)]
            leaf = wire.b if wire.a == host.name else wire.a
            kinds[host.name] = (leaf, wire.bytes_per_s, wire.latency_ps, host.named(""))
        distinct = list(dict.fromkeys(kinds.values()))
        self.twin = {name: distinct.index(kind) for name, kind in kinds.items()}
        self.count = [list(self.twin.values()).count(k) for k in range(len(distinct))]
        # A host is in one chain, so its own wire is never shared.
        self.trunks = sorted(
            (x, y)
            for link in network.links
            for x, y in ((link.a, link.b), (link.b, link.a))
            if not network.is_host(x) and not network.is_host(y)
        )

    def chains(self) -> Iterator[Chain]:
        design, layers = self.instance.design, self.instance.layers
        names = self.instance.topology.host_names
        most = min(len(names), layers, self.instance.limits.max_hosts or len(names))
        for setting in itertools.product(design.microbatch, design.in_flight):
            for size in range(1, most + 1):
                for order in self._orders(names, size):
                    degrees = [self._degrees(name) for name in order]
                    for cut in itertools.combinations(range(1, layers), size - 1):
                        ends = (0, *cut, layers)
                        held = [b - a for a, b in itertools.pairwise(ends)]
                        for chosen in itertools.product(*degrees):
                            yield from self._chain(setting, order, held, chosen)

    def _orders(self, names: tuple[str, ...], size: int) -> Iterator[tuple[str, ...]]:
        """One order of hosts for every order of their twin classes."""
        seen = set()
        for order in itertools.permutations(names, size):
            key = tuple(self.twin[name] for name in order)
            if key not in seen:
                seen.add(key)
                yield order

    def _degrees(self, name: str) -> list[int | None]:
        if self.instance.is_measured:
            return [None]
        model = self.instance.model
        devices = self.instance.topology.host(name).devices
        assert model is not None
        offered = self.instance.design.tensor_parallel
        return [t for t in offered if t <= devices and model.n_kv_heads % t == 0]

    def _hops(self, order: tuple[str, ...]) -> list[tuple[list[tuple[str, str]], bool]]:
        stops = [self.instance.entry, *order, self.instance.exit]
        hops = []
        for place, (a, b) in enumerate(itertools.pairwise(stops)):
            nodes = [] if a is None or b is None else nx.shortest_path(self.tree, a, b)
            hops.append((list(itertools.pairwise(nodes)), place in (0, len(order))))
        return hops

    def _chain(
        self,
        setting: tuple[int, int],
        order: tuple[str, ...],
        held: list[int],
        degrees: tuple[int | None, ...],
    ) -> Iterator[Chain]:
        m, in_flight = setting
        measured = self.instance.is_measured
        stages = [
            self._stage(name, n, t, setting)
            for name, n, t in zip(order, held, degrees, strict=True)
        ]
        if None in stages:
            return
        work = [stage[0] for stage in stages if stage is not None]
        hand_over, busy, told = [], dict.fromkeys(self.trunks, 0), {}
        for steps, outside in self._hops(order):
            each = hand_over_bytes(self.instance, outside=outside)
            n_bytes, per_token = math.ceil(m * each), math.ceil(each)
            links = [self.tree.edges[step]["link"] for step in steps]
            time = sum(link.latency_ps for link in links)
            if links and self.instance.rules.hand_over == "transfer":
                time += transfer_ps(n_bytes, min(link.bytes_per_s for link in links))
            hand_over.append(time)
            for step, link in zip(steps, links, strict=True):
                own = per_token if measured else transfer_ps(n_bytes, link.bytes_per_s)
                told[step] = told.get(step, 0) + own
        if not measured and self.instance.rules.hand_over == "latency":
            told = {}
        busy.update({step: load for step, load in told.items() if step in busy})
        latency = sum(work) + sum(hand_over)
        used = [0] * len(self.count)
        for name in order:
            used[self.twin[name]] += 1
        if measured:
            rates = [stage[1] for stage in stages if stage is not None]
            width = {step: self.tree.edges[step]["link"].bytes_per_s for step in told}
            rate = min([*rates, *(width[s] * MICRO // q for s, q in told.items() if q)])
            shares = [
                Fraction(rate * q, MICRO * self.tree.edges[s]["link"].bytes_per_s)
                for s, q in busy.items()
            ]
        else:
            slowest = max(a + b for a, b in zip(work, hand_over[1:], strict=True))
            latency = max(latency, in_flight * max(slowest, *told.values(), 0))
            rate = m * in_flight * PS * MICRO // latency
            shares = [Fraction(in_flight * q, latency) for q in busy.values()]
        speed = self.instance.limits.min_speed_tok_per_s
        if rate > 0 and (speed is None or latency * speed <= PS):
            yield Chain(setting, tuple(used), latency, rate, tuple(busy.values()), tuple(shares))

    def _stage(
        self, name: str, layers: int, degree: int | None, setting: tuple[int, int]
    ) -> tuple[int, int] | None:
        """(ps, micro-tokens/s) of a host with its layers; ``None`` where it cannot hold them."""
        host = self.instance.topology.host(name)
        machine = self.instance.machine(host.accelerator)
        m, in_flight = setting
        if machine.measured is not None:
            rates = machine.measured.tok_per_s
            if layers > min(len(rates), machine.max_layers or len(rates)):
                return None
            each = math.ceil(dict(machine.measured.layer_time_s)[m] * PS)
            return layers * each, math.floor(rates[layers - 1] * MICRO)
        assert degree is not None
        step = step_setting(self.instance, machine, host)
        need = stage_bytes(step, tensor_parallel=degree, microbatch=m, in_flight=in_flight)
        alone = need.alone if layers == self.instance.layers else 0
        if layers * need.layer + need.fixed + alone > usable_hbm_bytes(self.instance, host):
            return None
        (each,) = layer_times_ps(step, tensor_parallel=degree, microbatches=(m,))
        return layers * each, 0


def worth_having(instance: PlacementInstance, chains: list[Chain]) -> list[Chain]:
    """Those that no other of their setting beats in hosts, time (and rate) and loads."""
    left: dict[tuple[int, ...], Chain] = {}
    for one in chains:
        key = (*one.used, one.time, *([-one.rate] if instance.is_measured else []), *one.loads)
        left.setdefault((*one.setting, *key), one)
    kept = []
    for key, one in left.items():
        rivals = [other for other in left if other[:2] == key[:2] and other != key]
        if not any(all(a <= b for a, b in zip(r, key, strict=True)) for r in rivals):
            kept.append(one)
    return kept


def packings(instance: PlacementInstance) -> list[tuple[int, int]]:
    """The frontier (time, micro-tokens/s) of all chains side by side, by rising time."""
    plain = Plain(instance)
    chosen = {
        (c.time, c.rate, c.used, c.shares) for c in worth_having(instance, list(plain.chains()))
    }
    chains = sorted(chosen)
    best: dict[int, int] = {}

    def add(first: int, free: list[int], left: list[Fraction], time: int, rate: int) -> None:
        if time:
            best[time] = max(best.get(time, 0), rate)
        for place in range(first, len(chains)):
            its_time, its_rate, used, shares = chains[place]
            hosts = [a - b for a, b in zip(free, used, strict=True)]
            if min(hosts) < 0:
                continue
            room = [a - b for a, b in zip(left, shares, strict=True)]
            if min(room, default=Fraction(0)) >= 0:
                add(place, hosts, room, max(time, its_time), rate + its_rate)

    add(0, plain.count, [Fraction(1)] * len(plain.trunks), 0, 0)
    frontier: list[tuple[int, int]] = []
    for time, rate in sorted(best.items()):
        if not frontier or rate > frontier[-1][1]:
            frontier.append((time, rate))
    return frontier


@st.composite
def tree_questions(
    draw: st.DrawFn, *, measured: bool = False, most_hosts: int = 4, layers: int = 3
) -> PlacementInstance:
    """Two or three racks in a row, a gateway or none, links that may fill or never do."""
    racks = draw(st.integers(1, 3))
    width = draw(st.sampled_from((10**5, 10**6, 10**7, 10**9)))
    memory = draw(st.sampled_from((10**5, 2 * 10**5, 10**6)))
    hosts, links = [], []
    for number in range(draw(st.integers(2, most_hosts))):
        fast, rack = draw(st.booleans()), draw(st.integers(0, racks - 1))
        name = f"h{number}"
        hosts.append(
            Host(name, "fast" if fast else "slow", 2 if fast else 1, memory, 10**9, None, None)
        )
        links.append(Link(f"{name}-up", name, f"s{rack}", 10**9, 10**6))
    switches = [Switch(f"s{rack}", "leaf") for rack in range(racks)]
    for rack in range(1, racks):
        between = width * draw(st.integers(1, 4))
        links.append(Link(f"t{rack}", f"s{rack - 1}", f"s{rack}", between, 10**6))
    gate = draw(st.booleans())
    if gate:
        switches.append(Switch("gw", GATEWAY))
        way_in = draw(st.sampled_from((width // 100, width, 10**9)))
        links.append(Link("way-in", "gw", f"s{draw(st.integers(0, racks - 1))}", way_in, 10**6))
    return PlacementInstance(
        name="tree",
        title="tree",
        trade_off=("speed", "throughput"),
        model=None if measured else replace(TINY, layers=layers),
        shape=ServedShape(layers, 128, 4) if measured else None,
        context_tokens=16,
        machines=(FAST_MEASURED, SLOW_MEASURED) if measured else (FAST, SLOW),
        topology=Topology("tree", tuple(hosts), tuple(switches), tuple(links)),
        design=PlacementDesign(
            tensor_parallel=(1,) if measured else draw(st.sampled_from(((1,), (1, 2)))),
            microbatch=(2,) if measured else draw(st.sampled_from(((1,), (1, 2), (4,)))),
            in_flight=(1,) if measured else draw(st.sampled_from(((1,), (1, 3), (2, 8)))),
            replicas="several",
        ),
        entry="gw" if gate else None,
        exit="gw" if gate else None,
        limits=PlacementLimits(max_hosts=draw(st.sampled_from((None, None, 2)))),
        rules=PlacementRules(hand_over=draw(st.sampled_from(("transfer", "transfer", "latency")))),
    )
