"""A flow of tokens checked again from its question: ranges, rates, conservation, every link."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from solver.instance.placement.domain import PlacementInstance
from solver.lowering.placement.describe_flow import ENTRY, EXIT
from solver.lowering.placement.hosts import (
    hand_over_bytes,
    most_measured_layers,
    usable_hbm_bytes,
)
from solver.lowering.placement.rates import measured_rates
from solver.lowering.placement.replayed import Replayed, routes_anew, whole
from solver.lowering.placement.routes import Routes, steps
from solver.lowering.placement.space import MICRO
from solver.lowering.placement.stages import degrees_of, stages_on
from solver.topology import Host, Topology
from solver.topology.paths import PS_PER_S

__all__ = ["replay_flow"]


@dataclass(frozen=True, slots=True)
class _Range:
    """Layers ``first`` to ``end - 1`` on a host, which lets ``rate`` micro-tokens/s through."""

    host: str
    first: int
    end: int
    rate: int


def replay_flow(
    instance: PlacementInstance, design: Mapping[str, Any], topology: Topology | None = None
) -> Replayed:
    """Throughput of a flow, and every rule that it breaks; flows are read in whole micro-tokens/s.

    Reads of the design its stages (host, tensor_parallel, microbatch, layers, first_layer) and its
    flows.
    """
    network = instance.topology if topology is None else topology
    try:
        faults, ranges = _ranges(instance, network, design["stages"])
        flows = [
            (_name(f["from"]), _name(f["to"]), _micro(f["tok_per_s"])) for f in design["flows"]
        ]
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        return Replayed.broken(f"the design cannot be read: {error}")
    if faults:
        return Replayed.broken(*faults)
    faults += _faults_of_flows(instance, ranges, flows)
    if faults:
        return Replayed.broken(*faults)
    faults += _faults_of_links(instance, routes_anew(instance, network), flows)
    rate = sum(flow for start, _, flow in flows if start == ENTRY)
    return Replayed(0, None, None, Fraction(rate, MICRO), tuple(faults))


def _name(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("an end of a flow is not named by text")
    return value


def _micro(value: object) -> int:
    """Micro-tokens/s; a float of a whole number of them below 2^53 gives that number back."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("a flow is not a number")
    return round(Fraction(value) * MICRO)


def _ranges(
    instance: PlacementInstance, network: Topology, stages: Sequence[Mapping[str, Any]]
) -> tuple[list[str], dict[str, _Range]]:
    faults: list[str] = []
    found: dict[str, _Range] = {}
    for stage in stages:
        name = _name(stage["host"])
        first, layers = whole(stage["first_layer"], "first_layer"), whole(stage["layers"], "layers")
        if not network.is_host(name) or name in found:
            faults.append(f"{name!r:.80} is no host, or is used twice")
            continue
        if first < 0 or layers < 1 or first + layers > instance.layers:
            faults.append(f"{name!r} holds layers {first} to {first + layers} of {instance.layers}")
            continue
        rate, why = _rate(instance, network.host(name), stage, layers)
        found[name] = _Range(name, first, first + layers, rate)
        faults += why
    return faults, found


def _rate(
    instance: PlacementInstance, host: Host, stage: Mapping[str, Any], layers: int
) -> tuple[int, list[str]]:
    """Micro-tokens/s of a host that holds so many layers, and why it cannot."""
    machine = instance.machine(host.accelerator)
    if instance.is_measured:
        most = most_measured_layers(instance, machine)
        if layers > most:
            return 0, [f"{host.name!r} may hold {most} layers, not {layers}"]
        return measured_rates(instance, machine)[layers - 1], []
    degree, microbatch = stage["tensor_parallel"], stage["microbatch"]
    if instance.model is None or degree not in degrees_of(instance, instance.model, host):
        return 0, [f"{host.name!r} cannot run at tensor degree {degree!r:.20}"]
    if microbatch not in instance.design.microbatch:
        return 0, [f"microbatch {microbatch!r:.20} is not on offer"]
    if machine.max_layers is not None and layers > machine.max_layers:
        return 0, [f"{host.name!r} may hold {machine.max_layers} layers, not {layers}"]
    stages = stages_on(instance, machine, host)
    (in_flight,) = instance.design.in_flight
    need = stages.memory(tensor_parallel=degree, microbatch=microbatch, in_flight=in_flight)
    used = layers * need.layer + need.fixed + (need.alone if layers == instance.layers else 0)
    have = usable_hbm_bytes(instance, host)
    if used > have:
        return 0, [f"{host.name!r} needs {used} bytes on a device and has {have}"]
    (layer_ps,) = stages.layer_times_ps(tensor_parallel=degree, microbatches=(microbatch,))
    return microbatch * PS_PER_S * MICRO // (layers * layer_ps), []


def _faults_of_flows(
    instance: PlacementInstance,
    ranges: Mapping[str, _Range],
    flows: Sequence[tuple[str, str, int]],
) -> list[str]:
    """Whether ranges meet, and nothing is lost, made or too much at any host."""
    faults = []
    into, out = dict.fromkeys(ranges, 0), dict.fromkeys(ranges, 0)
    for start, end, flow in flows:
        if flow < 0 or {start, end} - {ENTRY, EXIT, *ranges} or start == EXIT or end == ENTRY:
            faults.append(f"there is no flow of {flow} from {start!r:.80} to {end!r:.80}")
            continue
        begins = 0 if start == ENTRY else ranges[start].end
        wanted = instance.layers if end == EXIT else ranges[end].first
        if begins != wanted or (start, end) == (ENTRY, EXIT):
            faults.append(f"the layers of {start!r} and {end!r} do not meet")
        if start != ENTRY:
            out[start] += flow
        if end != EXIT:
            into[end] += flow
    for name, held in ranges.items():
        if into[name] != out[name]:
            faults.append(f"{name!r}: {into[name]} micro-tokens/s in, {out[name]} out")
        if into[name] > held.rate:
            faults.append(f"{name!r}: {into[name]} micro-tokens/s through, {held.rate} at most")
    return faults


def _faults_of_links(
    instance: PlacementInstance, routes: Routes, flows: Sequence[tuple[str, str, int]]
) -> list[str]:
    """Whether some direction of a link carries more than it can, all its flows together."""
    faults = []
    carried: dict[str, tuple[int, int]] = {}
    for start, end, flow in flows:
        outside = start == ENTRY or end == EXIT
        a = instance.entry if start == ENTRY else start
        b = instance.exit if end == EXIT else end
        if a is None or b is None or not flow:
            continue
        path = routes.between(a, b)
        if path is None:
            faults.append(f"no path joins {a!r} and {b!r}")
            continue
        n_bytes = hand_over_bytes(instance, outside=outside)
        whole_bytes = -(-n_bytes.numerator // n_bytes.denominator)
        for step in steps(path):
            before = carried.get(step.name, (0, 0))[0]
            carried[step.name] = before + whole_bytes * flow, step.link.bytes_per_s * MICRO
    faults += [
        f"link {name} carries {load} of {most} micro-bytes/s"
        for name, (load, most) in sorted(carried.items())
        if load > most
    ]
    return faults
