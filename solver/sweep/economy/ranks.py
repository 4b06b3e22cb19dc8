"""Exact ranks: where floats cannot tell two values apart, their fractions do."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np

from formulations.milp import IntArray
from solver.lowering.economy.cells import FLOAT_SLACK
from solver.performance.step_table import FloatArray

__all__ = ["exact_ranks"]


def exact_ranks(estimates: FloatArray, exact: Callable[[int], Fraction | int]) -> IntArray:
    """Dense ranks of values, equal values sharing one; 0 is the smallest.

    Parameters
    ----------
    estimates : (n,) float64
        Non-negative, each within ``FLOAT_SLACK / 4`` of its value, relatively.
    exact
        The value of an index; asked only where a neighbour is as close as floats can tell.

    Returns
    -------
    (n,) int64
    """
    order = np.argsort(estimates, kind="stable")
    values = estimates[order]
    apart = np.diff(values) > FLOAT_SLACK * values[1:]
    ranks = np.empty(len(estimates), dtype=np.int64)
    rank = -1
    starts = np.concatenate([[0], np.flatnonzero(apart) + 1, [len(order)]])
    for start, stop in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True):
        members = order[start:stop]
        if len(members) == 1:
            rank += 1
            ranks[members[0]] = rank
            continue
        pairs = sorted((exact(index), index) for index in members.tolist())
        last: Fraction | int | None = None
        for value, index in pairs:
            if value != last:
                rank += 1
                last = value
            ranks[index] = rank
    return ranks
