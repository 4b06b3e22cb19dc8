"""Where to write labels so that none covers another, the curve, or the frame. Pure geometry.

Boxes are (left, bottom, right, top) in pixels, y upwards. The general problem is hard (Marks and
Shieber, 1991); a frontier has few labels, so the first free place of a fixed list does, the most
important label first.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Box", "Placement", "Request", "place_labels"]

FloatArray = npt.NDArray[np.float64]
Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Request:
    """A label to place: the point that it names, its size, and where to look first (degrees).

    A label that is not ``required`` is left out where there is no free place. A ``centred`` one may
    lie on the spot that it names.
    """

    anchor: tuple[float, float]
    size: tuple[float, float]
    directions: tuple[float, ...]
    required: bool = False
    centred: bool = False


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a label goes: its box, and the spot of its edge nearest to the anchor."""

    box: Box
    handle: tuple[float, float]


def _overlaps(one: Box, other: Box, margin: float) -> bool:
    return (
        one[0] - margin < other[2]
        and other[0] < one[2] + margin
        and one[1] - margin < other[3]
        and other[1] < one[3] + margin
    )


def _covers(box: Box, path: FloatArray, margin: float) -> bool:
    """Whether a vertex of ``path``, shape (n, 2), lies in ``box`` or within ``margin`` of it."""
    if not len(path):
        return False
    inside = (
        (path[:, 0] > box[0] - margin)
        & (path[:, 0] < box[2] + margin)
        & (path[:, 1] > box[1] - margin)
        & (path[:, 1] < box[3] + margin)
    )
    return bool(inside.any())


def _clutter(box: Box, taken: Sequence[Box], path: FloatArray, margin: float) -> tuple[int, bool]:
    """How bad a place is that is not free: labels covered, then whether the curve is."""
    return sum(_overlaps(box, other, margin) for other in taken), _covers(box, path, margin)


def _crossing(start: tuple[float, float], end: tuple[float, float], boxes: Sequence[Box]) -> bool:
    """Whether the straight leader from ``start`` to ``end`` runs through one of ``boxes``."""
    steps = np.linspace(0.0, 1.0, 24)[:, None]
    line = np.asarray(start) * (1 - steps) + np.asarray(end) * steps
    return any(_covers(box, line, 1.0) for box in boxes)


def _leaders_cross(one: FloatArray, other: FloatArray) -> bool:
    """Whether two leaders, each its start and end with shape (2, 2), cross."""

    def side(line: FloatArray, spot: FloatArray) -> float:
        (x0, y0), (x1, y1) = line
        return float((x1 - x0) * (spot[1] - y0) - (y1 - y0) * (spot[0] - x0))

    return (
        side(one, other[0]) * side(one, other[1]) < 0
        and side(other, one[0]) * side(other, one[1]) < 0
    )


def dense_path(path: FloatArray, step: float = 4.0) -> FloatArray:
    """``path``, shape (n, 2), with vertices added so that none are further than ``step`` apart."""
    if len(path) < 2:
        return path
    lengths = np.hypot(*np.diff(path, axis=0).T)
    along = np.concatenate([[0.0], np.cumsum(lengths)])
    count = max(2, min(4000, math.ceil(along[-1] / step) + 1))
    targets = np.linspace(0.0, along[-1], count)
    return np.column_stack([np.interp(targets, along, path[:, axis]) for axis in (0, 1)])


def _candidates(request: Request, distances: Sequence[float]) -> list[Placement]:
    """Places to try, the nearest first, and for each distance in the order of the directions."""
    width, height = request.size
    x, y = request.anchor
    found = []
    if request.centred:
        box = (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
        found.append(Placement(box, request.anchor))
    for distance in distances:
        for degrees in request.directions:
            dx = distance * math.cos(math.radians(degrees))
            dy = distance * math.sin(math.radians(degrees))
            # The corner or side that faces the anchor is what the distance is measured to.
            handle = (x + dx, y + dy)
            left = handle[0] if dx > distance / 3 else handle[0] - width
            left = handle[0] - width / 2 if abs(dx) <= distance / 3 else left
            bottom = handle[1] if dy > distance / 3 else handle[1] - height
            bottom = handle[1] - height / 2 if abs(dy) <= distance / 3 else bottom
            found.append(Placement((left, bottom, left + width, bottom + height), handle))
    return found


def place_labels(
    requests: Sequence[Request],
    *,
    frame: Box,
    path: FloatArray,
    obstacles: Sequence[Box] = (),
    distances: Sequence[float] = (14, 24, 36, 50, 68, 90, 120, 160, 210),
    margin: float = 4.0,
) -> list[Placement | None]:
    """Place labels one after the other; the order is the order of importance.

    Parameters
    ----------
    frame
        Labels stay inside it.
    path : (n, 2)
        What no label may cover, in pixels.
    obstacles
        Boxes that are taken before the first label.

    Returns
    -------
    One entry a request: its place, or ``None`` if it was left out. A required label that finds no
    free place gets the one inside the frame that covers the fewest others.
    """
    path = dense_path(path)
    taken = list(obstacles)
    leaders: list[FloatArray] = []
    placed: list[Placement | None] = []
    steps = np.linspace(0.0, 1.0, 16)[:, None]
    for request in requests:
        inside = [
            candidate
            for candidate in _candidates(request, distances)
            if candidate.box[0] >= frame[0]
            and candidate.box[1] >= frame[1]
            and candidate.box[2] <= frame[2]
            and candidate.box[3] <= frame[3]
        ]
        chosen = next(
            (
                candidate
                for candidate in inside
                if not any(_overlaps(candidate.box, box, margin) for box in taken)
                and not _covers(candidate.box, path, margin)
                and not any(_covers(candidate.box, leader, margin) for leader in leaders)
                and not _crossing(request.anchor, candidate.handle, taken)
                and not any(
                    _leaders_cross(np.array([request.anchor, candidate.handle]), leader[[0, -1]])
                    for leader in leaders
                )
            ),
            None,
        )
        if chosen is None and request.required and inside:
            chosen = min(inside, key=lambda c: _clutter(c.box, taken, path, margin))
        placed.append(chosen)
        if chosen is not None:
            taken.append(chosen.box)
            line = np.asarray(request.anchor) * (1 - steps) + np.asarray(chosen.handle) * steps
            leaders.append(line)
    return placed
