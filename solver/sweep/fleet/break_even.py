r"""The prices between which the plan stays, for every contract on offer.

The cost of a plan is a line in the price :math:`p` of one contract, :math:`a + b p` with :math:`b`
what it holds under it; the least cost is the lower envelope of these lines, concave. Where the
plan at hand leaves the envelope is found by Newton's method on its pieces (Eisner and Severance
1976): start from the plan that is best at the far end (least :math:`b` for a rise, a price of 0 for
a fall), solve at the price where both cost the same, and go on with the plan found there, until
none is cheaper. Every price on the way is a fraction, every cost an integer after scaling by a
common denominator, so the answer is exact. The last plan found is the one that is best just beyond
that price: one that leaves the point at a better slope would have been cheaper the step before.

A budget bounds the very sum that is minimised, so a least plan of the question without it is a
least plan under it, or there is none. The search runs without the budget; a rise ends where the
plan at hand costs all of it, unless it was left before.

The question is lowered once without dominance; for each contract columns are compared in
:math:`a` and :math:`b` apart, which holds at every price.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np

from formulations.fleet.plan import FleetPlan
from formulations.fleet.problem import COST, THROUGHPUT, FleetProblem
from formulations.milp import IntArray
from solver.instance.fleet.domain import FleetInstance
from solver.lowering.fleet.dominance import undominated
from solver.lowering.fleet.lowering import lower_fleet
from solver.lowering.fleet.space import FleetSpace
from solver.sweep.fleet.asking import MakeRoad, as_text, ask_least, plain
from solver.sweep.fleet.price_lines import Line, Offer, integers_of, offers, sum_of_lines
from solver.sweep.fleet.reference import Reference, devices_by_machine
from solver.sweep.fleet.roads import Stop

__all__ = ["break_even_prices"]

_HELD = "held"


class _Unanswered(Exception):  # noqa: N818 - it carries a reason, it is no error
    """A question stayed open; the text says why."""


@dataclass(frozen=True, slots=True, eq=False)
class _Side:
    """What happens to the plan on one side of today's price.

    Parameters
    ----------
    price
        Where it changes; ``None``: nowhere.
    after
        Devices by machine and contract beyond it; ``None`` with a price: no plan is left.
    """

    price: Fraction | None
    after: dict[str, float] | None

    def as_json(self) -> dict[str, Any]:
        known = self.price is not None
        return {
            "break_even": None if self.price is None else float(self.price),
            "break_even_exact": None if self.price is None else as_text(self.price),
            "possible": self.after is not None if known else True,
            "after": self.after,
        }


_STAYS = _Side(None, None)


def break_even_prices(reference: Reference, *, road: MakeRoad, stop: Stop) -> list[dict[str, Any]]:
    """One entry a contract of every machine, JSON values.

    Returns
    -------
    list of dict
        ``machine``, ``contract``, ``unit``, ``price`` (today's), ``in_use``; ``before``, devices by
        machine and contract; ``above`` and ``below``, each with ``break_even`` and
        ``break_even_exact`` (``p/q``; beyond it, another plan is strictly cheaper or none meets the
        budget; ``None`` where no such price changes the plan), ``possible`` (whether a plan is left
        beyond it) and ``after``, the devices then, or ``unanswered``; ``text``. An entry that
        nothing is known of has ``unanswered`` itself.
    """
    instance = reference.space.instance
    reason = ""
    if not isinstance(instance, FleetInstance) or reference.pivot != COST:
        reason = "the cost is not what is minimised"
    elif THROUGHPUT in instance.trade_off:
        reason = "the plan of least cost serves nobody where the throughput is free"
    if reason or not isinstance(instance, FleetInstance):
        return [{"unanswered": reason, "text": f"no break-even prices: {reason}"}]
    whole: FleetSpace | None = None
    found = []
    for offer in offers(instance):
        entry: dict[str, Any] = {
            "machine": offer.machine.name,
            "contract": offer.contract.name,
            "unit": offer.unit,
            "price": float(offer.price),
        }
        try:
            stopped = stop.reason()
            if stopped is not None:
                raise _Unanswered(stopped)
            whole = whole or lower_fleet(_without_budget(instance), prune=False)
            entry.update(_Search(offer, whole, reference, road, stop).answer())
        except _Unanswered as reason_found:
            entry["unanswered"] = str(reason_found)
            entry["text"] = f"{offer.name}: not worked out ({reason_found})"
        found.append(entry)
    return found


def _without_budget(instance: FleetInstance) -> FleetInstance:
    return replace(instance, limits=replace(instance.limits, max_usd_per_hour=None))


class _Search:
    """Break-even prices of one contract; ``whole`` is the question without its budget."""

    def __init__(
        self, offer: Offer, whole: FleetSpace, reference: Reference, road: MakeRoad, stop: Stop
    ) -> None:
        self.offer = offer
        self.road = road
        self.stop = stop
        self.whole = whole
        instance = reference.space.instance
        limits = instance.limits if isinstance(instance, FleetInstance) else None
        self.budget = None if limits is None else limits.max_usd_per_hour
        lines = offer.lines(whole)
        self.used = any(line.slope for line in lines)
        # Columns that agree in both parts and all rows beat one another at every price.
        both = {
            COST: _integers([line.fixed for line in lines])[0],
            _HELD: _integers([line.slope for line in lines])[0],
        }
        self.kept = undominated(replace(whole.problem, measures=both))
        self.problem = whole.problem.over(self.kept)
        self.lines = [lines[j] for j in self.kept.tolist()]
        self.now = sum_of_lines(offer.lines(reference.space), reference.plan.counts)
        self.before = devices_by_machine(reference.space, reference.plan)

    def answer(self) -> dict[str, Any]:
        """All of an entry but the contract itself."""
        if self.used:
            # The frontier's costs may be rounded up in the ninth digit; here they are exact.
            better = self._cheaper(self.offer.price, self.now)
            if better is not None:
                self.now, self.before = better[0], self._devices(better[1])
        in_use = self.now.slope > 0
        entry: dict[str, Any] = {"in_use": in_use, "before": self.before}
        told = {}
        for name, ask in (("above", self._above), ("below", self._below)):
            try:
                side = ask()
            except _Unanswered as reason:
                entry[name] = {"unanswered": str(reason)}
                told[name] = f"what happens {name} this price was not worked out ({reason})"
            else:
                entry[name] = side.as_json()
                told[name] = self._told(name, side)
        entry["text"] = self._text(in_use, told)
        return entry

    def _above(self) -> _Side:
        if not self.now.slope:
            return _STAYS  # every other plan only gets dearer
        left = self._left_for(self._least_held())
        spent = None
        if self.budget is not None:
            spent = (self.budget - self.now.fixed) / self.now.slope
        if left is None:
            return _STAYS if spent is None else _Side(spent, None)
        price, line, plan = left
        # Of plans that cost the whole budget at one price, only one without the contract stays.
        if spent is not None and (spent < price or (spent == price and line.slope)):
            return _Side(spent, None)
        return _Side(price, self._devices(plan))

    def _below(self) -> _Side:
        if not self.used:
            return _STAYS
        left = self._left_for(self._cheaper(Fraction(0), self.now))
        return _STAYS if left is None else _Side(left[0], self._devices(left[2]))

    def _left_for(
        self, found: tuple[Line, FleetPlan] | None
    ) -> tuple[Fraction, Line, FleetPlan] | None:
        """Where the plan at hand is left, from the best plan at the far end; what is best then."""
        at = None
        while found is not None:
            line, plan = found
            at = line.meets(self.now)
            found = self._cheaper(at, self.now)
        return None if at is None else (at, line, plan)

    def _least_held(self) -> tuple[Line, FleetPlan] | None:
        """A plan that holds least under the contract; ``None`` where that is what is held now."""
        held, scale = _integers([line.slope for line in self.lines])
        return self._ask(held, math.ceil(self.now.slope * scale))

    def _cheaper(self, price: Fraction, than: Line) -> tuple[Line, FleetPlan] | None:
        """A cheapest plan at this price, if it is cheaper than a line there."""
        costs, scale = _integers([line.at(price) for line in self.lines])
        return self._ask(costs, math.ceil(than.at(price) * scale))

    def _ask(self, measure: IntArray, below: int) -> tuple[Line, FleetPlan] | None:
        problem: FleetProblem = replace(self.problem, measures={COST: measure})
        found = ask_least(problem, COST, road=self.road, stop=self.stop, below=below)
        if found.unproved:
            raise _Unanswered(found.unproved)
        if found.plan is None:
            return None
        return sum_of_lines(self.lines, found.plan.counts), found.plan

    def _devices(self, plan: FleetPlan) -> dict[str, float]:
        counts = np.zeros(self.whole.problem.n_columns, dtype=np.int64)
        counts[self.kept] = plan.counts
        return devices_by_machine(self.whole, FleetPlan(counts))

    def _text(self, in_use: bool, told: dict[str, str]) -> str:
        if not self.used:
            return f"{self.offer.name}: nothing on offer uses it, at any price"
        price = f"{self.offer.name} at {plain(self.offer.price)} {self.offer.unit}"
        now = f"(now {_shown(self.before)})"
        if in_use and not (told["above"] or told["below"]):
            return f"{price}, in use {now}: no price is high or low enough for another plan"
        if in_use:
            above = told["above"] or "no price is high enough for another plan"
            below = told["below"] or "no price is low enough for another plan"
            return f"{price}, in use {now}: {above}; {below}"
        if told["below"]:
            return f"{price}, not in use {now}: {told['below']}"
        return f"{price}: not in use, and would not be for nothing"

    def _told(self, name: str, side: _Side) -> str:
        """One side in words; nothing where no price changes the plan."""
        if side.price is None:
            return ""
        price = plain(side.price)
        if side.after is None:
            budget = plain(self.budget or Fraction(0))
            return f"{name} {price} no plan is left within the budget of {budget} US$/h"
        return f"{name} {price} the plan would change to {_shown(side.after)}"


def _integers(values: Sequence[Fraction]) -> tuple[IntArray, Fraction]:
    found = integers_of(values)
    if found is None:
        raise _Unanswered("prices have no common denominator within 64 bits")
    return found


def _shown(devices: dict[str, float]) -> str:
    parts = [f"{count:.6g} {name}" for name, count in devices.items()]
    return ", ".join(parts) or "no devices"
