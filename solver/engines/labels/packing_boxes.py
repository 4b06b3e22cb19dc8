r"""Boxes that a packing search still has to empty, and the directions it empties them along.

A corner :math:`u` names the box :math:`\{z : z < u\}` of minimised images; its greatest integer
point is :math:`u - 1`. A search along a direction :math:`\lambda > 0` has to look at all points
with :math:`\lambda z \le \max_u \lambda (u - 1)` over the boxes it serves, so each box goes to the
direction along which :math:`u - 1` lies least beyond the best known point. The candidates are the
normals of the lower-left convex hull of the known points (the supporting lines of the dichotomic
scheme of Aneja and Nair, 1979) and both axes: every box between two neighbouring points of the
frontier hangs under one edge of that hull.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from formulations.milp import IntArray

__all__ = ["SCALE", "BoxGroup", "grouped", "hull_directions", "relative_depth", "split"]

SCALE = 1000
"""Components of a direction add up to about this."""


@dataclass(frozen=True, slots=True, eq=False)
class BoxGroup:
    """Boxes served by one direction.

    Parameters
    ----------
    direction : (2,) int64, positive
    corners : (k, 2) int64
    """

    direction: IntArray
    corners: IntArray


def hull_directions(points: IntArray) -> IntArray:
    """Normals of the lower-left hull of (k, 2) points, both axes included, (d, 2) int64."""
    ordered = points[np.lexsort((points[:, 1], points[:, 0]))].tolist()
    hull: list[list[int]] = []
    for z in ordered:
        if hull and z[1] >= hull[-1][1]:
            continue
        while len(hull) >= 2:
            a, b = hull[-2], hull[-1]
            # b stays if it lies strictly below the line from a to z; Python integers, exact.
            if (a[1] - z[1]) * (b[0] - a[0]) < (z[0] - a[0]) * (a[1] - b[1]):
                break
            hull.pop()
        hull.append(z)
    directions = [(SCALE, 1), (1, SCALE)]
    for a, b in pairwise(hull):
        rise, run = a[1] - b[1], b[0] - a[0]
        first = max(1, round(SCALE * rise / (rise + run)))
        directions.append((first, max(1, SCALE - first)))
    if len(hull) == 1:
        directions.append((SCALE // 2, SCALE // 2))
    return np.unique(np.array(directions, dtype=np.int64), axis=0)


def relative_depth(directions: IntArray, corners: IntArray, points: IntArray) -> np.ndarray:
    """How far each corner reaches beyond the best point, (k, d), relative to that point's value."""
    best = (points @ directions.T).min(axis=0)
    reach = (corners - 1) @ directions.T - best
    relative: np.ndarray = reach / np.maximum(1, np.abs(best))
    return relative


def grouped(corners: IntArray, points: IntArray) -> list[BoxGroup]:
    """All boxes by the direction along which they lie least deep; the largest group first.

    Parameters
    ----------
    corners : (k, 2) int64
    points : (m, 2) int64, m >= 1
        Feasible images.
    """
    directions = hull_directions(points)
    choice = relative_depth(directions, corners, points).argmin(axis=1)
    counts = np.bincount(choice, minlength=len(directions))
    winners = sorted(np.flatnonzero(counts).tolist(), key=lambda k: -int(counts[k]))
    return [BoxGroup(directions[k], corners[choice == k]) for k in winners]


def split(corners: IntArray, image: IntArray) -> IntArray:
    """The boxes left of (k, 2) ``corners`` once ``image`` is known: what it does not dominate."""
    inside = (image < corners).all(axis=1)
    if not inside.any():
        return corners
    left, low = corners[inside].copy(), corners[inside].copy()
    left[:, 0], low[:, 1] = image[0], image[1]
    parts = np.unique(np.concatenate([corners[~inside], left, low]), axis=0)
    # Each part lies within itself; within another as well only if it is redundant.
    hosts = np.all(parts[:, None, :] <= parts[None, :, :], axis=2).sum(axis=1)
    left_over: IntArray = parts[hosts == 1]
    return left_over
