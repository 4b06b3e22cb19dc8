"""Economic replica questions solved and verified; ``solver.api`` tells which come here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction
from functools import partial
from typing import Any

from solver.economy_frontier import EconomyFrontier
from solver.errors import FleetError, InstanceError
from solver.instance.domain import SPEED_AND_COST, ReplicaInstance
from solver.instance.resolved import instance_from_resolved
from solver.lowering.economy.lowering import lower_economy
from solver.sweep.certificate import Verification
from solver.sweep.economy.document import ENUMERATION, outcome_to_dict
from solver.sweep.economy.search import search_economy
from solver.sweep.provenance import Stopwatch

__all__ = [
    "Progress",
    "is_economic_document",
    "solve_economy_question",
    "verify_economy_document",
]

Progress = Callable[[int, int], None]


def solve_economy_question(
    instance: ReplicaInstance,
    formulation: str | None = None,
    engine: str | None = None,
    time_limit_s: float | None = None,
    on_progress: Progress | None = None,
    should_stop: Callable[[], bool] | None = None,
    *,
    tolerance: Fraction | None = None,
) -> EconomyFrontier:
    """See ``solver.api.solve``. A question of speed and cost alone may be asked here too.

    Raises
    ------
    FleetError
        If the question cannot be lowered, or an option does not fit it.
    """
    from solver.sweep.economy.conflict import explain_economic_conflict

    if formulation not in (None, ENUMERATION):
        raise InstanceError.one(
            f"{formulation!r} states speed and cost alone, and this question "
            f"{', '.join(_asked(instance))}",
            where="--formulation",
            mend=f"Leave it out, or choose {ENUMERATION}, which evaluates every candidate; "
            "'fleetfront verify --reprove' closes the boxes with an engine",
        )
    if engine is not None:
        raise InstanceError.one(
            f"enumeration uses no engine (got {engine!r})",
            where="--engine",
            mend="Leave it out; 'fleetfront verify --reprove' closes the boxes with one",
        )
    if tolerance is not None:
        raise InstanceError.one(
            "lists designs near a frontier of speed and cost, and this question weighs more",
            where="--tolerance",
            mend="Leave the option out",
        )
    watch = Stopwatch()
    outcome = search_economy(
        lower_economy(instance),
        time_limit_s=time_limit_s,
        on_progress=on_progress,
        should_stop=should_stop,
    )
    if outcome.status == "infeasible":
        outcome = replace(outcome, conflict=explain_economic_conflict(outcome.space))
    return EconomyFrontier(outcome_to_dict(outcome, watch))


def _asked(instance: ReplicaInstance) -> list[str]:
    """What makes a question economic, as verbs."""
    limits, terms = instance.limits, instance.energy
    told = []
    if instance.trade_off != SPEED_AND_COST:
        told.append(f"weighs {', '.join(instance.trade_off)}")
    if instance.alternatives:
        told.append("states the models that may serve, with their scores")
    if terms is not None and terms.billed:
        told.append("bills electricity")
    keys = ("max_j_per_token", "max_watts", "max_g_co2_per_mtok", "min_quality")
    stated = [key for key in keys if getattr(limits, key) is not None]
    if stated:
        told.append(f"limits {', '.join(stated)}")
    return told or ["was asked by enumeration"]


def is_economic_document(document: Any) -> bool:
    """Whether a result of kind ``replica`` is, or ought to be, one of an economic question."""
    if not isinstance(document, Mapping):
        return False
    instance = document.get("instance")
    if not isinstance(instance, Mapping) or instance.get("kind") != "replica":
        return False
    if "claims" in document:
        return True
    resolved = instance.get("resolved")
    try:
        return isinstance(resolved, Mapping) and instance_from_resolved(resolved).is_economic
    except FleetError:
        # What is damaged says nothing; the certificate of plain questions tells what is wrong.
        return False


def verify_economy_document(
    document: Mapping[str, Any],
    instance: object | None = None,
    *,
    reprove: bool = False,
    on_progress: Progress | None = None,
) -> Verification:
    """See ``solver.api.verify``.

    Raises
    ------
    FleetError
        If the document is no result, or ``instance`` is no replica question.
    """
    from solver.sweep.economy.certificate import verify_economy
    from solver.sweep.economy.reprove import reprove_economy

    if instance is not None and not isinstance(instance, ReplicaInstance):
        raise InstanceError.one(
            "that question is not one of a replica",
            where="instance",
            mend="Give the question that was solved",
        )
    prover = partial(reprove_economy, on_progress=on_progress) if reprove else None
    return verify_economy(document, instance=instance, reprove=prover, on_progress=on_progress)
