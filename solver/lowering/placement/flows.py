"""The greatest flow of tokens: every host a machine of its own, every pair with its bottleneck.

What pairs share on their way is kept beside the problem (``SharedCapacity``). The one link of a
host that has only one is part of the problem all the same: whatever range short of all layers the
host holds, activations pass that link in one direction at the full rate of the host, so the link
caps that rate.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from formulations.placement.plan import SINK, SOURCE
from formulations.placement.problem import PlacementProblem
from solver.errors import InstanceError
from solver.instance.placement.domain import PlacementInstance
from solver.lowering.placement.hosts import hand_over_bytes, most_measured_layers
from solver.lowering.placement.rates import MOST_RATE, link_rate, measured_rates, modelled_rates
from solver.lowering.placement.routes import Routes, orbits_of, steps
from solver.lowering.placement.shared_capacity import LinkUsers, shared_capacities
from solver.lowering.placement.space import FlowSpace, SharedCapacity
from solver.topology import Host, Link, Path, Topology

__all__ = ["lower_flow"]

Choice = tuple[int, int]
"""Tensor-parallel degree and microbatch."""


@dataclass(frozen=True, slots=True)
class _Machine:
    """A host that can hold at least one layer."""

    host: Host
    rates: tuple[int, ...]
    choices: tuple[Choice, ...]


def lower_flow(instance: PlacementInstance, topology: Topology) -> FlowSpace:
    """The throughput problem over ``topology``, the question's own network or a rounded one.

    Raises
    ------
    InstanceError
        If a limit is stated that flows do not know, several microbatches in flight are offered
        where our model times the hosts, or a measured rate is out of range.
    """
    _check_limits(instance)
    orbits = orbits_of(topology, through_hosts=instance.through_hosts)
    routes = Routes(
        topology,
        orbits,
        through_hosts=instance.through_hosts,
        entry=instance.entry,
        exit=instance.exit,
    )
    machines = _machines(instance, topology)
    left_out = len(topology.hosts) - len(machines)
    notes = [f"{left_out} hosts can hold no layer and stay idle"] if left_out else []
    if not machines:
        return _nothing(instance, topology)
    names = tuple(machine.host.name for machine in machines)
    problem, shared = _problem(instance, routes, machines)
    if shared:
        notes.append(
            f"{len(shared)} directions of links are shared by several pairs of hosts; the bound "
            "knows the bottleneck of each pair; the plan keeps what they share, and small "
            "questions are proved with it"
        )
    return FlowSpace(
        instance=instance,
        topology=topology,
        hosts=names,
        problem=problem,
        choices=() if instance.is_measured else tuple(machine.choices for machine in machines),
        shared=shared,
        notes=tuple(notes),
    )


def _check_limits(instance: PlacementInstance) -> None:
    limits = instance.limits
    for key, value in (
        ("min_speed_tok_per_s", limits.min_speed_tok_per_s),
        ("max_cost_usd_per_mtok", limits.max_cost_usd_per_mtok),
        ("max_usd_per_hour", limits.max_usd_per_hour),
        ("max_hosts", limits.max_hosts),
    ):
        if value is not None:
            raise InstanceError.one(
                "the greatest flow uses every host that helps and has no such limit",
                where=f"{instance.source}: limits.{key}",
                mend="Leave it out, take hosts out of the network, or trade off speed as well",
            )


def _machines(instance: PlacementInstance, topology: Topology) -> list[_Machine]:
    pairs: list[Choice] = []
    if not instance.is_measured:
        if len(instance.design.in_flight) != 1:
            raise InstanceError.one(
                f"a flow keeps one number of microbatches in flight, and "
                f"{len(instance.design.in_flight)} are stated",
                where=f"{instance.source}: design.in_flight",
                mend="Give one; it is how many microbatches every host keeps KV cache for",
            )
        in_flight = instance.design.in_flight[0]
        pairs = [(microbatch, in_flight) for microbatch in instance.design.microbatch]
    known: dict[object, tuple[tuple[int, ...], tuple[Choice, ...]]] = {}
    found = []
    for host in topology.hosts:
        if host.profile not in known:
            machine = instance.machine(host.accelerator)
            if instance.is_measured:
                most = most_measured_layers(instance, machine)
                known[host.profile] = measured_rates(instance, machine)[:most], ()
            else:
                best = modelled_rates(instance, host, pairs)
                known[host.profile] = (
                    tuple(rate for rate, *_ in best),
                    tuple((degree, microbatch) for _, degree, microbatch in best),
                )
        rates, choices = known[host.profile]
        if rates:
            found.append(_Machine(host, rates, choices))
    return found


def _nothing(instance: PlacementInstance, topology: Topology) -> FlowSpace:
    """No host can hold a layer: a problem whose one machine is cut off, so that nothing flows."""
    none = np.zeros(1, dtype=np.int64)
    host = topology.hosts[0].name
    problem = PlacementProblem(
        name=instance.name,
        layers=instance.layers,
        count=np.ones(1, dtype=np.int64),
        rates=(np.ones(1, dtype=np.int64),),
        source=none,
        sink=none.copy(),
        links=np.zeros((1, 1), dtype=np.int64),
        names=(host,),
    )
    return FlowSpace(
        instance=instance,
        topology=topology,
        hosts=(host,),
        problem=problem,
        choices=() if instance.is_measured else ((),),
        notes=("no host can hold a single layer",),
    )


def _capped(
    instance: PlacementInstance, routes: Routes, machine: _Machine, links: list[Link]
) -> tuple[int, ...]:
    """Rates of a machine behind the one link of its host."""
    if len(links) != 1 or routes.through_hosts:
        return machine.rates
    most = link_rate(links[0].bytes_per_s, hand_over_bytes(instance, outside=False))
    return tuple(
        # Where not a micro-token passes the link its pairs have capacity 0 anyway.
        min(rate, most) if held < instance.layers and most else rate
        for held, rate in enumerate(machine.rates, start=1)
    )


def _problem(
    instance: PlacementInstance, routes: Routes, machines: list[_Machine]
) -> tuple[PlacementProblem, tuple[SharedCapacity, ...]]:
    n = len(machines)
    activation = hand_over_bytes(instance, outside=False)
    token = hand_over_bytes(instance, outside=True)
    # Bytes are whole for a check in integers; a width below 8 bits counts the next whole byte.
    whole = {False: -(-activation.numerator // activation.denominator), True: int(token)}
    users: dict[str, LinkUsers] = {}

    def cross(path: Path, start: int, end: int, *, outside: bool) -> int:
        for step in steps(path):
            entry = users.setdefault(step.name, LinkUsers(step))
            entry.pairs.append((start, end, whole[outside]))
        return link_rate(path.bytes_per_s, whole[outside])

    source, sink = np.full(n, MOST_RATE, dtype=np.int64), np.full(n, MOST_RATE, dtype=np.int64)
    links = np.zeros((n, n), dtype=np.int64)
    for i, machine in enumerate(machines):
        name = machine.host.name
        if instance.entry is not None:
            path = routes.between(instance.entry, name)
            source[i] = 0 if path is None else cross(path, SOURCE, i, outside=True)
        if instance.exit is not None:
            path = routes.between(name, instance.exit)
            sink[i] = 0 if path is None else cross(path, i, SINK, outside=True)
        for j, other in enumerate(machines):
            if i != j and (path := routes.between(name, other.host.name)) is not None:
                links[i, j] = cross(path, i, j, outside=False)
    at_host: dict[str, list[Link]] = {}
    for link in routes.topology.links:
        for end in (link.a, link.b):
            at_host.setdefault(end, []).append(link)
    rates = tuple(
        np.array(
            _capped(instance, routes, machine, at_host.get(machine.host.name, [])), dtype=np.int64
        )
        for machine in machines
    )
    problem = PlacementProblem(
        name=instance.name,
        layers=instance.layers,
        count=np.ones(n, dtype=np.int64),
        rates=rates,
        source=source,
        sink=sink,
        links=links,
        names=tuple(machine.host.name for machine in machines),
    )
    return problem, shared_capacities(routes, problem, users)
