"""Questions over single pipelines as chain problems, or as tables where rates are measured."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from formulations.milp import IntArray
from formulations.placement.chain_problem import (
    ChainOption,
    ChainProblem,
    ChainSetting,
    SharedLink,
)
from formulations.placement.chain_tables import throughput_tables
from solver.errors import InstanceError
from solver.instance.placement.domain import PlacementInstance
from solver.lowering.placement.chain_options import chain_options
from solver.lowering.placement.hosts import (
    hand_over_bytes,
    host_options,
    most_measured_layers,
)
from solver.lowering.placement.limits import max_price, price_per_usd
from solver.lowering.placement.rates import MOST_RATE, link_rate, measured_rates
from solver.lowering.placement.routes import Routes, orbits_of
from solver.lowering.placement.space import ChainSpace, OptionMeaning
from solver.lowering.placement.trunks import shared_links_of, trunks_of
from solver.topology import Path, Topology

__all__ = ["hand_over_ps", "lower_chains"]

BoolArray = npt.NDArray[np.bool_]

_REACH = 2**60
"""Times and prices of a whole chain stay below this, in ps (13 days) and parts of a dollar."""
_ENDLESS_BYTES = 2**62


def hand_over_ps(
    instance: PlacementInstance, path: Path | None, microbatch: int, *, outside: bool
) -> int:
    """Time to hand a microbatch over, whole ps, rounded up.

    Parameters
    ----------
    path
        ``None`` where tokens come in or go out without a path: no time.
    outside
        From the entry or to the exit: tokens, not activations.
    """
    if path is None:
        return 0
    if instance.rules.hand_over == "latency":
        return path.latency_ps
    return path.hand_over_ps(math.ceil(hand_over_bytes(instance, outside=outside) * microbatch))


def lower_chains(
    instance: PlacementInstance, topology: Topology, *, lifted: bool = False
) -> ChainSpace:
    """All single pipelines over ``topology``, the question's own network or a rounded one.

    Parameters
    ----------
    lifted
        Whether limits will be lifted from the space; see ``lower_placement``.

    Raises
    ------
    InstanceError
        If a price is missing, a measured machine lacks what is asked, or a chain could take 13
        days a token.
    """
    orbits = orbits_of(topology, through_hosts=instance.through_hosts)
    routes = Routes(
        topology,
        orbits,
        through_hosts=instance.through_hosts,
        entry=instance.entry,
        exit=instance.exit,
    )
    if instance.is_measured and "throughput" in instance.trade_off:
        return _measured_space(instance, routes, lifted)
    return _timed_space(instance, routes, lifted)


def _notes(instance: PlacementInstance, routes: Routes) -> tuple[str, ...]:
    notes = []
    orbits, hosts = len(routes.orbits), len(routes.topology.hosts)
    if orbits > 12 and 2 * orbits > hosts:
        notes.append(
            f"{orbits} of {hosts} hosts are unlike all others, which makes the search long; "
            "topology.rounding gives links a few levels and the answer as a bracket"
        )
    if instance.rules.hand_over == "latency" and "throughput" not in instance.trade_off:
        notes.append("hand-overs take latency alone: no link is ever full in this account")
    return tuple(notes)


def _prices(instance: PlacementInstance, topology: Topology) -> dict[str, Fraction]:
    """Price of each host; nothing where some are unknown and none is asked for."""
    unknown = [host.name for host in topology.hosts if host.usd_per_hour is None]
    asked = "cost" in instance.trade_off or instance.limits.max_usd_per_hour is not None
    if unknown and asked:
        raise InstanceError.one(
            f"host {unknown[0]!r} has no price",
            where=f"{instance.source}: machines",
            mend="Give usd_per_hour for every machine, or do not ask for cost",
        )
    if unknown:
        return {}
    return {host.name: host.usd_per_hour or Fraction(0) for host in topology.hosts}


def _hand_overs(
    instance: PlacementInstance, routes: Routes, microbatches: Sequence[int]
) -> tuple[IntArray, BoolArray]:
    """Times (microbatches, n_o + 1, n_o + 1) and which hand-overs there are.

    Raises
    ------
    InstanceError
        If one takes 13 days.
    """
    ends = len(routes.orbits)
    times = np.zeros((len(microbatches), ends + 1, ends + 1), dtype=np.int64)
    linked = np.zeros((ends + 1, ends + 1), dtype=np.bool_)
    for before, after in itertools.product(range(ends + 1), repeat=2):
        path = routes.by_orbit(before, after)
        linked[before, after] = routes.is_linked(before, after)
        outside = ends in (before, after)
        for place, microbatch in enumerate(microbatches):
            time_ps = hand_over_ps(instance, path, microbatch, outside=outside)
            if path is not None and time_ps >= _REACH:
                raise _too_long(instance, f"a hand-over from {path.nodes[0]} to {path.nodes[-1]}")
            times[place, before, after] = time_ps
    return times, linked


def _too_long(instance: PlacementInstance, what: str) -> InstanceError:
    return InstanceError.one(
        f"{what} can take 13 days a token",
        where=instance.source,
        mend="Check link bandwidths, latencies, microbatches and in_flight for a slip",
    )


def _timed_space(instance: PlacementInstance, routes: Routes, lifted: bool) -> ChainSpace:
    """T = max(latency, pace): our own model, or measured times a layer against cost."""
    topology, layers = routes.topology, instance.layers
    settings = tuple(
        ChainSetting(microbatch, in_flight)
        for microbatch in instance.design.microbatch
        for in_flight in instance.design.in_flight
    )
    prices = _prices(instance, topology)
    parts = price_per_usd(prices.values())
    price_of = {name: int(price * parts) for name, price in prices.items()}
    if sum(price_of.values()) >= _REACH:
        raise InstanceError.one(
            f"prices have no common part of a dollar that is large enough (1/{parts})",
            where=f"{instance.source}: machines",
            mend="Write prices with fewer digits",
        )
    options, meanings = chain_options(instance, routes, settings, price_of)
    by_microbatch, linked = _hand_overs(instance, routes, instance.design.microbatch)
    hand_over = np.repeat(by_microbatch, len(instance.design.in_flight), axis=0)
    most_hosts = min(layers, len(topology.hosts))
    for place, setting in enumerate(settings):
        slowest = max((option.layer_time_ps[place] for option in options), default=0) * layers
        each = slowest + int(hand_over[place].max())
        if max(most_hosts + 1, setting.in_flight) * each >= _REACH:
            raise _too_long(instance, f"{setting.in_flight} microbatches in flight")
    shared: tuple[SharedLink, ...] = ()
    if instance.rules.hand_over == "transfer":
        shared = shared_links_of(
            routes,
            layers=layers,
            settings=settings,
            options=_endless(options) if lifted else options,
            max_hosts=None if lifted else instance.limits.max_hosts,
            bytes_of=lambda microbatch, outside: math.ceil(
                hand_over_bytes(instance, outside=outside) * microbatch
            ),
        )
    problem = ChainProblem(
        name=instance.name,
        layers=layers,
        count=np.array([len(orbit) for orbit in routes.orbits], dtype=np.int64),
        settings=settings,
        options=options,
        hand_over_ps=hand_over,
        linked=linked,
        shared=shared,
        price_per_usd=parts,
        max_price=max_price(instance, parts),
        max_hosts=instance.limits.max_hosts,
    )
    return ChainSpace(
        instance=instance,
        topology=topology,
        orbits=routes.orbits,
        meanings=tuple(meanings),
        settings=settings,
        problem=problem,
        notes=_notes(instance, routes),
    )


def _endless(options: Sequence[ChainOption]) -> list[ChainOption]:
    """The same with memory without end: any host might hold any number of layers."""
    return [replace(option, hbm_bytes=_ENDLESS_BYTES, max_layers=None) for option in options]


def _one(instance: PlacementInstance, key: str, values: tuple[int, ...]) -> int:
    if len(values) != 1:
        raise InstanceError.one(
            f"measured rates hold at one {key}, and {len(values)} are stated",
            where=f"{instance.source}: design.{key}",
            mend="Give the one at which the machines were measured",
        )
    return values[0]


def _measured_space(instance: PlacementInstance, routes: Routes, lifted: bool) -> ChainSpace:
    """Latency against the least measured rate along the chain."""
    topology, ends = routes.topology, len(routes.orbits)
    microbatch = _one(instance, "microbatch", instance.design.microbatch)
    if instance.design.in_flight != (1,):
        raise InstanceError.one(
            "measured rates hold whatever is in flight",
            where=f"{instance.source}: design.in_flight",
            mend="Leave it out, or set it to 1",
        )
    setting = ChainSetting(microbatch, 1)
    if instance.limits.max_usd_per_hour is not None:
        raise InstanceError.one(
            "a limit on price is not met where rates are measured and cost is not traded off",
            where=f"{instance.source}: limits.max_usd_per_hour",
            mend="Leave it out, or trade off speed against cost",
        )
    hosts = [topology.host(orbit[0]) for orbit in routes.orbits]
    machines = [instance.machine(host.accelerator) for host in hosts]
    most = [most_measured_layers(instance, machine) for machine in machines]
    rates = [measured_rates(instance, machine) for machine in machines]
    layer_time = [host_options(instance, host, [(microbatch, 1)])[0] for host in hosts]
    rate = np.zeros((ends, max(most, default=0) + 1), dtype=np.int64)
    for orbit, (row, n) in enumerate(zip(rates, most, strict=True)):
        rate[orbit, 1 : n + 1] = row[:n]
    times, linked = _hand_overs(instance, routes, (microbatch,))
    link_rates = np.zeros((ends + 1, ends + 1), dtype=np.int64)
    for before, after in itertools.product(range(ends + 1), repeat=2):
        path = routes.by_orbit(before, after)
        if path is not None:
            n_bytes = hand_over_bytes(instance, outside=ends in (before, after))
            link_rates[before, after] = link_rate(path.bytes_per_s, n_bytes)
        elif linked[before, after]:
            link_rates[before, after] = MOST_RATE
    slowest = max(option.layer_time_ps[0] for option in layer_time) * max(most, default=0)
    if (min(instance.layers, len(topology.hosts)) + 1) * (slowest + int(times.max())) >= _REACH:
        raise _too_long(instance, "a chain")
    tables = throughput_tables(
        instance.name,
        layers=instance.layers,
        count=np.array([len(orbit) for orbit in routes.orbits], dtype=np.int64),
        layer_time=np.array([option.layer_time_ps[0] for option in layer_time], dtype=np.int64),
        most_layers=np.array(most, dtype=np.int64),
        rate=rate,
        link_time=times[0],
        link_rate=link_rates,
        trunks=trunks_of(
            routes,
            fastest=int(rate.max(initial=0)),
            max_hosts=None if lifted else instance.limits.max_hosts,
            activation=int(hand_over_bytes(instance, outside=False)),
            token=int(hand_over_bytes(instance, outside=True)),
        ),
        max_hosts=instance.limits.max_hosts,
    )
    return ChainSpace(
        instance=instance,
        topology=topology,
        orbits=routes.orbits,
        meanings=tuple(
            OptionMeaning(orbit, machine.name, None) for orbit, machine in enumerate(machines)
        ),
        settings=(setting,),
        tables=tables,
        notes=_notes(instance, routes),
    )
