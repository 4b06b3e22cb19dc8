"""Frontiers of single chains: speed against cost over all settings, and latency against rate.

Both are read off the labels of ``chain_labels``. Cost = price x time / batch rises with price and
with time, so within one setting every nondominated (time, cost) comes from a nondominated (time,
price); the frontier of all settings is the nondominated part of their union. What is certainly
worse than a chain of an earlier setting is left out on the way.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from formulations.placement.chain_labels import MOST_LABELS, nondominated_chains
from formulations.placement.chain_plan import ChainPlan, value_of
from formulations.placement.chain_problem import ChainProblem
from formulations.placement.chain_tables import ChainTables

__all__ = ["COST_SCALE", "PricedChain", "RatedChain", "cost_frontier", "throughput_frontier"]

COST_SCALE = 3_600 * 10**6
"""Times the price units a dollar, this divides price an hour x picoseconds a token into US$ per
million tokens: 3600 s an hour, 1e12 ps a second, 1e-6 million tokens a token."""


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


def cost_frontier(problem: ChainProblem, *, most_labels: int = MOST_LABELS) -> list[PricedChain]:
    """The complete frontier of time against cost, from fastest to cheapest, a chain for each point.

    Where settings give the same point the first of them is kept. Empty exactly if no chain holds
    the model at any setting.

    Raises
    ------
    LabelLimitError
        If more labels than ``most_labels`` are needed at one setting.
    """
    found: list[PricedChain] = []
    for index, setting in enumerate(problem.settings):
        tables = problem.tables(index)
        plans = nondominated_chains(
            tables,
            joint=True,
            priced=True,
            by_cost=True,
            elsewhere=[(point.time_ps, float(point.cost * setting.batch)) for point in found],
            most_labels=most_labels,
        )
        for plan in plans:
            value = value_of(tables, plan)
            cost = Fraction(value.price * value.time, setting.batch)
            usd_per_mtok = cost / (COST_SCALE * problem.price_per_usd)
            found.append(PricedChain(index, plan, value.time, value.price, cost, usd_per_mtok))
    found.sort(key=lambda point: (point.time_ps, point.cost, point.setting))
    frontier: list[PricedChain] = []
    for point in found:
        if not frontier or point.cost < frontier[-1].cost:
            frontier.append(point)
    return frontier


def throughput_frontier(tables: ChainTables, *, most_labels: int = MOST_LABELS) -> list[RatedChain]:
    """The complete frontier of latency against rate, from the least latency to the greatest rate.

    Parameters
    ----------
    tables
        As ``throughput_tables`` makes them: the rate of a chain is the negative of its pace.

    Raises
    ------
    LabelLimitError
        If more labels than ``most_labels`` are needed.
    """
    plans = nondominated_chains(tables, joint=False, priced=False, most_labels=most_labels)
    values = [value_of(tables, plan) for plan in plans]
    return [
        RatedChain(plan, value.latency, -value.pace)
        for plan, value in zip(plans, values, strict=True)
    ]
