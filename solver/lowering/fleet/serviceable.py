"""Which options meet the limits of their workload, and a clear word where none does."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

from solver.errors import Fault, InstanceError
from solver.instance.fleet.domain import FleetInstance, Workload
from solver.lowering.fleet.options import PS_PER_S, Option

__all__ = ["serviceable"]


def serviceable(
    instance: FleetInstance, number: int, options: Sequence[Option], reasons: Sequence[Fault] = ()
) -> list[Option]:
    """Options of workload ``number`` that meet its speed and its time to the first token.

    Parameters
    ----------
    reasons
        Why some machines offer nothing, for the message where nothing is left.

    Raises
    ------
    InstanceError
        If demand is left that no option can serve, whatever the fleet's own limits.
    """
    workload = instance.workloads[number]
    alive = [option for option in options if any(rate > 0 for rate in option.rates)]
    kept = [o for o in alive if _fast_enough(workload, o) and _prompt_enough(workload, o)]
    if not any(workload.requests_per_s * factor for factor in workload.by_period):
        return kept
    missing = _missing(workload, kept)
    if missing:
        faults = [_fault(instance, workload, alive, missing), *(reasons if not alive else ())]
        raise InstanceError.all_of(faults)
    return kept


def _fast_enough(workload: Workload, option: Option) -> bool:
    least = workload.min_speed_tok_per_s
    if least is None or not option.makes_tokens:
        return True
    if option.latency_ps is None:
        return workload.points_meet_limits
    return option.latency_ps * least <= PS_PER_S


def _prompt_enough(workload: Workload, option: Option) -> bool:
    most = workload.max_ttft_s
    if most is None or option.phase == "decode":
        return True
    if option.ttft_s is None:
        return workload.points_meet_limits
    return option.ttft_s <= most


def _missing(workload: Workload, options: Sequence[Option]) -> str:
    """What nobody serves: empty where everything is."""
    phases = {option.phase for option in options}
    if not options:
        return "it"
    if "aggregated" not in phases:
        for phase in ("prefill", "decode"):
            if phase not in phases:
                return f"its {phase}"
    if all(option.whole for option in options):
        return ""
    for b, size in enumerate(workload.sizes):
        if size.share and not any(option.rates[b] > 0 for option in options if not option.whole):
            return f"its requests of {size.name}"
    return ""


def _fault(
    instance: FleetInstance, workload: Workload, alive: Sequence[Option], missing: str
) -> Fault:
    where = f"{instance.source}: workload {workload.name!r}"
    if not alive:
        return Fault(
            where,
            f"no option serves {missing}",
            "Offer a machine that holds its model, or measured points",
        )
    clauses, cures = [], []
    least, most = workload.min_speed_tok_per_s, workload.max_ttft_s
    latencies = [o.latency_ps for o in alive if o.makes_tokens and o.latency_ps is not None]
    ttfts = [o.ttft_s for o in alive if o.phase != "decode" and o.ttft_s is not None]
    if least is not None and not any(_fast_enough(workload, o) for o in alive if o.makes_tokens):
        clauses.append(
            f"the best speed attainable is {PS_PER_S / min(latencies):.4g} tok/s, asked for "
            f"{float(least):.4g}"
            if latencies
            else "no option shows its speed"
        )
        cures.append("lower min_speed_tok_per_s")
    if most is not None and not any(
        _prompt_enough(workload, o) for o in alive if o.phase != "decode"
    ):
        clauses.append(
            f"the best time to the first token is {_up(min(ttfts)):.4g} s, asked for "
            f"{float(most):.4g}"
            if ttfts
            else "no option shows its time to the first token"
        )
        cures.append("raise max_ttft_s")
    if not clauses:
        limited = least is not None or most is not None
        clauses.append("no option meets all its limits at once" if limited else "none is offered")
        cures.append("relax one of them" if limited else "offer that phase or size")
    cures.append("offer faster machines or smaller batches")
    mend = ", or ".join(cures)
    what = f"no option serves {missing}: {'; '.join(clauses)}"
    return Fault(where, what, mend[0].upper() + mend[1:])


def _up(value: Fraction) -> float:
    """Rounded up to four digits, so that the number shown can be asked for."""
    digits = 3 - math.floor(math.log10(value)) if value > 0 else 0
    return math.ceil(value * Fraction(10 ** max(digits, 0), 10 ** max(-digits, 0))) / 10.0**digits
