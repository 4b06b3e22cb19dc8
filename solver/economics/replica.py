"""The economics of a replica question: every model on every machine, along concurrency."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from solver.economics.break_even import Staircase, api_usd_per_mtok, api_usd_per_tok_hour
from solver.economics.curve import Curve
from solver.economics.long_run import LongRun, long_run
from solver.economics.owning import (
    energy_usd,
    fixed_usd,
    hourly_cost,
    owning_beats_renting_from,
)
from solver.economics.principles import Principle, principles
from solver.economics.production import ProductionPoint, production
from solver.economics.scan import BestLoad, Group, LayoutKey, curve_of, scan
from solver.economics.service import DEVICES, HBM, ServiceLevel, service_level
from solver.economics.utilisation import LoadedCost, at_utilisations
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
    """

    curve: Curve
    points: tuple[ProductionPoint, ...]
    zone: Zone | None
    inflection: Inflection | None
    principles: tuple[Principle, ...]
    least_energy: int | None


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
        The least load at which any layout pays, and that layout; ``None``: at none.
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


@dataclass(frozen=True, slots=True, eq=False)
class ReplicaEconomics:
    """All groups of a question, in its order."""

    instance: ReplicaInstance
    terms: EconomicsTerms
    level: ServiceLevel
    answer_tokens: int
    groups: tuple[GroupEconomics, ...]

    @property
    def cheapest(self) -> GroupEconomics | None:
        """The group with the least cost per token under the service level."""
        able = [group for group in self.groups if group.best is not None]
        return min(able, key=_least, default=None)


def _least(group: GroupEconomics) -> Fraction:
    if group.best is None:
        raise ValueError("nothing keeps the service level")
    return group.best.point.average


def replica_economics(
    instance: ReplicaInstance,
    terms: EconomicsTerms,
    *,
    layouts: tuple[str, ...] = (),
    on_progress: Callable[[int, int], None] | None = None,
) -> ReplicaEconomics:
    """Work out everything but the preferences.

    Parameters
    ----------
    layouts
        Names of further layouts to draw a curve of, such as ``TP8 W8 KV8``; the beginning of a name
        stands for all that begin so.

    Raises
    ------
    InstanceError
        If a layout that is asked for is not on offer, or the question cannot be lowered.
    """
    level = service_level(instance, terms)
    groups = scan(instance, level, on_progress=on_progress)
    _check_layouts(groups, layouts)
    traffic = instance.traffic
    tokens = TOKENS_UNSTATED if traffic is None else traffic.output_tokens
    return ReplicaEconomics(
        instance,
        terms,
        level,
        tokens,
        tuple(_group(instance, terms, tokens, group, layouts) for group in groups),
    )


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


def _group(
    instance: ReplicaInstance,
    terms: EconomicsTerms,
    answer_tokens: int,
    group: Group,
    layouts: tuple[str, ...],
) -> GroupEconomics:
    best = group.bests[0] if group.bests else None
    chosen: dict[str, LayoutKey] = {} if best is None else {best.key.name: best.key}
    for key in group.keys:
        if any(_matches(key.name, asked) for asked in layouts):
            chosen.setdefault(key.name, key)
    curves = []
    for key in chosen.values():
        curve = curve_of(key, model=group.model, machine=group.machine)
        curves.append(_short_run(curve, terms, answer_tokens))
    if best is None:
        return GroupEconomics(
            group.model, group.machine, group.layouts, None, tuple(curves), None, (), (), None
        )
    point = best.point
    largest = max(item.users for item in group.items)
    owning = _owning(terms, group, best)
    return GroupEconomics(
        group.model,
        group.machine,
        group.layouts,
        best,
        tuple(curves),
        long_run(group.items, highest=min(2 * largest, LONG_RUN_MOST)),
        at_utilisations(point.usd_per_hour, point.tok_per_s, terms.utilisations),
        tuple(
            _against(instance, offer, terms, group, best, owning)
            for offer in terms.api
            if offer.model in ("", group.model)
        ),
        owning,
    )


def _short_run(curve: Curve, terms: EconomicsTerms, answer_tokens: int) -> CurveEconomics:
    found = zone(curve, terms.tolerance)
    possible = curve.without(HBM, DEVICES)
    if possible is None:
        return CurveEconomics(curve, (), None, None, (), None)
    energy = [
        (point.joules_per_token, point.concurrency)
        for point in curve.points
        if not point.broken and point.joules_per_token is not None
    ]
    return CurveEconomics(
        possible,
        production(possible, answer_tokens=answer_tokens),
        found,
        inflection(possible),
        principles(possible, found),
        min(energy)[1] if energy else None,
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
    """Least load at which one replica of any layout is no dearer than its tokens."""
    able = [best for best in group.bests if best.point.usd_per_hour <= rate * best.point.tok_per_s]
    if not able:
        return None
    least = min(able, key=lambda best: best.point.usd_per_hour)
    return least.point.usd_per_hour / rate, least
