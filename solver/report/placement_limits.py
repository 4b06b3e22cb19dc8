"""Which limits of a placement question bind for certain, may bind, or cannot: cheap arguments only.

Nothing is solved here. A limit *cannot* bind if every design of the hosts meets it; it *rules out
all* if a bound that every design obeys is beyond it; else it *may* bind.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from solver.instance.placement.domain import PlacementInstance
from solver.lowering.placement.space import MICRO, ChainSpace, FlowSpace, PlacementSpace
from solver.report.findings import count_of
from solver.report.numbers import short
from solver.topology.paths import PS_PER_S

__all__ = ["HostLayers", "chain_limits", "flow_limits", "layers_by_host"]


HostLayers = Sequence[dict[str, int]]
"""For every setting (one for a flow) the most layers that each host may hold, by its name."""


def layers_by_host(space: PlacementSpace) -> HostLayers:
    """Most layers of every host at every setting, whatever its tensor-parallel degree.

    A host with no allowed option holds 0.
    """
    if isinstance(space, FlowSpace):
        problem = space.problem
        # Machines that are alike may stand for each other; names follow in the order of apart().
        origins = [o for o, count in enumerate(problem.count.tolist()) for _ in range(count)]
        row = {host.name: 0 for host in space.topology.hosts}
        # A problem that is cut off from everything stands for hosts that hold nothing.
        if problem.source.any() or problem.sink.any() or problem.links.any():
            for name, o in zip(space.hosts, origins, strict=True):
                row[name] = min(len(problem.rates[o]), problem.layers)
        return [row]
    found = []
    for setting in range(len(space.settings)):
        by_orbit = [0] * len(space.orbits)
        for option, meaning in enumerate(space.meanings):
            most = _most(space, setting, option)
            by_orbit[meaning.orbit] = max(by_orbit[meaning.orbit], most)
        found.append({host: by_orbit[o] for o, orbit in enumerate(space.orbits) for host in orbit})
    return found


def _most(space: ChainSpace, setting: int, option: int) -> int:
    if space.problem is not None:
        return space.problem.options[option].most_layers(setting, space.problem.layers)
    allowed = space.tables_of(setting).allowed[option].nonzero()[0].tolist()
    return max(allowed, default=0)


def _entry(limit: str, stated: str, binds: str, why: str) -> dict[str, Any]:
    return {"limit": limit, "stated": stated, "binds": binds, "why": why}


def _layer_limit(instance: PlacementInstance, held: HostLayers, room: int) -> dict[str, Any]:
    """What a host may hold, by its memory, its tables and its own limit."""
    layers = instance.layers
    least = min(min(row.values()) for row in held)
    most = max(max(row.values()) for row in held)
    name, stated = "layers a host holds", ""
    if room < layers:
        why = f"all hosts that may be used hold {room:,} of {layers:,} layers at the most"
        return _entry(name, stated, "rules out all", why)
    if least >= layers:
        why = "every host holds the whole model at every setting"
        return _entry(name, stated, "cannot", why)
    alone = "none holds the whole model" if most < layers else "some hold the whole model"
    return _entry(name, stated, "may", f"a host holds {least:,} to {most:,} layers, {alone}")


def _room(held: HostLayers, most_hosts: int) -> int:
    return max(sum(sorted(row.values(), reverse=True)[:most_hosts]) for row in held)


def _fewest_hosts(held: HostLayers, layers: int) -> int | None:
    """Fewest hosts that hold the model at some setting, links uncounted; ``None``: not even all."""
    fewest: int | None = None
    for row in held:
        total = 0
        for count, most in enumerate(sorted(row.values(), reverse=True), 1):
            total += most
            if total >= layers:
                fewest = count if fewest is None else min(fewest, count)
                break
    return fewest


def chain_limits(
    instance: PlacementInstance, space: ChainSpace, held: HostLayers
) -> list[dict[str, Any]]:
    """Every limit of a question over chains: ``limit``, ``stated``, ``binds``, ``why``.

    ``binds`` is ``cannot``, ``may`` or ``rules out all``.
    """
    limits = instance.limits
    hosts, layers = instance.topology.hosts, instance.layers
    most_hosts = len(hosts) if limits.max_hosts is None else limits.max_hosts
    found = [_layer_limit(instance, held, _room(held, most_hosts))]
    if limits.max_hosts is not None:
        found.append(_host_limit(limits.max_hosts, len(hosts), layers, _fewest_hosts(held, layers)))
    if limits.max_usd_per_hour is not None:
        found.append(_price_limit(instance, limits.max_usd_per_hour))
    if limits.min_speed_tok_per_s is not None:
        found.append(_speed_limit(space, limits.min_speed_tok_per_s))
    if limits.max_cost_usd_per_mtok is not None:
        found.append(
            _entry("max_cost", f"{short(float(limits.max_cost_usd_per_mtok))} US$/Mtok", "may",
                   "what the cheapest pipeline costs is known when it is solved")
        )  # fmt: skip
    return [*found, _shared_limit(_shared_names(space), "hand-overs")]


def _host_limit(most: int, hosts: int, layers: int, fewest: int | None) -> dict[str, Any]:
    stated = count_of(most, "host")
    if most >= min(hosts, layers):
        why = f"there are {hosts:,} hosts and {layers:,} layers"
        return _entry("max_hosts", stated, "cannot", why)
    if fewest is None or fewest > most:
        needed = "all of them do not hold the model" if fewest is None else f"{fewest:,} are needed"
        return _entry("max_hosts", stated, "rules out all", needed)
    return _entry("max_hosts", stated, "may", f"{fewest:,} of {hosts:,} can hold the model")


def _price_limit(instance: PlacementInstance, most: Fraction) -> dict[str, Any]:
    prices = [host.usd_per_hour or Fraction(0) for host in instance.topology.hosts]
    stated = f"{short(float(most))} US$/h"
    if sum(prices) <= most:
        why = f"all hosts together cost {short(float(sum(prices)))} US$/h"
        return _entry("max_usd_per_hour", stated, "cannot", why)
    if min(prices) > most:
        why = f"the cheapest host costs {short(float(min(prices)))} US$/h"
        return _entry("max_usd_per_hour", stated, "rules out all", why)
    return _entry("max_usd_per_hour", stated, "may", "not all hosts can be paid")


def _speed_limit(space: ChainSpace, least: Fraction) -> dict[str, Any]:
    stated = f"{short(float(least))} tok/s/user"
    bound = _speed_bound(space)
    if bound is not None and bound < least:
        why = f"no layer order gives more than {short(float(bound))} tok/s/user"
        return _entry("min_speed", stated, "rules out all", why)
    why = "nothing fits" if bound is None else f"{short(float(bound))} tok/s/user is a bound"
    return _entry("min_speed", stated, "may", why)


def _speed_bound(space: ChainSpace) -> Fraction | None:
    """Tokens/s that no chain exceeds: every layer at the least time any host has for it."""
    best: Fraction | None = None
    for setting in range(len(space.settings)):
        tables = space.tables_of(setting)
        times = [
            Fraction(int(tables.stage_time[option, held]), held)
            for option, row in enumerate(tables.allowed)
            for held in row.nonzero()[0].tolist()
        ]
        least = min(times, default=None)
        if least:
            speed = PS_PER_S / (tables.layers * least)
            best = speed if best is None else max(best, speed)
    return best


def _shared_names(space: ChainSpace) -> list[str]:
    if space.problem is not None:
        return [link.name for link in space.problem.shared]
    return [trunk.name for trunk in space.tables_of(0).trunks]


def _shared_limit(names: Sequence[str], what: str) -> dict[str, Any]:
    if not names:
        return _entry(f"links that {what} share", "", "cannot", "none can be held up by several")
    told = ", ".join(names[:4]) + (f" and {len(names) - 4:,} more" if len(names) > 4 else "")
    return _entry(f"links that {what} share", "", "may", f"counted: {told}")


def flow_limits(
    instance: PlacementInstance, space: FlowSpace, held: HostLayers
) -> list[dict[str, Any]]:
    """What bounds a flow: layers a host holds, work, the ways in and out; as ``chain_limits``."""
    problem = space.problem
    found = [_layer_limit(instance, held, _room(held, len(instance.topology.hosts)))]
    edge, work = problem.edge_bound(), problem.work_bound()
    stated = f"{short(edge / MICRO, 6)} tok/s"
    if edge > work:
        why = f"the hosts' work allows {short(work / MICRO, 6)} tok/s"
        found.append(_entry("ways in and out", stated, "cannot", why))
    else:
        found.append(_entry("ways in and out", stated, "may", "the hosts' work allows as much"))
    fastest = [problem.fastest(o) for o in range(problem.n_orbits)]
    narrow = sum(
        int(problem.links[a, b]) < min(fastest[a], fastest[b])
        for a in range(problem.n_orbits)
        for b in range(problem.n_orbits)
        if a != b or int(problem.count[a]) > 1
    )
    if narrow:
        why = f"{narrow:,} of them are narrower than the hosts they join"
        found.append(_entry("links between hosts", "", "may", why))
    else:
        why = (
            "each carries what the hosts it joins let through, which is no more than the link of "
            "a host that has only one"
        )
        found.append(_entry("links between hosts", "", "cannot", why))
    names = sorted(
        {f"{shared.name} ({shared.origin} to {shared.target})" for shared in space.shared}
    )
    return [*found, _shared_limit(names, "flows")]
