"""Every pipeline of a small question from first principles: hosts, paths, times, memory, money.

Nothing of the lowering takes part, nor orbits of hosts; only what a layer takes on a host is asked
of the performance model. Limits are not applied: a row says what would have to give for it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import pairwise, permutations, product

from solver.instance.placement.domain import PlacementInstance
from solver.lowering.placement.epoch_stages import step_setting
from solver.performance.epoch2025.stage import layer_times_ps
from solver.topology import Host, Link, Topology

PS = 10**12
MICRO = 10**6
Way = list[tuple[Link, tuple[str, str]]]
"""Links of a path, each with its direction."""
Image = tuple[int, Fraction | int]


@dataclass(frozen=True)
class Row:
    """What one pipeline is worth, in exact numbers.

    ``lacking`` is how many bytes more every device would need; ``tall``: a host is above its most
    layers; ``broken``: a hand-over has no path (and is counted as taking no time).
    """

    time_ps: int
    price: Fraction | None
    batch: int
    rate_micro: int
    hosts: int
    lacking: int
    tall: bool
    broken: bool

    @property
    def cost(self) -> Fraction:
        """US$ per million tokens."""
        assert self.price is not None
        return self.price * self.time_ps / (self.batch * 3600 * MICRO)


class _Ways:
    """Paths by trying all of them; hosts that can be swapped hand over along the same links."""

    def __init__(self, instance: PlacementInstance, topology: Topology) -> None:
        self.through = instance.through_hosts
        self.hosts = set(topology.host_names)
        self.gates = set(topology.gateway_names)
        self.link = {pair: link for link in topology.links for pair in _both(link)}
        alike = {
            host: [other for other in sorted(self.hosts) if _swap(topology, host, other)]
            for host in self.hosts
        }
        self.alike = {host: [host] if self.through else alike[host] for host in self.hosts}
        self.between = cache(self._between)

    def _between(self, a: str, b: str) -> Way | None:
        of_a, of_b = self.alike.get(a, [a]), self.alike.get(b, [b])
        told = (of_a[0], of_a[1]) if of_a == of_b else (of_a[0], of_b[0])
        keys = [
            (
                sum(link.latency_ps for link in links),
                -min(link.bytes_per_s for link in links),
                len(links),
                nodes,
            )
            for nodes in self._walks((min(told),), max(told))
            for links in [[self.link[pair] for pair in pairwise(nodes)]]
        ]
        if not keys:
            return None
        nodes = min(keys)[3]
        inner = nodes[1:-1] if told[0] == nodes[0] else nodes[-2:0:-1]
        return [(self.link[pair], pair) for pair in pairwise((a, *inner, b))]

    def _walks(self, begun: tuple[str, ...], target: str) -> Iterator[tuple[str, ...]]:
        here = begun[-1]
        if here == target:
            yield begun
            return
        stops = self.gates if self.through else self.gates | self.hosts
        if len(begun) > 1 and here in stops:
            return
        for at, following in self.link:
            if at == here and following not in begun:
                yield from self._walks((*begun, following), target)


def _both(link: Link) -> tuple[tuple[str, str], tuple[str, str]]:
    return (link.a, link.b), (link.b, link.a)


def _swap(topology: Topology, a: str, b: str) -> bool:
    """Whether exchanging two hosts leaves machines and wires as they are."""
    if topology.host(a).named("") != topology.host(b).named(""):
        return False
    other = {a: b, b: a}
    wires = {(pair, k.bytes_per_s, k.latency_ps) for k in topology.links for pair in _both(k)}
    return wires == {
        ((other.get(x, x), other.get(y, y)), rate, latency) for (x, y), rate, latency in wires
    }


def _splits(layers: int, parts: int) -> Iterator[tuple[int, ...]]:
    if parts == 1:
        yield (layers,)
    for first in range(1, layers - parts + 2) if parts > 1 else ():
        for rest in _splits(layers - first, parts - 1):
            yield (first, *rest)


def _memory(
    instance: PlacementInstance, degree: int, setting: tuple[int, int]
) -> tuple[int, int, int]:
    """Bytes on a device: of a layer, whatever the layers, and if it is the whole model."""
    model, design = instance.model, instance.design
    assert model is not None
    weight, value = Fraction(design.weight_bits, 8), Fraction(design.kv_bits, 8)
    queries = Fraction(model.n_heads, degree)
    keys = max(Fraction(1), Fraction(model.n_kv_heads, degree))
    width, head = model.d_model, model.head_dim
    inner = (model.ff_up_matrices + model.ff_down_matrices) * width * model.d_ff
    weights = width * head * (2 * queries + 2 * keys) + Fraction(inner, degree)
    cache_ = value * 2 * keys * head * instance.context_tokens * setting[0] * setting[1]
    table = max(weight, 2) * model.vocab * width / degree
    widest = max(head * (model.n_heads + 2 * model.n_kv_heads), model.ff_up_matrices * model.d_ff)
    token = max(value, 2) * (2 * width + Fraction(widest, degree)) + 4 * model.vocab
    return (
        math.ceil(weight * weights + cache_),
        math.ceil(table + setting[0] * token),
        math.ceil(table),
    )


class _Enumeration:
    def __init__(self, instance: PlacementInstance, topology: Topology) -> None:
        self.instance = instance
        self.hosts = {host.name: host for host in topology.hosts}
        self.ways = _Ways(instance, topology)
        self.rated = instance.is_measured and instance.trade_off[-1] == "throughput"
        design = instance.design
        self.settings = list(product(design.microbatch, design.in_flight))
        self.layer_ps = cache(self._layer_ps)
        self.memory = cache(lambda degree, setting: _memory(instance, degree, setting))

    def _bytes(self, outside: bool) -> Fraction:
        shape, model = self.instance.shape, self.instance.model
        if shape is not None:
            return Fraction(shape.token_bytes if outside else shape.activation_bytes)
        assert model is not None
        return Fraction(4) if outside else Fraction(model.d_model * self.instance.design.kv_bits, 8)

    def degrees(self, name: str) -> list[int | None]:
        model = self.instance.model
        if model is None:
            return [None]
        return [
            degree
            for degree in self.instance.design.tensor_parallel
            if degree <= self.hosts[name].devices
            and model.n_heads % degree == model.d_ff % degree == 0
            and 0 in (model.n_kv_heads % degree, degree % model.n_kv_heads)
        ]

    def _layer_ps(self, name: str, degree: int | None, microbatch: int) -> int:
        host = self.hosts[name]
        machine = self.instance.machine(host.accelerator)
        if machine.measured is not None:
            return math.ceil(dict(machine.measured.layer_time_s)[microbatch] * PS)
        assert degree is not None
        step = step_setting(self.instance, machine, host)
        return layer_times_ps(step, tensor_parallel=degree, microbatches=(microbatch,))[0]

    def most(self, host: Host) -> int:
        machine = self.instance.machine(host.accelerator)
        rows = len(machine.measured.tok_per_s) if machine.measured else 0
        told = [n for n in (machine.max_layers, rows or None) if n is not None]
        return min(told, default=self.instance.layers)

    def rows(self) -> Iterator[Row]:
        layers = self.instance.layers
        for stages in range(1, min(layers, len(self.hosts)) + 1):
            for names in permutations(self.hosts, stages):
                hops = self._hops(names)
                for held in _splits(layers, stages):
                    yield from self._of(names, held, hops)

    def _hops(self, names: tuple[str, ...]) -> list[tuple[Way | None, bool]]:
        """Ways from the entry to the exit; an empty one where none is asked for."""
        ends = [self.instance.entry, *names, self.instance.exit]
        return [
            ([] if a is None or b is None else self.ways.between(a, b), place in (0, len(names)))
            for place, (a, b) in enumerate(pairwise(ends))
        ]

    def _timing(
        self, hops: list[tuple[Way | None, bool]], microbatch: int
    ) -> tuple[list[int], dict[tuple[str, str], int]]:
        times, busy = [], {}
        for way, outside in hops:
            size = math.ceil(microbatch * self._bytes(outside))
            latency = sum(link.latency_ps for link, _ in way or ())
            each = [
                (pair, math.ceil(Fraction(size * PS, link.bytes_per_s))) for link, pair in way or ()
            ]
            if self.instance.rules.hand_over == "latency":
                each = []
            for pair, time in each:
                busy[pair] = busy.get(pair, 0) + time
            times.append(latency + max((time for _, time in each), default=0))
        return times, busy

    def _of(
        self, names: tuple[str, ...], held: tuple[int, ...], hops: list[tuple[Way | None, bool]]
    ) -> Iterator[Row]:
        hosts = [self.hosts[name] for name in names]
        known = [host.usd_per_hour for host in hosts if host.usd_per_hour is not None]
        price = sum(known, Fraction(0)) if len(known) == len(hosts) else None
        tall = any(n > self.most(host) for n, host in zip(held, hosts, strict=True))
        broken = any(way is None for way, _ in hops)
        timing = {m: self._timing(hops, m) for m in self.instance.design.microbatch}
        rate = self._rate(hosts, held, hops) if self.rated and not broken else 0
        for degrees in product(*(self.degrees(name) for name in names)):
            for setting in self.settings:
                microbatch, in_flight = setting
                batch = microbatch * in_flight
                times, busy = timing[microbatch]
                own = [
                    n * self.layer_ps(name, degree, microbatch)
                    for n, name, degree in zip(held, names, degrees, strict=True)
                ]
                if self.rated:
                    total = sum(own) + sum(times)
                    yield Row(total, price, batch, rate, len(names), 0, tall, broken)
                    continue
                total = max(
                    sum(own) + sum(times),
                    in_flight * max(a + b for a, b in zip(own, times[1:], strict=True)),
                    in_flight * max(busy.values(), default=0),
                )
                lacking = max(
                    self._lacking(host, n, degree, setting)
                    for n, host, degree in zip(held, hosts, degrees, strict=True)
                )
                rate = batch * PS * MICRO // total
                yield Row(total, price, batch, rate, len(names), lacking, tall, broken)

    def _lacking(self, host: Host, n: int, degree: int | None, setting: tuple[int, int]) -> int:
        if degree is None:
            return 0
        each, fixed, alone = self.memory(degree, setting)
        used = n * each + fixed + (alone if n == self.instance.layers else 0)
        share = 1 - self.instance.rules.hbm_reserve_fraction
        return max(0, math.ceil(used / share) - host.hbm_bytes)

    def _rate(
        self,
        hosts: list[Host],
        held: tuple[int, ...],
        hops: list[tuple[Way | None, bool]],
    ) -> int:
        rates = []
        for n, host in zip(held, hosts, strict=True):
            measured = self.instance.machine(host.accelerator).measured
            assert measured is not None
            rates.append(int(measured.tok_per_s[min(n, self.most(host)) - 1] * MICRO))
        carried: dict[tuple[str, str], int] = {}
        width = {}
        for way, outside in hops:
            for link, pair in way or ():
                carried[pair] = carried.get(pair, 0) + int(self._bytes(outside))
                width[pair] = link.bytes_per_s
        return min([*rates, *(width[p] * MICRO // n for p, n in carried.items())])


def all_pipelines(instance: PlacementInstance, topology: Topology | None = None) -> set[Row]:
    """Every chain of hosts at every degree, split and setting, without regard to limits."""
    network = instance.topology if topology is None else topology
    return set(_Enumeration(instance, network).rows())


def broken_limits(instance: PlacementInstance, row: Row) -> frozenset[str]:
    """Names of the limits that keep a pipeline from being one, as conflicts name them."""
    limits = instance.limits
    slowest, dearest = limits.min_speed_tok_per_s, limits.max_cost_usd_per_mtok
    most = limits.max_usd_per_hour
    found = {
        "hbm": row.lacking > 0,
        "max_layers": row.tall,
        "links": row.broken,
        "max_hosts": limits.max_hosts is not None and row.hosts > limits.max_hosts,
        "max_usd_per_hour": most is not None and (row.price is None or row.price > most),
        "min_speed": slowest is not None and Fraction(PS, row.time_ps) < slowest,
        "max_cost": dearest is not None and row.cost > dearest,
    }
    return frozenset(name for name, breaks in found.items() if breaks)


def frontier_of(instance: PlacementInstance, rows: set[Row]) -> list[Image]:
    """(ps a token, exact cost or minus micro-tokens/s) of the best, from the fastest on."""
    images: list[Image] = sorted(
        {
            (row.time_ps, row.cost if instance.trade_off[-1] == "cost" else -row.rate_micro)
            for row in rows
            if not broken_limits(instance, row)
        }
    )
    kept: list[Image] = []
    for image in images:
        if not kept or image[1] < kept[-1][1]:
            kept.append(image)
    return kept
