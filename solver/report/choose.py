"""Which points to show first: the four recommended ones, and a spread along the frontier."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from solver.report.numbers import exact_cost
from solver.result import Point, Result

__all__ = [
    "MAX_ROWS",
    "RECOMMENDATIONS",
    "Recommendation",
    "best_value",
    "cheapest_at_least",
    "knee",
    "marks",
    "path_positions",
    "recommended",
    "spread",
]

MAX_ROWS = 20
"""No list of points for people is longer than this."""

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A kind of recommended point: short mark, title, and why anyone would want it.

    ``why`` speaks of the whole space, which only a complete result may; ``why_partial`` speaks of
    the points found.
    """

    mark: str
    title: str
    why: str
    why_partial: str


RECOMMENDATIONS: dict[str, Recommendation] = {
    "fastest": Recommendation(
        "fastest",
        "Fastest",
        "No design in the space gives one user more tokens per second.",
        "The fastest design found so far; a faster one may hide in an open region.",
    ),
    "speed4_per_price": Recommendation(
        "speed⁴/price",
        "Best speed⁴ per price",
        "For a buyer to whom twice the speed is worth sixteen times the price.",
        "Of the designs found, for whom twice the speed is worth sixteen times the price.",
    ),
    "knee": Recommendation(
        "knee",
        "Knee",
        "From here, more speed soon costs much more, and saving more soon costs much speed.",
        "Where the designs found so far bend most; open regions may move it.",
    ),
    "cheapest": Recommendation(
        "cheapest",
        "Cheapest",
        "No design in the space makes a token for less.",
        "The cheapest design found so far; a cheaper one may hide in an open region.",
    ),
}


def _log_axes(points: Sequence[Point]) -> tuple[FloatArray, FloatArray]:
    """Natural logarithms of speed and cost, shape (points,) each."""
    speed = np.array([point.objectives["speed"] for point in points], dtype=np.float64)
    cost = np.array([point.objectives["cost"] for point in points], dtype=np.float64)
    return np.log(speed), np.log(cost)


def _normalised(values: FloatArray) -> FloatArray:
    """``values`` moved and scaled to 0..1; all zero where they do not differ."""
    width = values.max() - values.min()
    return (values - values.min()) / width if width > 0 else np.zeros_like(values)


def knee(points: Sequence[Point]) -> Point:
    """The point that bulges furthest from the chord between the two ends of the frontier.

    Speed and cost are taken in logarithms and scaled to 0..1 between the ends, so that the answer
    does not depend on the units; the distance is measured from the chord towards more speed and
    less cost. Ties, to 12 digits, go to the faster point: a frontier of one or two points, or one
    that nowhere bulges, has its knee at the fast end.

    Raises
    ------
    ValueError
        If there is no point.

    Notes
    -----
    Das (1999), "On characterizing the knee of the Pareto curve based on normal-boundary
    intersection"; Branke, Deb, Dierolf and Osswald (2004), "Finding knees in multi-objective
    optimization".
    """
    if not points:
        raise ValueError("a frontier without points has no knee")
    log_speed, log_cost = _log_axes(points)
    # Both ends lie on the diagonal of the unit square; the factor 1/sqrt(2) changes no comparison.
    bulge = np.round(_normalised(log_speed) - _normalised(log_cost), 12)
    best = np.flatnonzero(bulge == bulge.max())
    return points[int(best[np.argmax(log_speed[best])])]


def best_value(points: Sequence[Point]) -> Point:
    """The point of greatest speed^4/price, decided in exact arithmetic; ties go to the fastest.

    Raises
    ------
    ValueError
        If there is no point.

    Notes
    -----
    The preference score of "Inference economics of language models" (arXiv 2506.04645), with price
    in US$ per million tokens. As speed is 1/latency, it means the least latency^4 x cost.
    """
    if not points:
        raise ValueError("a frontier without points has no best value")
    log_speed, log_cost = _log_axes(points)
    score = log_cost - 4.0 * log_speed
    # Floats only discard; exact fractions decide among what floats cannot tell apart.
    close = np.flatnonzero(score <= score.min() + 1e-9 * max(1.0, abs(float(score.min()))))

    def exact_score(index: int) -> tuple[object, int]:
        exact = points[index].exact
        latency_ps = int(exact["latency_ps"])
        return exact_cost(exact) * latency_ps**4, latency_ps

    return points[min((int(index) for index in close), key=exact_score)]


def recommended(result: Result) -> dict[str, Point]:
    """The recommended points, by the keys of ``RECOMMENDATIONS``; empty where there is no point.

    One point may answer to several keys. In a partial result they are the best *found*.
    """
    points = result.points
    if not points:
        return {}
    # Points run from fastest to cheapest, so the ends need no search.
    chosen = {
        "fastest": points[0],
        "speed4_per_price": best_value(points),
        "knee": knee(points),
        "cheapest": points[-1],
    }
    return {key: chosen[key] for key in RECOMMENDATIONS}


def marks(result: Result) -> dict[int, tuple[str, ...]]:
    """For each recommended point, by its index in ``result.points``, the keys it answers to."""
    index_of = {id(point): index for index, point in enumerate(result.points)}
    found: dict[int, tuple[str, ...]] = {}
    for key, point in recommended(result).items():
        index = index_of[id(point)]
        found[index] = (*found.get(index, ()), key)
    return found


def path_positions(points: Sequence[Point]) -> FloatArray:
    """How far along the frontier each point lies, 0 to 1, in normalised log speed plus log cost.

    Shape (points,). Both objectives count alike; along a frontier each only ever moves one way, so
    the position never goes back.
    """
    if not points:
        return np.zeros(0)
    log_speed, log_cost = _log_axes(points)
    steps = np.abs(np.diff(_normalised(log_speed))) + np.abs(np.diff(_normalised(log_cost)))
    return _normalised(np.concatenate([[0.0], np.cumsum(steps)]))


def spread(result: Result, rows: int = 16) -> list[int]:
    """Indices of points that stand for the whole frontier, in its order.

    About ``rows`` points evenly spaced by ``path_positions``, both ends and every recommended point
    among them; all points where there are no more than ``MAX_ROWS``.

    Raises
    ------
    ValueError
        If ``rows`` is below 2, or leaves no room for the recommended points within ``MAX_ROWS``.
    """
    if not 2 <= rows <= MAX_ROWS - len(RECOMMENDATIONS):
        raise ValueError(f"rows must lie between 2 and {MAX_ROWS - len(RECOMMENDATIONS)}")
    points = result.points
    if len(points) <= MAX_ROWS:
        return list(range(len(points)))
    positions = path_positions(points)
    chosen = set(marks(result))
    for target in np.linspace(0.0, 1.0, rows):
        right = min(bisect_left(positions, float(target)), len(points) - 1)
        left = max(right - 1, 0)
        nearer = left if target - positions[left] <= positions[right] - target else right
        # Two targets may meet in one gap between points; one row for it is enough.
        chosen.add(nearer)
    return sorted(chosen)


def cheapest_at_least(points: Sequence[Point], *, min_speed: float) -> int | None:
    """Index of the cheapest of ``points`` (fastest first) with at least ``min_speed`` tok/s/user.

    ``None`` where every point is slower.

    Raises
    ------
    ValueError
        If ``min_speed`` is not a number.
    """
    if math.isnan(min_speed):
        raise ValueError("a minimum speed that is not a number")
    count = bisect_right(points, -min_speed, key=lambda point: -point.objectives["speed"])
    return count - 1 if count else None
