"""Figures of one run held against each other, exactly: a file that contradicts itself is refused.

A benchmark states the requests it completed, how long it took and the rate, so that any two give
the third. Tools print binary floats in full, or all of them rounded to so many decimals; every one
is taken as an interval of half a unit of the last decimal that any of them shows (8.0 beside
12.4837 is no rounded 8), and the quotient has to meet the rate.
"""

from __future__ import annotations

import itertools
from decimal import Decimal
from fractions import Fraction

from solver.errors import InstanceError
from solver.importers.benchmarks.run import Fields
from solver.importers.visible import visible
from solver.instance.record_types import exact_fraction

__all__ = ["check_concurrency", "check_failures", "check_order", "check_rate", "failed_share_limit"]

FLOAT_SLACK = Fraction(1, 10**9)
"""Relative; quotients of doubles are right to some 1e-16, sums over long runs to a little less."""
MAX_FAILED_SHARE = Fraction(1, 100)
"""Beyond it, what the server completed is not what was asked of it."""
_CUT_OFF_SLACK = Fraction(1, 100)
"""Clients note the end of a run a moment after the last answer."""
_MEND = "The file was changed or cut: name it as the tool wrote it"


def check_rate(fields: Fields, amount: Decimal, duration: Decimal, rate: Decimal, key: str) -> None:
    """Note a fault where ``amount`` over ``duration`` is not ``rate``, the figure of ``key``."""
    places = max(_places(duration), _places(rate), _places(amount))
    low_s, high_s = _interval(duration, places)
    low_amount, high_amount = _interval(amount, places)
    low_rate, high_rate = _interval(rate, places)
    slowest = low_amount / high_s * (1 - FLOAT_SLACK)
    if (low_s > 0 and high_amount / low_s * (1 + FLOAT_SLACK) < low_rate) or slowest > high_rate:
        stated = f"{amount:f} over {duration:f} is {float(amount / duration):.6g}, and not {rate:f}"
        fields.fault(key, f"contradicts its own run: {stated}", _MEND)


def check_order(fields: Fields, *keys: str) -> None:
    """Note a fault where statistics of one figure, named from low to high, fall."""
    known = [(key, fields.record[key]) for key in keys if fields.has(key)]
    numbers = [(key, value) for key, value in known if isinstance(value, int | Decimal)]
    for (low_key, low), (high_key, high) in itertools.pairwise(numbers):
        if _is_below(Decimal(high), Decimal(low)):
            fields.fault(high_key, f"is {high}, less than {low_key}, which is {low}", _MEND)


def check_concurrency(
    fields: Fields, *, completed: int, mean_s: Fraction, duration: Decimal, most: int, key: str
) -> None:
    """Note a fault where more requests were under way than ``most``, on average over the run.

    The sum of the times of all requests is the number under way, integrated over the run (Little).
    """
    mean_under_way = completed * mean_s / Fraction(duration)
    if mean_under_way > most * (1 + _CUT_OFF_SLACK):
        stated = f"{float(mean_under_way):.4g} requests were under way on average"
        fields.fault(key, f"contradicts its own run: {stated}, and not at most {most}", _MEND)


def check_failures(fields: Fields, completed: int, failed: int, limit: Fraction) -> None:
    """Note a fault where more than ``limit`` of the requests failed."""
    share = Fraction(failed, completed + failed)
    if share > limit:
        fields.fault(
            "failed",
            f"{failed} of {completed + failed} requests failed, which is more than "
            f"{float(limit):.3%}",
            "Run it again at a rate that the server can serve, or accept them: "
            f"--max-failed-share {float(share) + 0.0005:.3f}",
        )


def failed_share_limit(text: str | None) -> Fraction:
    """The share of requests that may fail, from ``--max-failed-share``.

    Raises
    ------
    InstanceError
        If the text is no number from 0 to 1.
    """
    if text is None:
        return MAX_FAILED_SHARE
    try:
        share = exact_fraction(text)
    except ValueError:
        share = Fraction(-1)
    if not 0 <= share < 1:
        raise InstanceError.one(
            "is no share of the requests",
            where=f"--max-failed-share ({visible(text)})",
            mend="Give a number from 0 to below 1, as in --max-failed-share 0.05",
        )
    return share


def _is_below(first: Decimal, second: Decimal) -> bool:
    """Whether ``first`` is below ``second``, however both were rounded."""
    places = max(_places(first), _places(second))
    return _interval(first, places)[1] * (1 + FLOAT_SLACK) < _interval(second, places)[0]


def _places(value: Decimal) -> int:
    """Decimals that a number shows behind its point."""
    exponent = value.as_tuple().exponent
    return max(-exponent, 0) if isinstance(exponent, int) else 0


def _interval(value: Decimal, places: int) -> tuple[Fraction, Fraction]:
    """What a number may have been before it was rounded to ``places``; whole ones are counts."""
    half = Fraction(1, 2 * 10**places) if _places(value) else Fraction(0)
    return Fraction(value) - half, Fraction(value) + half
