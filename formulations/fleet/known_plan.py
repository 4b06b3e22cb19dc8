"""A plan over given rack patterns, found in floats and checked in integers: an upper bound."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from formulations.milp import INFINITY, Milp

__all__ = ["MOST_NODES", "known_value"]

MOST_NODES: int = 500
"""Nodes of branch and bound after which the best plan so far is taken, on every machine alike."""


def known_value(milp: Milp, goal: list[int]) -> int | None:
    """Value of a goal at some point of the program; ``None`` where none is found.

    Parameters
    ----------
    goal
        (n,) coefficients, Python integers.

    Notes
    -----
    The point comes from a floating-point solver within ``MOST_NODES`` nodes, is rounded, and must
    meet every row and bound in Python integers. Its value is attained whatever the solver claims;
    that it is the least is not claimed.
    """
    if not milp.n_columns:
        return 0 if _holds(milp, []) else None
    # Imported late, because it is slow to import; loosely typed, for its stubs know no sparse
    # matrices.
    optimize: Any = import_module("scipy.optimize")
    sparse: Any = import_module("scipy.sparse")
    matrix = sparse.csr_array(
        (milp.value.astype(np.float64), milp.column_index, milp.row_start),
        shape=(milp.n_rows, milp.n_columns),
    )
    lower, upper = milp.row_lower.astype(np.float64), milp.row_upper.astype(np.float64)
    lower[milp.row_lower <= -INFINITY] = -np.inf
    upper[milp.row_upper >= INFINITY] = np.inf
    answer = optimize.milp(
        np.array([float(c) for c in goal]),
        integrality=np.ones(milp.n_columns),
        bounds=optimize.Bounds(milp.lower.astype(np.float64), milp.upper.astype(np.float64)),
        constraints=[optimize.LinearConstraint(matrix, lower, upper)] if milp.n_rows else [],
        options={"node_limit": MOST_NODES, "mip_rel_gap": 0.0},
    )
    if answer.x is None:
        return None
    x = [round(value) for value in answer.x.tolist()]
    return sum(c * v for c, v in zip(goal, x, strict=True)) if _holds(milp, x) else None


def _holds(milp: Milp, x: list[int]) -> bool:
    """Whether the point meets every row and bound, in Python integers."""
    if any(
        not low <= value <= high
        for value, low, high in zip(x, milp.lower.tolist(), milp.upper.tolist(), strict=True)
    ):
        return False
    start, index, value = milp.row_start.tolist(), milp.column_index.tolist(), milp.value.tolist()
    bounds = zip(milp.row_lower.tolist(), milp.row_upper.tolist(), strict=True)
    for i, (low, high) in enumerate(bounds):
        have = sum(value[e] * x[index[e]] for e in range(start[i], start[i + 1]))
        if (low > -INFINITY and have < low) or (high < INFINITY and have > high):
            return False
    return True
