"""The economics of a replica question: every model on every machine, along concurrency."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from solver.economics.break_even import Staircase, api_usd_per_mtok, api_usd_per_tok_hour
from solver.economics.clock import GroupClock, along_the_clock
from solver.economics.curve import Curve
from solver.economics.job import Job, JobLoad, job_along
from solver.economics.long_run import LongRun, long_run
from solver.economics.owning import (
    energy_usd,
    fixed_usd,
    hourly_cost,
    owning_beats_renting_from,
)
from solver.economics.principles import Principle, along_doublings, principles
from solver.economics.production import ProductionPoint, production
from solver.economics.scan import BestLoad, Group, LayoutJob, LayoutKey, curve_of, scan
from solver.economics.sections import (
    BREAK_EVEN,
    COSTS,
    ENERGY,
    JOB,
    LONG_RUN,
    OWNING,
    PRINCIPLES,
    SECTIONS,
    UTILISATION,
)
from solver.economics.service import DEVICES, HBM, ServiceLevel, service_level
from solver.economics.utilisation import LoadedCost, at_utilisations
from solver.economics.waiting import Waiting, waiting
from solver.economics.zone import Inflection, Zone, inflection, zone
from solver.errors import InstanceError
from solver.instance.domain import ReplicaInstance
from solver.instance.economics import ApiOffer, EconomicsTerms

__all__ = [
    "ApiBreakEven",
    "CurveEconomics",
    "GroupEconomics",
    "Owning",
    "ReplicaEconomics",
    "replica_economics",
]

LONG_RUN_MOST = 4096
"""Users that the long run goes up to at most."""
TOKENS_UNSTATED = 10**6
"""Length of an answer where the question states none: totals are then those of a million tokens."""


@dataclass(frozen=True, slots=True, eq=False)
class CurveEconomics:
    """One layout in the short run.

    Parameters
    ----------
    curve, points
        What fits into memory and the other limits of the machine, whatever users are promised.
    zone
        ``None``: nothing keeps the service level.
    least_energy
        The concurrency of least energy for a token among what keeps the service level; ``None``
        where the power is not known.
    principles, doublings
        Judged step by step, and along doublings of concurrency; empty where not asked for.
    waiting
        The interior optimum with waiting priced in; ``None`` where fewer than three concurrencies
        keep the service level.
    job
        Along the load; empty where there is no job.
    """

    curve: Curve
    points: tuple[ProductionPoint, ...]
    zone: Zone | None
    inflection: Inflection | None
    principles: tuple[Principle, ...]
    least_energy: int | None
    doublings: tuple[Principle, ...] = ()
    waiting: Waiting | None = None
    job: tuple[JobLoad, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class ApiBreakEven:
    """Replicas of one design against a list price.

    Parameters
    ----------
    usd_per_mtok
        List price of a million output tokens with their prompts.
    renting, owning
        Staircases; ``owning`` is ``None`` where nothing is known of owning.
    earliest
        The least load at which any layout pays at its cheapest batch, and that layout; ``None``: at
        none.
    """

    offer: ApiOffer
    usd_per_mtok: Fraction
    renting: Staircase
    owning: Staircase | None
    earliest: tuple[Fraction, BestLoad] | None


@dataclass(frozen=True, slots=True, eq=False)
class Owning:
    """Owning the devices of the cheapest design, against renting them.

    Parameters
    ----------
    watts
        Of one device in use, its share of the host included.
    usd_per_hour
        Of one device at the utilisation that the question states.
    least_utilisation
        From which on an hour of an owned device costs no more than a rented one; ``None``: never.
    """

    watts: Fraction
    usd_per_hour: Fraction
    rented_usd_per_hour: Fraction
    stated_utilisation: Fraction
    least_utilisation: Fraction | None


@dataclass(frozen=True, slots=True, eq=False)
class GroupEconomics:
    """One model on one machine; everything past ``layouts`` needs a design that keeps the level."""

    model: str
    machine: str
    layouts: int
    best: BestLoad | None
    curves: tuple[CurveEconomics, ...]
    long_run: LongRun | None
    loaded: tuple[LoadedCost, ...]
    api: tuple[ApiBreakEven, ...]
    owning: Owning | None
    jobs: tuple[LayoutJob, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class ReplicaEconomics:
    """All groups of a question, in its order.

    ``clock`` has energy along the clock by group; ``left_out`` names what a stop left out.
    """

    instance: ReplicaInstance
    terms: EconomicsTerms
    level: ServiceLevel
    answer_tokens: int
    groups: tuple[GroupEconomics, ...]
    clock: tuple[GroupClock, ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def cheapest(self) -> GroupEconomics | None:
        """The group with the least cost per token under the service level."""
        able = [group for group in self.groups if group.best is not None]
        return min(able, key=_least, default=None)


def _least(group: GroupEconomics) -> Fraction:
    if group.best is None:
        raise ValueError("nothing keeps the service level")
    return group.best.point.average


_SCANNED = frozenset((COSTS, PRINCIPLES, LONG_RUN, UTILISATION, BREAK_EVEN, OWNING, JOB))
"""Sections that need every layout along concurrency."""


def replica_economics(
    instance: ReplicaInstance,
    terms: EconomicsTerms,
    *,
    layouts: tuple[str, ...] = (),
    sections: frozenset[str] = frozenset(SECTIONS) - {ENERGY},
    on_progress: Callable[[int, int], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> ReplicaEconomics:
    """Work out everything but preferences, drafts and bills.

    Parameters
    ----------
    layouts
        Names of further layouts to draw a curve of, such as ``TP8 W8 KV8``; the beginning of a name
        stands for all that begin so.
    sections
        What to work out (``solver.economics.sections``).
    should_stop
        A true answer leaves out the models and machines that were not looked at in full.

    Raises
    ------
    InstanceError
        If a layout that is asked for is not on offer, or the question cannot be lowered.
    """
    level = service_level(instance, terms)
    traffic = instance.traffic
    tokens = TOKENS_UNSTATED if traffic is None else traffic.output_tokens
    job = None
    if JOB in sections and terms.job_requests is not None:
        job = Job(terms.job_requests, tokens)
    groups: tuple[GroupEconomics, ...] = ()
    left_out: tuple[str, ...] = ()
    if sections & _SCANNED:
        scanned = scan(instance, level, job=job, on_progress=on_progress, should_stop=should_stop)
        if not scanned.left_out:
            _check_layouts(scanned.groups, layouts)
        asked = _Asked(instance, terms, tokens, job, layouts, sections)
        groups = tuple(_group(asked, group) for group in scanned.groups)
        left_out = scanned.left_out
    clock: tuple[GroupClock, ...] = ()
    if ENERGY in sections:
        clock, more = along_the_clock(
            instance, level, on_progress=on_progress, should_stop=should_stop
        )
        left_out = (*left_out, *more)
    return ReplicaEconomics(instance, terms, level, tokens, groups, clock, left_out)


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    """What every group is asked."""

    instance: ReplicaInstance
    terms: EconomicsTerms
    answer_tokens: int
    job: Job | None
    layouts: tuple[str, ...]
    sections: frozenset[str]


def _matches(name: str, asked: str) -> bool:
    return name == asked or name.startswith(f"{asked} ")


def _check_layouts(groups: tuple[Group, ...], layouts: tuple[str, ...]) -> None:
    known = sorted({key.name for group in groups for key in group.keys})
    for asked in layouts:
        if not any(_matches(name, asked) for name in known):
            shown = ", ".join(known[:8]) + (", ..." if len(known) > 8 else "")
            raise InstanceError.one(
                f"no layout {asked!r} is on offer",
                where="--layout",
                mend=f"Choose from {shown}",
            )


def _group(asked: _Asked, group: Group) -> GroupEconomics:
    terms, sections = asked.terms, asked.sections
    best = group.bests[0] if group.bests else None
    chosen: dict[str, LayoutKey] = {} if best is None else {best.key.name: best.key}
    for key in group.keys:
        if any(_matches(key.name, wanted) for wanted in asked.layouts):
            chosen.setdefault(key.name, key)
    curves = tuple(
        _short_run(curve_of(key, model=group.model, machine=group.machine), asked)
        for key in chosen.values()
    )
    if best is None:
        return GroupEconomics(
            group.model,
            group.machine,
            group.layouts,
            None,
            curves,
            None,
            (),
            (),
            None,
            group.jobs,
        )
    point = best.point
    largest = max(item.users for item in group.items)
    owning = _owning(terms, group, best) if sections & {OWNING, BREAK_EVEN} else None
    return GroupEconomics(
        group.model,
        group.machine,
        group.layouts,
        best,
        curves,
        long_run(group.items, highest=min(2 * largest, LONG_RUN_MOST))
        if LONG_RUN in sections
        else None,
        at_utilisations(point.usd_per_hour, point.tok_per_s, terms.utilisations)
        if UTILISATION in sections
        else (),
        tuple(
            _against(asked.instance, offer, terms, group, best, owning)
            for offer in terms.api
            if offer.model in ("", group.model)
        )
        if BREAK_EVEN in sections
        else (),
        owning,
        group.jobs,
    )


def _short_run(curve: Curve, asked: _Asked) -> CurveEconomics:
    terms = asked.terms
    found = zone(curve, terms.tolerance)
    possible = curve.without(HBM, DEVICES)
    if possible is None:
        return CurveEconomics(curve, (), None, None, (), None)
    energy = [
        (point.joules_per_token, point.concurrency)
        for point in curve.points
        if not point.broken and point.joules_per_token is not None
    ]
    told = PRINCIPLES in asked.sections
    fewer, values = along_doublings(curve), _values_of_time(terms)
    sparse = None if fewer is None else fewer.without(HBM, DEVICES)
    return CurveEconomics(
        possible,
        production(possible, answer_tokens=asked.answer_tokens),
        found,
        inflection(possible),
        principles(possible, found) if told else (),
        min(energy)[1] if energy else None,
        principles(sparse, None if fewer is None else zone(fewer, terms.tolerance))
        if told and sparse is not None
        else (),
        waiting(curve, values) if told else None,
        () if asked.job is None else job_along(asked.job, possible),
    )


def _values_of_time(terms: EconomicsTerms) -> tuple[tuple[str, Fraction], ...]:
    return tuple(
        (wish.name, wish.usd_per_s_saved)
        for wish in terms.preferences
        if wish.usd_per_s_saved is not None
    )


def _owning(terms: EconomicsTerms, group: Group, best: BestLoad) -> Owning | None:
    owned = terms.owning
    if owned is None:
        return None
    watts = _watts_of_a_device(group, best)
    # Where electricity is billed beside the rent it is part of what renting costs.
    rent = best.point.usd_per_hour / best.devices
    return Owning(
        watts,
        hourly_cost(owned, watts=watts),
        rent,
        owned.utilisation,
        owning_beats_renting_from(owned, watts=watts, usd_per_hour=rent),
    )


def _watts_of_a_device(group: Group, best: BestLoad) -> Fraction:
    """Power of the design at its best load; else the most that the catalog states.

    Raises
    ------
    InstanceError
        If nothing is known.
    """
    if best.point.power_mw is not None:
        return Fraction(best.point.power_mw, 1000 * best.devices)
    accelerator = group.offered.accelerator
    stated = accelerator.all_in_w if accelerator.all_in_w is not None else accelerator.tdp_w
    if stated is None:
        raise InstanceError.one(
            f"the power of {accelerator.name} is not known, and its owner pays for energy",
            where="economics.owning",
            mend="State accelerators.power or all_in_w, or leave owning out",
        )
    return Fraction(str(stated))


def _against(
    instance: ReplicaInstance,
    offer: ApiOffer,
    terms: EconomicsTerms,
    group: Group,
    best: BestLoad,
    owning: Owning | None,
) -> ApiBreakEven:
    price = api_usd_per_mtok(offer, instance.traffic)
    rate = api_usd_per_tok_hour(price)
    point = best.point
    owned = None
    if owning is not None and terms.owning is not None:
        # Had at every hour, while energy follows the tokens: it comes off what a token is worth.
        energy = energy_usd(terms.owning, owning.watts) * best.devices / point.tok_per_s
        owned = Staircase(fixed_usd(terms.owning) * best.devices, point.tok_per_s, rate - energy)
    return ApiBreakEven(
        offer,
        price,
        Staircase(point.usd_per_hour, point.tok_per_s, rate),
        owned,
        _earliest(group, rate),
    )


def _earliest(group: Group, rate: Fraction) -> tuple[Fraction, BestLoad] | None:
    """Least load at which a replica of some layout, at the batch at which it is cheapest, is no
    dearer than its tokens. Where electricity is billed a smaller batch may pay a little earlier."""
    able = [best for best in group.bests if best.point.usd_per_hour <= rate * best.point.tok_per_s]
    if not able:
        return None
    least = min(able, key=lambda best: best.point.usd_per_hour)
    return least.point.usd_per_hour / rate, least
