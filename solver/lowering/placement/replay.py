"""A chain evaluated again from its question, host by host and link by link.

Nothing is read of a design but the hosts, degrees and layers of its stages, the microbatch and what
is in flight. No table, orbit index or option of the lowering takes part; the performance model, the
rule that picks paths and the rounding are the same, for they are what the question means.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any

from solver.instance.placement.domain import PlacementInstance
from solver.lowering.placement.hosts import (
    hand_over_bytes,
    most_measured_layers,
    usable_hbm_bytes,
)
from solver.lowering.placement.limits import max_time_ps
from solver.lowering.placement.rates import measured_rates
from solver.lowering.placement.replay_flow import replay_flow
from solver.lowering.placement.replayed import (
    Replayed,
    ToldStage,
    routes_anew,
    told_stages,
    whole,
)
from solver.lowering.placement.routes import Routes, steps
from solver.lowering.placement.space import MICRO
from solver.lowering.placement.stages import degrees_of, stages_on
from solver.topology import Host, Path, Topology
from solver.topology.paths import PS_PER_S, transfer_ps

__all__ = ["Replayed", "replay_chain", "replay_flow"]

_PS_PER_HOUR_AND_MTOK = 3_600 * 10**6
"""US$/h x ps a token, over this, is US$ per million tokens."""


def replay_chain(
    instance: PlacementInstance, design: Mapping[str, Any], topology: Topology | None = None
) -> Replayed:
    """Time, price, cost and throughput of one pipeline, and every rule that it breaks.

    Parameters
    ----------
    design
        As ``describe_chain`` writes it.
    topology
        The network to count on; ``None``: that of the question.
    """
    network = instance.topology if topology is None else topology
    try:
        stages = told_stages(design)
        microbatch = whole(design["microbatch"], "microbatch")
        in_flight = whole(design["in_flight"], "in_flight")
    except (KeyError, TypeError, ValueError) as error:
        return Replayed.broken(f"the design cannot be read: {error}")
    faults = _faults_of_shape(instance, network, stages, microbatch, in_flight)
    if faults:
        return Replayed.broken(*faults)
    routes = routes_anew(instance, network)
    hosts = [network.host(stage.host) for stage in stages]
    try:
        hops = _hops(routes, [host.name for host in hosts])
    except LookupError as error:
        return Replayed.broken(str(error))
    prices = [host.usd_per_hour for host in hosts]
    known = [price for price in prices if price is not None]
    price = sum(known, Fraction(0)) if len(known) == len(prices) else None
    if instance.is_measured and "throughput" in instance.trade_off:
        time_ps, throughput, faults = _rated(instance, stages, hosts, hops, microbatch)
        cost = None
    else:
        time_ps, faults = _timed(instance, stages, hosts, hops, (microbatch, in_flight))
        batch = microbatch * in_flight
        throughput = Fraction(batch * PS_PER_S * MICRO // time_ps, MICRO)
        cost = None if price is None else price * time_ps / (batch * _PS_PER_HOUR_AND_MTOK)
    faults += _faults_of_limits(instance, time_ps, price, cost, len(stages))
    return Replayed(time_ps, price, cost, throughput, tuple(faults))


def _faults_of_shape(
    instance: PlacementInstance,
    topology: Topology,
    stages: Sequence[ToldStage],
    microbatch: int,
    in_flight: int,
) -> list[str]:
    """What can be told without a time or a path."""
    if not stages:
        return ["the chain has no stage"]
    faults = []
    names = [stage.host for stage in stages]
    faults += [f"{name!r:.80} is no host" for name in names if not topology.is_host(name)]
    faults += [
        f"{name!r:.80} is used twice" for name in sorted({n for n in names if names.count(n) > 1})
    ]
    held = sum(stage.layers for stage in stages)
    if held != instance.layers or any(stage.layers < 1 for stage in stages):
        faults.append(f"the stages hold {held} of {instance.layers} layers")
    if microbatch not in instance.design.microbatch:
        faults.append(f"microbatch {microbatch} is not on offer")
    if in_flight not in instance.design.in_flight:
        faults.append(f"{in_flight} microbatches in flight are not on offer")
    return faults


def _hops(routes: Routes, names: Sequence[str]) -> list[tuple[Path | None, bool]]:
    """Paths from the entry, between stages and to the exit, and whether they are outside.

    Raises
    ------
    LookupError
        If two of them are not joined.
    """
    ends = [routes.entry, *names, routes.exit]
    hops: list[tuple[Path | None, bool]] = []
    for place, (a, b) in enumerate(pairwise(ends)):
        path = None
        if a is not None and b is not None:
            path = routes.between(a, b)
            if path is None:
                raise LookupError(f"no path joins {a!r} and {b!r}")
        hops.append((path, place in (0, len(names))))
    return hops


def _hop_ps(
    instance: PlacementInstance, hops: Sequence[tuple[Path | None, bool]], microbatch: int
) -> tuple[list[int], dict[str, int]]:
    """Time of every hand-over, and how long each direction of a link is busy with all of them."""
    times: list[int] = []
    busy: dict[str, int] = {}
    for path, outside in hops:
        n_bytes = math.ceil(microbatch * hand_over_bytes(instance, outside=outside))
        if path is None:
            times.append(0)
            continue
        narrowest = min(link.bytes_per_s for link in path.links)
        latency_ps = sum(link.latency_ps for link in path.links)
        if instance.rules.hand_over == "latency":
            times.append(latency_ps)
            continue
        times.append(latency_ps + transfer_ps(n_bytes, narrowest))
        for step in steps(path):
            busy[step.name] = busy.get(step.name, 0) + transfer_ps(n_bytes, step.link.bytes_per_s)
    return times, busy


def _timed(
    instance: PlacementInstance,
    stages: Sequence[ToldStage],
    hosts: Sequence[Host],
    hops: Sequence[tuple[Path | None, bool]],
    setting: tuple[int, int],
) -> tuple[int, list[str]]:
    """T = max(latency, in flight x slowest stage, in flight x busiest link), and faults."""
    microbatch, in_flight = setting
    times, busy = _hop_ps(instance, hops, microbatch)
    faults: list[str] = []
    passing = []
    for stage, host in zip(stages, hosts, strict=True):
        layer_ps, found = _layer_ps(instance, stage, host, setting)
        passing.append(stage.layers * layer_ps)
        faults += found
    slowest = max(own + hand_over for own, hand_over in zip(passing, times[1:], strict=True))
    time_ps = max(sum(passing) + sum(times), in_flight * slowest)
    # At least 1 ps, so that a chain with faults and no time has a rate all the same.
    return max(time_ps, in_flight * max(busy.values(), default=0), 1), faults


def _layer_ps(
    instance: PlacementInstance, stage: ToldStage, host: Host, setting: tuple[int, int]
) -> tuple[int, list[str]]:
    """Time of one layer on a host, and why it cannot hold its layers so."""
    microbatch, in_flight = setting
    machine = instance.machine(host.accelerator)
    if instance.is_measured:
        return _measured_layer_ps(instance, stage, host, microbatch)
    degree = stage.tensor_parallel
    if (
        instance.model is None
        or degree is None
        or degree not in degrees_of(instance, instance.model, host)
    ):
        return 0, [f"{host.name!r} cannot run at tensor degree {degree}"]
    faults = []
    stages = stages_on(instance, machine, host)
    need = stages.memory(tensor_parallel=degree, microbatch=microbatch, in_flight=in_flight)
    used = stage.layers * need.layer + need.fixed
    used += need.alone if stage.layers == instance.layers else 0
    have = usable_hbm_bytes(instance, host)
    if used > have:
        faults.append(f"{host.name!r} needs {used} bytes on a device and has {have}")
    if machine.max_layers is not None and stage.layers > machine.max_layers:
        faults.append(f"{host.name!r} may hold {machine.max_layers} layers, not {stage.layers}")
    (layer_ps,) = stages.layer_times_ps(tensor_parallel=degree, microbatches=(microbatch,))
    return layer_ps, faults


def _measured_layer_ps(
    instance: PlacementInstance, stage: ToldStage, host: Host, microbatch: int
) -> tuple[int, list[str]]:
    machine = instance.machine(host.accelerator)
    faults = []
    if stage.tensor_parallel is not None:
        faults.append(f"{host.name!r} was measured whole and has no tensor degree")
    most = most_measured_layers(instance, machine)
    if stage.layers > most:
        faults.append(f"{host.name!r} may hold {most} layers, not {stage.layers}")
    times = dict(machine.measured.layer_time_s) if machine.measured else {}
    if microbatch not in times:
        return 0, [*faults, f"{host.name!r} was not measured at microbatch {microbatch}"]
    return math.ceil(times[microbatch] * PS_PER_S), faults


def _rated(
    instance: PlacementInstance,
    stages: Sequence[ToldStage],
    hosts: Sequence[Host],
    hops: Sequence[tuple[Path | None, bool]],
    microbatch: int,
) -> tuple[int, Fraction, list[str]]:
    """Latency, the least rate of machines and links, and faults."""
    times, _ = _hop_ps(instance, hops, microbatch)
    faults: list[str] = []
    latency_ps, rates = sum(times), []
    for stage, host in zip(stages, hosts, strict=True):
        layer_ps, found = _measured_layer_ps(instance, stage, host, microbatch)
        latency_ps += stage.layers * layer_ps
        faults += found
        own = measured_rates(instance, instance.machine(host.accelerator))
        if stage.layers <= len(own):
            rates.append(own[stage.layers - 1])
    each_round: dict[str, tuple[int, int]] = {}
    for path, outside in hops:
        for step in steps(path) if path is not None else ():
            n_bytes = int(hand_over_bytes(instance, outside=outside))
            before = each_round.get(step.name, (0, 0))[0]
            each_round[step.name] = before + n_bytes, step.link.bytes_per_s
    rates += [bytes_per_s * MICRO // n for n, bytes_per_s in each_round.values()]
    rate = min(rates, default=0)
    if rate == 0:
        faults.append("not a micro-token a second passes")
    return latency_ps, Fraction(rate, MICRO), faults


def _faults_of_limits(
    instance: PlacementInstance,
    time_ps: int,
    price: Fraction | None,
    cost: Fraction | None,
    hosts: int,
) -> list[str]:
    limits, faults = instance.limits, []
    slowest = max_time_ps(instance)
    if slowest is not None and time_ps > slowest:
        faults.append(f"a token takes {time_ps} ps, and may take {slowest}")
    if limits.max_hosts is not None and hosts > limits.max_hosts:
        faults.append(f"{hosts} hosts, and {limits.max_hosts} are allowed")
    for what, value, most in (
        ("US$ an hour", price, limits.max_usd_per_hour),
        ("US$ per million tokens", cost, limits.max_cost_usd_per_mtok),
    ):
        if most is not None and (value is None or value > most):
            faults.append(f"{value} {what}, and {most} are allowed")
    return faults
