"""What one unit of a planned column stands for, in words and exact numbers."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from solver.instance.fleet.domain import FleetInstance
from solver.lowering.fleet.planned import PlannedColumn
from solver.lowering.fleet.space import ColumnMeaning

__all__ = ["column_meanings"]


def column_meanings(
    instance: FleetInstance, columns: Sequence[PlannedColumn]
) -> list[ColumnMeaning]:
    """Meanings of ``columns``; ``facts["held"]`` is the devices a unit brings into the fleet."""
    several = len(instance.periods) > 1
    periods = {k: period.name if several else "" for k, period in enumerate(instance.periods)}
    output_tokens = [workload.output_tokens for workload in instance.workloads]
    found = []
    for column in columns:
        option = column.option
        rate = tokens = None
        facts: dict[str, Any] = {"held": column.held}
        if option is not None:
            facts["model"] = option.model
            facts["devices_per_replica"] = option.devices
            facts.update(option.facts)
            if option.whole:
                rate = option.rates[0] * column.load
                if option.makes_tokens:
                    tokens = rate * output_tokens[option.workload]
        found.append(
            ColumnMeaning(
                kind=column.kind,
                workload="" if option is None else instance.workloads[option.workload].name,
                machine="" if column.machine is None else instance.machines[column.machine].name,
                contract="" if column.contract is None else column.contract.name,
                layout="" if option is None else option.layout,
                phase="" if option is None else option.phase,
                period="" if column.period is None else periods[column.period],
                devices=column.devices,
                replicas=max(column.replicas, 1),
                usd_per_hour=column.usd_per_hour,
                watts=column.watts or Fraction(0),
                latency_ps=None if option is None else option.latency_ps,
                ttft_s=None if option is None else option.ttft_s,
                requests_per_s=rate,
                tok_per_s=tokens,
                facts=facts,
            )
        )
    return found
