"""What no router can hand over between prefill and decode replicas."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from solver.deploy.engines.contract import ServerPlan
from solver.deploy.launch import ReplicaDesign
from solver.errors import Fault
from solver.report.numbers import clean

__all__ = ["by_workload", "routing_refusals"]

Planned = TypeVar("Planned")


def by_workload(
    planned: Iterable[tuple[ReplicaDesign, Planned]],
) -> dict[tuple[str, str], list[Planned]]:
    """What answers the same requests: by workload and model, in order."""
    groups: dict[tuple[str, str], list[Planned]] = {}
    for design, value in planned:
        groups.setdefault((design.workload, design.model), []).append(value)
    return groups


def routing_refusals(plans: Sequence[ServerPlan]) -> Iterator[Fault]:
    """Prefill and decode apart in ways that no router of a workload hands over."""
    for (workload, model), mates in by_workload((plan.design, plan) for plan in plans).items():
        parted = [plan for plan in mates if plan.design.phase != "aggregated"]
        if not parted:
            continue
        where = f"replicas of {clean(workload or model, limit=60)}"
        for plan in parted:
            if not plan.design.paired_with:
                yield plan.fault(
                    f"a {plan.design.phase} replica without its other half serves nobody",
                    "Give the result as 'fleetfront solve --out' wrote it",
                )
        if len(parted) < len(mates):
            yield Fault(
                where,
                "some replicas do both phases and others one, and no router here mixes them",
                "Choose a point with one kind, or solve again with one choice of phases",
            )
        if len({plan.design.kv_bits for plan in parted}) > 1:
            yield Fault(
                where,
                "prefill and decode keep the KV cache in different widths, so it cannot be "
                "handed over",
                "Solve again with one design.kv_bits",
            )
