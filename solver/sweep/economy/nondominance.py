"""Nondominated rows of two or three integer columns, by one sweep in n log n."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

import numpy as np

from formulations.milp import IntArray

__all__ = ["nondominated_groups"]


def nondominated_groups(images: IntArray) -> list[IntArray]:
    """Indices of the rows of every nondominated image, in lexicographic order of the images.

    Parameters
    ----------
    images : (n, p) int64
        Minimised, p = 2 or 3.

    Returns
    -------
    list of (k,) int64
        One array for each image: all rows that have it, in their order.

    Notes
    -----
    Whoever dominates a row comes before it in lexicographic order, so a staircase of the last two
    columns of the rows before tells (Kung, Luccio and Preparata, "On finding the maxima of a set of
    vectors", Journal of the ACM 22, 1975).
    """
    if not len(images):
        return []
    distinct, owner = np.unique(images, axis=0, return_inverse=True)
    kept = []
    ys: list[int] = []
    zs: list[int] = []
    for index, image in enumerate(distinct.tolist()):
        y, z = image[-2:] if len(image) == 3 else (0, image[-1])
        at = bisect_right(ys, y)
        if at and zs[at - 1] <= z:
            continue
        kept.append(index)
        start = bisect_left(ys, y)
        stop = start
        while stop < len(ys) and zs[stop] >= z:
            stop += 1
        ys[start:stop], zs[start:stop] = [y], [z]
    order = np.argsort(owner.ravel(), kind="stable")
    ends = np.cumsum(np.bincount(owner.ravel()))
    starts = np.concatenate([[0], ends[:-1]])
    return [order[starts[index] : ends[index]].astype(np.int64) for index in kept]
