"""What the economics of a question are told with: offers to compare with, preferences, zones."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from solver.instance.ownership import Ownership

__all__ = ["MOST_TOLERANCE", "ApiOffer", "EconomicsTerms", "StatedPreference"]

MOST_TOLERANCE = 4
"""More of the least cost than this is a per cent written without its sign."""


@dataclass(frozen=True, slots=True)
class ApiOffer:
    """A list price of somebody who serves the model; US$ per million tokens, exact.

    ``model`` empty: whichever the question serves.
    """

    name: str
    usd_per_mtok_input: Fraction
    usd_per_mtok_output: Fraction
    source: str
    as_of: str
    model: str = ""


@dataclass(frozen=True, slots=True)
class StatedPreference:
    """What a buyer wants of a frontier; whatever is not ``None`` holds together.

    Parameters
    ----------
    speed_exponent
        Maximise ``speed ** speed_exponent / cost``.
    usd_per_s_saved
        Linear value of time: a second that one user waits less for an answer of
        ``answer_tokens`` is worth so much; minimise cost and waiting together.
    answer_tokens
        Tokens a user waits for; needed with ``usd_per_s_saved``.
    max_usd_per_hour, max_usd_per_mtok
        A budget: the fastest within it.
    min_speed_tok_per_s, max_ttft_s, min_quality
        A service level: the cheapest that meets it.
    """

    name: str
    speed_exponent: Fraction | None = None
    usd_per_s_saved: Fraction | None = None
    answer_tokens: int | None = None
    max_usd_per_hour: Fraction | None = None
    max_usd_per_mtok: Fraction | None = None
    min_speed_tok_per_s: Fraction | None = None
    max_ttft_s: Fraction | None = None
    min_quality: Fraction | None = None


@dataclass(frozen=True, slots=True)
class EconomicsTerms:
    """The table ``[economics]`` of a question.

    Parameters
    ----------
    tolerance
        Cost per token within this share of its minimum is in the optimal zone.
    min_speed_tok_per_s, max_ttft_s
        The service level of that zone; ``None``: that of the question's limits.
    utilisations
        Shares of capacity at which real cost is told, from above 0 to 1.
    api, owning, preferences
        What to compare with, and what is wanted.
    job_requests
        Requests of the question's lengths in one job, such as a test set, whose time and price are
        told; ``None``: no job.
    """

    tolerance: Fraction = Fraction(1, 10)
    min_speed_tok_per_s: Fraction | None = None
    max_ttft_s: Fraction | None = None
    utilisations: tuple[Fraction, ...] = (
        Fraction(1, 20),
        Fraction(1, 10),
        Fraction(3, 10),
        Fraction(1, 2),
        Fraction(7, 10),
        Fraction(1),
    )
    api: tuple[ApiOffer, ...] = ()
    owning: Ownership | None = None
    preferences: tuple[StatedPreference, ...] = ()
    job_requests: int | None = None
