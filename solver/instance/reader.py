"""From a TOML file to a question: parse, change, validate, look up; every fault at once."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar

from solver.catalog.domain import Accelerator, Model
from solver.catalog.prediction_layers import prediction_layer
from solver.errors import FleetError, InstanceError
from solver.instance.calibration_keys import (
    CALIBRATED,
    OWN_LAYER,
    OWN_LAYER_TOKENS,
    check_calibration,
    check_lengths,
    check_own_layer,
    traffic_of,
)
from solver.instance.constants_file import constants_of
from solver.instance.domain import (
    DesignSpace,
    Draft,
    Limits,
    Machine,
    Performance,
    ReplicaInstance,
    Rules,
)
from solver.instance.loading import apply_settings, digest_of, load_tables
from solver.instance.lookup import Lookup, merged_catalog
from solver.instance.price_age import price_age_warnings
from solver.instance.record_types import CatalogKeys
from solver.instance.records import DraftRecord, LayoutChoices, ReplicaFile
from solver.instance.validation import validated

__all__ = [
    "KINDS",
    "check_degrees",
    "design_space",
    "kind_of",
    "read_replica_instance",
    "recorded",
    "replica_instance_from_raw",
    "tables_of",
]

_File = TypeVar("_File", bound=CatalogKeys)
KINDS = ("replica", "fleet", "placement")
"""Kinds of question that a TOML file may ask."""


def replica_instance_from_raw(
    raw: Mapping[str, Any],
    *,
    where: str = "instance",
    folder: Path = Path(),
    sha256: str = "",
    settings: Mapping[str, Any] | None = None,
    today: datetime.date | None = None,
) -> ReplicaInstance:
    """Build a question from the tables of an instance file.

    Raises
    ------
    InstanceError
        With every fault found.
    """
    record, lookup = recorded(ReplicaFile, raw, where, folder)
    model = lookup.model("workload.model", record.workload.model)
    calibrated = record.performance.model == CALIBRATED
    constants = constants_of(record, lookup) if calibrated else None
    machines = []
    for name in record.design.accelerator:
        if name not in lookup.catalog.accelerators and lookup.has_fault("performance.constants"):
            # It may be the accelerator of the file that could not be read.
            continue
        accelerator = lookup.accelerator("design.accelerator", name)
        price = lookup.price(record.price, accelerator) if accelerator else None
        if accelerator and price:
            machines.append(Machine(accelerator, price))
    draft = _draft(record, model, lookup)
    check_calibration(record, lookup)
    traffic = traffic_of(record, lookup)
    context = record.workload.context_tokens
    if context is None:
        context = traffic.mean_context_tokens if traffic else 0
    weight_bits: tuple[int, ...] = ()
    if model is not None:
        check_lengths(model, context, traffic, lookup)
        if draft and draft.model.max_context_tokens is not None:
            check_lengths(draft.model, context, traffic, lookup)
        if record.design.weight_format is None:
            weight_bits = record.design.weight_bits or (model.native_weight_bits,)
        kv_bits = record.design.kv_bits or (model.native_kv_bits,)
        if not calibrated:
            # The calibrated model tells formats of a width apart, and refuses them by name.
            for machine in machines:
                _check_bits(machine.accelerator, weight_bits, "design.weight_bits", lookup)
                if draft:
                    bits = (draft.weight_bits,)
                    _check_bits(machine.accelerator, bits, "draft.weight_bits", lookup)
    check_degrees(record.design, lookup)
    if lookup.faults or model is None:
        raise InstanceError.all_of(lookup.faults)
    performance = record.performance
    return ReplicaInstance(
        name=record.name,
        title=record.title or record.name,
        model=model,
        context_tokens=context,
        machines=tuple(machines),
        design=design_space(record.design, weight_bits=weight_bits, kv_bits=kv_bits),
        limits=Limits(**dict(record.limits)),
        rules=Rules(**dict(record.rules)),
        performance=Performance(
            model=performance.model,
            flop_efficiency=performance.flop_efficiency or Fraction(1),
            hbm_efficiency=performance.hbm_efficiency or Fraction(1),
        ),
        draft=draft,
        weight_formats=record.design.weight_format or (),
        traffic=traffic,
        constants=constants,
        expected_exit_status=record.expected_exit_status,
        source=where,
        sha256=sha256,
        warnings=price_age_warnings((machine.price for machine in machines), today),
        settings=dict(settings or {}),
    )


def _draft(record: ReplicaFile, served: Model | None, lookup: Lookup) -> Draft | None:
    if record.draft is None:
        return None
    if record.draft.model == OWN_LAYER:
        return _own_layer(record.draft, served, lookup)
    model = lookup.model("draft.model", record.draft.model)
    if model is None:
        return None
    return Draft(
        model=model,
        acceptance=record.draft.acceptance,
        tokens=record.draft.tokens,
        weight_bits=record.draft.weight_bits or model.native_weight_bits,
        pipeline_parallel=record.draft.pipeline_parallel,
    )


def _own_layer(record: DraftRecord, served: Model | None, lookup: Lookup) -> Draft | None:
    check_own_layer(record, lookup)
    if served is None:
        # What is wrong with the served model is told already.
        return None
    try:
        layer = prediction_layer(served)
    except FleetError as error:
        for fault in error.faults:
            lookup.fault("draft.model", fault.what, fault.mend)
        return None
    stated = "tokens" in record.model_fields_set
    return Draft(
        model=layer,
        acceptance=record.acceptance,
        tokens=record.tokens if stated else OWN_LAYER_TOKENS,
        weight_bits=served.native_weight_bits,
        pipeline_parallel=(1,),
        own_layer=True,
    )


def _check_bits(accelerator: Accelerator, bits: tuple[int, ...], key: str, lookup: Lookup) -> None:
    offered = sorted(accelerator.flop_per_s)
    for width in bits:
        if width not in accelerator.flop_per_s:
            lookup.fault(
                key,
                f"{accelerator.name} has no {width}-bit arithmetic",
                f"Choose from {', '.join(map(str, offered))}, or another accelerator",
            )


def read_replica_instance(
    path: Path,
    *,
    settings: Mapping[str, Any] | None = None,
    today: datetime.date | None = None,
) -> ReplicaInstance:
    """Read an instance file, with ``settings`` (dotted key to value) laid over it.

    Raises
    ------
    InstanceError
        With every fault of the file.
    """
    raw, data = tables_of(path, "replica", settings)
    instance = replica_instance_from_raw(
        raw, where=str(path), folder=path.parent, settings=settings, today=today
    )
    further = [] if instance.constants is None else [instance.constants.text.encode()]
    return replace(instance, sha256=digest_of(data, settings, *further))


def tables_of(
    path: Path, kind: str, settings: Mapping[str, Any] | None
) -> tuple[dict[str, Any], bytes]:
    """Tables of a file that asks a question of ``kind``, with ``settings`` over them; its bytes.

    Raises
    ------
    InstanceError
        If it cannot be read, or asks another kind of question.
    """
    raw, data = load_tables(path)
    if settings:
        apply_settings(raw, settings)
    found = kind_of(raw, str(path))
    if found != kind:
        raise InstanceError.one(
            f"kind is {found!r}, where a {kind} question is expected",
            where=f"{path}: kind",
            mend=f"Give a file of kind {kind!r}",
        )
    return raw, data


def recorded(
    kind: type[_File], raw: Mapping[str, Any], where: str, folder: Path
) -> tuple[_File, Lookup]:
    """The record of a file, and look-ups in its catalog that hold every fault found so far.

    Raises
    ------
    InstanceError
        If the file cannot be read without its faulty keys either.
    """
    record, faults = validated(kind, raw, where)
    catalog, more = merged_catalog(record, where, folder)
    lookup = Lookup(catalog, where, folder)
    lookup.faults.extend([*faults, *more])
    return record, lookup


def check_degrees(choices: LayoutChoices, lookup: Lookup) -> None:
    """Note a fault where neither kind of tensor degree is on offer."""
    if not choices.tensor_parallel and not choices.tensor_parallel_2d:
        lookup.fault(
            "design.tensor_parallel", "the design space is empty: no tensor degree", "List one"
        )


def design_space(
    choices: LayoutChoices, *, weight_bits: tuple[int, ...], kv_bits: tuple[int, ...]
) -> DesignSpace:
    """The layouts and batches of a file, at these widths."""
    return DesignSpace(
        tensor_parallel=choices.tensor_parallel,
        tensor_parallel_2d=choices.tensor_parallel_2d,
        pipeline_parallel=choices.pipeline_parallel,
        expert_parallel=choices.expert_parallel,
        attention_data_parallel=choices.attention_data_parallel,
        batch=choices.batch,
        weight_bits=weight_bits,
        kv_bits=kv_bits,
    )


def kind_of(raw: Mapping[str, Any], where: str) -> str:
    """The kind of question that the tables of a file ask.

    Raises
    ------
    InstanceError
        If it is missing or none of ``KINDS``.
    """
    kind = raw.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise InstanceError.one(
            f"kind is {kind!r}" if kind is not None else "kind is missing",
            where=f"{where}: kind",
            mend=f"Write one of: {', '.join(KINDS)}",
        )
    return kind
