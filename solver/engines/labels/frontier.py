"""Which rows of an array of images are nondominated."""

from __future__ import annotations

import numpy as np

from formulations.milp import IntArray

__all__ = ["nondominated_rows"]


def nondominated_rows(images: IntArray) -> IntArray:
    """Indices of one row for each distinct nondominated image of a (k, p) int64 array.

    In lexicographic order of the images; of equal rows the first counts.
    """
    if not len(images):
        return np.zeros(0, dtype=np.int64)
    distinct, first = np.unique(images, axis=0, return_index=True)
    if images.shape[1] == 2:
        best = np.minimum.accumulate(distinct[:, 1])
        keep = np.ones(len(distinct), dtype=bool)
        keep[1:] = distinct[1:, 1] < best[:-1]
        return first[keep].astype(np.int64)
    # Whoever dominates a row comes before it in lexicographic order.
    front = np.empty_like(distinct)
    kept: list[int] = []
    for row, image in enumerate(distinct):
        if not (front[: len(kept)] <= image).all(axis=1).any():
            front[len(kept)] = image
            kept.append(row)
    return first[kept].astype(np.int64)
