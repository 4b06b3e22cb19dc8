"""Economics as plain JSON: floats for people and tables, fractions as ``p/q`` where they decide."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from solver.economics.break_even import Crossing, Staircase
from solver.economics.curve import CurvePoint
from solver.economics.document_parts import (
    clock_part,
    job_part,
    jobs_part,
    principle_part,
    speculation_part,
    valleys_part,
    waiting_part,
)
from solver.economics.document_parts import exact as _exact
from solver.economics.document_parts import number as _number
from solver.economics.fleet import DemandLevel, FleetEconomics
from solver.economics.long_run import LongRun, LongRunStep
from solver.economics.preference import Choice, Option, RunnerUp
from solver.economics.production import ProductionPoint
from solver.economics.replica import (
    ApiBreakEven,
    CurveEconomics,
    GroupEconomics,
    Owning,
    ReplicaEconomics,
)
from solver.economics.scan import BestLoad
from solver.economics.sections import SECTIONS
from solver.economics.speculation import Speculation
from solver.economics.utilisation import LoadedCost, sentence
from solver.economics.valleys import Valleys
from solver.economics.zone import Inflection, Zone
from solver.result import canonical_digest

if TYPE_CHECKING:
    from solver.economics.bills import Bill

__all__ = ["economics_to_dict"]


def economics_to_dict(
    found: ReplicaEconomics | FleetEconomics,
    choices: Sequence[Choice],
    bills: Sequence[Bill],
    *,
    speculation: Sequence[Speculation] = (),
    valleys: Sequence[Valleys] = (),
    sections: Collection[str] = SECTIONS,
    status: str,
) -> dict[str, Any]:
    """The document, digest included."""
    instance = found.instance
    document: dict[str, Any] = {
        "schema": 1,
        "economics": instance.kind,
        "status": status,
        "sections": [name for name in SECTIONS if name in sections],
        "instance": {
            "name": instance.name,
            "title": instance.title,
            "sha256": instance.sha256,
            "settings": {key: str(value) for key, value in instance.settings.items()},
        },
        "terms": {
            "tolerance": str(found.terms.tolerance),
            "utilisations": [str(share) for share in found.terms.utilisations],
        },
        **(_replica(found) if isinstance(found, ReplicaEconomics) else _fleet(found)),
        "preferences": [_choice(choice) for choice in choices],
    }
    if speculation:
        document["speculation"] = [speculation_part(entry) for entry in speculation]
    if valleys:
        document["valleys"] = [valleys_part(entry) for entry in valleys]
    if bills:
        document["bills"] = [_bill(bill) for bill in bills]
    document["digest"] = canonical_digest(document)
    return document


def _replica(found: ReplicaEconomics) -> dict[str, Any]:
    level, cheapest = found.level, found.cheapest
    traffic = found.instance.traffic
    return {
        "service_level": {
            "min_speed_tok_per_s": _number(level.min_speed_tok_per_s),
            "max_ttft_s": _number(level.max_ttft_s),
        },
        "answer_tokens": found.answer_tokens,
        "prompt_tokens": None if traffic is None else traffic.input_tokens,
        "cheapest": None if cheapest is None else [cheapest.model, cheapest.machine],
        "groups": [_group(group, found) for group in found.groups],
        "job_requests": found.terms.job_requests,
        "clock": [clock_part(group) for group in found.clock],
        "left_out": list(found.left_out),
    }


def _group(group: GroupEconomics, found: ReplicaEconomics) -> dict[str, Any]:
    return {
        "model": group.model,
        "machine": group.machine,
        "layouts": group.layouts,
        "best": None if group.best is None else _best(group.best),
        "curves": [_curve(entry) for entry in group.curves],
        "long_run": None if group.long_run is None else _long_run(group.long_run, found),
        "utilisation": [_loaded(cost) for cost in group.loaded],
        "utilisation_text": sentence(group.loaded),
        "api": [_api(entry, found) for entry in group.api],
        "owning": None if group.owning is None else _owning(group.owning),
        "jobs": [jobs_part(entry) for entry in group.jobs],
    }


def _best(best: BestLoad) -> dict[str, Any]:
    return {
        "layout": best.key.name,
        "devices": best.devices,
        **_point(best.point),
        **_exact("usd_per_hour", best.point.usd_per_hour),
        **_exact("usd_per_mtok", best.point.average),
    }


def _point(point: CurvePoint) -> dict[str, Any]:
    return {
        "concurrency": point.concurrency,
        "latency_ps": point.latency_ps,
        "speed_tok_per_s": float(point.speed),
        "ttft_s": None if point.ttft_ps is None else point.ttft_ps / 10**12,
        "tok_per_s": float(point.tok_per_s),
        "usd_per_mtok": float(point.average),
        "joules_per_token": _number(point.joules_per_token),
        "watts": None if point.power_mw is None else point.power_mw / 1000,
        "broken": list(point.broken),
    }


def _curve(entry: CurveEconomics) -> dict[str, Any]:
    return {
        "layout": entry.curve.layout,
        "devices": entry.curve.devices,
        "points": [_produced(point) for point in entry.points],
        "zone": None if entry.zone is None else _zone(entry.zone),
        "inflection": None if entry.inflection is None else _inflection(entry.inflection),
        "principles": [principle_part(judged) for judged in entry.principles],
        "doublings": [principle_part(judged) for judged in entry.doublings],
        "waiting": waiting_part(entry.waiting),
        "job": [job_part(load) for load in entry.job],
        "least_energy_concurrency": entry.least_energy,
    }


def _produced(entry: ProductionPoint) -> dict[str, Any]:
    return {
        **_point(entry.point),
        "total_usd": float(entry.total_usd),
        "marginal_usd_per_mtok": _number(entry.marginal_usd_per_mtok),
        "elasticity_of_scale": _number(entry.elasticity_of_scale),
        "elasticity_of_throughput": entry.elasticity_of_throughput,
        "marginal_joules_per_token": _number(entry.marginal_joules),
    }


def _zone(zone: Zone) -> dict[str, Any]:
    return {
        "tolerance": str(zone.tolerance),
        "lowest": zone.lowest,
        "highest": zone.highest,
        "runs": [list(run) for run in zone.runs],
        "best": _point(zone.best),
        "place": zone.place,
        "reaches_end": zone.reaches_end,
        "ended_by": list(zone.ended_by),
    }


def _inflection(found: Inflection) -> dict[str, Any]:
    return {"concurrency": found.at, "side": found.side, "again": found.again}


def _long_run(found: LongRun, asked: ReplicaEconomics) -> dict[str, Any]:
    speed = asked.level.min_speed_tok_per_s
    later: list[LongRunStep | None] = [*found.steps[1:], None]
    return {
        "highest": found.highest,
        **_exact("least_usd_per_user_hour", found.least_average),
        "items": [
            {"users": i.users, **_exact("usd_per_hour", i.usd_per_hour), "layout": i.layout}
            for i in found.items
        ],
        "steps": [
            {
                "first": step.first,
                "last": step.last,
                "usd_per_hour": float(step.usd_per_hour),
                "usd_per_user_hour": float(step.usd_per_user_hour),
                "one_more_usd_per_hour": None
                if after is None
                else float(after.usd_per_hour - step.usd_per_hour),
                # What a token costs whose user takes it at the speed promised, and no faster.
                "usd_per_mtok_at_min_speed": None
                if speed is None
                else float(step.usd_per_user_hour * 10**6 / (3600 * speed)),
                "mix": [
                    {"replicas": count, "layout": item.layout, "users": item.users}
                    for count, item in step.mix
                ],
            }
            for step, after in zip(found.steps, later, strict=True)
        ],
    }


def _loaded(cost: LoadedCost) -> dict[str, Any]:
    return {
        "utilisation": float(cost.utilisation),
        "tok_per_s": float(cost.tok_per_s),
        "times": float(cost.times),
        **_exact("usd_per_mtok", cost.usd_per_mtok),
    }


def _api(entry: ApiBreakEven, found: ReplicaEconomics) -> dict[str, Any]:
    earliest = None
    if entry.earliest is not None:
        load, best = entry.earliest
        earliest = {**_exact("tok_per_s", load), "layout": best.key.name, "devices": best.devices}
    tokens = None if found.instance.traffic is None else found.answer_tokens
    return {
        "offer": entry.offer.name,
        "source": entry.offer.source,
        "as_of": entry.offer.as_of,
        **_exact("usd_per_mtok", entry.usd_per_mtok),
        "renting": _staircase(entry.renting, tokens),
        "owning": None if entry.owning is None else _staircase(entry.owning, tokens),
        "earliest": earliest,
    }


def _staircase(stairs: Staircase, answer_tokens: int | None) -> dict[str, Any]:
    return {
        **_exact("usd_per_hour", stairs.usd_per_hour),
        "tok_per_s": float(stairs.tok_per_s),
        "pays": stairs.pays,
        "first": _crossing(stairs.first, answer_tokens),
        "last": _crossing(stairs.last, answer_tokens),
    }


def _crossing(found: Crossing | None, answer_tokens: int | None) -> dict[str, Any] | None:
    if found is None:
        return None
    requests = None if answer_tokens is None else float(found.requests_per_s(answer_tokens))
    return {
        **_exact("tok_per_s", found.tok_per_s),
        "mtok_per_day": float(found.mtok_per_day),
        "requests_per_s": requests,
        "replicas": found.replicas,
        **_exact("utilisation", found.utilisation),
    }


def _owning(found: Owning) -> dict[str, Any]:
    return {
        "watts_per_device": float(found.watts),
        **_exact("usd_per_hour", found.usd_per_hour),
        "stated_utilisation": float(found.stated_utilisation),
        "rented_usd_per_hour": float(found.rented_usd_per_hour),
        **_exact("least_utilisation", found.least_utilisation),
    }


def _fleet(found: FleetEconomics) -> dict[str, Any]:
    api = found.api
    return {
        "levels": [_level(level) for level in found.levels],
        "use": [
            {
                "workload": use.workload,
                "period": use.period,
                "hours": float(use.hours),
                "demand_tok_per_s": float(use.demand),
                "capacity_tok_per_s": _number(use.capacity),
                "utilisation": float(use.demand / use.capacity) if use.capacity else None,
            }
            for use in found.use
        ],
        **_exact("mean_utilisation", found.utilisation),
        "utilisation": [_loaded(cost) for cost in found.loaded],
        "utilisation_text": sentence(found.loaded),
        "api": None
        if api is None
        else {
            "offers": {workload: offer.name for workload, offer in api.offers},
            **_exact("usd_per_hour", api.usd_per_hour),
            **_exact("from_share", api.from_share),
        },
        "owning": [
            {
                "machine": entry.machine,
                "contract": entry.contract,
                "watts_per_device": float(entry.watts),
                "rented_usd_per_hour": float(entry.rented_usd_per_hour),
                **_exact("usd_per_hour", entry.usd_per_hour),
                "stated_utilisation": float(entry.stated_utilisation),
                **_exact("least_utilisation", entry.least_utilisation),
            }
            for entry in found.owning
        ],
        "owning_unknown": [list(entry) for entry in found.owning_unknown],
    }


def _level(level: DemandLevel) -> dict[str, Any]:
    return {
        "share": float(level.share),
        "tok_per_s": float(level.tok_per_s),
        **_exact("usd_per_hour", level.usd_per_hour),
        "usd_per_mtok": _number(level.usd_per_mtok),
        "marginal_usd_per_mtok": _number(level.marginal),
        "elasticity_of_scale": _number(level.elasticity_of_scale),
        "watts": _number(level.watts),
        "devices": _number(level.devices),
        "utilisation": _number(level.utilisation),
        "unproved": level.unproved,
    }


def _choice(choice: Choice) -> dict[str, Any]:
    wish = choice.preference
    stated = {
        name: str(value)
        for name in wish.__dataclass_fields__
        if (value := getattr(wish, name)) is not None and name != "name"
    }
    return {
        "name": wish.name,
        "stated": stated,
        "rule": choice.rule,
        "complete": choice.complete,
        "chosen": None if choice.option is None else _option(choice.option),
        "score": choice.score,
        "next_faster": _beside(choice.next_faster),
        "next_cheaper": _beside(choice.next_cheaper),
        "runner_up": _beside(choice.runner_up),
    }


def _option(option: Option) -> dict[str, Any]:
    return {
        **_exact("speed", option.speed),
        **_exact("cost", option.cost),
        "usd_per_mtok": _number(option.answer_usd),
        "design": option.design,
    }


def _beside(found: RunnerUp | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        **_option(found.option),
        "more_cost": float(found.more),
        "times_speed": float(found.faster),
        "times_score": found.worse,
    }


def _bill(bill: Bill) -> dict[str, Any]:
    return {
        "subject": bill.subject,
        "unit": bill.unit,
        "complete": bill.complete,
        "steps": [
            {
                "name": step.name,
                **_exact("usd", step.usd),
                "added_usd": _number(bill.added(place)),
                "usd_per_session": _number(bill.usd_per_session(step)),
                "requests_per_s": _number(step.requests_per_s),
                "prefill_tok_per_s": _number(step.prefill_tok_per_s),
                "decode_tok_per_s": _number(step.decode_tok_per_s),
                "unproved": step.cheapest.unproved,
                "why_none": step.cheapest.why_none,
                "floor_saves": step.floor_saves,
            }
            for place, step in enumerate(bill.steps)
        ],
    }
