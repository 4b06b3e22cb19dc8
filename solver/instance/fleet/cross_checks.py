"""What no single table shows: names that lead nowhere, missing prices, limits that contradict."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from solver.catalog import suggestion
from solver.instance.fleet.batch_jobs import check_batches
from solver.instance.fleet.domain import MachineOffer, Workload
from solver.instance.fleet.drafts import check_drafts
from solver.instance.fleet.plausible import plain
from solver.instance.fleet.records import FleetFile
from solver.instance.lookup import Lookup

__all__ = ["check_file", "check_question"]

_DAY_HOURS = 24


def _twice(names: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(name for name in names if names.count(name) > 1))


def check_file(record: FleetFile, lookup: Lookup) -> None:
    """Note the faults that the records show by themselves."""
    for key, names in (
        ("periods", [entry.name for entry in record.periods]),
        ("workloads", [entry.name for entry in record.workloads]),
        ("machines", [entry.name for entry in record.machines]),
        ("racks", [entry.name for entry in record.racks]),
        ("answers.preferences", [entry.name for entry in record.answers.preferences]),
    ):
        for name in _twice(names):
            lookup.fault(key, f"the name {name!r} stands twice", "Give every entry its own name")
    hours = sum((period.hours for period in record.periods), Fraction(0))
    if record.periods and hours != _DAY_HOURS:
        lookup.fault(
            "periods",
            f"hours add up to {plain(hours)}, not {_DAY_HOURS}",
            "Let the periods cover the day once",
        )
    alone = (record.cost_in == "usd") != (record.horizon_years is not None)
    if alone and not lookup.has_fault("cost_in", "horizon_years"):
        shown = "missing" if record.horizon_years is None else f"given with {record.cost_in!r}"
        lookup.fault(
            "horizon_years",
            f"is {shown}",
            "It goes with cost_in = 'usd': give both, or count cost in usd_per_hour",
        )
    check_batches(record, lookup)
    check_drafts(record, lookup)
    _check_names(record, lookup)
    _check_racks(record, lookup)
    _check_limits(record, lookup)


def _check_names(record: FleetFile, lookup: Lookup) -> None:
    machines = [entry.name for entry in record.machines]
    workloads = [entry.name for entry in record.workloads]

    def known(key: str, name: str, names: list[str], what: str) -> None:
        # A list that could not be read at all names nothing.
        lost = not names and lookup.has_fault(what)
        if name not in names and not lost:
            mend = suggestion(name, names, what=what)
            lookup.fault(key, f"{name!r} is none of the {what} of the file", mend)

    for rack in record.racks:
        for name in rack.machines or ():
            known(f"racks.{rack.name}.machines", name, machines, "machines")
    for wish in record.answers.preferences:
        for name in wish.machines or ():
            known(f"answers.preferences.{wish.name}.machines", name, machines, "machines")
    if record.current is not None:
        for place, replicas in enumerate(record.current.replicas):
            key = f"current.replicas.{place}"
            known(f"{key}.workload", replicas.workload, workloads, "workloads")
            if replicas.machine:
                known(f"{key}.machine", replicas.machine, machines, "machines")


def _check_racks(record: FleetFile, lookup: Lookup) -> None:
    admitting = [rack.machines for rack in record.racks]
    for machine in record.machines if record.racks else ():
        if not any(names is None or machine.name in names for names in admitting):
            lookup.fault(
                f"machines.{machine.name}",
                "may stand in no rack",
                "Add it to the machines of a rack, or leave it out",
            )
    few = sum(rack.count for rack in record.racks) < 2 and not lookup.has_fault("racks")
    if record.service.survive_rack_loss and few:
        have = "one rack" if record.racks else "no racks"
        lookup.fault(
            "service.survive_rack_loss",
            f"with {have} none can be lost",
            "Give two [[racks]] or more, or leave it out",
        )


def _check_limits(record: FleetFile, lookup: Lookup) -> None:
    limits = record.limits
    nodes = [entry.node_devices for entry in record.machines]
    if limits.max_devices is not None and nodes and limits.max_devices < min(nodes):
        lookup.fault(
            "limits.max_devices",
            f"{limits.max_devices} devices are less than the smallest node, of {min(nodes)}",
            "Allow more, or offer a smaller machine",
        )
    if limits.max_layouts is not None and limits.max_layouts < len(record.workloads):
        lookup.fault(
            "limits.max_layouts",
            f"{limits.max_layouts} is fewer than the {len(record.workloads)} workloads, "
            "and each needs a layout",
            f"Allow {len(record.workloads)} or more",
        )


def check_question(
    record: FleetFile,
    workloads: Sequence[Workload],
    machines: Sequence[MachineOffer],
    lookup: Lookup,
) -> None:
    """Note the faults that show once models, points and prices are known."""
    if lookup.has_fault("trade_off", "limits"):
        # What must be known of prices, power and speed is told by these.
        return
    designed = [
        workload
        for workload in workloads
        if not workload.points and not lookup.has_fault(f"workloads.{workload.name}")
    ]
    if designed and record.design is None and not lookup.has_fault("design"):
        lookup.fault(
            "design",
            f"is missing, and {designed[0].name!r} has no measured points",
            "Add [design] with the layouts on offer, or points to the workload",
        )
    offered = any(machine.accelerator for machine in machines)
    if designed and not offered and not lookup.has_fault("machines"):
        lookup.fault(
            "machines",
            f"none has an accelerator, so that nobody can serve {designed[0].name!r}",
            "Name the accelerator of a machine, or give points to the workload",
        )
    if record.design is not None and "disaggregated" not in record.design.phases:
        for workload in workloads:
            if any(point.phase != "aggregated" for point in workload.points):
                lookup.fault(
                    "design.phases",
                    f"offers no prefill and decode apart, which points of {workload.name!r} are",
                    "Add 'disaggregated', or write aggregated in the points",
                )
    _check_prices(record, workloads, machines, lookup, bool(designed))
    _check_watts(record, workloads, machines, lookup, bool(designed))
    _check_speed(record, workloads, lookup)
    if "quality" in record.trade_off:
        for workload in workloads:
            key = f"workloads.{workload.name}.models"
            for model in () if lookup.has_fault(key) else workload.models:
                if model.quality is None:
                    lookup.fault(
                        key,
                        f"{model.name!r} has no quality, which is traded off",
                        "Write models = [{ model = ..., quality = ..., source = ... }]",
                    )
    if "throughput" in record.trade_off and not _bounded(record, machines):
        lookup.fault(
            "trade_off",
            "throughput has no end: nothing limits the fleet",
            "Give limits.max_devices, a budget, racks, or stock_devices of every machine",
        )


def _in_use(
    machine: MachineOffer, workloads: Sequence[Workload], designed: bool, measured: str
) -> bool:
    """Whether something runs on it that does not say ``measured`` (a field of points) itself."""
    if designed and machine.accelerator is not None:
        return True
    return any(
        point.machine == machine.name and getattr(point, measured) is None
        for workload in workloads
        for point in workload.points
    )


def _check_prices(
    record: FleetFile,
    workloads: Sequence[Workload],
    machines: Sequence[MachineOffer],
    lookup: Lookup,
    designed: bool,
) -> None:
    if "cost" not in record.trade_off and record.limits.max_usd_per_hour is None:
        return
    for machine in machines:
        key = f"machines.{machine.name}"
        needed = _in_use(machine, workloads, designed, "usd_per_hour")
        # Owners of a grid whose price is faulty have no contract that could be read.
        if machine.contracts or not needed or lookup.has_fault(key, "energy"):
            continue
        name = machine.accelerator.name if machine.accelerator is not None else None
        tiers = [price.tier for price in lookup.catalog.prices_of(name)] if name else []
        lookup.fault(
            f"{key}.usd_per_hour",
            "the price is missing, and the catalog has none on demand",
            f"Write usd_per_hour, or tier = one of: {', '.join(tiers)}"
            if tiers
            else "Write usd_per_hour",
        )
    _check_nameless(workloads, "usd_per_hour", "price", lookup)


def _check_watts(
    record: FleetFile,
    workloads: Sequence[Workload],
    machines: Sequence[MachineOffer],
    lookup: Lookup,
    designed: bool,
) -> None:
    limits = (
        record.limits.max_kw,
        record.limits.max_j_per_token,
        record.limits.max_kg_co2_per_day,
        *(rack.kw for rack in record.racks),
    )
    traded = {"power", "energy"}.intersection(record.trade_off)
    if not traded and all(limit is None for limit in limits):
        return
    for machine in machines:
        key = f"machines.{machine.name}.watts_per_device"
        needed = _in_use(machine, workloads, designed and not machine.modelled_watts, "watts")
        if machine.watts_per_device is None and needed and not lookup.has_fault(key):
            lookup.fault(
                key,
                f"is missing, and {'energy' if 'energy' in traded else 'power'} is traded off or "
                "limited",
                "Give the watts of one device in use",
            )
    _check_nameless(workloads, "watts", "power", lookup)


def _check_nameless(workloads: Sequence[Workload], field: str, what: str, lookup: Lookup) -> None:
    """Points without a machine must say themselves what a machine would."""
    for workload in workloads:
        lacking = [
            point
            for point in workload.points
            if not point.machine and getattr(point, field) is None
        ]
        if lacking:
            lookup.fault(
                f"workloads.{workload.name}.points",
                f"{len(lacking)} of {len(workload.points)} rows have neither a machine nor "
                f"a {what}, the first is {lacking[0].where}",
                f"Name the machine in the column machine, or fill the column {field}",
            )


def _check_speed(record: FleetFile, workloads: Sequence[Workload], lookup: Lookup) -> None:
    """A speed or a time that is asked for must have been measured somewhere."""
    for workload in workloads:
        # The rate of output tokens is that of decode; the first token is prefill's.
        decoding = [point for point in workload.points if point.phase != "prefill"]
        starting = [point for point in workload.points if point.phase != "decode"]
        key = f"workloads.{workload.name}"
        unknown = [point for point in decoding if point.tpot_s is None]
        if unknown and workload.batch is None and "speed" in record.trade_off:
            lookup.fault(
                f"{key}.points",
                f"speed is traded off, but {len(unknown)} of {len(decoding)} rows give none, "
                f"the first is {unknown[0].where}",
                "Fill the column tpot_s, tpot_ms or speed_tok_per_s",
            )
        if workload.points_meet_limits:
            continue
        for limit, limited, points, field in (
            ("min_speed_tok_per_s", workload.min_speed_tok_per_s, decoding, "tpot_s"),
            ("max_ttft_s", workload.max_ttft_s, starting, "ttft_s"),
        ):
            if limited is not None and points and all(getattr(p, field) is None for p in points):
                lookup.fault(
                    f"{key}.{limit}",
                    f"no row of points gives {field}, so that none can be shown to meet "
                    f"{plain(limited)}",
                    f"Fill the column {field}, or write points_meet_limits = true",
                )


def _bounded(record: FleetFile, machines: Sequence[MachineOffer]) -> bool:
    limits = record.limits
    whole = (limits.max_devices, limits.max_usd_per_hour, limits.max_kw)
    if record.racks or any(limit is not None for limit in whole):
        return True
    return bool(machines) and all(
        machine.stock_devices is not None
        or (
            bool(machine.contracts)
            and all(contract.stock_devices is not None for contract in machine.contracts)
        )
        for machine in machines
    )
