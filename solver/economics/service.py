"""The service level of a production function, and the names of the limits that end it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from solver.errors import Fault, InstanceError
from solver.instance.domain import Limits, ReplicaInstance
from solver.instance.economics import MOST_TOLERANCE, EconomicsTerms
from solver.instance.fleet.domain import FleetInstance

__all__ = [
    "CAP",
    "COST",
    "DEVICES",
    "ENERGY",
    "HBM",
    "LAST",
    "SPEED",
    "TTFT",
    "WATTS",
    "ServiceLevel",
    "checked_terms",
    "service_level",
    "terms_of",
]

HBM = "HBM"
SPEED = "speed"
TTFT = "time to first token"
DEVICES = "devices"
CAP = "throughput cap"
WATTS = "watts"
ENERGY = "energy per token"
COST = "cost"
LAST = "largest batch on offer"


@dataclass(frozen=True, slots=True)
class ServiceLevel:
    """What every user is promised; ``None`` is no promise."""

    min_speed_tok_per_s: Fraction | None = None
    max_ttft_s: Fraction | None = None

    def over(self, limits: Limits) -> Limits:
        """``limits`` with this service level in place of their own.

        A ceiling on cost is left out: it bounds a frontier, and a production function tells cost.
        """
        return replace(
            limits,
            min_speed_tok_per_s=self.min_speed_tok_per_s,
            max_ttft_s=self.max_ttft_s,
            max_cost_usd_per_mtok=None,
        )


def service_level(instance: ReplicaInstance, terms: EconomicsTerms) -> ServiceLevel:
    """The level that ``terms`` state, else that of the question's own limits.

    Raises
    ------
    InstanceError
        If a first token is promised where the question has no prompts.
    """
    limits = instance.limits
    speed, ttft_s = terms.min_speed_tok_per_s, terms.max_ttft_s
    level = ServiceLevel(
        limits.min_speed_tok_per_s if speed is None else speed,
        limits.max_ttft_s if ttft_s is None else ttft_s,
    )
    if level.max_ttft_s is not None and instance.traffic is None:
        raise InstanceError.one(
            "a limit on the first token needs prompts, and the question has none",
            where=f"{instance.source}: max_ttft_s",
            mend="Add workload.input_tokens and workload.output_tokens, or leave the limit out",
        )
    return level


def checked_terms(
    terms: EconomicsTerms, instance: ReplicaInstance | FleetInstance
) -> EconomicsTerms:
    """``terms`` as they are, once nothing in them is out of range or beyond the question.

    Raises
    ------
    InstanceError
        With every fault.
    """
    source = instance.source
    faults = _job_faults(terms, instance)
    if not 0 <= terms.tolerance <= MOST_TOLERANCE:
        faults.append(
            Fault(
                f"{source}: economics.tolerance",
                f"{terms.tolerance} is not from 0 to {MOST_TOLERANCE}",
                "Give the share of the least cost that is still good enough, such as 0.1",
            )
        )
    for key, value in (
        ("min_speed_tok_per_s", terms.min_speed_tok_per_s),
        ("max_ttft_s", terms.max_ttft_s),
    ):
        if value is not None and value <= 0:
            faults.append(
                Fault(
                    f"{source}: economics.{key}",
                    f"{value} is not above 0",
                    "Give a number above 0, or leave it out",
                )
            )
    faults.extend(
        Fault(
            f"{source}: economics.utilisations",
            f"{share} is not above 0 and at most 1",
            "Give shares of capacity, such as 0.1",
        )
        for share in terms.utilisations
        if not 0 < share <= 1
    )
    if faults:
        raise InstanceError.all_of(faults)
    return terms


def _job_faults(terms: EconomicsTerms, instance: ReplicaInstance | FleetInstance) -> list[Fault]:
    where = f"{instance.source}: economics.job_requests"
    if terms.job_requests is None:
        return []
    if isinstance(instance, FleetInstance):
        what = "a job is told of one replica, and the question is a fleet"
        return [Fault(where, what, "Leave it out, or give a workload a batch with a deadline")]
    if terms.job_requests < 1:
        what = f"{terms.job_requests} is not above 0"
        return [Fault(where, what, "Give the requests of one job, such as 2993")]
    if instance.traffic is None:
        what = "a job needs answers of a length, and the question states none"
        mend = "Add workload.input_tokens and workload.output_tokens, or leave it out"
        return [Fault(where, what, mend)]
    return []


def terms_of(instance: ReplicaInstance | FleetInstance) -> EconomicsTerms:
    """The terms of a question, or the defaults."""
    return instance.economics or EconomicsTerms()
