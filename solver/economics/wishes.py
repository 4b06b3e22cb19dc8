"""A stated preference as limits on the question: the frontier it is chosen from is whole."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from solver.economics.preference import VALUE_OF_TIME, rule_of
from solver.errors import Fault, InstanceError
from solver.instance.domain import SPEED_AND_COST, ReplicaInstance
from solver.instance.economics import StatedPreference
from solver.instance.fleet.domain import FleetInstance, Workload

__all__ = ["fleet_under", "replica_under"]


def _least(one: Fraction | None, other: Fraction | None) -> Fraction | None:
    known = [value for value in (one, other) if value is not None]
    return min(known, default=None)


def _most(one: Fraction | None, other: Fraction | None) -> Fraction | None:
    known = [value for value in (one, other) if value is not None]
    return max(known, default=None)


def replica_under(instance: ReplicaInstance, preference: StatedPreference) -> ReplicaInstance:
    """The question of speed against cost with the limits of a preference.

    Raises
    ------
    InstanceError
        If a first token is limited where the question has no prompts.
    """
    limits = instance.limits
    if preference.max_ttft_s is not None and instance.traffic is None:
        raise InstanceError.one(
            "a limit on the first token needs prompts, and the question has none",
            where=f"preference {preference.name!r}: max_ttft_s",
            mend="Add workload.input_tokens and workload.output_tokens, or leave the limit out",
        )
    return replace(
        instance,
        trade_off=SPEED_AND_COST,
        limits=replace(
            limits,
            min_speed_tok_per_s=_most(limits.min_speed_tok_per_s, preference.min_speed_tok_per_s),
            max_ttft_s=_least(limits.max_ttft_s, preference.max_ttft_s),
            max_usd_per_hour=_least(limits.max_usd_per_hour, preference.max_usd_per_hour),
            max_cost_usd_per_mtok=_least(limits.max_cost_usd_per_mtok, preference.max_usd_per_mtok),
            min_quality=_most(limits.min_quality, preference.min_quality),
        ),
    )


def fleet_under(
    instance: FleetInstance, preference: StatedPreference, *, mtok_per_hour: Fraction
) -> FleetInstance:
    """The question of speed against US$ an hour with the limits of a preference.

    A service level is that of workloads with users; work with a deadline is left as it is.

    Parameters
    ----------
    mtok_per_hour
        Output of the whole fleet, which turns a budget per token into one per hour.

    Raises
    ------
    InstanceError
        If the preference cannot be asked of a fleet.
    """
    where = f"preference {preference.name!r}"
    faults = []
    if preference.min_quality is not None:
        faults.append(
            Fault(
                f"{where}: min_quality",
                "the quality of a fleet is traded off, not limited",
                'Leave it out, and write trade_off = ["quality", "cost"]',
            )
        )
    own = any(workload.target_speed_tok_per_s is not None for workload in instance.workloads)
    if own and rule_of(preference) == VALUE_OF_TIME:
        faults.append(
            Fault(
                f"{where}: usd_per_s_saved",
                "workloads have targets of their own, so the fleet has no speed in tokens/s",
                "Leave the targets out, or state another preference",
            )
        )
    if faults:
        raise InstanceError.all_of(faults)

    def served(workload: Workload) -> Workload:
        if workload.batch is not None:
            # Nobody waits for its tokens: a service level is a promise to users.
            return workload
        return replace(
            workload,
            min_speed_tok_per_s=_most(workload.min_speed_tok_per_s, preference.min_speed_tok_per_s),
            max_ttft_s=_least(workload.max_ttft_s, preference.max_ttft_s),
        )

    budget = preference.max_usd_per_hour
    if preference.max_usd_per_mtok is not None:
        budget = _least(budget, preference.max_usd_per_mtok * mtok_per_hour)
    return replace(
        instance,
        trade_off=("speed", "cost"),
        cost_unit="usd_per_hour",
        workloads=tuple(served(workload) for workload in instance.workloads),
        limits=replace(
            instance.limits, max_usd_per_hour=_least(instance.limits.max_usd_per_hour, budget)
        ),
    )
