"""What a token costs at real load: machines are paid for whether or not they serve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

__all__ = ["LoadedCost", "at_utilisations", "sentence"]


@dataclass(frozen=True, slots=True)
class LoadedCost:
    """Cost per token where a share ``utilisation`` of capacity is used."""

    utilisation: Fraction
    tok_per_s: Fraction
    usd_per_mtok: Fraction
    times: Fraction
    """Of the cost at full load."""


def at_utilisations(
    usd_per_hour: Fraction, tok_per_s: Fraction, shares: Sequence[Fraction]
) -> tuple[LoadedCost, ...]:
    """Cost per million tokens at shares of the capacity ``tok_per_s``, paid in full.

    All of ``usd_per_hour`` is taken to be paid at any load. Where it holds electricity billed
    beside the rent, that is an upper bound: a replica that idles draws less.

    Raises
    ------
    ValueError
        If a share is not above 0 and at most 1.
    """
    if any(not 0 < share <= 1 for share in shares):
        raise ValueError("a utilisation is above 0 and at most 1")
    full = usd_per_hour / tok_per_s * Fraction(10**6, 3600)
    return tuple(
        LoadedCost(share, share * tok_per_s, full / share, 1 / share) for share in sorted(shares)
    )


def sentence(costs: Sequence[LoadedCost]) -> str:
    """The warning that belongs beside any frontier; about the share nearest to 10 %.

    Empty where full load alone is told.
    """
    below = [cost for cost in costs if cost.utilisation < 1]
    if not below:
        return ""
    tenth = Fraction(1, 10)
    row = min(below, key=lambda cost: (abs(cost.utilisation - tenth), cost.utilisation))
    times = row.times
    told = str(times) if times.denominator == 1 else f"{float(times):.4g}"
    # Of a fleet the frontier tells the cost at its mean load: full load is what both have.
    return (
        f"At {100 * float(row.utilisation):.4g} % load a token costs {told} times what it costs at "
        f"full load ({float(row.usd_per_mtok):.4g} in place of "
        f"{float(row.usd_per_mtok / times):.4g} US$/Mtok): the machines are paid for in full."
    )
