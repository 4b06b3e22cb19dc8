"""Candidates of an economic question as designs of a result file, and back to their place.

What ends in ``alone`` recomputes everything from a family of one layout and one batch and states
the figures as they are defined, so that a check leans neither on the arrays nor on the rates that
found a design.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from solver.errors import ResultError
from solver.lowering.design import design_alone, designs, family_alone, locate
from solver.lowering.economy.cells import FamilyCells
from solver.lowering.economy.space import Worth
from solver.lowering.families import PS_PER_S, IndexArray

__all__ = ["Alone", "alone", "design_of", "economic_designs", "find_design"]

_ONE: IndexArray = np.zeros(1, dtype=np.intp)
J_PER_KWH = 3_600_000
TOKENS_PER_MTOK = 10**6
S_PER_HOUR = 3600


@dataclass(frozen=True, slots=True)
class Alone:
    """One candidate by the scalar path: figures, whether it meets every limit, its design."""

    worth: Worth
    allowed: bool
    design: dict[str, Any]


def economic_designs(
    cells: FamilyCells, rows: IndexArray, columns: IndexArray, worths: Sequence[Worth]
) -> list[dict[str, Any]]:
    """Designs of candidates of one family (flat index arrays), with what they are worth."""
    plain = designs(cells.family, rows, columns)
    return [design_of(cells, one, worth) for one, worth in zip(plain, worths, strict=True)]


def design_of(cells: FamilyCells, plain: Mapping[str, Any], worth: Worth) -> dict[str, Any]:
    """A plain design with model, clock, power, energy, carbon, electricity and quality.

    What is not known or not stated is ``None``. ``usd_electricity_per_mtok`` is told wherever a
    price of electricity is stated, billed beside the devices or not.
    """
    electricity = None
    if worth.energy is not None and cells.electricity_rate is not None:
        electricity = float(worth.energy * cells.electricity_rate)
    return {
        "model": cells.part.served.model.name,
        **plain,
        "clock_mhz": cells.family.machine.clock_mhz,
        "watts": None if worth.power_mw is None else worth.power_mw / 1000,
        "j_per_token": None if worth.energy is None else float(worth.energy),
        "g_co2_per_mtok": None if worth.carbon is None else float(worth.carbon),
        "usd_electricity_per_mtok": electricity,
        "quality": None if worth.quality is None else float(worth.quality),
        "quality_source": _sources(cells),
    }


def _sources(cells: FamilyCells) -> str | None:
    """Where the score of a family comes from: its model's source, and those of its penalties."""
    if cells.quality is None:
        return None
    precision = cells.family.step.precision
    penalties = [
        f"less {entry.points} for its precision: {entry.source}"
        for entry in cells.instance.penalties
        if entry.applies(
            model=cells.part.served.model.name,
            weight_bits=precision.weight_bits,
            weight_format=precision.weight_format,
            kv_bits=precision.kv_bits,
        )
    ]
    return "; ".join(text for text in (cells.part.served.source, *penalties) if text)


def alone(cells: FamilyCells, row: int, column: int) -> Alone:
    """One candidate by the scalar path, every figure from its definition."""
    instance, space = cells.instance, cells.part.space
    limits, terms = instance.limits, instance.energy
    one = family_alone(space, cells.family, row, column)
    latency = one.latency_ps(_ONE, _ONE)
    ps, batch, devices = int(latency[0]), int(one.batches[0]), int(one.devices[0])
    # Seconds of the whole replica that one output token takes.
    held_s = Fraction(ps, PS_PER_S * batch)
    usd_per_s = one.machine.price.usd_per_hour * devices / S_PER_HOUR
    cost = usd_per_s * held_s * TOKENS_PER_MTOK
    power = one.power_mw(_ONE, _ONE, host_w=cells.host_w)
    power_mw = None if power is None else int(power[0])
    usd_per_hour = one.machine.price.usd_per_hour * devices
    energy = carbon = None
    if power_mw is not None:
        energy = Fraction(power_mw, 1000) * held_s
        if terms is not None:
            kwh = energy * TOKENS_PER_MTOK / J_PER_KWH * terms.pue
            if terms.billed and terms.usd_per_kwh is not None:
                cost += kwh * terms.usd_per_kwh.mean
                usd_per_hour += Fraction(power_mw, 10**6) * terms.pue * terms.usd_per_kwh.mean
            if terms.g_co2_per_kwh is not None:
                carbon = kwh * terms.g_co2_per_kwh.mean
    worth = Worth(ps, cost, power_mw, energy, carbon, cells.quality)
    slowest = one.limits.max_latency_ps
    allowed = bool(one.allowed(_ONE, _ONE, latency)[0]) and (slowest is None or ps <= slowest)
    watts = None if power_mw is None else Fraction(power_mw, 1000)
    for value, most in (
        (cost, limits.max_cost_usd_per_mtok),
        (usd_per_hour, limits.max_usd_per_hour),
        (energy, limits.max_j_per_token),
        (watts, limits.max_watts),
        (carbon, limits.max_g_co2_per_mtok),
    ):
        allowed = allowed and (most is None or (value is not None and value <= most))
    floor = limits.min_quality
    allowed = allowed and (floor is None or (worth.quality is not None and worth.quality >= floor))
    plain = design_alone(space, cells.family, row, column)
    return Alone(worth, allowed, design_of(cells, plain, worth))


def find_design(
    every: Sequence[FamilyCells], design: Mapping[str, Any], *, where: str = "design"
) -> tuple[FamilyCells, int, int]:
    """Cells, row and column of a design.

    Raises
    ------
    ResultError
        If the question has no such design.
    """
    name = design.get("model")
    of_model = [cells for cells in every if cells.part.served.model.name == name]
    if not of_model:
        raise ResultError.one(
            f"{name!r:.80} is not a model of the question",
            where=where,
            mend="Solve the instance again",
        )
    family, row, column = locate(of_model[0].part.space, design, where=where)
    return next(cells for cells in of_model if cells.family is family), row, column
