r"""The price at which the plan would change, for every contract on offer.

The cost of a plan is a line in the price :math:`p` of one contract, :math:`a + b p` with :math:`b`
what it holds under it; the least cost is the lower envelope of these lines, concave. Where the
plan at hand leaves the envelope is found by Newton's method on its pieces (Eisner and Severance
1976): start from the plan that is best at the far end (least :math:`b` for a rise, a price of 0 for
a fall), solve at the price where both cost the same, and go on with the plan found there, until
none is cheaper. Every price on the way is a fraction, every cost an integer after scaling by a
common denominator, so the answer is exact.

The question is lowered once without dominance; for each contract columns are compared in
:math:`a` and :math:`b` apart, which holds at every price.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np

from formulations.fleet.plan import FleetPlan
from formulations.fleet.problem import COST, FleetProblem
from formulations.milp import INFINITY, IntArray
from solver.instance.fleet.domain import Contract, FleetInstance, MachineOffer, Ownership
from solver.lowering.fleet.dominance import undominated
from solver.lowering.fleet.lowering import lower_fleet
from solver.lowering.fleet.prices import HOURS_PER_YEAR
from solver.lowering.fleet.space import ColumnMeaning, FleetSpace
from solver.sweep.fleet.asking import MakeRoad, as_text, ask_least, plain
from solver.sweep.fleet.reference import Reference, devices_by_machine, period_shares
from solver.sweep.fleet.roads import Stop

__all__ = ["break_even_prices"]

_HELD = "held"


class _Unanswered(Exception):  # noqa: N818 - it carries a reason, it is no error
    """A question stayed open; the text says why."""


@dataclass(frozen=True, slots=True)
class _Line:
    """Cost of a plan in US$/h at price p: ``fixed + slope p``."""

    fixed: Fraction
    slope: Fraction

    def at(self, price: Fraction) -> Fraction:
        return self.fixed + self.slope * price


@dataclass(frozen=True, slots=True, eq=False)
class _Offer:
    """One contract: its place, its price, and US$/h of a device for one unit of that price."""

    machine: MachineOffer
    contract: Contract
    price: Fraction
    unit: str
    hourly: Fraction

    def holds(self, column: ColumnMeaning) -> bool:
        return (column.machine, column.contract) == (self.machine.name, self.contract.name)

    def line(self, space: FleetSpace, column: ColumnMeaning) -> _Line:
        """Of one unit of a column."""
        if not self.holds(column) or column.kind == "devices_in_use":
            return _Line(column.usd_per_hour, Fraction(0))
        held = Fraction(int(column.facts.get("held", 0)))
        slope = held * period_shares(space)[column.period] * self.hourly
        return _Line(column.usd_per_hour - slope * self.price, slope)


def break_even_prices(reference: Reference, *, road: MakeRoad, stop: Stop) -> list[dict[str, Any]]:
    """One entry a contract of every machine, JSON values.

    Returns
    -------
    list of dict
        ``machine``, ``contract``, ``unit``, ``price`` (today's), ``in_use``; ``break_even`` and
        ``break_even_exact`` (``p/q``): above it another plan is strictly cheaper where the contract
        is in use, below it where it is not; ``None`` where no price changes the plan; ``before``
        and ``after``, devices by machine and contract; ``text``. Or ``unanswered``.
    """
    instance = reference.space.instance
    if not isinstance(instance, FleetInstance) or reference.pivot != COST:
        reason = "the cost is not what is minimised"
        return [{"unanswered": reason, "text": f"no break-even prices: {reason}"}]
    offers = list(_offers(instance))
    whole: FleetSpace | None = None
    found = []
    for offer in offers:
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
            whole = whole or lower_fleet(instance, prune=False)
            entry.update(_Search(offer, whole, reference, road, stop).answer())
        except _Unanswered as reason_found:
            name = f"{offer.machine.name} {offer.contract.name}"
            entry["unanswered"] = str(reason_found)
            entry["text"] = f"{name}: not worked out ({reason_found})"
        found.append(entry)
    return found


def _offers(instance: FleetInstance) -> Iterator[_Offer]:
    for machine in instance.machines:
        for contract in machine.contracts:
            owned = contract.ownership
            if owned is not None:
                yield _Offer(
                    machine, contract, owned.purchase_usd, "US$ to buy a device", _per_hour(owned)
                )
            elif contract.usd_per_hour is not None:
                yield _Offer(
                    machine, contract, contract.usd_per_hour, "US$/h of a device", Fraction(1)
                )


def _per_hour(owned: Ownership) -> Fraction:
    """US$/h for having a device, for each US$ of its price (``prices.py``)."""
    written_off = 1 / (owned.depreciation_years * HOURS_PER_YEAR * owned.utilisation)
    return written_off + owned.maintenance_per_year / HOURS_PER_YEAR


class _Search:
    """Break-even price of one contract."""

    def __init__(
        self, offer: _Offer, whole: FleetSpace, reference: Reference, road: MakeRoad, stop: Stop
    ) -> None:
        self.offer = offer
        self.road = road
        self.stop = stop
        self.whole = whole
        lines = [offer.line(whole, column) for column in whole.columns]
        self.used = any(line.slope for line in lines)
        # Columns that agree in both parts and all rows beat one another at every price.
        both = {
            COST: _integers([line.fixed for line in lines])[0],
            _HELD: _integers([line.slope for line in lines])[0],
        }
        self.kept = undominated(replace(whole.problem, measures=both))
        self.problem = whole.problem.over(self.kept)
        self.lines = [lines[j] for j in self.kept.tolist()]
        stated = [offer.line(reference.space, column) for column in reference.space.columns]
        self.now = _sum(stated, reference.plan.counts)
        self.before = devices_by_machine(reference.space, reference.plan)

    def answer(self) -> dict[str, Any]:
        offer = self.offer
        name = f"{offer.machine.name} {offer.contract.name}"
        price = f"{plain(offer.price)} {offer.unit}"
        if not self.used:
            return self._never(False, f"{name}: nothing on offer uses it, at any price")
        # The frontier's costs may be rounded up in the ninth digit; here they are exact.
        better = self._cheaper(offer.price, self.now)
        if better is not None:
            self.now, self.before = better[0], self._devices(better[1])
        in_use = self.now.slope > 0
        first = self._least_held() if in_use else self._cheaper(Fraction(0), self.now)
        if first is None:
            text = f"{name} at {price}: " + (
                "no price is high enough for another plan"
                if in_use
                else "not in use, and would not be for nothing"
            )
            return self._never(in_use, text)
        line, plan = first
        while True:
            at = (line.fixed - self.now.fixed) / (self.now.slope - line.slope)
            better = self._cheaper(at, self.now)
            if better is None:
                break
            line, plan = better
        change = f"above {plain(at)}" if in_use else f"below {plain(at)}"
        text = (
            f"{name} at {price}, {'in use' if in_use else 'not in use'}: "
            f"the plan would change {change} {offer.unit}, "
            f"from {_shown(self.before)} to {_shown(self._devices(plan))}"
        )
        return {
            "in_use": in_use,
            "break_even": float(at),
            "break_even_exact": as_text(at),
            "before": self.before,
            "after": self._devices(plan),
            "text": text,
        }

    def _never(self, in_use: bool, text: str) -> dict[str, Any]:
        return {
            "in_use": in_use,
            "break_even": None,
            "break_even_exact": None,
            "before": self.before,
            "after": None,
            "text": text,
        }

    def _least_held(self) -> tuple[_Line, FleetPlan] | None:
        """A plan that holds least under the contract; ``None`` where that is what is held now."""
        held, scale = _integers([line.slope for line in self.lines])
        most = self.now.slope * scale
        return self._ask(held, math.ceil(most))

    def _cheaper(self, price: Fraction, than: _Line) -> tuple[_Line, FleetPlan] | None:
        """A cheapest plan at this price, if it is cheaper than a line there."""
        costs, scale = _integers([line.at(price) for line in self.lines])
        return self._ask(costs, math.ceil(than.at(price) * scale))

    def _ask(self, measure: IntArray, below: int) -> tuple[_Line, FleetPlan] | None:
        problem: FleetProblem = replace(self.problem, measures={COST: measure})
        found = ask_least(problem, COST, road=self.road, stop=self.stop, below=below)
        if found.unproved:
            raise _Unanswered(found.unproved)
        if found.plan is None:
            return None
        return _sum(self.lines, found.plan.counts), found.plan

    def _devices(self, plan: FleetPlan) -> dict[str, float]:
        if len(plan.counts) == self.whole.problem.n_columns:
            return devices_by_machine(self.whole, plan)
        counts = np.zeros(self.whole.problem.n_columns, dtype=np.int64)
        counts[self.kept] = plan.counts
        return devices_by_machine(self.whole, FleetPlan(counts))


def _sum(lines: Sequence[_Line], counts: IntArray) -> _Line:
    used = [(lines[j], count) for j, count in enumerate(counts.tolist()) if count]
    return _Line(
        sum((line.fixed * count for line, count in used), Fraction(0)),
        sum((line.slope * count for line, count in used), Fraction(0)),
    )


def _integers(values: Sequence[Fraction]) -> tuple[IntArray, Fraction]:
    """The values times the smallest factor that makes them integers without a common divisor.

    Raises
    ------
    _Unanswered
        If they are then too large for 64 bits.
    """
    common = math.lcm(*{value.denominator for value in values})
    integers = [value.numerator * (common // value.denominator) for value in values]
    divisor = math.gcd(*integers) or 1
    if max(map(abs, integers), default=0) // divisor >= INFINITY:
        raise _Unanswered("prices have no common denominator within 64 bits")
    array = np.array([value // divisor for value in integers], dtype=np.int64)
    return array, Fraction(common, divisor)


def _shown(devices: dict[str, float]) -> str:
    parts = [f"{count:.6g} {name}" for name, count in devices.items()]
    return ", ".join(parts) or "no devices"
