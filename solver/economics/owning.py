r"""What an owned device costs an hour, and from which use on owning beats renting.

With purchase price P, depreciation over Y years of which a share u is used, w watts, power-usage
effectiveness PUE, E US$ per kWh and yearly upkeep m (arXiv 2510.26136; without interest and without
the building, as in Barroso, Hoelzle and Ranganathan 2018, *The Datacenter as a Computer*, chapter
6):

.. math::
    h(u) = \frac{P}{8760\, Y u} + \frac{w}{1000}\, \text{PUE}\, E + \frac{P m}{8760} .

h falls in u. It meets a rent r at

.. math:: u^* = \frac{P}{8760\, Y\, (r - \frac{w}{1000} \text{PUE}\, E - \frac{P m}{8760})} ,

which is never where the bracket is not above zero, or where :math:`u^* > 1`.

As published, an hour in use bears Pm/8760 of upkeep whatever the use. Upkeep that is paid at every
hour of the year, as ``fixed_usd`` counts it for owned replicas against a price per token, comes to
Pm/(8760 u) for an hour in use, and owning then beats renting only from

.. math:: \frac{P / (8760\, Y) + P m / 8760}{r - \frac{w}{1000} \text{PUE}\, E} \ge u^*

on; both are the same without upkeep, and at full use.
"""

from __future__ import annotations

from fractions import Fraction

from solver.instance.ownership import Ownership
from solver.lowering.fleet.prices import HOURS_PER_YEAR

__all__ = ["energy_usd", "fixed_usd", "hourly_cost", "owning_beats_renting_from"]


def energy_usd(owned: Ownership, watts: Fraction) -> Fraction:
    """US$ for an hour of ``watts``, site included."""
    return watts / 1000 * owned.pue * owned.usd_per_kwh


def fixed_usd(owned: Ownership) -> Fraction:
    """US$ for every hour of the year one device is had, used or not."""
    capital = owned.purchase_usd / (owned.depreciation_years * HOURS_PER_YEAR)
    return capital + _upkeep(owned)


def _upkeep(owned: Ownership) -> Fraction:
    return owned.purchase_usd * owned.maintenance_per_year / HOURS_PER_YEAR


def hourly_cost(
    owned: Ownership, *, watts: Fraction, utilisation: Fraction | None = None
) -> Fraction:
    """US$ for an hour in use of one device.

    Parameters
    ----------
    watts
        Of one device in use, its share of the host included.
    utilisation
        In place of that of ``owned``, above 0.

    Raises
    ------
    ValueError
        If the utilisation is not above 0.
    """
    used = owned.utilisation if utilisation is None else utilisation
    if used <= 0:
        raise ValueError("a device that is never used has no hourly cost")
    capital = owned.purchase_usd / (owned.depreciation_years * HOURS_PER_YEAR * used)
    return capital + energy_usd(owned, watts) + _upkeep(owned)


def owning_beats_renting_from(
    owned: Ownership, *, watts: Fraction, usd_per_hour: Fraction
) -> Fraction | None:
    """Least utilisation at which an hour of an owned device costs no more than a rented one.

    ``None``: at none up to 1.
    """
    left = usd_per_hour - energy_usd(owned, watts) - _upkeep(owned)
    if left <= 0:
        return None
    least = owned.purchase_usd / (owned.depreciation_years * HOURS_PER_YEAR * left)
    return least if least <= 1 else None
