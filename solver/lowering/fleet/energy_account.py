"""What a plan draws, pays for electricity and emits, period by period and over the day.

Power is of devices and hosts; kilowatt-hours, US$ and carbon are of the site (times its PUE).
Electricity is told at the grid price whoever pays it: the price of a rented device may hold it.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from solver.instance.energy import HOURS_OF_A_DAY
from solver.instance.fleet.domain import FleetInstance
from solver.lowering.fleet.energy import grams_per_kwh, grid_usd_per_kwh, site_pue
from solver.lowering.fleet.space import ColumnMeaning

__all__ = ["energy_account"]


def energy_account(
    instance: FleetInstance,
    used: Sequence[tuple[ColumnMeaning, int]],
    tok_per_s: Fraction | None,
) -> dict[str, Any]:
    """The account of the columns in use, each with its count; JSON values only.

    Returns
    -------
    dict
        ``j_per_token``, ``kwh_per_day``, ``electricity_usd_per_day``, ``kg_co2_per_day`` and, with
        several periods, ``by_period``: period, ``watts``, ``usd_per_kwh``, ``g_co2_per_kwh``.
        ``None``: not known, because no price or intensity is stated, or the watts of a replica are
        not.
    """
    if any(column.kind == "replicas" and not column.watts for column, _ in used):
        return dict.fromkeys(
            ("j_per_token", "kwh_per_day", "electricity_usd_per_day", "kg_co2_per_day")
        )
    several = len(instance.periods) > 1
    watts = [
        sum(
            (
                count * column.watts
                for column, count in used
                if not several or column.period in ("", period.name)
            ),
            Fraction(0),
        )
        for period in instance.periods
    ]
    kwh = [
        drawn / 1000 * period.hours * site_pue(instance)
        for drawn, period in zip(watts, instance.periods, strict=True)
    ]
    mean = sum(
        (
            drawn * p.hours / HOURS_OF_A_DAY
            for drawn, p in zip(watts, instance.periods, strict=True)
        ),
        Fraction(0),
    )
    usd_per_kwh, grams = grid_usd_per_kwh(instance), grams_per_kwh(instance)
    account: dict[str, Any] = {
        "j_per_token": float(mean / tok_per_s) if tok_per_s else None,
        "kwh_per_day": float(sum(kwh, Fraction(0))),
        "electricity_usd_per_day": _over(kwh, usd_per_kwh, Fraction(1)),
        "kg_co2_per_day": _over(kwh, grams, Fraction(1, 1000)),
    }
    if several:
        account["by_period"] = [
            {
                "period": period.name,
                "watts": float(watts[k]),
                "usd_per_kwh": None if usd_per_kwh is None else float(usd_per_kwh[k]),
                "g_co2_per_kwh": None if grams is None else float(grams[k]),
            }
            for k, period in enumerate(instance.periods)
        ]
    return account


def _over(
    kwh: Sequence[Fraction], of_each: Sequence[Fraction] | None, factor: Fraction
) -> float | None:
    if of_each is None:
        return None
    each = (energy * figure for energy, figure in zip(kwh, of_each, strict=True))
    return float(sum(each, Fraction(0)) * factor)
