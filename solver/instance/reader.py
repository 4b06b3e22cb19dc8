"""From a TOML file to a question: parse, change, validate, look up; every fault at once."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar

from solver.catalog.domain import Accelerator
from solver.errors import InstanceError
from solver.instance.calibration_keys import (
    CALIBRATED,
    check_calibration,
    check_lengths,
    traffic_of,
)
from solver.instance.clocks import clocks_of
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
from solver.instance.drafts import draft_of
from solver.instance.economy_keys import (
    check_economy,
    penalty_warnings,
    served_models,
    trade_off_of,
)
from solver.instance.loading import apply_settings, digest_of, load_tables
from solver.instance.lookup import Lookup, merged_catalog
from solver.instance.price_age import price_age_warnings
from solver.instance.quality import ServedModel
from solver.instance.record_types import CatalogKeys
from solver.instance.records import LayoutChoices, ReplicaFile
from solver.instance.services.replica_door import (
    replica_limits,
    replica_service,
    service_context,
)
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
    served = served_models(record, lookup)
    calibrated = record.performance.model == CALIBRATED
    constants = constants_of(record, lookup) if calibrated else None
    machines = _machines(record, lookup)
    draft = draft_of(record.draft, served, lookup)
    check_calibration(record, lookup)
    check_economy(record, served, machines, lookup)
    traffic = traffic_of(record, lookup)
    running = [entry.model for entry in served] + ([draft.model] if draft else [])
    service = replica_service(record, running, lookup)
    context = record.workload.context_tokens
    if context is None and service is not None:
        context = service_context(service)
    if context is None:
        context = traffic.mean_context_tokens if traffic else 0
    weight_bits, kv_bits = record.design.weight_bits or (), record.design.kv_bits or ()
    for entry in served:
        check_lengths(entry.model, context, traffic, lookup)
    if served and draft and draft.model.max_context_tokens is not None:
        check_lengths(draft.model, context, traffic, lookup)
    if not calibrated:
        # The calibrated model tells formats of a width apart, and refuses them by name.
        _check_widths(weight_bits, served, draft, machines, lookup)
    check_degrees(record.design, lookup)
    if lookup.faults:
        raise InstanceError.all_of(lookup.faults)
    model = served[0].model
    if record.workload.models is None:
        # Of several models each has widths of its own, and a file that names none means those.
        if record.design.weight_format is None:
            weight_bits = weight_bits or (model.native_weight_bits,)
        kv_bits = kv_bits or (model.native_kv_bits,)
    performance = record.performance
    question = ReplicaInstance(
        name=record.name,
        title=record.title or record.name,
        model=model,
        context_tokens=context,
        machines=tuple(machines),
        design=design_space(record.design, weight_bits=weight_bits, kv_bits=kv_bits),
        limits=replica_limits(Limits(**dict(record.limits)), service),
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
        trade_off=trade_off_of(record),
        energy=None if record.energy is None else record.energy.to_domain(),
        alternatives=() if record.workload.models is None else served,
        penalties=tuple(penalty.to_domain() for penalty in record.penalties),
        economics=None if record.economics is None else record.economics.to_domain(),
        service=service,
        expected_exit_status=record.expected_exit_status,
        source=where,
        sha256=sha256,
        warnings=price_age_warnings(dict.fromkeys(machine.price for machine in machines), today),
        settings=dict(settings or {}),
    )
    return replace(question, warnings=(*question.warnings, *penalty_warnings(question)))


def _machines(record: ReplicaFile, lookup: Lookup) -> list[Machine]:
    """Every accelerator at every clock on offer."""
    machines: list[Machine] = []
    for name in record.design.accelerator:
        if name not in lookup.catalog.accelerators and lookup.has_fault("performance.constants"):
            # It may be the accelerator of the file that could not be read.
            continue
        accelerator = lookup.accelerator("design.accelerator", name)
        if accelerator is None:
            continue
        price = lookup.price(record.price, accelerator)
        clocks: tuple[int | None, ...] = (None,)
        if record.design.clock_mhz is not None:
            try:
                clocks = clocks_of(record.design.clock_mhz, accelerator)
            except InstanceError as error:
                for fault in error.faults:
                    lookup.fault("design.clock_mhz", fault.what, fault.mend)
        if price is not None:
            machines.extend(Machine(accelerator, price, clock) for clock in clocks)
    return machines


def _check_widths(
    stated: tuple[int, ...],
    served: Sequence[ServedModel],
    draft: Draft | None,
    machines: Sequence[Machine],
    lookup: Lookup,
) -> None:
    """Note widths of weights that an accelerator has no arithmetic for."""
    own = tuple(sorted({entry.model.native_weight_bits for entry in served}))
    for accelerator in {
        machine.accelerator.name: machine.accelerator for machine in machines
    }.values():
        if served:
            _check_bits(accelerator, stated or own, "design.weight_bits", lookup)
        if served and draft:
            _check_bits(accelerator, (draft.weight_bits,), "draft.weight_bits", lookup)


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
