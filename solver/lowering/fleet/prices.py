r"""What a device costs an hour, exactly, under each contract.

Rented: the stated price. Owned, with purchase price P, depreciation over Y years of which a share u
is used, power w, power-usage effectiveness PUE, electricity price E and yearly upkeep m:

.. math::
    \frac{P}{8760\, Y\, u} + \frac{P\, m}{8760} \quad\text{for having it, and}\quad
    \frac{w}{1000}\, \text{PUE}\, E \quad\text{for every hour in use.}

The first part is the same at every hour; the second follows use. It is the usual total cost of
ownership of a server (Barroso, Hoelzle and Ranganathan 2018, *The Datacenter as a Computer*,
chapter 6) without interest and without the building.
"""

from __future__ import annotations

from fractions import Fraction

from solver.errors import InstanceError
from solver.instance.fleet.domain import Contract, FleetInstance, MachineOffer, Ownership

__all__ = ["HOURS_PER_YEAR", "energy_usd_per_hour", "holding_usd_per_hour", "period_weights"]

HOURS_PER_YEAR = 8760


def period_weights(instance: FleetInstance) -> tuple[Fraction, ...]:
    """Share of the day that each period is."""
    return tuple(period.hours / 24 for period in instance.periods)


def holding_usd_per_hour(contract: Contract, *, where: str) -> Fraction:
    """US$ an hour for having one device, energy of an owned one not counted.

    Raises
    ------
    InstanceError
        If the contract has no price.
    """
    if contract.ownership is not None:
        return _capital(contract.ownership)
    if contract.usd_per_hour is None:
        raise InstanceError.one(
            f"contract {contract.name!r} has no price",
            where=where,
            mend="State usd_per_hour, or what the machine costs to own",
        )
    return contract.usd_per_hour


def _capital(owned: Ownership) -> Fraction:
    capital = owned.purchase_usd / (owned.depreciation_years * HOURS_PER_YEAR * owned.utilisation)
    return capital + owned.purchase_usd * owned.maintenance_per_year / HOURS_PER_YEAR


def energy_usd_per_hour(
    contract: Contract, watts: Fraction | None, machine: MachineOffer, *, where: str
) -> Fraction:
    """US$ for one hour of ``watts`` under the contract: 0 unless the device is owned.

    Raises
    ------
    InstanceError
        If it is owned and its watts are not known.
    """
    if contract.ownership is None:
        return Fraction(0)
    if watts is None:
        raise InstanceError.one(
            f"machine {machine.name!r} is owned and its watts are missing",
            where=where,
            mend="State watts_per_device, which the energy bill follows",
        )
    return watts / 1000 * contract.ownership.pue * contract.ownership.usd_per_kwh
