"""From an economic replica question to its candidates: one space for each model that may serve."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from solver.catalog.domain import Model
from solver.catalog.prediction_layers import PREDICTION_LAYERS, prediction_layer
from solver.errors import Fault, InstanceError
from solver.instance.domain import ReplicaInstance
from solver.instance.quality import ServedModel
from solver.lowering.economy.space import EconomicSpace, ModelSpace
from solver.lowering.space import lower_replica

__all__ = ["lower_economy", "question_of_model"]


def lower_economy(instance: ReplicaInstance) -> EconomicSpace:
    """Candidate space of a question that weighs more than speed and cost.

    A question without alternatives serves its one model. A model whose weights fit on none of the
    machines, or that no layout divides, is left out with a note, unless that leaves none.

    Raises
    ------
    UnsupportedModelError
        If the performance model cannot represent a model, a precision or a chosen degree.
    InstanceError
        If no model is left, or figures that the question weighs are not known: power of an
        accelerator, a score, a carbon intensity.
    """
    faults = list(_unknown_figures(instance))
    if faults:
        raise InstanceError.all_of(faults)
    served = instance.alternatives or (ServedModel(instance.model),)
    parts: list[ModelSpace] = []
    left_out: list[Fault] = []
    notes: list[str] = []
    for entry in served:
        try:
            space = lower_replica(question_of_model(instance, entry.model))
        except InstanceError as error:
            left_out.extend(error.faults)
            notes.extend(_left_out(entry.model.name, fault) for fault in error.faults)
            continue
        parts.append(ModelSpace(entry, space))
    if not parts:
        raise InstanceError.all_of(left_out)
    return EconomicSpace(instance, tuple(parts), tuple(notes))


def _left_out(name: str, fault: Fault) -> str:
    """Why a model is left out, its name said once."""
    reason = fault.what.removeprefix(f"{name} ")
    return (
        f"{name} is left out: it {reason}"
        if reason != fault.what
        else (f"{name} is left out: {fault.what}")
    )


def question_of_model(instance: ReplicaInstance, model: Model) -> ReplicaInstance:
    """The same question asked of one model alone.

    Where no width of weights or of the KV cache is stated, each model serves at its own. A draft
    that is the model's prediction layer is that of this model.

    Raises
    ------
    InstanceError
        If the model is not known to have the prediction layer that is to draft for it.
    """
    design, draft = instance.design, instance.draft
    if not design.weight_bits and not instance.weight_formats:
        design = replace(design, weight_bits=(model.native_weight_bits,))
    if not design.kv_bits:
        design = replace(design, kv_bits=(model.native_kv_bits,))
    if draft is not None and draft.own_layer and model != instance.model:
        if model.name not in PREDICTION_LAYERS:
            raise InstanceError.one(
                f"{model.name} is not known to be published with a prediction layer",
                where=f"{instance.source}: draft",
                mend="Name a draft model, or take this model out of workload.models",
            )
        draft = replace(draft, model=prediction_layer(model))
    return replace(
        instance, model=model, design=design, draft=draft, alternatives=(), source=instance.source
    )


def _unknown_figures(instance: ReplicaInstance) -> Iterator[Fault]:
    """What the question weighs and nobody has stated."""
    where, limits, terms = instance.source, instance.limits, instance.energy
    asks_power = [f"trade_off {name}" for name in instance.trade_off if name in _POWER]
    asks_power += [f"limits.{key}" for key in _DRAWN if getattr(limits, key) is not None]
    if terms is not None and terms.billed:
        asks_power.append("energy.billed")
    unknown = sorted({m.accelerator.name for m in instance.machines if not m.accelerator.power})
    if asks_power and unknown:
        yield Fault(
            f"{where}: {asks_power[0]}",
            f"the power of {', '.join(unknown)} is not known",
            "State it in accelerators.power, or leave these machines out",
        )
    if limits.max_g_co2_per_mtok is not None and (terms is None or terms.g_co2_per_kwh is None):
        yield Fault(
            f"{where}: limits.max_g_co2_per_mtok",
            "the carbon intensity of the grid is not stated",
            "Write energy.g_co2_per_kwh, or leave the limit out",
        )
    if "quality" in instance.trade_off or limits.min_quality is not None:
        served = instance.alternatives or (ServedModel(instance.model),)
        bare = [entry.model.name for entry in served if entry.quality is None]
        if bare:
            yield Fault(
                f"{where}: workload.models",
                f"quality is weighed and {', '.join(bare)} has no score",
                "Write quality and its source beside every model",
            )


_POWER = ("energy", "power")
_DRAWN = ("max_j_per_token", "max_watts", "max_g_co2_per_mtok")
