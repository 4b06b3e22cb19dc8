"""Whether a placement question makes sense by itself, whoever built it.

The reader cannot build an unsound question; a result file that was damaged or edited can hold one.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from solver.catalog.weight_formats import FORMAT_BITS
from solver.instance.placement.domain import PlacementInstance, PlacementMachine
from solver.instance.placement.records import TRADE_OFFS

__all__ = ["unsound"]


def unsound(instance: PlacementInstance) -> list[str]:
    """What makes no sense, in words; empty for every question that was read from a file."""
    return [
        *_top(instance),
        *_machines(instance),
        *_network(instance),
        *_design(instance),
        *_limits(instance),
    ]


def _top(instance: PlacementInstance) -> Iterator[str]:
    if instance.trade_off not in TRADE_OFFS:
        yield f"{' against '.join(instance.trade_off)} cannot be traded off"
    if (instance.model is None) == (instance.shape is None):
        yield "either a model or a shape is served"
    if instance.context_tokens < 0:
        yield "a negative context"
    shape = instance.shape
    if shape is not None and min(shape.layers, shape.activation_bytes, shape.token_bytes) < 1:
        yield "the shape has a number that is not positive"
    performance = instance.performance
    if not (0 < performance.flop_efficiency <= 1 and 0 < performance.hbm_efficiency <= 1):
        yield "an efficiency is not a share"
    if not 0 <= instance.rules.hbm_reserve_fraction < 1:
        yield "the share of HBM kept free is not a share"


def _machines(instance: PlacementInstance) -> Iterator[str]:
    names = [machine.name for machine in instance.machines]
    if len(set(names)) != len(names):
        yield "a machine stands twice"
    for machine in instance.machines:
        name = f"machine {machine.name!r}"
        if (machine.accelerator is None) != (machine.measured is not None):
            yield f"{name} is not either modelled or measured"
        if (machine.measured is not None) != instance.is_measured:
            yield f"{name} is not measured as the question is"
        if machine.max_layers is not None and machine.max_layers < 1:
            yield f"{name} may hold no layer"
        yield from _measured(instance, machine)


def _measured(instance: PlacementInstance, machine: PlacementMachine) -> Iterator[str]:
    measured, name = machine.measured, f"machine {machine.name!r}"
    if measured is None:
        return
    sizes = [size for size, _ in measured.layer_time_s]
    if any(rate <= 0 for rate in measured.tok_per_s):
        yield f"{name} has a rate that is not positive"
    if any(time <= 0 for _, time in measured.layer_time_s):
        yield f"{name} has a time that is not positive"
    if sizes != sorted(set(sizes)):
        yield f"{name} has times out of order"
    if "throughput" in instance.trade_off and not measured.tok_per_s:
        yield f"{name} has no rates"
    if "speed" in instance.trade_off and not set(instance.design.microbatch) <= set(sizes):
        yield f"{name} has no time at a microbatch"


def _network(instance: PlacementInstance) -> Iterator[str]:
    names = {machine.name for machine in instance.machines}
    topology, limits = instance.topology, instance.limits
    for host in topology.hosts:
        if host.accelerator not in names:
            yield f"host {host.name!r} is no machine of the question"
        if host.name in ("entry", "exit"):
            yield f"a host is called {host.name}"
    priced = (
        "cost" in instance.trade_off
        or limits.max_usd_per_hour is not None
        or limits.max_cost_usd_per_mtok is not None
    )
    if priced and any(host.usd_per_hour is None for host in topology.hosts):
        yield "a host has no price"
    for gateway in (instance.entry, instance.exit):
        if gateway is not None and gateway not in topology.gateway_names:
            yield f"{gateway!r} is no gateway"
    rounding = instance.rounding
    if rounding is not None:
        levels = (*rounding.bytes_per_s, *(level + 1 for level in rounding.latency_ps))
        if not levels or min(levels) < 1:
            yield "there are no levels to round to, or one is out of range"
        for each in (rounding.bytes_per_s, rounding.latency_ps):
            if list(each) != sorted(set(each)):
                yield "levels to round to are out of order"


def _design(instance: PlacementInstance) -> Iterator[str]:
    design = instance.design
    for name in ("tensor_parallel", "microbatch", "in_flight"):
        values = getattr(design, name)
        if not values or values[0] < 1 or list(values) != sorted(set(values)):
            yield f"{name} is not a sorted list of positive numbers"
    if min(design.weight_bits, design.kv_bits) < 1:
        yield "a width is not positive"
    named = design.weight_format
    if named is not None and FORMAT_BITS.get(named) != design.weight_bits:
        yield "the format of the weights is unknown, or not of their width"
    if design.replicas == "several" and instance.trade_off != ("speed", "throughput"):
        yield "several replicas go with speed against throughput"


def _limits(instance: PlacementInstance) -> Iterator[str]:
    limits, asked = instance.limits, instance.trade_off
    values: tuple[Fraction | int | None, ...] = (
        limits.min_speed_tok_per_s,
        limits.max_cost_usd_per_mtok,
        limits.max_usd_per_hour,
        limits.max_hosts,
    )
    if any(value is not None and value <= 0 for value in values):
        yield "a limit is not positive"
    if limits.max_cost_usd_per_mtok is not None and "cost" not in asked:
        yield "cost is limited and not traded off"
    if "speed" not in asked and any(
        value is not None for value in (limits.min_speed_tok_per_s, *values[2:])
    ):
        yield "a flow is limited as a pipeline"
