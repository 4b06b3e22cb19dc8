"""Designs of a result file read as objects: replayed from the instance, and written once more.

Replays take a road of their own, host by host (``solver.lowering.placement.replay``). Several
replicas are replayed one by one; then they stand on hosts of their own, and every direction of a
link that more than one of them crosses is busy for no more than all of the time with all of them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from typing import Any

from formulations.placement.plan import SINK, SOURCE, HeldRange, PlacementPlan, violations
from solver.instance.placement.domain import PlacementInstance
from solver.lowering.placement.describe import describe_chain
from solver.lowering.placement.describe_flow import ENTRY, EXIT, describe_flow
from solver.lowering.placement.hosts import hand_over_bytes
from solver.lowering.placement.replay import Replayed, replay_chain, replay_flow
from solver.lowering.placement.replayed import routes_anew
from solver.lowering.placement.routes import Routes, steps
from solver.lowering.placement.space import MICRO, FlowSpace
from solver.sweep.placement.chain_space import Chains
from solver.sweep.placement.flows import flow_space_of
from solver.sweep.placement.frontier import chain_space_of
from solver.sweep.placement.image import COST, Image
from solver.sweep.placement.packed import describe_replicas
from solver.topology.paths import transfer_ps

__all__ = ["DesignReader"]


class DesignReader:
    """Designs of one question.

    Parameters
    ----------
    instance
        The question; it is lowered when a design is first written.
    """

    def __init__(self, instance: PlacementInstance) -> None:
        self.instance = instance
        self._is_flow = instance.trade_off == ("throughput",)
        self._several = instance.design.replicas == "several" and not self._is_flow

    @cached_property
    def _chains(self) -> Chains:
        return Chains(chain_space_of(self.instance))

    @cached_property
    def _flow_space(self) -> FlowSpace:
        return flow_space_of(self.instance)

    def replayed(self, design: Mapping[str, Any]) -> tuple[Image, list[str]]:
        """The image of a design, and every rule that it breaks.

        Raises
        ------
        LookupError, TypeError, ValueError
            If the design is not laid out as one.
        """
        if self._is_flow:
            found = replay_flow(self.instance, design)
            return (-_micro(found.throughput),), list(found.faults)
        if self._several:
            return self._replayed_replicas(design["replicas"])
        found = replay_chain(self.instance, design)
        faults = list(found.faults)
        second: int | Fraction = -_micro(found.throughput)
        if self.instance.trade_off[-1] == COST:
            if found.cost is None:
                return (found.latency_ps, Fraction(0)), [*faults, "the design has no cost"]
            second = found.cost
        return (found.latency_ps, second), faults

    def written(self, design: Mapping[str, Any]) -> dict[str, Any]:
        """The design as the question's own plan tells it.

        Raises
        ------
        FleetError, LookupError, TypeError, ValueError
            If it names what the question does not have.
        """
        if self._is_flow:
            return describe_flow(self._flow_space, self._flow_plan(design))
        if self._several:
            plans = [self._chains.plan_of(one) for one in design["replicas"]]
            return describe_replicas(self._chains.space, plans)
        return describe_chain(self._chains.space, *self._chains.plan_of(design))

    def _flow_plan(self, design: Mapping[str, Any]) -> PlacementPlan:
        """Ranges and flows by host, in whole micro-tokens/s."""
        space = self._flow_space
        machine = {host: i for i, host in enumerate(space.hosts)}
        ranges = tuple(
            HeldRange(machine[stage["host"]], int(stage["first_layer"]), int(stage["layers"]))
            for stage in design["stages"]
        )
        place = {stage["host"]: i for i, stage in enumerate(design["stages"])}
        flows: dict[tuple[int, int], int] = {}
        for flow in design["flows"]:
            start = SOURCE if flow["from"] == ENTRY else place[flow["from"]]
            end = SINK if flow["to"] == EXIT else place[flow["to"]]
            flows[start, end] = round(Fraction(flow["tok_per_s"]) * MICRO)
        plan = PlacementPlan(ranges, flows)
        faults = violations(space.problem, plan)
        if faults:
            raise ValueError(faults[0])
        return plan

    def _replayed_replicas(self, replicas: Sequence[Mapping[str, Any]]) -> tuple[Image, list[str]]:
        if not replicas:
            return (0, 0), ["there is no replica"]
        found = [replay_chain(self.instance, design) for design in replicas]
        faults = [
            f"replica {number}: {fault}"
            for number, one in enumerate(found, start=1)
            for fault in one.faults
        ]
        hosts = [stage["host"] for design in replicas for stage in design["stages"]]
        twice = sorted({host for host in hosts if hosts.count(host) > 1})
        faults += [f"{host!r:.80} is in several replicas" for host in twice]
        if not faults:
            faults += self._overfull(replicas, found)
        time_ps = max(one.latency_ps for one in found)
        rate = sum(_micro(one.throughput) for one in found)
        return (time_ps, -rate), faults

    def _overfull(
        self, replicas: Sequence[Mapping[str, Any]], found: Sequence[Replayed]
    ) -> list[str]:
        """Links that all replicas together keep busy for more than all of the time."""
        routes = routes_anew(self.instance, self.instance.topology)
        share: dict[str, Fraction] = {}
        for design, one in zip(replicas, found, strict=True):
            for name, own in self._shares(routes, design, one).items():
                share[name] = share.get(name, Fraction(0)) + own
        return [
            f"replicas keep link {name} busy {float(used):.6f} of the time"
            for name, used in sorted(share.items())
            if used > 1
        ]

    def _shares(
        self, routes: Routes, design: Mapping[str, Any], one: Replayed
    ) -> dict[str, Fraction]:
        """Share of every direction of a link that one replica takes."""
        instance = self.instance
        rated = instance.is_measured
        names = [instance.entry, *(stage["host"] for stage in design["stages"]), instance.exit]
        share: dict[str, Fraction] = {}
        for place, (a, b) in enumerate(pairwise(names)):
            path = None if a is None or b is None else routes.between(a, b)
            if path is None or (not rated and instance.rules.hand_over == "latency"):
                continue
            each = hand_over_bytes(instance, outside=place in (0, len(names) - 2))
            for step in steps(path):
                if rated:
                    own = one.throughput * math.ceil(each) / step.link.bytes_per_s
                else:
                    n_bytes = math.ceil(each * design["microbatch"])
                    busy_ps = transfer_ps(n_bytes, step.link.bytes_per_s)
                    own = Fraction(design["in_flight"] * busy_ps, one.latency_ps)
                share[step.name] = share.get(step.name, Fraction(0)) + own
        return share


def _micro(rate: Fraction) -> int:
    """Whole micro-tokens/s of a rate that has no fraction of one."""
    if (rate * MICRO).denominator != 1:
        raise ValueError(f"{rate} tok/s is not a whole number of micro-tokens/s")
    return int(rate * MICRO)
