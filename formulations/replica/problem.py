"""The replica problem as numbers: a grid of layouts by batch levels, two objectives per cell.

Sets: layouts :math:`l \\in L` and batch levels :math:`b \\in K`; allowed cells
:math:`A \\subseteq L \\times K`. Choosing cell :math:`(l, b)` costs

.. math::
    \\text{latency} = \\max(m_{lb}, a_{lb}), \\qquad \\text{cost} = c_{lb},

where :math:`m` and :math:`a` are what the step takes when HBM traffic, or arithmetic, sets the pace
(everything that is not overlapped is already added to both). All three are integers: dense *ranks*
in the sorted list of values that occur, so that coefficients stay small and an epsilon step of one
unit skips nothing. Sought: all nondominated (latency, cost) pairs, one cell for each.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from formulations.milp import IntArray

__all__ = ["COST", "LATENCY", "ReplicaProblem"]

LATENCY = "latency"
COST = "cost"


@dataclass(frozen=True, slots=True, eq=False)
class ReplicaProblem:
    """Grid of cells; all arrays have shape (layouts, batch levels).

    Parameters
    ----------
    memory_latency, arithmetic_latency, cost : int64
        Ranks, at least 0 where allowed; 0 (ignored) elsewhere.
    allowed : bool
        Cells that meet every limit.
    """

    name: str
    memory_latency: IntArray
    arithmetic_latency: IntArray
    cost: IntArray
    allowed: npt.NDArray[np.bool_]

    def __post_init__(self) -> None:
        shape = self.allowed.shape
        if len(shape) != 2 or 0 in shape:
            raise ValueError(f"{self.name}: the grid needs at least one layout and one batch level")
        for array in (self.memory_latency, self.arithmetic_latency, self.cost):
            if array.shape != shape:
                raise ValueError(f"{self.name}: arrays differ in shape")
            if (array[self.allowed] < 0).any():
                raise ValueError(f"{self.name}: ranks are not negative")
            array.setflags(write=False)
        self.allowed.setflags(write=False)

    @property
    def latency(self) -> IntArray:
        """Latency rank of every cell, shape (layouts, batch levels)."""
        return np.maximum(self.memory_latency, self.arithmetic_latency)

    @property
    def n_columns(self) -> int:
        """Number of allowed cells."""
        return int(self.allowed.sum())
