r"""Requests of several sizes shared out over replicas: continuous shares, never slices.

A replica that serves size class :math:`b` alone carries :math:`r_{jb}` of it a second. Traffic
:math:`f_{jb} \ge 0` fits on :math:`n_j` replicas if :math:`\sum_b f_{jb} / r_{jb} \le n_j`, and
demand is met if :math:`\sum_j f_{jb} \ge d_b`.

The shares can be projected out (Farkas; Benders 1962): :math:`n` serves :math:`d` if and only if
for every :math:`y \ge 0`

.. math::
    \sum_j \Bigl(\max_b y_b r_{jb}\Bigr) n_j \;\ge\; \sum_b y_b d_b .

Any :math:`y` gives a valid row, so rows with integer :math:`y` are added where a plan breaks one,
and every program stays a program over integers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from formulations.milp import IntArray

__all__ = ["Cut", "Routing"]


@dataclass(frozen=True, slots=True)
class Cut:
    """``sum_k weight[k] n[columns[k]] >= least``: a row that shares imply."""

    columns: tuple[int, ...]
    weight: tuple[int, ...]
    least: int


@dataclass(frozen=True, slots=True, eq=False)
class Routing:
    """One workload whose requests come in several sizes.

    Parameters
    ----------
    columns : (k,) int64, rising
        Columns that serve it.
    rate : (k, b) int64 >= 0
        What one replica carries of a class if it serves nothing else; 0: it cannot.
    demand : (b,) int64 >= 0
        In the unit of ``rate``.
    class_names : b names
    """

    name: str
    columns: IntArray
    rate: IntArray
    demand: IntArray
    class_names: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.rate.shape != (len(self.columns), len(self.demand)):
            raise ValueError(f"{self.name}: rates are not columns by classes")
        if len(self.class_names) != len(self.demand):
            raise ValueError(f"{self.name}: classes differ in number")
        if (self.rate < 0).any() or (self.demand < 0).any():
            raise ValueError(f"{self.name}: rates and demand cannot be negative")
        for array in (self.columns, self.rate, self.demand):
            array.setflags(write=False)

    def cut(self, y: Sequence[int]) -> Cut:
        """The row of multipliers ``y`` (integers, one a class).

        Raises
        ------
        ValueError
            If one is negative.
        """
        if min(y, default=0) < 0:
            raise ValueError("multipliers cannot be negative")
        weight = tuple(
            max((v * r for v, r in zip(y, row, strict=True)), default=0)
            for row in self.rate.tolist()
        )
        least = sum(v * d for v, d in zip(y, self.demand.tolist(), strict=True))
        return Cut(tuple(self.columns.tolist()), weight, least)

    def over(self, kept: npt.NDArray[np.intp]) -> Routing:
        """The same workload over the problem's columns ``kept`` alone."""
        inside = np.isin(self.columns, kept)
        return Routing(
            name=self.name,
            columns=np.searchsorted(kept, self.columns[inside]).astype(np.int64),
            rate=self.rate[inside],
            demand=self.demand,
            class_names=self.class_names,
        )
