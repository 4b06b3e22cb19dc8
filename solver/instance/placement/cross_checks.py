"""What no single table shows: model or shape, limits nobody asked for, missing prices and rates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from solver.catalog.domain import Model
from solver.instance.calibration_keys import CALIBRATED
from solver.instance.fleet.plausible import plain
from solver.instance.lookup import Lookup
from solver.instance.placement.domain import PlacementDesign, PlacementMachine
from solver.instance.placement.files_read import FilesRead
from solver.instance.placement.machines import MachineKinds
from solver.instance.placement.records import PlacementFile
from solver.topology import Topology

__all__ = ["check_file", "check_machines", "check_model", "cost_counts", "machines_in_use"]

_OWN_MODEL_ONLY = (
    ("design", ("tensor_parallel", "weight_bits", "weight_format", "kv_bits")),
    ("rules", ("hbm_reserve_fraction",)),
    ("performance", ("model", "flop_efficiency", "hbm_efficiency")),
    ("workload", ("context_tokens",)),
)
"""Keys that measured machines leave nothing to say with."""
_OF_CHAINS = ("max_usd_per_hour", "max_hosts")


def cost_counts(record: PlacementFile) -> bool:
    """Whether every host needs a price."""
    limits = record.limits
    return (
        "cost" in record.trade_off
        or limits.max_usd_per_hour is not None
        or limits.max_cost_usd_per_mtok is not None
    )


def check_file(record: PlacementFile, lookup: Lookup) -> None:
    """Note the faults that the records show by themselves."""
    _check_workload(record, lookup)
    _check_measured(record, lookup)
    _check_limits(record, lookup)
    _check_performance(record, lookup)
    design, chains = record.design, "speed" in record.trade_off
    if design.replicas == "several" and record.trade_off != ["speed", "throughput"]:
        lookup.fault(
            "design.replicas",
            f"several replicas are asked for, and {' against '.join(record.trade_off)}",
            'Write trade_off = ["speed", "throughput"], or replicas = "one"',
        )
    if not chains and len(design.in_flight or (1,)) > 1:
        lookup.fault(
            "design.in_flight",
            f"holds {len(design.in_flight or ())} values, and a flow needs one",
            "Give the one number of microbatches that every host has memory for",
        )
    rounding = record.topology.rounding
    empty = rounding is not None and not (rounding.gbit_per_s or rounding.latency_us)
    if empty and not lookup.has_fault("topology.rounding"):
        lookup.fault("topology.rounding", "states no level", "Give gbit_per_s or latency_us")


def _check_workload(record: PlacementFile, lookup: Lookup) -> None:
    workload = record.workload
    if workload.model is not None and workload.shape is not None:
        lookup.fault(
            "workload",
            "states both a model and a shape",
            "Keep the model, or the shape where machines are measured",
        )
    elif workload.model is None and workload.shape is None:
        if not lookup.has_fault("workload.model", "workload.shape"):
            lookup.fault(
                "workload",
                "states neither a model nor a shape",
                "Add model, or shape where machines are measured",
            )
    elif workload.shape is not None and record.measured is None:
        if not lookup.has_fault("measured"):
            lookup.fault("measured", "is missing", "A shape needs tables of what was measured")
    elif workload.model is not None and record.measured is not None:
        lookup.fault(
            "measured",
            "is given beside a model, whose times are computed",
            "Leave it out, or give workload.shape in place of the model",
        )


def _check_measured(record: PlacementFile, lookup: Lookup) -> None:
    measured, design = record.measured, record.design
    if measured is None or record.workload.shape is None:
        return
    for key, trade in (("rates", "throughput"), ("layer_times", "speed")):
        missing = trade in record.trade_off and getattr(measured, key) is None
        if missing and not lookup.has_fault(f"measured.{key}"):
            lookup.fault(f"measured.{key}", "is missing", f"{trade} is traded off: name the table")
    for table, keys in _OWN_MODEL_ONLY:
        for key in keys:
            if key in getattr(record, table).model_fields_set:
                lookup.fault(f"{table}.{key}", "is not asked of measured machines", "Leave it out")
    if "speed" not in record.trade_off:
        return
    if design.microbatch is None and not lookup.has_fault("design.microbatch"):
        lookup.fault(
            "design.microbatch", "is missing", "Say at which microbatch layer_times is read"
        )
    if "throughput" in record.trade_off:
        for key in ("microbatch", "in_flight"):
            values = getattr(design, key) or (1,)
            if len(values) > 1 or (key == "in_flight" and values != (1,)):
                lookup.fault(
                    f"design.{key}",
                    f"{', '.join(map(str, values))} where rates are measured",
                    "Give the one microbatch of the latency"
                    if key == "microbatch"
                    else "Leave it out: the rates say what passes a machine",
                )


def _check_limits(record: PlacementFile, lookup: Lookup) -> None:
    limits = record.limits
    for key, trade in (("min_speed_tok_per_s", "speed"), ("max_cost_usd_per_mtok", "cost")):
        value = getattr(limits, key)
        if value is not None and trade not in record.trade_off:
            lookup.fault(
                f"limits.{key}",
                f"{plain(value)} limits {trade}, which is not traded off",
                f"Remove it, or trade {trade} off",
            )
    if "speed" not in record.trade_off:
        for key in _OF_CHAINS:
            if getattr(limits, key) is not None:
                lookup.fault(
                    f"limits.{key}",
                    f"{plain(getattr(limits, key))} limits a pipeline, and a flow uses every host",
                    "Remove it, or trade speed off",
                )


def _check_performance(record: PlacementFile, lookup: Lookup) -> None:
    """Keys that the performance model of the file does not know."""
    if record.workload.shape is not None:
        return
    performance, design = record.performance, record.design
    if performance.model == CALIBRATED:
        for key in ("flop_efficiency", "hbm_efficiency"):
            if getattr(performance, key) is not None:
                lookup.fault(
                    f"performance.{key}",
                    "the calibrated model has efficiencies of its own, measured kernel by kernel",
                    'Leave it out, or write model = "epoch2025" in [performance]',
                )
    elif design.weight_format is not None:
        lookup.fault(
            "design.weight_format",
            f"{performance.model} does not know it",
            'Write weight_bits, or write model = "calibrated" in [performance]',
        )
    if design.weight_format is not None and design.weight_bits is not None:
        lookup.fault(
            "design.weight_format",
            "weight_bits says the same in other words",
            "Keep one of the two",
        )


def check_model(
    record: PlacementFile,
    model: Model,
    design: PlacementDesign,
    machines: Sequence[PlacementMachine],
    topology: Topology,
    lookup: Lookup,
) -> None:
    """Note what the model, the design and the machines in use do not have in common."""
    longest, asked = model.max_context_tokens, record.workload.context_tokens or 0
    if longest is not None and asked > longest:
        lookup.fault(
            "workload.context_tokens",
            f"{asked} is beyond the {longest} tokens of {model.name}",
            f"Ask for at most {longest}, or add a model entry with a longer context",
        )
    # The calibrated model tells formats of a width apart, and refuses them by name.
    for machine in () if record.performance.model == CALIBRATED else machines:
        accelerator = machine.accelerator
        if accelerator is not None and design.weight_bits not in accelerator.flop_per_s:
            offered = ", ".join(map(str, sorted(accelerator.flop_per_s)))
            whose = "" if record.design.weight_bits else f", the width of {model.name}"
            lookup.fault(
                "design.weight_bits",
                f"{machine.name} ({accelerator.name}) has no {design.weight_bits}-bit arithmetic"
                f"{whose}",
                f"Choose from {offered}, or leave its hosts out",
            )
    most = max(host.devices for host in topology.hosts)
    if lookup.has_fault("machines", "hosts", "topology.file"):
        # A host whose machine is not known has no devices to count.
        return
    if design.tensor_parallel[0] > most:
        lookup.fault(
            "design.tensor_parallel",
            f"the least degree is {design.tensor_parallel[0]}, and no host has more than {most} "
            "devices",
            f"Offer a degree of at most {most}",
        )
        return
    possible = [degree for degree in design.tensor_parallel if degree <= most]
    if all(model.n_heads % degree for degree in possible):
        lookup.fault(
            "design.tensor_parallel",
            f"none of the degrees that fit a host ({', '.join(map(str, possible))}) divides the "
            f"{model.n_heads} heads of {model.name}",
            "Offer one that does, such as 1",
        )


def machines_in_use(topology: Topology) -> tuple[str, ...]:
    """Names of the machines that hosts are, sorted."""
    return tuple(sorted({host.accelerator for host in topology.hosts}))


def check_machines(
    record: PlacementFile,
    kinds: MachineKinds,
    design: PlacementDesign,
    topology: Topology,
    files: FilesRead,
    lookup: Lookup,
) -> None:
    """Note machines in use that lack a price, a rate or a time that is asked for."""
    if cost_counts(record):
        lacking = Counter(h.accelerator for h in topology.hosts if h.usd_per_hour is None)
        for name in sorted(lacking):
            key = f"machines.{name}"
            if name in kinds.names and not lookup.has_fault(key):
                lookup.fault(f"{key}.usd_per_hour", *kinds.no_price(name))
    if record.measured is None:
        return
    used = machines_in_use(topology)
    measured = [machine for machine in kinds.machines if machine.name in used]
    rated = "throughput" in record.trade_off and not files.is_faulty("measured.rates")
    timed = "speed" in record.trade_off and not files.is_faulty("measured.layer_times")
    if rated:
        _check_rates(measured, lookup)
    if timed and not lookup.has_fault("design.microbatch"):
        _check_times(measured, design, lookup)


def _check_rates(machines: Sequence[PlacementMachine], lookup: Lookup) -> None:
    for machine in machines:
        if machine.measured is None:
            continue
        known, most = len(machine.measured.tok_per_s), machine.max_layers
        if not known:
            lookup.fault("measured.rates", f"has no row of {machine.name!r}", "Add its rates")
        elif most is not None and most > known:
            lookup.fault(
                f"machines.{machine.name}.max_layers",
                f"{most} layers may be held, and rates are measured up to {known}",
                f"Add the rows to the table of rates, or allow at most {known}",
            )


def _check_times(
    machines: Sequence[PlacementMachine], design: PlacementDesign, lookup: Lookup
) -> None:
    for machine in machines:
        if machine.measured is None:
            continue
        known = [size for size, _ in machine.measured.layer_time_s]
        for size in design.microbatch:
            if size not in known:
                shown = ", ".join(map(str, known)) or "none"
                lookup.fault(
                    "measured.layer_times",
                    f"has no time of {machine.name!r} at a microbatch of {size}",
                    f"Add the row, or choose design.microbatch from those measured: {shown}",
                )
