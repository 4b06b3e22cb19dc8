"""Averages of a benchmark that no single solve can decide."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

__all__ = ["PAR_FACTOR", "median", "par10", "shifted_geometric_mean"]

PAR_FACTOR = 10


def shifted_geometric_mean(values: Sequence[float], shift: float) -> float:
    r"""The shifted geometric mean :math:`\left(\prod_i (v_i + s)\right)^{1/n} - s`.

    Achterberg (2007), Constraint Integer Programming, appendix on computational results: the shift
    keeps solves of milliseconds from deciding the mean, the logarithm those of hours.

    Parameters
    ----------
    values
        Not negative, at least one; the unit of ``shift``.
    shift
        Positive.

    Raises
    ------
    ValueError
        If there is no value, or one is negative.
    """
    if not values or min(values) < 0:
        raise ValueError(f"a geometric mean of {list(values)!r}")
    # As relative excess over the shift: values all zero give exactly zero.
    return shift * math.expm1(math.fsum(math.log1p(v / shift) for v in values) / len(values))


def par10(seconds: Sequence[float | None], limits_s: Sequence[float]) -> float:
    """Penalised average runtime: an unsolved case counts ten times its limit.

    PAR10 as Hutter, Hoos, Leyton-Brown and Stuetzle (2009), ParamILS, use it.

    Parameters
    ----------
    seconds
        Of each case; ``None`` where it was not solved.
    limits_s
        Time limit of each case, as many as ``seconds``.
    """
    counted = [
        PAR_FACTOR * limit if spent is None else spent
        for spent, limit in zip(seconds, limits_s, strict=True)
    ]
    return math.fsum(counted) / len(counted)


def median(values: Sequence[float]) -> float | None:
    """The median; ``None`` of nothing."""
    return statistics.median(values) if values else None
