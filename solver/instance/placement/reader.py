"""From a TOML file to a placement question: parse, validate, look up; every fault at once."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from solver.catalog.domain import Model
from solver.catalog.weight_formats import FORMAT_BITS
from solver.errors import InstanceError
from solver.instance.domain import Performance
from solver.instance.loading import digest_of
from solver.instance.lookup import Lookup
from solver.instance.placement.cross_checks import (
    check_file,
    check_machines,
    check_model,
    cost_counts,
    machines_in_use,
)
from solver.instance.placement.domain import (
    LevelRounding,
    MeasuredMachine,
    PlacementDesign,
    PlacementInstance,
    PlacementLimits,
    PlacementMachine,
    PlacementRules,
    ServedShape,
)
from solver.instance.placement.files_read import FilesRead
from solver.instance.placement.machines import MachineKinds
from solver.instance.placement.measurements import read_layer_times, read_rates
from solver.instance.placement.network import check_gateways, read_network
from solver.instance.placement.network_records import RoundingRecord
from solver.instance.placement.reach import check_ends_reach_hosts, warn_of_lone_hosts
from solver.instance.placement.records import PlacementFile
from solver.instance.placement.wires import (
    bandwidth_doubt,
    bytes_per_s_of,
    latency_doubt,
    latency_ps_of,
)
from solver.instance.price_age import price_age_warnings
from solver.instance.reader import recorded, tables_of
from solver.topology import Topology

__all__ = ["MAX_SETTINGS", "placement_instance_from_raw", "read_placement_instance"]

MAX_SETTINGS = 10_000
"""Pairs of a microbatch and a number in flight; each is a search of its own."""
_DEGREES = (1, 2, 4, 8)
_MICROBATCHES = (1, 2, 4, 8, 16, 32, 64)
_IN_FLIGHT = (1, 2, 4)


def placement_instance_from_raw(
    raw: Mapping[str, Any],
    *,
    where: str = "instance",
    folder: Path = Path(),
    sha256: str = "",
    settings: Mapping[str, Any] | None = None,
    today: datetime.date | None = None,
) -> PlacementInstance:
    """Build a question from the tables of an instance file; its files are looked up in ``folder``.

    Raises
    ------
    InstanceError
        With every fault found, those of the files it names included.
    """
    instance, _ = _built(raw, where, folder, today)
    return replace(instance, sha256=sha256, settings=dict(settings or {}))


def read_placement_instance(
    path: Path,
    *,
    settings: Mapping[str, Any] | None = None,
    today: datetime.date | None = None,
) -> PlacementInstance:
    """Read an instance file, with ``settings`` (dotted key to value) laid over it.

    The digest covers the file, the settings, the graph file and the tables it names.

    Raises
    ------
    InstanceError
        With every fault found.
    """
    raw, data = tables_of(path, "placement", settings)
    instance, files = _built(raw, str(path), path.parent, today)
    return replace(
        instance,
        sha256=digest_of(data, settings, *files.contents),
        settings=dict(settings or {}),
    )


def _built(
    raw: Mapping[str, Any], where: str, folder: Path, today: datetime.date | None
) -> tuple[PlacementInstance, FilesRead]:
    record, lookup = recorded(PlacementFile, raw, where, folder)
    check_file(record, lookup)
    files = FilesRead(lookup)
    served = record.workload
    model = None if served.model is None else lookup.model("workload.model", served.model)
    kinds = MachineKinds(
        record.machines,
        lookup,
        measured=_measured(record, files),
        priced=cost_counts(record),
    )
    topology = read_network(record, kinds, files, lookup)
    design = _design(record, model, lookup)
    rounding = _rounding(record.topology.rounding, lookup)
    machines = _in_use(kinds, topology)
    if topology is not None:
        check_gateways(record.topology, topology, lookup)
        check_ends_reach_hosts(record.topology, topology, lookup)
        check_machines(record, kinds, design, topology, files, lookup)
        if model is not None:
            check_model(record, model, design, machines, topology, lookup)
    if lookup.faults or topology is None:
        raise InstanceError.all_of(lookup.faults)
    entry = record.topology.entry
    instance = PlacementInstance(
        name=record.name,
        title=record.title or record.name,
        trade_off=tuple(record.trade_off),
        model=model,
        shape=None if served.shape is None else ServedShape(**dict(served.shape)),
        context_tokens=served.context_tokens or 0,
        machines=machines,
        topology=topology,
        design=design,
        through_hosts=record.topology.through_hosts,
        entry=entry,
        exit=record.topology.exit or entry,
        limits=PlacementLimits(**dict(record.limits)),
        rules=PlacementRules(**dict(record.rules)),
        rounding=rounding,
        performance=_performance(record),
        seed=record.seed,
        expected_exit_status=record.expected_exit_status,
        source=where,
        warnings=(
            *price_age_warnings(kinds.prices, today),
            *_unused(record, topology),
            *warn_of_lone_hosts(topology),
        ),
    )
    return instance, files


def _measured(record: PlacementFile, files: FilesRead) -> dict[str, MeasuredMachine] | None:
    """Tables by machine where the question is measured; a table that cannot be read is left out."""
    tables = record.measured
    if record.workload.shape is None or record.workload.model is not None:
        return None
    names = [machine.name for machine in record.machines]
    rates = tables and tables.rates and read_rates(tables.rates, names, files)
    times = tables and tables.layer_times and read_layer_times(tables.layer_times, names, files)
    return {
        name: MeasuredMachine((rates or {}).get(name, ()), (times or {}).get(name, ()))
        for name in names
    }


def _in_use(kinds: MachineKinds, topology: Topology | None) -> tuple[PlacementMachine, ...]:
    if topology is None:
        return kinds.machines
    used = machines_in_use(topology)
    return tuple(machine for machine in kinds.machines if machine.name in used)


def _unused(record: PlacementFile, topology: Topology) -> tuple[str, ...]:
    used = machines_in_use(topology)
    return tuple(
        f"no host of the network is of machine {machine.name!r}"
        for machine in record.machines
        if machine.name not in used
    )


def _design(record: PlacementFile, model: Model | None, lookup: Lookup) -> PlacementDesign:
    stated, measured = record.design, record.workload.shape is not None
    chains = "speed" in record.trade_off
    rated = measured and "throughput" in record.trade_off
    microbatch = stated.microbatch or ((1,) if measured else _MICROBATCHES)
    in_flight = stated.in_flight or (_IN_FLIGHT if chains and not rated else (1,))
    if len(microbatch) * len(in_flight) > MAX_SETTINGS:
        lookup.fault(
            "design.microbatch",
            f"{len(microbatch)} microbatches by {len(in_flight)} in flight are more than "
            f"{MAX_SETTINGS} settings",
            "Offer fewer, such as powers of 2",
        )
    return PlacementDesign(
        tensor_parallel=stated.tensor_parallel or ((1,) if measured else _DEGREES),
        microbatch=microbatch,
        in_flight=in_flight,
        weight_bits=_weight_bits(record, model),
        kv_bits=stated.kv_bits or (model.native_kv_bits if model else 16),
        replicas=stated.replicas,
        weight_format=stated.weight_format,
    )


def _weight_bits(record: PlacementFile, model: Model | None) -> int:
    stated = record.design
    if stated.weight_format is not None:
        return FORMAT_BITS[stated.weight_format]
    return stated.weight_bits or (model.native_weight_bits if model else 16)


def _performance(record: PlacementFile) -> Performance:
    stated = record.performance
    if record.workload.shape is not None:
        # Measured machines ask no model.
        return Performance()
    return Performance(
        model=stated.model,
        flop_efficiency=stated.flop_efficiency or Fraction(1),
        hbm_efficiency=stated.hbm_efficiency or Fraction(1),
    )


def _rounding(record: RoundingRecord | None, lookup: Lookup) -> LevelRounding | None:
    if record is None:
        return None
    bandwidths = sorted({bytes_per_s_of("gbit_per_s", value) for value in record.gbit_per_s})
    latencies = sorted({latency_ps_of("latency_us", value) for value in record.latency_us})
    doubts = (
        *(("gbit_per_s", bandwidth_doubt(level)) for level in bandwidths),
        *(("latency_us", latency_doubt(level)) for level in latencies),
    )
    for key, doubt in doubts:
        if doubt is not None:
            lookup.fault(f"topology.rounding.{key}", *doubt)
    return LevelRounding(tuple(bandwidths), tuple(latencies))
