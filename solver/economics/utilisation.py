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
    """The warning that belongs beside any frontier; about the share nearest to 10 %."""
    if not costs:
        return ""
    tenth = Fraction(1, 10)
    row = min(costs, key=lambda cost: (abs(cost.utilisation - tenth), cost.utilisation))
    times = row.times
    told = str(times) if times.denominator == 1 else f"{float(times):.4g}"
    return (
        f"At {100 * float(row.utilisation):.4g} % load a token costs {told} times what the "
        f"frontier says ({float(row.usd_per_mtok):.4g} in place of "
        f"{float(row.usd_per_mtok / times):.4g} US$/Mtok): the machines are paid for in full."
    )
