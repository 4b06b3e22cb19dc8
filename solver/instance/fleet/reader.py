"""From a TOML file to a fleet question: parse, change, validate, look up; every fault at once."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from solver.errors import InstanceError
from solver.instance.calibration_keys import CALIBRATED
from solver.instance.domain import DesignSpace, Performance, Rules
from solver.instance.fleet.attachments import Attachments
from solver.instance.fleet.cross_checks import check_file, check_question
from solver.instance.fleet.domain import (
    Answers,
    CurrentFleet,
    CurrentReplicas,
    FleetInstance,
    FleetLimits,
    MachineOffer,
    Period,
    Phase,
    Preference,
    Service,
    Transfer,
    Workload,
)
from solver.instance.fleet.energy_checks import check_energy, check_penalties, unmodelled_power
from solver.instance.fleet.machines import MachineReader, rack_orbit
from solver.instance.fleet.model_keys import check_model_keys
from solver.instance.fleet.points_binding import PointTables
from solver.instance.fleet.records import FleetDesignRecord, FleetFile
from solver.instance.fleet.workloads import WorkloadReader
from solver.instance.loading import digest_of
from solver.instance.lookup import Lookup
from solver.instance.price_age import price_age_warnings
from solver.instance.reader import check_degrees, design_space, recorded, tables_of

__all__ = ["HOURS_PER_YEAR", "fleet_instance_from_raw", "read_fleet_instance"]

HOURS_PER_YEAR = 8760
_PHASES: tuple[Phase, ...] = ("aggregated", "prefill", "decode")


def fleet_instance_from_raw(
    raw: Mapping[str, Any],
    *,
    where: str = "instance",
    folder: Path = Path(),
    sha256: str = "",
    settings: Mapping[str, Any] | None = None,
    today: datetime.date | None = None,
) -> FleetInstance:
    """Build a question from the tables of an instance file; ``folder`` is where its CSV files are.

    Raises
    ------
    InstanceError
        With every fault found, those of its CSV files included.
    """
    instance = _built(raw, where, Attachments(folder), folder, today)
    return replace(instance, sha256=sha256, settings=dict(settings or {}))


def read_fleet_instance(
    path: Path,
    *,
    settings: Mapping[str, Any] | None = None,
    today: datetime.date | None = None,
) -> FleetInstance:
    """Read an instance file, with ``settings`` (dotted key to value) laid over it.

    The digest covers the file, the settings and the CSV files it names.

    Raises
    ------
    InstanceError
        With every fault found.
    """
    raw, data = tables_of(path, "fleet", settings)
    attachments = Attachments(path.parent)
    instance = _built(raw, str(path), attachments, path.parent, today)
    return replace(
        instance,
        sha256=digest_of(data, settings, *attachments.contents),
        settings=dict(settings or {}),
    )


def _built(
    raw: Mapping[str, Any],
    where: str,
    attachments: Attachments,
    folder: Path,
    today: datetime.date | None,
) -> FleetInstance:
    record, lookup = recorded(FleetFile, raw, where, folder)
    check_file(record, lookup)
    check_model_keys(record, lookup)

    periods = tuple(Period(entry.name, entry.hours) for entry in record.periods)
    periods = periods or (Period("day", Fraction(24)),)
    energy = None if record.energy is None else record.energy.to_domain()
    offers = MachineReader(lookup, energy, record.design.clock_mhz if record.design else None)
    found = [offers.offer(entry) for entry in record.machines]
    machines = tuple(machine for machine in found if machine is not None)
    tables = PointTables(
        lookup,
        attachments,
        workloads=tuple(entry.name for entry in record.workloads),
        machines=tuple(entry.name for entry in record.machines),
    )
    workloads = WorkloadReader(
        lookup,
        attachments,
        tables,
        len(periods),
        "throughput" in record.trade_off,
        caching=record.performance.model == CALIBRATED,
    ).workloads(record.workloads)
    if len(machines) == len(found) and len(workloads) == len(record.workloads):
        check_question(record, workloads, machines, lookup)
        check_energy(record, machines, lookup)
        check_penalties(record, workloads, lookup)
        attachments.warnings.extend(unmodelled_power(energy, workloads, machines))
    design = _design(record, workloads, machines, lookup)
    if lookup.faults:
        raise InstanceError.all_of(lookup.faults)
    limits, horizon, bandwidth = record.limits, record.horizon_years, record.transfer.gb_per_s
    performance = record.performance
    return FleetInstance(
        name=record.name,
        title=record.title or record.name,
        trade_off=tuple(record.trade_off),
        cost_unit=record.cost_in,
        horizon_hours=None if horizon is None else horizon * HOURS_PER_YEAR,
        periods=periods,
        workloads=workloads,
        machines=machines,
        design=design,
        phases=_phases(record.design, workloads),
        transfer=Transfer(None if bandwidth is None else bandwidth * 10**9),
        limits=FleetLimits(
            max_usd_per_hour=limits.max_usd_per_hour,
            max_watts=None if limits.max_kw is None else limits.max_kw * 1000,
            max_devices=limits.max_devices,
            max_layouts=limits.max_layouts,
            max_spot_fraction=limits.max_spot_fraction,
            max_j_per_token=limits.max_j_per_token,
            max_kg_co2_per_day=limits.max_kg_co2_per_day,
        ),
        racks=tuple(rack_orbit(entry) for entry in record.racks),
        service=Service(**dict(record.service)),
        current=_current(record),
        answers=_answers(record),
        rules=Rules(**dict(record.rules)),
        performance=Performance(
            model=performance.model,
            flop_efficiency=performance.flop_efficiency or Fraction(1),
            hbm_efficiency=performance.hbm_efficiency or Fraction(1),
        ),
        seed=record.seed,
        weight_formats=(record.design.weight_format or ()) if record.design is not None else (),
        energy=energy,
        penalties=tuple(penalty.to_domain() for penalty in record.penalties),
        economics=None if record.economics is None else record.economics.to_domain(),
        expected_exit_status=record.expected_exit_status,
        source=where,
        warnings=(*price_age_warnings(offers.prices, today), *attachments.warnings),
    )


def _design(
    file: FleetFile,
    workloads: Sequence[Workload],
    machines: Sequence[MachineOffer],
    lookup: Lookup,
) -> DesignSpace | None:
    record = file.design
    if record is None:
        return None
    check_degrees(record, lookup)
    if file.performance.model != CALIBRATED:
        # The calibrated model tells formats of a width apart, and refuses them by name.
        _check_widths(record, workloads, machines, lookup)
    return design_space(record, weight_bits=record.weight_bits or (), kv_bits=record.kv_bits or ())


def _check_widths(
    record: FleetDesignRecord,
    workloads: Sequence[Workload],
    machines: Sequence[MachineOffer],
    lookup: Lookup,
) -> None:
    accelerators = [m.accelerator for m in machines if m.accelerator is not None]
    offered = sorted({bits for accelerator in accelerators for bits in accelerator.flop_per_s})
    designed = [workload for workload in workloads if not workload.points]
    # A machine without a width is passed over; one that no machine has is a slip.
    asked = [("design.weight_bits", bits, "") for bits in record.weight_bits or ()]
    if not record.weight_bits:
        asked = [
            ("design.weight_bits", choice.model.native_weight_bits, f", the width of {choice.name}")
            for workload in designed
            for choice in workload.models
            if choice.model is not None
        ]
    for key, bits, whose in dict.fromkeys(asked) if accelerators and designed else ():
        if bits not in offered:
            lookup.fault(
                key,
                f"no machine has {bits}-bit arithmetic{whose}",
                f"Choose from {', '.join(map(str, offered))}, or offer another machine",
            )


def _phases(record: FleetDesignRecord | None, workloads: Sequence[Workload]) -> tuple[Phase, ...]:
    """What the file offers; without a design space, what the measured points are."""
    if record is None:
        used = {point.phase for workload in workloads for point in workload.points}
        return tuple(phase for phase in _PHASES if phase in used)
    aggregated = _PHASES[:1] if "aggregated" in record.phases else ()
    return (*aggregated, *(_PHASES[1:] if "disaggregated" in record.phases else ()))


def _current(record: FleetFile) -> CurrentFleet | None:
    if record.current is None:
        return None
    return CurrentFleet(
        replicas=tuple(CurrentReplicas(**dict(entry)) for entry in record.current.replicas),
        max_changes=record.current.max_changes,
    )


def _answers(record: FleetFile) -> Answers:
    return Answers(
        limits=record.answers.limits,
        break_even=record.answers.break_even,
        preferences=tuple(
            Preference(
                name=wish.name,
                machines=wish.machines or (),
                no_contract=tuple(wish.no_contract),
                max_machine_types=wish.max_machine_types,
                max_layouts=wish.max_layouts,
            )
            for wish in record.answers.preferences
        ),
    )
