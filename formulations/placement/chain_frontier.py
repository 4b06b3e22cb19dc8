"""Frontiers of single chains: speed against cost or rate over all settings, latency against rate.

All are read off the labels of ``chain_labels``. Cost = price x time / batch rises with price and
with time, so within one setting every nondominated (time, cost) comes from a nondominated (time,
price); the frontier of all settings is the nondominated part of their union. What is certainly
worse than a chain of an earlier setting is left out on the way. Rate = batch / time falls with
time, so only the fastest chain of a setting counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeVar

from formulations.placement.chain_labels import MOST_LABELS, nondominated_chains
from formulations.placement.chain_plan import ChainPlan, value_of
from formulations.placement.chain_problem import ChainProblem
from formulations.placement.chain_stop import LabelLimitError, LabelStop, Progress, Watch
from formulations.placement.chain_tables import ChainTables

__all__ = [
    "COST_SCALE",
    "RATE_SCALE",
    "PricedChain",
    "RatedChain",
    "TimedChain",
    "cost_frontier",
    "throughput_frontier",
    "time_rate_frontier",
]

COST_SCALE = 3_600 * 10**6
"""Times the price units a dollar, this divides price an hour x picoseconds a token into US$ per
million tokens: 3600 s an hour, 1e12 ps a second, 1e-6 million tokens a token."""

RATE_SCALE = 10**18
"""Micro-tokens/s of one sequence that gets a token every picosecond."""

_Stops = Callable[[], bool] | None


@dataclass(frozen=True, slots=True)
class PricedChain:
    """A point of the frontier of speed against cost.

    Parameters
    ----------
    setting
        Index into the settings of the problem.
    time_ps
        Between two tokens of one user.
    price
        Of all hosts in the chain.
    cost
        Price x time, per sequence of the batch, in the units of the problem.
    usd_per_mtok
        The same in US$ per million output tokens, exact.
    """

    setting: int
    plan: ChainPlan
    time_ps: int
    price: int
    cost: Fraction
    usd_per_mtok: Fraction


@dataclass(frozen=True, slots=True)
class RatedChain:
    """A point of the frontier of latency against throughput, in the units of the tables."""

    plan: ChainPlan
    latency: int
    rate: int


@dataclass(frozen=True, slots=True)
class TimedChain:
    """A point of the frontier of time against rate.

    Parameters
    ----------
    setting
        Index into the settings of the problem.
    time_ps
        Between two tokens of one user.
    rate_micro
        Micro-tokens/s of the whole batch, rounded down.
    """

    setting: int
    plan: ChainPlan
    time_ps: int
    rate_micro: int


_Point = TypeVar("_Point", PricedChain, TimedChain)


def cost_frontier(
    problem: ChainProblem,
    *,
    most_labels: int = MOST_LABELS,
    should_stop: _Stops = None,
    on_progress: Progress | None = None,
) -> list[PricedChain]:
    """The complete frontier of time against cost, from fastest to cheapest, a chain for each point.

    Where settings give the same point the first of them is kept. Empty exactly if no chain holds
    the model at any setting within the limits.

    Parameters
    ----------
    most_labels, should_stop, on_progress
        As for ``nondominated_chains``; ``on_progress`` counts all settings.

    Raises
    ------
    LabelLimitError
        If more labels than ``most_labels`` are needed at some setting, after all others were
        searched: its ``points`` are the nondominated chains found.
    LabelStop
        If ``should_stop`` said so, likewise.
    """

    def points(index: int, plans: Sequence[ChainPlan], tables: ChainTables) -> list[PricedChain]:
        return [_priced(problem, index, plan, tables) for plan in plans]

    def search(
        index: int, found: list[PricedChain], tables: ChainTables, progress: Progress
    ) -> list[ChainPlan]:
        batch = problem.settings[index].batch
        return nondominated_chains(
            tables,
            joint=True,
            priced=True,
            by_cost=True,
            elsewhere=[(point.time_ps, float(point.cost * batch)) for point in found],
            known=[point.plan for point in found],
            most_labels=most_labels,
            should_stop=should_stop,
            on_progress=progress,
        )

    return _over_settings(
        problem, search, points, on_progress, lambda point: (point.time_ps, point.cost)
    )


def time_rate_frontier(
    problem: ChainProblem,
    *,
    most_labels: int = MOST_LABELS,
    should_stop: _Stops = None,
    on_progress: Progress | None = None,
) -> list[TimedChain]:
    """The complete frontier of time against rate = batch / time, from fastest to greatest rate.

    Where settings give the same point the first of them is kept. Empty exactly if no chain holds
    the model at any setting within the limits.

    Parameters
    ----------
    most_labels, should_stop, on_progress
        As for ``cost_frontier``.

    Raises
    ------
    LabelLimitError, LabelStop
        As ``cost_frontier``.
    """

    def points(index: int, plans: Sequence[ChainPlan], tables: ChainTables) -> list[TimedChain]:
        batch = problem.settings[index].batch
        times = [value_of(tables, plan).time for plan in plans]
        return [
            TimedChain(index, plan, time, batch * RATE_SCALE // time)
            for plan, time in zip(plans, times, strict=True)
        ]

    def search(
        index: int, found: list[TimedChain], tables: ChainTables, progress: Progress
    ) -> list[ChainPlan]:
        return nondominated_chains(
            tables,
            joint=True,
            priced=False,
            known=[point.plan for point in found],
            time_below=_worthless(problem, index, found),
            most_labels=most_labels,
            should_stop=should_stop,
            on_progress=progress,
        )

    return _over_settings(
        problem, search, points, on_progress, lambda point: (point.time_ps, -point.rate_micro)
    )


def throughput_frontier(
    tables: ChainTables,
    *,
    most_labels: int = MOST_LABELS,
    should_stop: _Stops = None,
    on_progress: Progress | None = None,
) -> list[RatedChain]:
    """The complete frontier of latency against rate, from the least latency to the greatest rate.

    Parameters
    ----------
    tables
        As ``throughput_tables`` makes them: the rate of a chain is the negative of its pace.
    most_labels, should_stop, on_progress
        As for ``nondominated_chains``.

    Raises
    ------
    LabelLimitError
        If more labels than ``most_labels`` are needed; its ``points`` are the nondominated chains
        found.
    LabelStop
        If ``should_stop`` said so, likewise.
    """
    try:
        plans = nondominated_chains(
            tables,
            joint=False,
            priced=False,
            most_labels=most_labels,
            should_stop=should_stop,
            on_progress=on_progress,
        )
    except LabelLimitError as fault:
        points = list(_rated(tables, fault.plans))
        raise type(fault)(str(fault), plans=fault.plans, points=points, open_settings=[0]) from None
    return list(_rated(tables, plans))


def _over_settings(
    problem: ChainProblem,
    search: Callable[[int, list[_Point], ChainTables, Progress], list[ChainPlan]],
    points: Callable[[int, Sequence[ChainPlan], ChainTables], list[_Point]],
    on_progress: Progress | None,
    criteria: Callable[[_Point], tuple[int, int | Fraction]],
) -> list[_Point]:
    """Nondominated points of all settings; a setting that is not finished leaves its chains."""
    found: list[_Point] = []
    unfinished: list[int] = []
    fault: LabelLimitError | None = None
    for place, index in enumerate(_largest_first(problem)):
        if isinstance(fault, LabelStop):
            unfinished.append(index)
            continue
        tables = problem.tables(index)
        try:
            progress = _part(on_progress, place, len(problem.settings))
            plans = search(index, found, tables, progress)
        except LabelLimitError as stop:
            fault, plans = stop, stop.plans
            unfinished.append(index)
        found.extend(points(index, plans, tables))
    frontier: list[_Point] = []
    for point in sorted(found, key=lambda point: (*criteria(point), point.setting)):
        if not frontier or criteria(point)[1] < criteria(frontier[-1])[1]:
            frontier.append(point)
    if fault is not None:
        raise type(fault)(
            f"{problem.name}: {len(unfinished)} of {len(problem.settings)} settings are not "
            f"finished; {fault}",
            plans=[point.plan for point in frontier],
            points=frontier,
            open_settings=unfinished,
        )
    return frontier


def _largest_first(problem: ChainProblem) -> list[int]:
    """Settings by falling batch: a large batch is cheap a token, so that its chains rule out most
    of what smaller ones could do before it is looked for."""
    settings = problem.settings
    return sorted(range(len(settings)), key=lambda index: (-settings[index].batch, index))


def _priced(problem: ChainProblem, index: int, plan: ChainPlan, tables: ChainTables) -> PricedChain:
    value = value_of(tables, plan)
    cost = Fraction(value.price * value.time, problem.settings[index].batch)
    usd_per_mtok = cost / (COST_SCALE * problem.price_per_usd)
    return PricedChain(index, plan, value.time, value.price, cost, usd_per_mtok)


def _rated(tables: ChainTables, plans: Sequence[ChainPlan]) -> Iterator[RatedChain]:
    for plan in plans:
        value = value_of(tables, plan)
        yield RatedChain(plan, value.latency, -value.pace)


def _worthless(problem: ChainProblem, index: int, found: Sequence[TimedChain]) -> int | None:
    """The least time at which a chain of this setting is no better than one of those found.

    It is no faster, and carries no more: batch / time <= the other's, cross-multiplied.
    """
    batch = problem.settings[index].batch
    return min(
        (
            max(point.time_ps, -(-batch * point.time_ps // problem.settings[point.setting].batch))
            for point in found
        ),
        default=None,
    )


def _part(on_progress: Progress | None, before: int, parts: int) -> Progress:
    """Progress of one of several searches alike as that of all."""
    return Watch(on_progress=on_progress).part(before, parts).report
