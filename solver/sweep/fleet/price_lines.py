"""The cost of a plan as a line in the price of one contract, exact."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from formulations.milp import INFINITY, IntArray
from solver.instance.fleet.domain import Contract, FleetInstance, MachineOffer, Ownership
from solver.lowering.fleet.prices import HOURS_PER_YEAR
from solver.lowering.fleet.space import ColumnMeaning, FleetSpace
from solver.sweep.fleet.reference import period_shares

__all__ = ["Line", "Offer", "integers_of", "offers", "sum_of_lines"]


@dataclass(frozen=True, slots=True)
class Line:
    """US$/h at price p: ``fixed + slope p``."""

    fixed: Fraction
    slope: Fraction

    def at(self, price: Fraction) -> Fraction:
        """US$/h at a price."""
        return self.fixed + self.slope * price

    def meets(self, other: Line) -> Fraction:
        """The price at which both cost the same; their slopes must differ."""
        return (other.fixed - self.fixed) / (self.slope - other.slope)


@dataclass(frozen=True, slots=True, eq=False)
class Offer:
    """One contract: its price in ``unit``, and US$/h of a device for one unit of that price."""

    machine: MachineOffer
    contract: Contract
    price: Fraction
    unit: str
    hourly: Fraction

    @property
    def name(self) -> str:
        """Machine and contract."""
        return f"{self.machine.name} {self.contract.name}"

    def lines(self, space: FleetSpace) -> list[Line]:
        """(n,) of one unit of each column of the space."""
        shares = period_shares(space)
        return [self._line(column, shares[column.period]) for column in space.columns]

    def _line(self, column: ColumnMeaning, share_of_day: Fraction) -> Line:
        ours = (column.machine, column.contract) == (self.machine.name, self.contract.name)
        if not ours:
            return Line(column.usd_per_hour, Fraction(0))
        # What brings no devices (replicas on owned nodes) pays for energy, which has its own price.
        slope = int(column.facts.get("held", 0)) * share_of_day * self.hourly
        return Line(column.usd_per_hour - slope * self.price, slope)


def offers(instance: FleetInstance) -> Iterator[Offer]:
    """Every contract that has a price, in the order of the file.

    An owned machine is offered at a price to buy a device, all others at one to rent it.
    """
    for machine in instance.machines:
        for contract in machine.contracts:
            owned = contract.ownership
            if owned is not None:
                yield Offer(
                    machine, contract, owned.purchase_usd, "US$ to buy a device", _per_hour(owned)
                )
            elif contract.usd_per_hour is not None:
                yield Offer(
                    machine, contract, contract.usd_per_hour, "US$/h of a device", Fraction(1)
                )


def _per_hour(owned: Ownership) -> Fraction:
    """US$/h for having a device, for each US$ of its price (``prices.py``)."""
    written_off = 1 / (owned.depreciation_years * HOURS_PER_YEAR * owned.utilisation)
    return written_off + owned.maintenance_per_year / HOURS_PER_YEAR


def sum_of_lines(lines: Sequence[Line], counts: IntArray) -> Line:
    """Of a plan with these counts, (n,) both."""
    used = [(lines[j], count) for j, count in enumerate(counts.tolist()) if count]
    return Line(
        sum((line.fixed * count for line, count in used), Fraction(0)),
        sum((line.slope * count for line, count in used), Fraction(0)),
    )


def integers_of(values: Sequence[Fraction]) -> tuple[IntArray, Fraction] | None:
    """The values times the smallest factor that makes them integers without a common divisor.

    Returns
    -------
    (n,) int64 and the factor, or ``None`` where that takes more than 64 bits.
    """
    common = math.lcm(*{value.denominator for value in values})
    integers = [value.numerator * (common // value.denominator) for value in values]
    divisor = math.gcd(*integers) or 1
    if max(map(abs, integers), default=0) // divisor >= INFINITY:
        return None
    array = np.array([value // divisor for value in integers], dtype=np.int64)
    return array, Fraction(common, divisor)
