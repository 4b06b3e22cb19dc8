"""A chain of stages and its plain check: latency, pace and price summed anew in Python integers."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from formulations.placement.chain_tables import ChainTables

__all__ = ["ChainPlan", "ChainStage", "ChainValue", "value_of", "violations"]


class ChainStage(NamedTuple):
    """One host of ``orbit``, run as ``option`` (an index over all options), with its ``layers``."""

    orbit: int
    option: int
    layers: int


class ChainValue(NamedTuple):
    """What a chain costs in the three criteria of ``ChainTables``."""

    latency: int
    pace: int
    price: int

    @property
    def time(self) -> int:
        """The greater of latency and pace."""
        return max(self.latency, self.pace)


@dataclass(frozen=True, slots=True)
class ChainPlan:
    """Stages from the entry to the exit."""

    stages: tuple[ChainStage, ...]

    def hosts_used(self, n_orbits: int) -> list[int]:
        """Number of hosts of each orbit."""
        used = [0] * n_orbits
        for stage in self.stages:
            used[stage.orbit] += 1
        return used


def value_of(tables: ChainTables, plan: ChainPlan) -> ChainValue:
    """The three criteria of a plan that breaks no rule, in Python integers.

    Raises
    ------
    ValueError
        If the plan has no stage.
    """
    if not plan.stages:
        raise ValueError(f"{tables.name}: a chain without stages")
    ends = tables.n_orbits
    first = plan.stages[0].orbit
    latency = int(tables.hop_time[ends, first])
    pace = int(tables.entry_pace[first])
    price = 0
    loads = [int(trunk.load[ends, first]) for trunk in tables.trunks]
    followed = [*(stage.orbit for stage in plan.stages[1:]), ends]
    for (orbit, option, layers), following in zip(plan.stages, followed, strict=True):
        latency += int(tables.stage_time[option, layers]) + int(tables.hop_time[orbit, following])
        pace = max(pace, int(tables.pace[option, layers, following]))
        price += int(tables.price[option])
        for place, trunk in enumerate(tables.trunks):
            loads[place] += int(trunk.load[orbit, following])
    for load, trunk in zip(loads, tables.trunks, strict=True):
        if load:
            pace = max(pace, trunk.pace(load))
    return ChainValue(latency, pace, price)


def violations(tables: ChainTables, plan: ChainPlan) -> list[str]:
    """All that the plan breaks, in words; empty for a feasible plan."""
    if not plan.stages:
        return ["the chain has no stage"]
    faults = []
    width = tables.allowed.shape[1]
    for place, (orbit, option, layers) in enumerate(plan.stages):
        if not 0 <= orbit < tables.n_orbits:
            faults.append(f"stage {place}: orbit {orbit} is unknown")
        elif not 0 <= option < tables.n_options or int(tables.orbit[option]) != orbit:
            faults.append(f"stage {place}: orbit {orbit} has no option {option}")
        elif not 0 <= layers < width or not tables.allowed[option, layers]:
            faults.append(f"stage {place}: option {option} may not hold {layers} layers")
    if faults:
        return faults
    held = sum(stage.layers for stage in plan.stages)
    if held != tables.layers:
        faults.append(f"the chain holds {held} of {tables.layers} layers")
    ends = tables.n_orbits
    passed = [ends, *(stage.orbit for stage in plan.stages), ends]
    for before, after in pairwise(passed):
        if not tables.linked[before, after]:
            faults.append(f"no link from {_place(before, ends)} to {_place(after, ends)}")
    used = plan.hosts_used(tables.n_orbits)
    for orbit, (have, most) in enumerate(zip(used, tables.count.tolist(), strict=True)):
        if have > most:
            faults.append(f"{have} hosts of orbit {orbit}, which has {most}")
    if tables.max_hosts is not None and len(plan.stages) > tables.max_hosts:
        faults.append(f"{len(plan.stages)} hosts, where {tables.max_hosts} are allowed")
    price = sum(int(tables.price[stage.option]) for stage in plan.stages)
    if tables.max_price is not None and price > tables.max_price:
        faults.append(f"the hosts cost {price}, where {tables.max_price} is allowed")
    return faults


def _place(orbit: int, ends: int) -> str:
    return "the way in or out" if orbit == ends else f"orbit {orbit}"
