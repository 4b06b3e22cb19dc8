"""The cheapest fleet for one step of a service: its question, and the answer with storage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

from formulations.fleet.plan import FleetPlan, measures_of
from formulations.fleet.problem import COST
from solver.economics.cheapest import Cheapest
from solver.economics.storage import storage_usd_per_hour, stored_gb
from solver.errors import InstanceError
from solver.instance.calibration_keys import CALIBRATED
from solver.instance.fleet.domain import Answers, FleetInstance, Workload
from solver.instance.services.fleet_door import service_requests_per_s, service_sizes
from solver.instance.services.shape import ServiceShape
from solver.lowering.fleet.lowering import lower_fleet
from solver.lowering.fleet.space import FleetSpace
from solver.lowering.fleet.uplink import kv_bytes_per_token
from solver.sweep.fleet.asking import ask_least
from solver.sweep.fleet.boxes import Stop
from solver.sweep.fleet.roads import Road

__all__ = ["cheapest_fleet", "fleet_at", "rate_share", "service_rate"]

_HOURS_PER_DAY = 24


def fleet_at(instance: FleetInstance, workload: Workload, shape: ServiceShape) -> FleetInstance:
    """The fleet that serves ``shape`` in the place of a workload's service, and nothing else.

    Cost is counted in US$ an hour and not limited; what ties to today's fleet or to other workloads
    is left out. The limit on the first token is that of the service, less the retrieval of
    ``shape``.
    """
    longest = workload.max_ttft_s
    if longest is not None:
        stated = workload.service.retrieval_s if workload.service is not None else Fraction(0)
        longest = longest + stated - shape.retrieval_s
    served = replace(
        workload,
        service=shape,
        sizes=service_sizes(shape, caching=instance.performance.model == CALIBRATED),
        requests_per_s=service_requests_per_s(shape),
        max_ttft_s=longest,
    )
    return replace(
        instance,
        workloads=(served,),
        trade_off=("speed", "cost"),
        cost_unit="usd_per_hour",
        horizon_hours=None,
        limits=replace(instance.limits, max_usd_per_hour=None),
        current=None,
        answers=Answers(),
    )


def rate_share(instance: FleetInstance, workload: Workload) -> Fraction:
    """Mean over the day of a workload's rate, as a share of that stated."""
    parts = zip(instance.periods, workload.by_period, strict=True)
    return sum((period.hours * factor for period, factor in parts), Fraction(0)) / _HOURS_PER_DAY


def cheapest_fleet(
    instance: FleetInstance,
    *,
    deadline: float | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Cheapest:
    """The cheapest plan for ``fleet_at``'s question, and storage of what its service keeps.

    KV caches are stored at the widest width on offer, of the largest of the models: storage is
    never understated.

    Raises
    ------
    InstanceError
        If nothing on offer meets the limits of the workload, whatever it costs.
    """
    (workload,) = instance.workloads
    shape = workload.service
    if shape is None:
        raise ValueError("the workload is no service")
    stop = Stop(deadline, should_stop)
    space = lower_fleet(instance)
    found = ask_least(space.problem, COST, road=Road, stop=stop)
    if found.plan is None:
        why = "" if found.unproved else "no number of machines meets all limits"
        return Cheapest(unproved=found.unproved, why_none=why)
    usd = measures_of(space.problem, found.plan.counts)[COST] * space.units[COST]
    mean = service_rate(shape) * rate_share(instance, workload)
    token_bytes = _kv_token_bytes(instance, workload)
    return Cheapest(
        serving_usd=usd,
        storage_usd=storage_usd_per_hour(
            shape, mean_sessions_per_s=mean, kv_token_bytes=token_bytes
        ),
        stored_gb=stored_gb(shape, mean_sessions_per_s=mean, kv_token_bytes=token_bytes),
        plan=_words(space, found.plan),
        unproved=found.unproved,
    )


def service_rate(shape: ServiceShape) -> Fraction:
    """Sessions a second at the busiest period; 1 where only proportions are stated."""
    return Fraction(1) if shape.sessions_per_s is None else shape.sessions_per_s


def _kv_token_bytes(instance: FleetInstance, workload: Workload) -> Fraction:
    stated = instance.design.kv_bits if instance.design is not None else ()
    sizes = [
        kv_bytes_per_token(choice.model, max(stated, default=choice.model.native_kv_bits))
        for choice in workload.models
        if choice.model is not None
    ]
    if not sizes:
        raise InstanceError.one(
            "what a token's KV cache weighs is not known, since no model of it has a shape",
            where=f"{instance.source}: workloads.{workload.name}",
            mend="Name a model of the catalog",
        )
    return max(sizes)


def _words(space: FleetSpace, plan: FleetPlan) -> str:
    """Most replicas of every layout in use at any time of the day."""
    by_period: dict[tuple[str, str, str], dict[str, int]] = {}
    for column, count in zip(space.columns, plan.counts.tolist(), strict=True):
        if column.kind != "replicas" or not count:
            continue
        phase = "" if column.phase in ("", "aggregated") else f" {column.phase}"
        replicas = by_period.setdefault((column.machine, column.layout, phase), {})
        replicas[column.period] = replicas.get(column.period, 0) + count * column.replicas
    return ", ".join(
        f"{max(counts.values())} x {machine} {layout}{phase}"
        for (machine, layout, phase), counts in by_period.items()
    )
