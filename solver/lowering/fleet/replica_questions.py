"""The replica question behind a fleet's designs: one model on one machine, for one request size."""

from __future__ import annotations

from fractions import Fraction

from solver.catalog.domain import Accelerator, Model, Price
from solver.instance.domain import DesignSpace, Draft, Limits, Machine, ReplicaInstance, Traffic
from solver.instance.energy import EnergyTerms
from solver.instance.fleet.domain import FleetInstance, RequestSize

__all__ = ["mean_context_tokens", "replica_question"]


def mean_context_tokens(size: RequestSize) -> int:
    """Tokens of a sequence half way through its answer, rounded up."""
    return size.input_tokens + -(-size.output_tokens // 2)


def replica_question(
    instance: FleetInstance,
    model: Model,
    accelerators: tuple[Accelerator, ...],
    design: DesignSpace,
    *,
    size: RequestSize | None = None,
    weight_formats: tuple[str, ...] = (),
    traffic: Traffic | None = None,
    clocks_mhz: tuple[int, ...] = (),
    draft: Draft | None = None,
    energy: EnergyTerms | None = None,
) -> ReplicaInstance:
    """Which layouts and batches there are; candidates are priced by the fleet, not here.

    Without a ``size`` sequences hold no context; without ``clocks_mhz`` clocks are left alone.
    """
    return ReplicaInstance(
        name=instance.name,
        title=instance.title,
        model=model,
        context_tokens=0 if size is None else mean_context_tokens(size),
        # A price of one only counts devices.
        machines=tuple(
            Machine(accelerator, Price(accelerator.name, "", Fraction(1), "", ""), clock)
            for accelerator in accelerators
            for clock in (clocks_mhz or (None,))
        ),
        design=design,
        limits=Limits(),
        rules=instance.rules,
        performance=instance.performance,
        weight_formats=weight_formats,
        traffic=traffic,
        draft=draft,
        energy=energy,
        source=instance.source,
    )
