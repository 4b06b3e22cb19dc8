"""Which formats of weights and KV cache a fleet's machines can run, under the calibrated model.

A machine without a format is passed over for it, so that one list may serve several generations of
machines; a format that no machine runs is a slip, and so is a model with features that the
performance model does not know.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from solver.catalog.domain import Accelerator, Model
from solver.errors import Fault, InstanceError, UnsupportedModelError
from solver.instance.domain import DesignSpace
from solver.instance.fleet.domain import FleetInstance
from solver.lowering.calibrated_tables import CalibratedTables
from solver.lowering.fleet.replica_questions import replica_question
from solver.performance.calibrated.architecture import unsupported_model

__all__ = ["MachineFormats", "check_formats", "formats_on"]

Stated = str | int
"""A format by name, or a width."""


@dataclass(frozen=True, slots=True)
class MachineFormats:
    """What one machine runs of what is stated: formats by name or widths, and KV widths."""

    weights: tuple[Stated, ...]
    kv_bits: tuple[int, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Formats by name; empty where widths are stated."""
        return tuple(value for value in self.weights if isinstance(value, str))

    def within(self, design: DesignSpace) -> DesignSpace:
        """``design`` at these widths."""
        widths = tuple(value for value in self.weights if isinstance(value, int))
        return replace(design, weight_bits=widths, kv_bits=self.kv_bits)


def formats_on(
    instance: FleetInstance, design: DesignSpace, model: Model, accelerator: Accelerator
) -> MachineFormats:
    """What a machine runs of what is stated.

    Raises
    ------
    InstanceError
        If nothing of it, with what stands in the way of each.
    """
    weights, kv_bits = _stated(instance, design, model)
    refused = {
        (value, kv): _refusals(instance, design, model, accelerator, value, kv)
        for value in weights
        for kv in kv_bits
    }
    caches = tuple(kv for kv in kv_bits if any(not refused[value, kv] for value in weights))
    able = tuple(value for value in weights if all(not refused[value, kv] for kv in caches))
    if not able or not caches:
        faults = [fault for found in refused.values() for fault in found]
        raise InstanceError.all_of(list(dict.fromkeys(faults)))
    return MachineFormats(able, caches)


def _stated(
    instance: FleetInstance, design: DesignSpace, model: Model
) -> tuple[tuple[Stated, ...], tuple[int, ...]]:
    """Formats or widths of weights, and widths of the cache: the model's own where none is."""
    weights: tuple[Stated, ...] = instance.weight_formats or design.weight_bits
    kv_bits = design.kv_bits or (model.native_kv_bits,)
    return weights or (model.native_weight_bits,), kv_bits


def _refusals(
    instance: FleetInstance,
    design: DesignSpace,
    model: Model,
    accelerator: Accelerator,
    value: Stated,
    kv_bits: int,
) -> list[Fault]:
    """Why an accelerator cannot run one format of weights beside one of the KV cache."""
    only = MachineFormats((value,), (kv_bits,))
    return CalibratedTables(
        replica_question(
            instance, model, (accelerator,), only.within(design), weight_formats=only.names
        )
    ).faults()


def check_formats(instance: FleetInstance, design: DesignSpace) -> None:
    """Refuse what the calibrated model cannot represent on any machine, everything by name.

    Raises
    ------
    UnsupportedModelError
        For keys of the design space or rules that the model does not know, models with unknown
        features, and formats that no machine runs for any model.
    """
    faults: list[Fault] = []
    models: dict[str, Model] = {}
    for workload in instance.workloads:
        for accepted in () if workload.points else workload.models:
            if accepted.model is None:
                continue
            unknown = unsupported_model(accepted.model)
            where = f"{instance.source}: workload {workload.name!r}"
            faults.extend(Fault(where, f"{f.where}: {f.what}", f.mend) for f in unknown)
            if not unknown:
                models[accepted.name] = accepted.model
    for model in models.values():
        # Without a machine only what concerns the whole question is looked at.
        faults.extend(CalibratedTables(replica_question(instance, model, (), design)).faults())
    if not faults:
        accelerators = [m.accelerator for m in instance.machines if m.accelerator is not None]
        faults.extend(_nowhere(instance, design, list(models.values()), accelerators))
    if faults:
        raise UnsupportedModelError.all_of(list(dict.fromkeys(faults)))


def _nowhere(
    instance: FleetInstance,
    design: DesignSpace,
    models: Sequence[Model],
    accelerators: Sequence[Accelerator],
) -> Iterator[Fault]:
    """Faults of every format that is asked for and that no machine runs."""
    asked: dict[tuple[str, Stated], list[list[Fault]]] = {}
    for model in models:
        weights, caches = _stated(instance, design, model)
        for accelerator in accelerators:
            for value in weights:
                for kv in caches:
                    found = _refusals(instance, design, model, accelerator, value, kv)
                    asked.setdefault(("weights", value), []).append(found)
                    asked.setdefault(("cache", kv), []).append(found)
    for refusals in asked.values():
        if all(refusals):
            for found in refusals:
                yield from found
