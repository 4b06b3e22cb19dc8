r"""The economics of a fleet: demand scaled, utilisation over the day, prices per token, owning.

At demand s times what the question states, C(s) is the least cost of a fleet that meets it, proved.
C is a staircase that never falls in s: a fleet for more demand serves less as well. Average cost is
told for a million output tokens, marginal cost is the difference to the next level on the way. An
API bill grows in proportion, sA. The plan for s = 1, held fixed, costs the same at any load it can
carry, so it beats the API from :math:`s^* = C(1)/A` on.

Utilisation of a workload in a period is its demand over what its replicas carry: those that write
output tokens (aggregated or decode). The mean weighs periods by hours and pools by capacity.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from formulations.fleet.plan import FleetPlan
from solver.economics.break_even import api_usd_per_tok_hour
from solver.economics.owning import hourly_cost, owning_beats_renting_from
from solver.economics.sections import BREAK_EVEN, COSTS, OWNING, SECTIONS, UTILISATION
from solver.economics.utilisation import LoadedCost, at_utilisations
from solver.errors import InstanceError
from solver.instance.economics import ApiOffer, EconomicsTerms
from solver.instance.fleet.domain import FleetInstance, MachineOffer, Workload
from solver.instance.ownership import Ownership
from solver.lowering.fleet.lowering import lower_fleet
from solver.lowering.fleet.prices import period_weights
from solver.lowering.fleet.space import FleetSpace
from solver.sweep.fleet.cheapest import first_look

__all__ = [
    "LEVELS",
    "DemandLevel",
    "FleetApi",
    "FleetEconomics",
    "FleetOwning",
    "WorkloadUse",
    "fleet_economics",
    "mean_utilisation",
    "scaled",
    "tokens_per_s",
    "workload_use",
]

LEVELS = tuple(Fraction(share, 100) for share in (25, 50, 75, 100, 125))
_OF_A_PLAN = frozenset((COSTS, UTILISATION, BREAK_EVEN, OWNING))
"""Sections that need the cheapest plan."""
LEVEL_TIME_S = 60.0
"""Most time for one level; past it the level is told as not proved."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, eq=False)
class WorkloadUse:
    """Output tokens/s of a workload in one period: asked for, and what its replicas carry.

    ``capacity`` is ``None`` where replicas carry sizes at different rates, which have no sum.
    """

    workload: str
    period: str
    hours: Fraction
    demand: Fraction
    capacity: Fraction | None


@dataclass(frozen=True, slots=True, eq=False)
class DemandLevel:
    """The cheapest fleet at a share of the stated demand.

    Parameters
    ----------
    usd_per_hour
        Mean over the day; ``None``: no plan meets the limits (``unproved`` empty), or none was
        found in time.
    marginal
        US$ per million output tokens of the tokens since the level below.
    unproved
        Why the plan is not proved to be the cheapest; empty where it is.
    """

    share: Fraction
    tok_per_s: Fraction
    usd_per_hour: Fraction | None
    usd_per_mtok: Fraction | None
    marginal: Fraction | None
    elasticity_of_scale: Fraction | None
    watts: Fraction | None
    devices: Fraction | None
    utilisation: Fraction | None
    unproved: str


@dataclass(frozen=True, slots=True, eq=False)
class FleetApi:
    """All demand bought by the token, against the fleet.

    ``from_share``: share of the stated demand from which on today's plan, held fixed, is no dearer.
    """

    offers: tuple[tuple[str, ApiOffer], ...]
    """Workload and the offer that is cheapest for it."""
    usd_per_hour: Fraction
    from_share: Fraction | None


@dataclass(frozen=True, slots=True, eq=False)
class FleetOwning:
    """Owning a machine against its cheapest hour; per device.

    ``modelled``: its watts are those that the power model gives the plan's designs on it, and not
    stated ones.
    """

    machine: str
    contract: str
    rented_usd_per_hour: Fraction
    watts: Fraction
    usd_per_hour: Fraction
    stated_utilisation: Fraction
    least_utilisation: Fraction | None
    modelled: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class FleetEconomics:
    """See the module's text.

    ``owning_unknown``: machines that owning is not told of, and why not. ``solved``: every level
    that was solved, told or not.
    """

    instance: FleetInstance
    terms: EconomicsTerms
    levels: tuple[DemandLevel, ...]
    use: tuple[WorkloadUse, ...]
    utilisation: Fraction | None
    loaded: tuple[LoadedCost, ...]
    api: FleetApi | None
    owning: tuple[FleetOwning, ...]
    owning_unknown: tuple[tuple[str, str], ...] = ()
    solved: tuple[DemandLevel, ...] = ()


def fleet_economics(
    instance: FleetInstance,
    terms: EconomicsTerms,
    *,
    levels: Sequence[Fraction] = LEVELS,
    sections: frozenset[str] = frozenset(SECTIONS),
    on_progress: Progress | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> FleetEconomics:
    """Solve every level and read the rest off the plan at the stated demand.

    Parameters
    ----------
    levels
        Shares of the stated demand; that itself is always among them.
    sections
        What to work out (``solver.economics.sections``).

    Raises
    ------
    InstanceError
        If the question states no demand, or cannot be lowered.
    """
    if "throughput" in instance.trade_off:
        raise InstanceError.one(
            "the rate is what is maximised, so there is no demand to scale",
            where=f"{instance.source}: trade_off",
            mend="Trade off speed and cost to look at the economics of a demand",
        )
    wanted = sorted({*levels, Fraction(1)})
    if any(share <= 0 for share in wanted):
        raise InstanceError.one(
            "a share of demand is not above 0", where="--levels", mend="Write for example 25,50,100"
        )
    if not sections & _OF_A_PLAN:
        return FleetEconomics(instance, terms, (), (), None, (), None, ())
    if COSTS not in sections:
        wanted = [Fraction(1)]
    found: list[DemandLevel] = []
    today: tuple[FleetSpace, FleetPlan] | None = None
    for number, share in enumerate(wanted):
        if on_progress is not None:
            on_progress(number, len(wanted))
        if should_stop is not None and should_stop():
            found.append(_unanswered(instance, share, "stopped by the user"))
            continue
        space = lower_fleet(scaled(instance, share))
        look = first_look(space, time_limit_s=LEVEL_TIME_S)
        if look.plan is None:
            found.append(_unanswered(instance, share, look.unproved))
            continue
        found.append(_level(space, look.plan, share, found, look.unproved))
        if share == 1:
            today = (space, look.plan)
    if on_progress is not None:
        on_progress(len(wanted), len(wanted))
    use = () if today is None else workload_use(*today)
    mean = mean_utilisation(use)
    full = next(level for level in found if level.share == 1)
    owning: tuple[FleetOwning, ...] = ()
    unknown: tuple[tuple[str, str], ...] = ()
    if OWNING in sections:
        owning, unknown = _owning(instance, terms, _drawn(today))
    told = UTILISATION in sections
    return FleetEconomics(
        instance,
        terms,
        tuple(found) if COSTS in sections else (),
        use if told else (),
        mean if told else None,
        _loaded(instance, full, mean, terms) if told else (),
        _against_api(instance, terms, full) if BREAK_EVEN in sections else None,
        owning,
        unknown,
        tuple(found),
    )


def scaled(instance: FleetInstance, share: Fraction) -> FleetInstance:
    """The question with all demand multiplied."""

    def less(workload: Workload) -> Workload:
        job = workload.batch
        if job is not None:
            job = replace(job, requests_per_day=job.requests_per_day * share)
        return replace(workload, requests_per_s=workload.requests_per_s * share, batch=job)

    return replace(instance, workloads=tuple(less(workload) for workload in instance.workloads))


def tokens_per_s(instance: FleetInstance) -> Fraction:
    """Output tokens/s, mean over the day."""
    return sum((_mean_rate(instance, w) * w.output_tokens for w in instance.workloads), Fraction(0))


def _mean_rate(instance: FleetInstance, workload: Workload) -> Fraction:
    if workload.batch is not None:
        return workload.batch.requests_per_day / 86400
    weights = period_weights(instance)
    return workload.requests_per_s * sum(
        (factor * weight for factor, weight in zip(workload.by_period, weights, strict=True)),
        Fraction(0),
    )


def _unanswered(instance: FleetInstance, share: Fraction, why: str) -> DemandLevel:
    rate = tokens_per_s(instance) * share
    return DemandLevel(share, rate, None, None, None, None, None, None, None, why)


def _level(
    space: FleetSpace, plan: FleetPlan, share: Fraction, below: list[DemandLevel], unproved: str
) -> DemandLevel:
    instance = space.instance
    if not isinstance(instance, FleetInstance):
        raise TypeError("a fleet of bare columns has no tokens")
    weights = {
        period.name: weight
        for period, weight in zip(instance.periods, period_weights(instance), strict=True)
    }
    usd = watts = devices = Fraction(0)
    for column, count in zip(space.columns, plan.counts.tolist(), strict=True):
        weight = weights.get(column.period, Fraction(1))
        usd += count * column.usd_per_hour
        watts += count * column.watts * weight
        if column.kind == "replicas":
            devices += count * column.devices * weight
    rate = tokens_per_s(instance)
    mtok_per_hour = rate * 3600 / 10**6
    average = usd / mtok_per_hour
    before = below[-1] if below else None
    marginal = scale = None
    if before is not None and before.usd_per_hour is not None:
        more = mtok_per_hour - before.tok_per_s * 3600 / 10**6
        marginal = (usd - before.usd_per_hour) / more
        scale = average / marginal if marginal > 0 else None
    return DemandLevel(
        share,
        rate,
        usd,
        average,
        marginal,
        scale,
        watts,
        devices,
        mean_utilisation(workload_use(space, plan)),
        unproved,
    )


def workload_use(space: FleetSpace, plan: FleetPlan) -> tuple[WorkloadUse, ...]:
    """Demand and capacity by workload and period; work with a deadline is left out."""
    instance = space.instance
    if not isinstance(instance, FleetInstance):
        raise TypeError("a fleet of bare columns has no workloads")
    found = []
    for workload in instance.workloads:
        if workload.batch is not None:
            continue
        for number, period in enumerate(instance.periods):
            demand = workload.requests_per_s * workload.by_period[number] * workload.output_tokens
            carried: Fraction | None = Fraction(0)
            for column, count in zip(space.columns, plan.counts.tolist(), strict=True):
                serves = column.kind == "replicas" and column.workload == workload.name
                if not (count and serves and column.period in ("", period.name)):
                    continue
                if column.phase == "prefill":
                    continue
                if column.tok_per_s is None or carried is None:
                    carried = None
                else:
                    carried += count * column.tok_per_s
            found.append(WorkloadUse(workload.name, period.name, period.hours, demand, carried))
    return tuple(found)


def mean_utilisation(use: Sequence[WorkloadUse]) -> Fraction | None:
    """Demand over capacity, both summed over workloads and hours; ``None`` where one is unknown."""
    if not use or any(entry.capacity is None for entry in use):
        return None
    carried = sum((entry.hours * (entry.capacity or 0) for entry in use), Fraction(0))
    asked = sum((entry.hours * entry.demand for entry in use), Fraction(0))
    return asked / carried if carried else None


def _loaded(
    instance: FleetInstance, full: DemandLevel, mean: Fraction | None, terms: EconomicsTerms
) -> tuple[LoadedCost, ...]:
    """Cost per token were the plan's capacity used to the shares of ``terms``.

    Nothing where there is work with a deadline: its tokens are in the bill, and not in the load.
    """
    if mean is None or full.usd_per_hour is None:
        return ()
    if any(workload.batch is not None for workload in instance.workloads):
        return ()
    capacity = full.tok_per_s / mean
    return at_utilisations(full.usd_per_hour, capacity, terms.utilisations)


def _against_api(
    instance: FleetInstance, terms: EconomicsTerms, full: DemandLevel
) -> FleetApi | None:
    """``None`` where an offer is missing for some workload."""
    chosen, bill = [], Fraction(0)
    for workload in instance.workloads:
        names = {model.name for model in workload.models}
        able = [offer for offer in terms.api if not offer.model or offer.model in names]
        if not able:
            return None
        rate = _mean_rate(instance, workload)

        def hourly(
            offer: ApiOffer, workload: Workload = workload, rate: Fraction = rate
        ) -> Fraction:
            per_output = api_usd_per_tok_hour(offer.usd_per_mtok_output) * workload.output_tokens
            per_input = api_usd_per_tok_hour(offer.usd_per_mtok_input) * workload.input_tokens
            return rate * (per_output + per_input)

        best = min(able, key=hourly)
        chosen.append((workload.name, best))
        bill += hourly(best)
    pays = None if full.usd_per_hour is None or not bill else full.usd_per_hour / bill
    return FleetApi(tuple(chosen), bill, pays)


def _drawn(today: tuple[FleetSpace, FleetPlan] | None) -> dict[str, Fraction]:
    """Watts of a device in use by machine, mean over what a plan runs on it."""
    if today is None:
        return {}
    space, plan = today
    watts: dict[str, Fraction] = {}
    devices: dict[str, int] = {}
    for column, count in zip(space.columns, plan.counts.tolist(), strict=True):
        if count and column.kind == "replicas" and column.watts:
            watts[column.machine] = watts.get(column.machine, Fraction(0)) + count * column.watts
            devices[column.machine] = devices.get(column.machine, 0) + count * column.devices
    return {name: total / devices[name] for name, total in watts.items() if devices[name]}


def _owning(
    instance: FleetInstance, terms: EconomicsTerms, drawn: dict[str, Fraction]
) -> tuple[tuple[FleetOwning, ...], tuple[tuple[str, str], ...]]:
    """Machines that owning can be told of, and why not of the others."""
    found: list[FleetOwning] = []
    unknown: list[tuple[str, str]] = []
    for machine in instance.machines:
        owned = terms.owning or _owned(machine)
        rented = [c for c in machine.contracts if c.usd_per_hour is not None]
        modelled = machine.modelled_watts and machine.name in drawn
        watts = drawn[machine.name] if modelled else machine.watts_per_device
        if owned is None:
            unknown.append((machine.name, "what it costs its owner is not stated"))
            continue
        if not rented:
            unknown.append((machine.name, "nobody rents it out, so there is nothing to compare"))
            continue
        if watts is None:
            why = "its watts_per_device are not stated"
            if machine.modelled_watts:
                why = "its power is modelled by design, and the plan runs none on it"
            unknown.append((machine.name, why))
            continue
        contract = min(rented, key=lambda c: c.usd_per_hour or Fraction(0))
        rent = contract.usd_per_hour
        if rent is None:
            raise ValueError("a rented contract has a price")
        found.append(
            FleetOwning(
                machine.name,
                contract.name,
                rent,
                watts,
                hourly_cost(owned, watts=watts),
                owned.utilisation,
                owning_beats_renting_from(owned, watts=watts, usd_per_hour=rent),
                modelled,
            )
        )
    return tuple(found), tuple(unknown)


def _owned(machine: MachineOffer) -> Ownership | None:
    return next((c.ownership for c in machine.contracts if c.ownership is not None), None)
