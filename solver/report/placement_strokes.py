"""Lines of what is carried: one side of the link for each direction, wider where more goes."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

from solver.report.numbers import clean
from solver.report.placement_facts import share_text
from solver.report.placement_network import Carried
from solver.report.placement_scene import Point, Stroke, StrokeStyle

__all__ = ["arc", "busy_text", "path_strokes", "shifted"]

_APART = 0.045
"""Inches from the middle of a link to the line of one direction: both can be seen."""


def path_strokes(
    carried: Sequence[Carried],
    busiest: Carried | None,
    routes: Mapping[tuple[str, str], Sequence[Point]],
    *,
    by_rate: bool,
) -> list[Stroke]:
    """A line with an arrow head for each direction in use, the busiest last and so on top."""
    most = max((entry.bytes_per_s for entry in carried), default=0.0)
    strokes = []
    for entry in sorted(carried, key=lambda entry: (entry is busiest, entry.start, entry.end)):
        width = 1.9 + 0.35 * min(entry.uses - 1, 6)
        if by_rate:
            width = 0.9 + (5.0 * entry.bytes_per_s / most if most else 0.0)
        route = routes[entry.start, entry.end]
        for order, chain in enumerate(entry.chains):
            style: StrokeStyle = "busiest" if entry is busiest else "path"
            line = shifted(route, side_of(width) + 0.06 * order)
            strokes.append(Stroke(line, style, width, chain, arrow=True))
    return strokes


def side_of(width: float) -> float:
    """How far from the middle of a link a line this wide runs, so that both directions show."""
    return max(_APART, width / 144 + 0.015)


def busy_text(entry: Carried) -> str:
    """``busiest link, 12.0 % busy``, and below it its ends; what is tiny reads ``<0.1 %``."""
    ends = f"{clean(entry.start, limit=40)} → {clean(entry.end, limit=40)}"
    return f"busiest link, {share_text(entry.busy)} busy\n{ends}"


def arc(a: Point, b: Point) -> tuple[Point, ...]:
    """A flat curve from ``a`` to ``b`` that bends upwards, in 16 pieces."""
    rise = min(0.32 * abs(b[0] - a[0]), 1.6)
    middle = ((a[0] + b[0]) / 2, max(a[1], b[1]) + rise)
    points = []
    for step in range(17):
        t = step / 16
        points.append(
            (
                (1 - t) ** 2 * a[0] + 2 * t * (1 - t) * middle[0] + t**2 * b[0],
                (1 - t) ** 2 * a[1] + 2 * t * (1 - t) * middle[1] + t**2 * b[1],
            )
        )
    return tuple(points)


def shifted(points: Sequence[Point], by: float) -> tuple[Point, ...]:
    """A line of pieces moved ``by`` inches to its own right.

    Corners move along the mean of both directions, so pieces stay parallel to what they were.
    """
    normals = []
    for (xa, ya), (xb, yb) in itertools.pairwise(points):
        length = ((xb - xa) ** 2 + (yb - ya) ** 2) ** 0.5 or 1.0
        normals.append(((yb - ya) / length, -(xb - xa) / length))
    moved = []
    for place, (x, y) in enumerate(points):
        before, after = normals[max(place - 1, 0)], normals[min(place, len(normals) - 1)]
        nx, ny = before[0] + after[0], before[1] + after[1]
        # Length of the mean shrinks as the corner sharpens; a sharp one is not sent far away.
        scale = by * 2 / max(nx * nx + ny * ny, 1.0)
        moved.append((x + scale * nx, y + scale * ny))
    return tuple(moved)
