"""Which options meet the limits of their workload, and a clear word where none does."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

from solver.errors import Fault, InstanceError
from solver.instance.fleet.domain import FleetInstance, Workload
from solver.lowering.fleet.options import PS_PER_S, KvCache, Option
from solver.lowering.fleet.pairing import cache_names, with_partner

__all__ = ["serviceable"]

_PHASES = ("prefill", "decode")


def serviceable(
    instance: FleetInstance, number: int, options: Sequence[Option], reasons: Sequence[Fault] = ()
) -> list[Option]:
    """Options of workload ``number`` that meet its speed and its time to the first token.

    Prefill that nobody decodes, and decode that nobody reads prompts for, is left out: both need
    replicas of the same model that keep their KV cache in the same width (``pairing.py``).

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
    able = [o for o in alive if _fast_enough(workload, o) and _prompt_enough(workload, o)]
    kept = with_partner(able)
    if not any(workload.requests_per_s * factor for factor in workload.by_period):
        return kept
    missing = _missing(workload, able)
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
    # Times are rounded up to picoseconds, so the longest that is allowed is too.
    return option.latency_ps <= math.ceil(PS_PER_S / least)


def _prompt_enough(workload: Workload, option: Option) -> bool:
    most = workload.max_ttft_s
    if most is None or option.phase == "decode":
        return True
    if option.ttft_s is None:
        return workload.points_meet_limits
    return option.ttft_s * PS_PER_S <= math.ceil(most * PS_PER_S)


def _missing(workload: Workload, options: Sequence[Option]) -> str:
    """What nobody serves: empty where everything is."""
    if not options:
        return "it"
    if not with_partner(options):
        return _missing_part(options, "its {}")
    if all(option.whole for option in options):
        return ""
    for b, size in enumerate(workload.sizes):
        able = [option for option in options if not option.whole and option.rates[b] > 0]
        if not size.share or with_partner(able):
            continue
        requests = f"its requests of {size.name}"
        return _missing_part(able, f"the {{}} of {requests}") if able else requests
    return ""


def _missing_part(pools: Sequence[Option], what: str) -> str:
    """What pools that nobody completes leave undone; ``what`` takes the name of a phase."""
    phases = {option.phase for option in pools}
    for phase in _PHASES:
        if phase not in phases:
            return what.format(phase)
    caches = list(dict.fromkeys(option.cache for option in pools))
    names = dict(zip(caches, cache_names(caches), strict=True))
    sides = (
        f"{phase} of {' and '.join(names[c] for c in caches if _offers(pools, c, phase))}"
        for phase in _PHASES
    )
    both = what.format(" and ".join(_PHASES))
    return f"{both} with one model and KV width (offered: {', '.join(sides)})"


def _offers(pools: Sequence[Option], cache: KvCache, phase: str) -> bool:
    return any(option.cache == cache and option.phase == phase for option in pools)


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
