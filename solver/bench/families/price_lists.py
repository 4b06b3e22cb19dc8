"""Price lists of a provider: the catalog's price of each device times a drawn spread.

The spread is log-normal. Its width comes from the catalog: the highest price on demand is 2.5 times
the lowest for the H100 (37 providers), 3.75 times for the A100 80 GB, 1.5 to 2 times for most
others. Read as the 5th and the 95th percentile, 2.5 is a standard deviation of the logarithm of
ln 2.5 / 3.29 = 0.28; 0.25 is taken. Prices have whole cents, as lists do.

Beside on demand: reserved at 50 to 65 % of it (catalog: 1.78 of 2.95 US$ for the H100, 2.60 of 5.00
for the B200), spot at 30 to 60 % (catalog: 0.86 of 1.90 for the A100 80 GB). Owned devices are
bought at 8,000 to 11,000 hours of their price on demand (an H100 at 27,500 US$ is 9,300 hours); how
they are written off and fed are the assumptions of ``instances/fleet/owned-against-rented.toml``.
"""

from __future__ import annotations

from solver.bench.families.draws import Draws
from solver.catalog.shipped import shipped_catalog

__all__ = ["SIGMA", "drawn_contracts", "drawn_price_usd_per_hour", "price_keys"]

SIGMA = 0.25
"""Standard deviation of the logarithm of a price around the catalog's."""


def drawn_price_usd_per_hour(draws: Draws, accelerator: str, *, sigma: float = SIGMA) -> float:
    """What one device costs an hour on demand with some provider, US$ in whole cents.

    Raises
    ------
    KeyError
        If the catalog has a price of it neither on demand nor reserved.
    """
    prices = shipped_catalog().prices
    if (accelerator, "on-demand") in prices:
        median = float(prices[accelerator, "on-demand"].usd_per_hour)
    else:
        # Trays of an NVL72 are leased, not rented by the hour; the middle of the shares above.
        median = float(prices[accelerator, "reserved-3y"].usd_per_hour) / 0.57
    return max(round(draws.lognormal(median, sigma), 2), 0.01)


def price_keys(usd_per_hour: float) -> dict[str, object]:
    """The keys of one price in a question."""
    return {
        "usd_per_hour": f"{usd_per_hour:.2f}",
        "source": "drawn around the catalog's price on demand",
    }


def drawn_contracts(
    draws: Draws, usd_per_hour: float, kinds: tuple[str, ...]
) -> list[dict[str, object]]:
    """``[[machines.contracts]]`` of a device that costs ``usd_per_hour`` on demand.

    Parameters
    ----------
    kinds
        Of ``on_demand``, ``reserved``, ``spot``, ``owned``, in the order to be written.

    Raises
    ------
    ValueError
        If a kind is none of these.
    """
    contracts: list[dict[str, object]] = []
    for kind in kinds:
        source = "drawn around the catalog's price on demand"
        if kind == "owned":
            contracts.append(
                {
                    "kind": kind,
                    "purchase_usd": round(usd_per_hour * draws.integer(8000, 11_000), -2),
                    "depreciation_years": 4,
                    "pue": 1.3,
                    "usd_per_kwh": 0.09,
                    "maintenance_per_year": 0.05,
                    "source": source,
                }
            )
            continue
        if kind == "on_demand":
            share = 1.0
        elif kind == "reserved":
            share = draws.between(0.5, 0.65)
        elif kind == "spot":
            share = draws.between(0.3, 0.6)
        else:
            raise ValueError(f"no contract is called {kind!r}")
        contracts.append(
            {"kind": kind, "usd_per_hour": f"{usd_per_hour * share:.2f}", "source": source}
        )
    return contracts
