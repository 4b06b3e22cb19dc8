"""A flow of tokens as a design: who holds which layers, what goes where, which links carry it."""

from __future__ import annotations

from fractions import Fraction
from functools import partial
from typing import Any

from formulations.placement.plan import SINK, SOURCE, PlacementPlan, rate_of
from solver.lowering.placement.carried import Carried, Load, busiest
from solver.lowering.placement.hosts import hand_over_bytes
from solver.lowering.placement.space import MICRO, FlowSpace
from solver.lowering.placement.stages import format_told
from solver.topology import Link, Path

__all__ = ["ENTRY", "EXIT", "describe_flow", "path_of_flow", "whole_bytes"]

ENTRY, EXIT = "entry", "exit"


def whole_bytes(space: FlowSpace, *, outside: bool) -> int:
    """Bytes of one token on the way, rounded up."""
    n_bytes = hand_over_bytes(space.instance, outside=outside)
    return -(-n_bytes.numerator // n_bytes.denominator)


def path_of_flow(space: FlowSpace, start: str, end: str) -> Path | None:
    """The path between two hosts, ``ENTRY`` or ``EXIT``; ``None`` where no gateway is named."""
    a = space.instance.entry if start == ENTRY else start
    b = space.instance.exit if end == EXIT else end
    return None if a is None or b is None else space.routes.between(a, b)


def _taken(amount: int, _: Link) -> int:
    return amount


def _share(load: Load) -> Fraction:
    return Fraction(load.amount, load.step.link.bytes_per_s * MICRO)


def describe_flow(space: FlowSpace, plan: PlacementPlan) -> dict[str, Any]:
    """The design of a feasible plan of single machines, as plain JSON values.

    Stages are sorted by their first layer, then by the host's name.

    Raises
    ------
    ValueError
        If a range is of several machines.
    """
    if any(held.machines != 1 for held in plan.ranges):
        raise ValueError(f"{space.instance.name}: hosts are told one by one")
    names = [space.hosts[held.orbit] for held in plan.ranges]
    through = [0] * len(plan.ranges)
    carried = Carried()
    flows = []
    # In the order in which they are told: what crosses a link is listed as it is carried.
    told = sorted(
        (
            ENTRY if start == SOURCE else names[start],
            EXIT if end == SINK else names[end],
            start,
            end,
        )
        for (start, end), flow in plan.flows.items()
        if flow
    )
    for a, b, start, end in told:
        flow = plan.flows[start, end]
        if end != SINK:
            through[end] += flow
        n_bytes = whole_bytes(space, outside=start == SOURCE or end == SINK)
        carried.add(path_of_flow(space, a, b), partial(_taken, n_bytes * flow))
        flows.append({"from": a, "to": b, "tok_per_s": flow / MICRO})
    stages = []
    for place, held in enumerate(plan.ranges):
        host = space.topology.host(names[place])
        machine = space.instance.machine(host.accelerator)
        choice = space.choices[held.orbit][held.layers - 1] if space.choices else (None, None)
        stages.append(
            {
                "host": host.name,
                "machine": machine.name,
                "accelerator": machine.accelerator.name if machine.accelerator else None,
                "devices": host.devices,
                **format_told(space.instance, machine),
                "tensor_parallel": choice[0],
                "microbatch": choice[1],
                "layers": held.layers,
                "first_layer": held.first,
                "tok_per_s": through[place] / MICRO,
                "capacity_tok_per_s": space.problem.rate(held.orbit, held.layers) / MICRO,
            }
        )
    links = carried.told(_share)
    return {
        "stages": sorted(stages, key=lambda stage: (stage["first_layer"], stage["host"])),
        "flows": sorted(flows, key=_order),
        "links": links,
        "busiest_link": busiest(links),
        "idle_hosts": sorted(set(space.topology.host_names) - set(names)),
        "entry": space.instance.entry,
        "exit": space.instance.exit,
        "tok_per_s": rate_of(plan) / MICRO,
        "hosts": len(names),
    }


def _order(flow: dict[str, Any]) -> tuple[bool, str, bool, str]:
    return flow["from"] != ENTRY, flow["from"], flow["to"] == EXIT, flow["to"]
