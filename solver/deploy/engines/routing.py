"""What no router can hand over between prefill and decode replicas."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from solver.deploy.engines.contract import ServerPlan
from solver.errors import Fault
from solver.report.numbers import clean

__all__ = ["routing_refusals"]


def routing_refusals(plans: Sequence[ServerPlan]) -> Iterator[Fault]:
    """Prefill and decode apart in ways that no router hands over."""
    parted = [plan for plan in plans if plan.design.phase != "aggregated"]
    if not parted:
        return
    workloads = {(plan.design.workload, plan.design.model) for plan in plans}
    if len(workloads) > 1:
        told = ", ".join(sorted(clean(name, limit=40) for name, _ in workloads))
        yield Fault(
            "deployment",
            f"prefill and decode are apart and the point serves {len(workloads)} workloads "
            f"({told}); one router hands over within one workload",
            "Solve each workload alone, and deploy each result",
        )
    for plan in parted:
        if not plan.design.paired_with:
            yield plan.fault(
                f"a {plan.design.phase} replica without its other half serves nobody",
                "Give the result as 'fleetfront solve --out' wrote it",
            )
    if any(plan.design.phase == "aggregated" for plan in plans):
        yield Fault(
            "deployment",
            "some replicas do both phases and others one, and no router here mixes them",
            "Choose a point with one kind, or solve again with one choice of phases",
        )
    widths = {plan.design.kv_bits for plan in parted}
    if len(widths) > 1:
        yield Fault(
            "deployment",
            "prefill and decode keep the KV cache in different widths, so it cannot be handed over",
            "Solve again with one design.kv_bits",
        )
