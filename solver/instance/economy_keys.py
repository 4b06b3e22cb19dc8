"""Keys of a replica file about energy, quality and economics, and what they need beside them."""

from __future__ import annotations

from collections.abc import Sequence

from solver.catalog.weight_formats import FORMAT_BITS
from solver.instance.calibration_keys import CALIBRATED
from solver.instance.domain import SPEED_AND_COST, Machine, ReplicaInstance, ReplicaObjective
from solver.instance.fleet.plausible import plain
from solver.instance.lookup import Lookup
from solver.instance.quality import ServedModel
from solver.instance.records import ReplicaFile

__all__ = ["check_economy", "penalty_warnings", "served_models", "trade_off_of"]

_SCORED = "Write workload.models = [{ model = '...', quality = ..., source = '...' }]"


def trade_off_of(record: ReplicaFile) -> tuple[ReplicaObjective, ...]:
    """What a file weighs; speed and cost in either order are the plain question."""
    stated = tuple(record.trade_off)
    return SPEED_AND_COST if set(stated) == set(SPEED_AND_COST) else stated


def served_models(record: ReplicaFile, lookup: Lookup) -> tuple[ServedModel, ...]:
    """The models that may serve, first the one to name the question by; empty after a fault."""
    workload = record.workload
    if workload.model is not None and workload.models is not None:
        lookup.fault(
            "workload.models",
            "workload.model says already what is served",
            "Keep one of the two",
        )
        return ()
    if workload.models is None:
        if workload.model is None:
            if not lookup.has_fault("workload.model", "workload.models"):
                lookup.fault("workload.model", "is missing", "Add it, or workload.models")
            return ()
        model = lookup.model("workload.model", workload.model)
        return () if model is None else (ServedModel(model),)
    found: list[ServedModel] = []
    for place, entry in enumerate(workload.models):
        key = f"workload.models.{place}.model"
        model = lookup.model(key, entry.model)
        if model is None:
            continue
        if model.name in {other.model.name for other in found}:
            lookup.fault(key, f"{model.name!r} stands twice", "Name each model once")
            continue
        found.append(entry.to_domain(model))
    return tuple(found)


def check_economy(
    record: ReplicaFile,
    served: Sequence[ServedModel],
    machines: Sequence[Machine],
    lookup: Lookup,
) -> None:
    """Note keys whose figures nobody has stated: power, carbon, scores, names, prompts."""
    _check_power(record, machines, lookup)
    _check_carbon(record, lookup)
    _check_scores(record, served, lookup)
    _check_penalties(record, served, lookup)
    _check_economics(record, served, lookup)


def penalty_warnings(
    instance: ReplicaInstance,
) -> tuple[str, ...]:
    """Precisions on offer, narrower than a model's own, that nobody has stated a penalty for."""
    if "quality" not in instance.trade_off and instance.limits.min_quality is None:
        return ()
    found = []
    for entry in instance.alternatives:
        model = entry.model
        stated = [p for p in instance.penalties if p.model in (None, model.name)]
        formats = [
            name
            for name in instance.weight_formats
            if FORMAT_BITS[name] < model.native_weight_bits
            and not any(name == p.weight_format for p in stated)
            and not any(FORMAT_BITS[name] == p.weight_bits for p in stated)
        ]
        widths = [
            f"{bits}-bit weights"
            for bits in instance.design.weight_bits
            if bits < model.native_weight_bits
            and not any(bits == p.weight_bits for p in stated)
            # A width may stand for a format that has a penalty of its own.
            and not any(FORMAT_BITS.get(p.weight_format or "") == bits for p in stated)
        ]
        caches = [
            f"a {bits}-bit cache"
            for bits in instance.design.kv_bits
            if bits < model.native_kv_bits and not any(bits == p.kv_bits for p in stated)
        ]
        if formats or widths or caches:
            found.append(
                f"no penalty is stated for {', '.join([*formats, *widths, *caches])} of "
                f"{model.name}: its score is taken to hold there too"
            )
    return tuple(found)


def _check_power(record: ReplicaFile, machines: Sequence[Machine], lookup: Lookup) -> None:
    limits = record.limits
    limiting = ("max_j_per_token", "max_watts", "max_g_co2_per_mtok")
    asking = [f"trade_off {name}" for name in record.trade_off if name in ("energy", "power")]
    asking += [f"limits.{key}" for key in limiting if getattr(limits, key) is not None]
    if record.energy is not None and record.energy.billed:
        asking.append("energy.billed")
    if not asking:
        return
    bare = dict.fromkeys(
        machine.accelerator.name for machine in machines if machine.accelerator.power is None
    )
    for name in bare:
        known = [
            other.name for other in lookup.catalog.accelerators.values() if other.power is not None
        ]
        lookup.fault(
            "design.accelerator",
            f"the power of {name!r} is not known, and {asking[0]} asks for it",
            f"Choose from {', '.join(sorted(known))}, or add [accelerators.power] to an entry of "
            "your own",
        )


def _check_carbon(record: ReplicaFile, lookup: Lookup) -> None:
    stated = record.energy is not None and record.energy.g_co2_per_kwh is not None
    if (
        record.limits.max_g_co2_per_mtok is not None
        and not stated
        and not lookup.has_fault("energy")
    ):
        lookup.fault(
            "limits.max_g_co2_per_mtok",
            "what a kWh emits is not stated",
            "Add energy.g_co2_per_kwh, or leave it out",
        )


def _check_scores(record: ReplicaFile, served: Sequence[ServedModel], lookup: Lookup) -> None:
    bare = [entry.model.name for entry in served if entry.quality is None]
    if not bare or lookup.has_fault("workload.models"):
        # A score that was refused is left out here; that it is missing is no news.
        return
    asking = ["trade_off"] if "quality" in record.trade_off else []
    if record.limits.min_quality is not None:
        asking.append("limits.min_quality")
    if record.economics is not None:
        asking += [
            f"economics.preferences.{wish.name}.min_quality"
            for wish in record.economics.preferences
            if wish.min_quality is not None
        ]
    for key in asking:
        what = f"quality is weighed, and {', '.join(map(repr, bare))} has no score"
        lookup.fault(key, what, _SCORED)


def _check_penalties(record: ReplicaFile, served: Sequence[ServedModel], lookup: Lookup) -> None:
    names = [entry.model.name for entry in served]
    for place, penalty in enumerate(record.penalties):
        key = f"penalties.{place}"
        if penalty.model is not None and names and penalty.model not in names:
            lookup.fault(
                f"{key}.model",
                f"{penalty.model!r} is none of the models that may serve",
                f"Choose from {', '.join(names)}",
            )
        if penalty.weight_format is not None and record.performance.model != CALIBRATED:
            lookup.fault(
                f"{key}.weight_format",
                f"{record.performance.model} does not know it",
                'Write weight_bits, or write model = "calibrated" in [performance]',
            )
        for entry in served:
            score = entry.quality
            of_it = penalty.model in (None, entry.model.name)
            if score is not None and of_it and penalty.points > score:
                lookup.fault(
                    f"{key}.points",
                    f"{plain(penalty.points)} points are more than the score of "
                    f"{entry.model.name}, {plain(score)}",
                    "Give the points that are lost, on the scale of the score",
                )
                break
    if (
        record.penalties
        and served
        and all(entry.quality is None for entry in served)
        and not lookup.has_fault("workload.models")
    ):
        lookup.fault("penalties", "no model has a score to take points off", _SCORED)


def _check_economics(record: ReplicaFile, served: Sequence[ServedModel], lookup: Lookup) -> None:
    terms = record.economics
    if terms is None:
        return
    names = [entry.model.name for entry in served]
    for offer in terms.api:
        if offer.model and names and offer.model not in names:
            lookup.fault(
                f"economics.api.{offer.name}.model",
                f"{offer.model!r} is none of the models that are served",
                f"Choose from {', '.join(names)}, or leave it out",
            )
    if terms.owning is not None and len(record.design.accelerator) > 1:
        lookup.fault(
            "economics.owning",
            f"one purchase price stands for {len(record.design.accelerator)} accelerators",
            "Ask about one accelerator at a time",
        )
    waiting = [("economics.max_ttft_s", terms.max_ttft_s)] + [
        (f"economics.preferences.{wish.name}.max_ttft_s", wish.max_ttft_s)
        for wish in terms.preferences
    ]
    for key, limit in waiting:
        if (
            limit is not None
            and record.workload.input_tokens is None
            and not record.workload.service
        ):
            if lookup.has_fault("workload.input_tokens", "workload.service"):
                continue
            lookup.fault(
                key,
                "the question has no prompts",
                "Add workload.input_tokens and workload.output_tokens, or leave it out",
            )
