r"""Energy of a fleet: what the hours of each period cost and emit, and joules per token.

Periods follow each other from midnight. With watts :math:`w_p` drawn in period p of :math:`h_p`
hours (devices and hosts), grid price :math:`E_p` and carbon intensity :math:`g_p` (means over the
period) and the site's power-usage effectiveness PUE, a day takes

.. math::
    \sum_p \frac{w_p}{1000} h_p\, \text{PUE}\, E_p \;\text{US\$},\qquad
    \sum_p \frac{w_p}{1000} h_p\, \text{PUE}\, g_p \;\text{grams of CO}_2,

and an output token mean watts over mean tokens/s, joules: demand is given, so energy per token is
power in another unit.
"""

from __future__ import annotations

from fractions import Fraction

from solver.errors import InstanceError
from solver.instance.energy import HourProfile
from solver.instance.fleet.domain import Contract, FleetInstance, MachineOffer
from solver.lowering.fleet.prices import energy_usd_per_hour, period_weights

__all__ = [
    "energy_usd_by_period",
    "grams_per_kwh",
    "grid_usd_per_kwh",
    "mean_tok_per_s",
    "power_matters",
    "site_pue",
]


def mean_tok_per_s(instance: FleetInstance) -> Fraction:
    """Output tokens/s that the demand asks for, on average over the day; batch work included."""
    weights = period_weights(instance)
    total = Fraction(0)
    for workload in instance.workloads:
        mean = Fraction(1)
        if workload.batch is None:
            factors = zip(workload.by_period, weights, strict=True)
            mean = sum((factor * weight for factor, weight in factors), Fraction(0))
        total += workload.requests_per_s * workload.output_tokens * mean
    return total


def site_pue(instance: FleetInstance) -> Fraction:
    """Power of the site over that of devices and hosts; 1 where energy is not asked about."""
    return Fraction(1) if instance.energy is None else instance.energy.pue


def grid_usd_per_kwh(instance: FleetInstance) -> tuple[Fraction, ...] | None:
    """Mean grid price of each period; ``None`` where none is stated."""
    return _by_period(instance, None if instance.energy is None else instance.energy.usd_per_kwh)


def grams_per_kwh(instance: FleetInstance) -> tuple[Fraction, ...] | None:
    """Mean grams of CO2 for a kilowatt-hour in each period; ``None`` where none is stated."""
    return _by_period(instance, None if instance.energy is None else instance.energy.g_co2_per_kwh)


def _by_period(instance: FleetInstance, profile: HourProfile | None) -> tuple[Fraction, ...] | None:
    if profile is None:
        return None
    return profile.by_period([period.hours for period in instance.periods])


def energy_usd_by_period(
    instance: FleetInstance,
    owned: Contract | None,
    watts: Fraction | None,
    machine: MachineOffer | None,
    *,
    where: str,
) -> tuple[Fraction, ...]:
    """US$ for an hour of ``watts`` in each period; nothing where the price of a device holds it.

    Parameters
    ----------
    owned
        The contract, where the devices are owned: it states its own price of electricity, or pays
        that of the grid. ``None``: rented, which pays only where electricity is billed.
    machine
        ``None``: a measured point's own, at a price of its own.

    Raises
    ------
    InstanceError
        If energy is paid for and watts or grid price are not known.
    """
    n_periods = len(instance.periods)
    if owned is not None and machine is not None and not owned.at_grid_price:
        return (energy_usd_per_hour(owned, watts, machine, where=where),) * n_periods
    if owned is None and (instance.energy is None or not instance.energy.billed):
        return (Fraction(0),) * n_periods
    grid = grid_usd_per_kwh(instance)
    if grid is None or watts is None:
        raise InstanceError.one(
            ("energy" if machine is None else f"energy of machine {machine.name!r}")
            + " is paid for, and "
            + ("what a kWh costs is not stated" if grid is None else "its watts are missing"),
            where=where,
            mend="Give energy.usd_per_kwh"
            if grid is None
            else f"State {'watts in its row' if machine is None else 'watts_per_device'}",
        )
    pue = site_pue(instance)
    if owned is not None and owned.ownership is not None:
        pue = owned.ownership.pue
    return tuple(watts / 1000 * pue * usd_per_kwh for usd_per_kwh in grid)


def power_matters(instance: FleetInstance, machine: MachineOffer | None) -> bool:
    """Whether less power on ``machine`` is worth anything: it is traded off, limited or paid for.

    ``None`` is a machine of a measured point's own.
    """
    limits = instance.limits
    limited = (limits.max_watts, limits.max_j_per_token, limits.max_kg_co2_per_day)
    if {"power", "energy"}.intersection(instance.trade_off):
        return True
    if any(limit is not None for limit in limited):
        return True
    if any(orbit.watts is not None for orbit in instance.racks):
        return True
    if machine is None:
        return False
    billed = instance.energy is not None and instance.energy.billed
    return billed or any(contract.ownership is not None for contract in machine.contracts)
