"""How far predicted times are from measured ones: errors, bias and rank correlation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from solver.performance.validation.measured.groups import GROUPINGS
from solver.performance.validation.measured.points import MeasuredPoints

__all__ = ["Errors", "GroupScore", "errors_of", "group_scores"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Errors:
    """Relative errors over ``rows`` rows.

    Parameters
    ----------
    median, mean, p95
        Of ``|predicted / measured - 1|``.
    bias
        Geometric mean of ``predicted / measured``, less one: positive is too slow.
    spearman
        Rank correlation of predicted and measured; ``None`` where one of them does not vary.
    """

    rows: int
    median: float
    mean: float
    p95: float
    bias: float
    spearman: float | None

    def as_dict(self) -> dict[str, Any]:
        """The figures as plain JSON."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class GroupScore:
    """Errors of the rows of one group; ``None`` where no row states that time."""

    name: str
    tpot: Errors | None
    ttft: Errors | None

    def as_dict(self) -> dict[str, Any]:
        """The figures as plain JSON."""
        return {
            "name": self.name,
            "tpot": None if self.tpot is None else self.tpot.as_dict(),
            "ttft": None if self.ttft is None else self.ttft.as_dict(),
        }


def errors_of(predicted_s: FloatArray, measured_s: FloatArray) -> Errors | None:
    """Errors of predicted times, (n,) each in seconds; ``None`` for n = 0.

    Raises
    ------
    ValueError
        If the shapes differ or a time is not positive and finite.
    """
    if predicted_s.shape != measured_s.shape:
        raise ValueError("predicted and measured times differ in number")
    if not len(predicted_s):
        return None
    both = np.concatenate((predicted_s, measured_s))
    if not (np.isfinite(both).all() and (both > 0).all()):
        raise ValueError("times must be positive and finite")
    # Late, since it takes a second and most comparisons need no correlation.
    from scipy.stats import spearmanr

    ratio = predicted_s / measured_s
    error = np.abs(ratio - 1.0)
    varies = np.ptp(predicted_s) > 0 and np.ptp(measured_s) > 0
    return Errors(
        rows=len(error),
        median=float(np.median(error)),
        mean=float(np.mean(error)),
        p95=float(np.percentile(error, 95)),
        bias=float(np.exp(np.mean(np.log(ratio))) - 1.0),
        spearman=float(spearmanr(predicted_s, measured_s).statistic) if varies else None,
    )


def _score(
    name: str, points: MeasuredPoints, ttft_s: FloatArray, tpot_s: FloatArray, rows: BoolArray
) -> GroupScore:
    first = rows & ~np.isnan(points.ttft_s)
    return GroupScore(
        name=name,
        tpot=errors_of(tpot_s[rows], points.tpot_s[rows]),
        ttft=errors_of(ttft_s[first], points.ttft_s[first]),
    )


def group_scores(
    points: MeasuredPoints, *, ttft_s: FloatArray, tpot_s: FloatArray, rows: BoolArray
) -> tuple[GroupScore, Mapping[str, tuple[GroupScore, ...]]]:
    """Errors over all of ``rows``, and over each group of each grouping, most rows first.

    Parameters
    ----------
    ttft_s, tpot_s
        Predicted, (n,); finite wherever ``rows`` is set.
    rows
        Rows to count, (n,): scored ones, or some of them.

    Returns
    -------
    tuple
        The score of all rows, and scores by the names of ``GROUPINGS``.
    """
    overall = _score("all", points, ttft_s, tpot_s, rows)
    by: dict[str, tuple[GroupScore, ...]] = {}
    for grouping, group_of in GROUPINGS.items():
        names = np.array(
            [
                "" if point is None else group_of(row, point)
                for row, point in zip(points.rows, points.points, strict=True)
            ]
        )
        groups = sorted(
            set(names[rows]), key=lambda name: (-int((names[rows] == name).sum()), name)
        )
        by[grouping] = tuple(
            _score(str(name), points, ttft_s, tpot_s, rows & (names == name)) for name in groups
        )
    return overall, by
