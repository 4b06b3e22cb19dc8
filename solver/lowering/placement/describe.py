"""Plans as designs that somebody can deploy: hosts, layers and links, as in a result document."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from itertools import pairwise
from typing import Any

from formulations.placement.chain_plan import ChainPlan, value_of
from formulations.placement.chain_problem import ChainProblem
from solver.lowering.placement.carried import Carried, Load, busiest
from solver.lowering.placement.chains import hand_over_ps
from solver.lowering.placement.describe_flow import describe_flow
from solver.lowering.placement.hosts import hand_over_bytes, usable_hbm_bytes
from solver.lowering.placement.rates import measured_rates
from solver.lowering.placement.space import MICRO, ChainSpace
from solver.lowering.placement.stages import format_told
from solver.topology import Link, Path
from solver.topology.paths import PS_PER_S, transfer_ps

__all__ = ["describe_chain", "describe_flow", "hosts_of"]

Entry = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Hop:
    """A hand-over of a chain with its path; ``None`` where tokens come or go without one."""

    path: Path | None
    outside: bool


def hosts_of(space: ChainSpace, plan: ChainPlan) -> list[str]:
    """The host of every stage: those of an orbit in their order."""
    used = [0] * len(space.orbits)
    hosts = []
    for stage in plan.stages:
        hosts.append(space.orbits[stage.orbit][used[stage.orbit]])
        used[stage.orbit] += 1
    return hosts


def describe_chain(space: ChainSpace, setting: int, plan: ChainPlan) -> Entry:
    """The design of a feasible chain at one setting, as plain JSON values.

    Times and shares are those of the network of ``space``. ``busy_fraction`` of a link is the time
    it is busy in a token round over T, or its bytes at the chain's rate over what it carries.

    Raises
    ------
    IndexError, ValueError
        If the plan uses more hosts than there are, or has no stage.
    """
    hosts = hosts_of(space, plan)
    hops = _hops(space, hosts)
    chosen = space.settings[setting]
    if space.problem is not None:
        facts = _timed(space, space.problem, setting, plan, hosts, hops)
    else:
        facts = _rated(space, plan, hosts, hops)
    stages = facts.pop("stages")
    prices = [space.topology.host(host).usd_per_hour for host in hosts]
    known = [price for price in prices if price is not None]
    first = 0
    told = []
    for stage, host_name, own, price in zip(plan.stages, hosts, stages, prices, strict=True):
        host = space.topology.host(host_name)
        machine = space.instance.machine(host.accelerator)
        told.append(
            {
                "host": host_name,
                "machine": machine.name,
                "accelerator": machine.accelerator.name if machine.accelerator else None,
                "devices": host.devices,
                **format_told(space.instance, machine),
                "tensor_parallel": space.meanings[stage.option].tensor_parallel,
                "layers": stage.layers,
                "first_layer": first,
                "stage_time_s": own["stage_time_ps"] / PS_PER_S,
                "hand_over_s": own["hand_over_ps"] / PS_PER_S,
                "hbm_used_bytes": own["hbm_used_bytes"],
                "hbm_capacity_bytes": usable_hbm_bytes(space.instance, host),
                "usd_per_hour": None if price is None else float(price),
                "tok_per_s": own["tok_per_s"],
            }
        )
        first += stage.layers
    return {
        "stages": told,
        "microbatch": chosen.microbatch,
        "in_flight": chosen.in_flight,
        "batch": chosen.batch,
        **facts,
        "busiest_link": busiest(facts["links"]),
        "entry": space.instance.entry,
        "exit": space.instance.exit,
        "usd_per_hour": float(sum(known)) if len(known) == len(prices) else None,
        "hosts": len(hosts),
    }


def _hops(space: ChainSpace, hosts: list[str]) -> list[_Hop]:
    """From the entry, between stages, to the exit: one more than there are stages."""
    routes = space.routes
    way_in = None if routes.entry is None else routes.between(routes.entry, hosts[0])
    way_out = None if routes.exit is None else routes.between(hosts[-1], routes.exit)
    inner = [_Hop(routes.between(a, b), False) for a, b in pairwise(hosts)]
    return [_Hop(way_in, True), *inner, _Hop(way_out, True)]


def _hop_times(space: ChainSpace, hops: list[_Hop], microbatch: int) -> list[int]:
    return [hand_over_ps(space.instance, hop.path, microbatch, outside=hop.outside) for hop in hops]


def _busy_ps(n_bytes: int, link: Link) -> int:
    return transfer_ps(n_bytes, link.bytes_per_s)


def _only(n_bytes: int, _: Link) -> int:
    return n_bytes


def _timed(
    space: ChainSpace,
    problem: ChainProblem,
    setting: int,
    plan: ChainPlan,
    hosts: list[str],
    hops: list[_Hop],
) -> Entry:
    """What follows from T = max(latency, pace)."""
    chosen = problem.settings[setting]
    value = value_of(problem.tables(setting), plan)
    times = _hop_times(space, hops, chosen.microbatch)
    stages: list[Entry] = []
    for stage, hand_over in zip(plan.stages, times[1:], strict=True):
        option = problem.options[stage.option]
        used = None
        if not space.instance.is_measured:
            used = stage.layers * option.layer_bytes[setting] + option.fixed_bytes[setting]
            if stage.layers == problem.layers and option.alone_bytes:
                used += option.alone_bytes[setting]
        stage_time = stage.layers * option.layer_time_ps[setting]
        stages.append(
            {
                "stage_time_ps": stage_time,
                "hand_over_ps": hand_over,
                "hbm_used_bytes": used,
                "tok_per_s": chosen.microbatch * PS_PER_S / (stage_time + hand_over),
            }
        )
    periods = [stage["stage_time_ps"] + stage["hand_over_ps"] for stage in stages]
    carried = Carried()
    for hop in hops:
        n_bytes = math.ceil(
            hand_over_bytes(space.instance, outside=hop.outside) * chosen.microbatch
        )
        carried.add(hop.path, partial(_busy_ps, n_bytes))
    paced_by = "link"
    if value.latency == value.time:
        paced_by = "latency"
    elif chosen.in_flight * max(periods) == value.time:
        paced_by = "stage"
    rate = chosen.batch * PS_PER_S * MICRO // value.time
    return {
        "stages": stages,
        "links": carried.told(lambda load: Fraction(chosen.in_flight * load.amount, value.time)),
        "slowest_stage": hosts[periods.index(max(periods))],
        "paced_by": paced_by,
        "tok_per_s": rate / MICRO,
    }


def _rated(space: ChainSpace, plan: ChainPlan, hosts: list[str], hops: list[_Hop]) -> Entry:
    """What follows from latency and measured rates."""
    tables = space.tables_of(0)
    value = value_of(tables, plan)
    rate = -value.pace
    times = _hop_times(space, hops, space.settings[0].microbatch)
    # The pace in the tables includes the stage's link, so the machine's own rate is read anew.
    rates = [
        measured_rates(space.instance, space.instance.machine(meaning.machine))[stage.layers - 1]
        for stage, meaning in ((stage, space.meanings[stage.option]) for stage in plan.stages)
    ]
    stages = [
        {
            "stage_time_ps": int(tables.stage_time[stage.option, stage.layers]),
            "hand_over_ps": hand_over,
            "hbm_used_bytes": None,
            "tok_per_s": own / MICRO,
        }
        for stage, hand_over, own in zip(plan.stages, times[1:], rates, strict=True)
    ]
    carried = Carried()
    for hop in hops:
        n_bytes = math.ceil(hand_over_bytes(space.instance, outside=hop.outside))
        carried.add(hop.path, partial(_only, n_bytes))

    def share(load: Load) -> Fraction:
        return Fraction(load.amount * rate, load.step.link.bytes_per_s * MICRO)

    return {
        "stages": stages,
        "links": carried.told(share),
        "slowest_stage": hosts[rates.index(min(rates))],
        "paced_by": "stage" if min(rates) == rate else "link",
        "tok_per_s": rate / MICRO,
    }
