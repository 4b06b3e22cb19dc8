"""Whether a fleet question makes sense by itself, whoever built it.

The reader cannot build an unsound question; a result file that was damaged or edited can hold one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction

from solver.catalog.weight_formats import FORMAT_BITS
from solver.instance.fleet.domain import Contract, FleetInstance, MachineOffer, Period, Workload

__all__ = ["unsound"]

_HOURS = 24


def unsound(instance: FleetInstance) -> list[str]:
    """What makes no sense, in words; empty for every question that was read from a file."""
    found = list(_top(instance))
    machines = {machine.name for machine in instance.machines}
    for workload in instance.workloads:
        found.extend(_workload(workload, instance.periods, machines))
    for machine in instance.machines:
        found.extend(_machine(machine))
    batches = any(workload.batch is not None for workload in instance.workloads)
    if batches and "throughput" in instance.trade_off:
        found.append("batch work has no rate whose throughput could be traded off")
    found.extend(_limits(instance))
    return found


def _repeats(names: Iterable[str], what: str) -> Iterator[str]:
    stated = list(names)
    if len(set(stated)) != len(stated):
        yield f"a {what} stands twice"


def _top(instance: FleetInstance) -> Iterator[str]:
    for names, what in (
        ([entry.name for entry in instance.periods], "period"),
        ([entry.name for entry in instance.workloads], "workload"),
        ([entry.name for entry in instance.machines], "machine"),
        ([entry.name for entry in instance.racks], "rack"),
        (list(instance.trade_off), "traded thing"),
        (list(instance.phases), "phase"),
    ):
        yield from _repeats(names, what)
    if not instance.workloads:
        yield "no workload"
    if instance.trade_off != ("throughput",) and len(instance.trade_off) not in (2, 3):
        yield f"{len(instance.trade_off)} things are traded off"
    if any(period.hours <= 0 for period in instance.periods):
        yield "a period has no hours"
    if sum((period.hours for period in instance.periods), Fraction(0)) != _HOURS:
        yield f"periods have not {_HOURS} hours"
    if (instance.cost_unit == "usd") != (instance.horizon_hours is not None):
        yield "a horizon and cost in US$ come together"
    if instance.horizon_hours is not None and instance.horizon_hours <= 0:
        yield "the horizon is not positive"
    if instance.design is None and any(not workload.points for workload in instance.workloads):
        yield "a workload has neither points nor a design space"
    if not 0 <= instance.rules.hbm_reserve_fraction < 1:
        yield "the share of HBM kept free is not a share"
    if instance.rules.hbm_account not in ("per-device", "published"):
        yield f"HBM is accounted {instance.rules.hbm_account!r}"
    performance = instance.performance
    if not (0 < performance.flop_efficiency <= 1 and 0 < performance.hbm_efficiency <= 1):
        yield "an efficiency is not a share"
    if not set(instance.weight_formats) <= FORMAT_BITS.keys():
        yield "a format of weights is unknown"
    energy = instance.energy
    if energy is not None and (energy.pue < 1 or (energy.host_w_per_device or 0) < 0):
        yield "the energy of the site is out of range"
    if energy is not None and energy.billed and energy.usd_per_kwh is None:
        yield "electricity is billed and has no price"
    if energy is None and any(machine.modelled_watts for machine in instance.machines):
        yield "power is modelled and there are no energy terms"
    contracts = [contract for machine in instance.machines for contract in machine.contracts]
    grid = energy is not None and energy.usd_per_kwh is not None
    if not grid and any(contract.at_grid_price for contract in contracts):
        yield "an owner pays a grid price that is not stated"
    if any(penalty.points < 0 or not penalty.source for penalty in instance.penalties):
        yield "a penalty is negative or has no source"


def _workload(workload: Workload, periods: Sequence[Period], machines: set[str]) -> Iterator[str]:
    name = f"workload {workload.name!r}"
    if not workload.models or not workload.sizes:
        yield f"{name} has no model or no size"
    if any(
        size.share <= 0 or min(size.input_tokens, size.output_tokens) < 1 for size in workload.sizes
    ):
        yield f"{name} has a class without tokens or share"
    if sum((size.share for size in workload.sizes), Fraction(0)) != 1:
        yield f"shares of {name} are not 1 together"
    if workload.requests_per_s <= 0:
        yield f"{name} asks for nothing"
    if len(workload.by_period) != len(periods) or not any(workload.by_period):
        yield f"{name} has not one factor a period"
    if any(factor < 0 for factor in workload.by_period):
        yield f"{name} has a negative factor"
    limits = (
        workload.min_speed_tok_per_s,
        workload.max_ttft_s,
        workload.target_speed_tok_per_s,
    )
    if any(limit is not None and limit <= 0 for limit in limits):
        yield f"a limit of {name} is not positive"
    hits = [
        workload.prefix_hit,
        *(s.prefix_hit for s in workload.sizes if s.prefix_hit is not None),
    ]
    if not all(0 <= hit < 1 for hit in hits):
        yield f"the share of cached prompts of {name} is not a share below 1"
    yield from _batch(workload, periods)
    yield from _draft(workload)
    models = {model.name for model in workload.models}
    if not workload.points and any(model.model is None for model in workload.models):
        yield f"{name} has a model without a shape, and no points"
    if any(model.quality is not None and model.quality < 0 for model in workload.models):
        yield f"{name} has a negative quality"
    for point in workload.points:
        if point.workload != workload.name or point.model not in models:
            yield f"{point.where} is no point of {name}"
        if point.machine and point.machine not in machines:
            yield f"{point.where} runs on no machine of the question"
        measured = (point.tpot_s, point.ttft_s, point.watts, point.usd_per_hour)
        if any(value is not None and value <= 0 for value in measured):
            yield f"{point.where} holds a number that is not positive"
        # A replica may carry 0 of one class, never 0 altogether.
        nothing = point.requests_per_s == 0 and point.size is None
        if point.devices < 1 or point.requests_per_s < 0 or nothing:
            yield f"{point.where} has no devices or carries nothing"


def _draft(workload: Workload) -> Iterator[str]:
    draft = workload.draft
    if draft is None:
        return
    name = f"workload {workload.name!r}"
    if not 0 <= draft.acceptance < 1:
        yield f"the acceptance of drafts of {name} is not a share below 1"
    if not draft.tokens or min(draft.tokens) < 0 or min(draft.pipeline_parallel, default=0) < 1:
        yield f"{name} has no length or no stages of its draft"
    if workload.points:
        yield f"{name} has measured points and a draft"


def _batch(workload: Workload, periods: Sequence[Period]) -> Iterator[str]:
    batch = workload.batch
    if batch is None:
        return
    name = f"workload {workload.name!r}"
    if batch.requests_per_day != workload.requests_per_s * 86_400:
        yield f"the batch of {name} is not its mean rate over a day"
    if any(factor != 1 for factor in workload.by_period):
        yield f"{name} has a batch and a factor for a period"
    if not 0 < batch.deadline_hours <= _HOURS:
        yield f"the batch of {name} has no deadline within a day"
    if batch.arrives not in [period.name for period in periods]:
        yield f"the batch of {name} arrives in no period"
    elif not batch.periods_of_work(periods):
        yield f"no period of the batch of {name} is over in time"


def _machine(machine: MachineOffer) -> Iterator[str]:
    name = f"machine {machine.name!r}"
    if machine.node_devices < 1:
        yield f"{name} has no devices"
    if machine.watts_per_device is not None and machine.watts_per_device <= 0:
        yield f"{name} draws no power"
    if machine.stock_devices is not None and machine.stock_devices < 0:
        yield f"{name} has a negative stock"
    power = None if machine.accelerator is None else machine.accelerator.power
    if machine.modelled_watts and power is None:
        yield f"{name} has no power by phase"
    if machine.clocks_mhz and (power is None or power.clocks is None):
        yield f"{name} has no range of clocks"
    elif power is not None and power.clocks is not None:
        clocks = power.clocks
        if any(not clocks.lowest_mhz <= mhz <= clocks.highest_mhz for mhz in machine.clocks_mhz):
            yield f"{name} is set to a clock outside its range"
    yield from _repeats([contract.name for contract in machine.contracts], f"contract of {name}")
    for contract in machine.contracts:
        yield from _contract(contract, f"contract {contract.name!r} of {name}")
        if contract.ownership is not None and machine.watts_per_device is None:
            yield f"{name} is owned and draws unknown power"


def _contract(contract: Contract, name: str) -> Iterator[str]:
    owned = contract.kind == "owned"
    if owned != (contract.ownership is not None) or owned != (contract.usd_per_hour is None):
        yield f"{name} is not either rented or owned"
    if contract.committed != (contract.kind in ("reserved", "owned")):
        yield f"{name} is not paid as its kind is"
    if contract.usd_per_hour is not None and contract.usd_per_hour <= 0:
        yield f"{name} costs nothing"
    if contract.stock_devices is not None and contract.stock_devices < 0:
        yield f"{name} has a negative stock"
    owner = contract.ownership
    if owner is not None and (
        min(owner.purchase_usd, owner.depreciation_years, owner.pue) <= 0
        or not 0 < owner.utilisation <= 1
        or min(owner.usd_per_kwh, owner.maintenance_per_year) < 0
    ):
        yield f"{name} has figures out of range"


def _limits(instance: FleetInstance) -> Iterator[str]:
    limits, service = instance.limits, instance.service
    whole = (limits.max_usd_per_hour, limits.max_watts, limits.max_devices, limits.max_layouts)
    if any(limit is not None and limit <= 0 for limit in whole):
        yield "a limit of the fleet is not positive"
    energy = (limits.max_j_per_token, limits.max_kg_co2_per_day)
    if any(limit is not None and limit <= 0 for limit in energy):
        yield "a limit on energy or carbon is not positive"
    if limits.max_kg_co2_per_day is not None and (
        instance.energy is None or instance.energy.g_co2_per_kwh is None
    ):
        yield "carbon is limited and what a kWh emits is unknown"
    if limits.max_spot_fraction is not None and not 0 <= limits.max_spot_fraction <= 1:
        yield "the share of spot is not a share"
    if (service.wait_percentile is None) != (service.max_wait_s is None):
        yield "a percentile and a wait come together"
    if service.wait_percentile is not None and not 0 < service.wait_percentile < 1:
        yield "the percentile of waiting is not a share"
    if service.max_wait_s is not None and service.max_wait_s < 0:
        yield "a wait is negative"
    if not 0 <= service.spare_replicas < service.max_pool:
        yield "spares are not fewer than the replicas of a pool"
    speed = instance.transfer.bytes_per_s
    if speed is not None and speed <= 0:
        yield "the transfer of KV caches has no bandwidth"
    machines = {machine.name for machine in instance.machines}
    for rack in instance.racks:
        sizes = (rack.slots, rack.watts, rack.uplink_bytes_per_s)
        if rack.count < 1 or any(size is not None and size <= 0 for size in sizes):
            yield f"rack {rack.name!r} has a number that is not positive"
        if not machines.issuperset(rack.machines):
            yield f"rack {rack.name!r} admits a machine that is not offered"
    for wish in instance.answers.preferences:
        if not machines.issuperset(wish.machines):
            yield f"preference {wish.name!r} names a machine that is not offered"
    if instance.current is not None:
        workloads = {workload.name for workload in instance.workloads}
        for replicas in instance.current.replicas:
            if replicas.workload not in workloads or replicas.count < 0:
                yield "today's fleet serves a workload that is not here, or by a negative count"
        if instance.current.max_changes is not None and instance.current.max_changes < 0:
            yield "a negative number of changes is allowed"
