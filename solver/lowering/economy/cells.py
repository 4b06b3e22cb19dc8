r"""What the candidates of one family are worth, vectorised, and which of them are allowed.

With latency T in picoseconds, batch B and power P in milliwatts every figure per token is a ratio

.. math:: w \, T / B, \qquad w = a\, p + b\, P

with rational constants: a = 0 and b = 1e-15 for joules per output token; for US$ per million
tokens p is the price of the devices, and b the price of a kilowatt-hour times PUE / 3.6 of the
joules where electricity is billed, else 0. A million tokens at J joules each are J / 3.6 kWh.

Integers and fractions decide. Floats stand beside them as estimates that are right to some units
in the last place, and are used where that settles a comparison.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np

from solver.instance.domain import ReplicaInstance
from solver.instance.quality import quality_of
from solver.lowering.economy.space import ModelSpace, Worth
from solver.lowering.families import BoolArray, CandidateFamily, IntArray
from solver.performance.power import host_watts
from solver.performance.step_table import FloatArray, IndexArray

__all__ = ["FLOAT_SLACK", "Block", "FamilyCells", "cells_of"]

FLOAT_SLACK = 1e-12
"""Relative; estimates here are sums and products of five positive floats, right to some 1e-15."""
_ANY_MW = 2**62
JOULE_PER_MW_PS = Fraction(1, 10**15)
MW_PER_KW = 10**6
KWH_PER_MTOK = Fraction(5, 18)
"""Kilowatt-hours of a million tokens at one joule each: 1e6 / 3.6e6."""


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Candidates of one family, arrays of one common shape.

    Parameters
    ----------
    latency_ps, power_mw
        Exact; ``power_mw`` is ``None`` where the power of the accelerator is not known.
    energy, cost
        Estimates, J per token (``None`` with the power) and US$ per million tokens.
    allowed
        Exact: whether every limit is met.
    """

    latency_ps: IntArray
    power_mw: IntArray | None
    energy: FloatArray | None
    cost: FloatArray
    allowed: BoolArray


class FamilyCells:
    """One family of candidates under the energy terms and scores of a question.

    Attributes
    ----------
    quality
        Of all its candidates; ``None`` where its model has no score.
    carbon_rate
        Grams per million tokens for each joule per token, site included, or ``None``.
    billed_rate
        US$ per million tokens for each joule per token that stand in the cost; 0 where not billed.
    electricity_rate
        The same whether it is billed or not; ``None`` where no price is stated.
    billed_per_mw
        US$ an hour for each milliwatt that stand in the price of a replica; 0 where not billed.
    """

    def __init__(
        self, instance: ReplicaInstance, part: ModelSpace, family: CandidateFamily
    ) -> None:
        terms, limits, precision = instance.energy, instance.limits, family.step.precision
        self.instance = instance
        self.part = part
        self.family = family
        self.host_w = host_watts(family.machine.accelerator, terms)
        self.quality: Fraction | None = quality_of(
            part.served.quality,
            instance.penalties,
            model=part.served.model.name,
            weight_bits=precision.weight_bits,
            weight_format=precision.weight_format,
            kv_bits=precision.kv_bits,
        )
        self.carbon_rate: Fraction | None = None
        self.electricity_rate: Fraction | None = None
        if terms is not None and terms.g_co2_per_kwh is not None:
            self.carbon_rate = terms.g_co2_per_kwh.mean * terms.pue * KWH_PER_MTOK
        if terms is not None and terms.usd_per_kwh is not None:
            self.electricity_rate = terms.usd_per_kwh.mean * terms.pue * KWH_PER_MTOK
        self.billed_rate = Fraction(0)
        if terms is not None and terms.billed and self.electricity_rate is not None:
            self.billed_rate = self.electricity_rate
        self.most_joules = self._most_joules()
        self.billed_per_mw = Fraction(0)
        if terms is not None and terms.billed and terms.usd_per_kwh is not None:
            self.billed_per_mw = terms.usd_per_kwh.mean * terms.pue / MW_PER_KW
        self.most_mw: int | None = None
        if limits.max_watts is not None:
            self.most_mw = int(limits.max_watts * 1000)
        floor = limits.min_quality
        self.good_enough = floor is None or (self.quality is not None and self.quality >= floor)

    def _most_joules(self) -> Fraction | None:
        """Energy of a token that both limits on it leave, the one in grams of carbon included."""
        limits = self.instance.limits
        most = [] if limits.max_j_per_token is None else [limits.max_j_per_token]
        if limits.max_g_co2_per_mtok is not None and self.carbon_rate:
            most.append(limits.max_g_co2_per_mtok / self.carbon_rate)
        return min(most, default=None)

    def power_mw(self, rows: IndexArray, columns: IndexArray) -> IntArray | None:
        """Mean power of the replica, milliwatts rounded up; ``None`` where it is not known."""
        return self.family.power_mw(rows, columns, host_w=self.host_w)

    def affordable_mw(self) -> IntArray:
        """(n,) the most that the electricity of each layout may draw under a limit on US$ an hour.

        Below zero where its devices alone are above the limit.

        Raises
        ------
        ValueError
            If there is no such limit, or electricity costs nothing beside the devices.
        """
        most = self.instance.limits.max_usd_per_hour
        if most is None or not self.billed_per_mw:
            raise ValueError("no limit on US$ an hour, or no electricity beside the devices")
        price = self.family.machine.price.usd_per_hour
        left = (
            math.floor((most - price * devices) / self.billed_per_mw)
            for devices in self.family.devices.tolist()
        )
        return np.array([max(-1, min(mw, _ANY_MW)) for mw in left], dtype=np.int64)

    def usd_per_hour(self, devices: int, power_mw: int | None) -> Fraction:
        """What a replica costs an hour, electricity included where it is billed.

        Raises
        ------
        ValueError
            If electricity is billed and the power is not known.
        """
        price = self.family.machine.price.usd_per_hour * devices
        if not self.billed_per_mw:
            return price
        if power_mw is None:
            raise ValueError("electricity is billed and the power is not known")
        return price + self.billed_per_mw * power_mw

    def block(self, rows: IndexArray, columns: IndexArray) -> Block:
        """Candidates at index arrays that broadcast together."""
        family = self.family
        shape = np.broadcast_shapes(rows.shape, columns.shape)
        latency = np.broadcast_to(family.latency_ps(rows, columns), shape)
        allowed = np.broadcast_to(family.allowed(rows, columns, latency), shape)
        if family.limits.max_latency_ps is not None:
            allowed = allowed & (latency <= family.limits.max_latency_ps)
        if not self.good_enough:
            allowed = np.zeros(shape, dtype=bool)
        power, energy = self.power_mw(rows, columns), None
        scale = float(self.part.space.cost_scale)
        cost = np.broadcast_to(family.cost_estimate(rows, columns, latency) / scale, shape)
        if power is not None:
            power = np.broadcast_to(power, shape)
            energy = power * (latency / family.batches[columns]) * float(JOULE_PER_MW_PS)
            if self.billed_rate:
                cost = cost + energy * float(self.billed_rate)
            if self.most_mw is not None:
                allowed = allowed & (power <= self.most_mw)
            if self.billed_per_mw and self.instance.limits.max_usd_per_hour is not None:
                allowed = allowed & (power <= self.affordable_mw()[rows])
        found = Block(latency, power, energy, cost, allowed)
        most_cost = self.instance.limits.max_cost_usd_per_mtok
        if most_cost is not None:
            allowed = self._within(found, allowed, rows, columns, "cost", most_cost)
        if self.most_joules is not None:
            allowed = self._within(found, allowed, rows, columns, "energy", self.most_joules)
        return Block(latency, power, energy, cost, np.asarray(allowed))

    def _within(
        self,
        block: Block,
        allowed: BoolArray,
        rows: IndexArray,
        columns: IndexArray,
        figure: Literal["cost", "energy"],
        most: Fraction,
    ) -> BoolArray:
        """Allowed candidates whose figure is at most ``most``; close ones by their fractions."""
        estimate = block.cost if figure == "cost" else block.energy
        if estimate is None:
            raise ValueError("a limit on energy where no power is known")
        value = float(most)
        within = allowed & (estimate <= value)
        close = allowed & (np.abs(estimate - value) <= FLOAT_SLACK * value)
        if close.any():
            within = within.copy()
            all_rows, all_columns = np.broadcast_arrays(rows, columns)
            for at in zip(*np.nonzero(close), strict=True):
                worth = self.worth(
                    int(all_rows[at]),
                    int(all_columns[at]),
                    int(block.latency_ps[at]),
                    None if block.power_mw is None else int(block.power_mw[at]),
                )
                within[at] = getattr(worth, figure) <= most
        return np.asarray(within)

    def worth(self, row: int, column: int, latency_ps: int, power_mw: int | None) -> Worth:
        """Exact figures of a candidate whose latency and power are known."""
        family, space = self.family, self.part.space
        batch = int(family.batches[column])
        cost = space.cost(family, row, column, latency_ps)
        energy = carbon = None
        if power_mw is not None:
            energy = Fraction(power_mw * latency_ps, batch * 10**15)
            cost += self.billed_rate * energy
            carbon = None if self.carbon_rate is None else self.carbon_rate * energy
        return Worth(latency_ps, cost, power_mw, energy, carbon, self.quality)


def cells_of(instance: ReplicaInstance, parts: tuple[ModelSpace, ...]) -> tuple[FamilyCells, ...]:
    """Every family of every model, in order."""
    return tuple(
        FamilyCells(instance, part, family) for part in parts for family in part.space.families
    )
