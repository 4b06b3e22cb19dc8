r"""Requests of several sizes shared out over replicas: continuous shares, never slices.

A replica that serves size class :math:`b` alone carries :math:`r_{jb}` of it a second. Traffic
:math:`f_{jb} \ge 0` fits on :math:`n_j` replicas if :math:`\sum_b f_{jb} / r_{jb} \le n_j`, and
demand is met if :math:`\sum_j f_{jb} \ge d_b`.

Where a request is served in *parts* (its prompt by one replica, its tokens by another), column
:math:`j` does the parts :math:`T_j` in the same time: all of them, or one. Every part must be done
for every request: :math:`\sum_{j : t \in T_j} f_{jb} \ge d_b` for each part :math:`t`. One part is
the plain case.

The shares can be projected out (Farkas; Benders 1962): :math:`n` serves :math:`d` if and only if
for every :math:`y \ge 0`, one multiplier for each part of each class,

.. math::
    \sum_j \Bigl(\max_b r_{jb} \sum_{t \in T_j} y_{tb}\Bigr) n_j
    \;\ge\; \sum_b d_b \sum_t y_{tb} .

Any :math:`y` gives a valid row, so rows with integer :math:`y` are added where a plan breaks one,
and every program stays a program over integers.

A *pace* is a column :math:`z` of the problem that multiplies the demand, :math:`d_b = p_b n_z`, for
a throughput to be maximised. The row keeps its form, with the weight :math:`-\sum_b p_b \sum_t
y_{tb}` on :math:`z` and 0 on the right: it is linear in the counts all the same.
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
    rate : (k, t b) int64 >= 0
        What one replica carries of a class if it serves nothing else; 0: it cannot. With several
        parts first the rates of all classes in the first part, then those in the second, and so on:
        the same rates in every part that the column does, and 0 in the others.
    demand : (b,) int64 >= 0
        In the unit of ``rate``; where there is a pace, for one unit of it.
    class_names : b names
    parts : t names
        Parts of a request that different replicas may do; empty: requests are served whole, t is 1.
    pace
        Column of the problem whose count multiplies the demand, not one of ``columns``.

    Raises
    ------
    ValueError
        If the arrays do not fit together, a number is negative, a column has different rates in
        the parts that it does, or these are neither all nor one.
    """

    name: str
    columns: IntArray
    rate: IntArray
    demand: IntArray
    class_names: tuple[str, ...]
    parts: tuple[str, ...] = ()
    pace: int | None = None

    def __post_init__(self) -> None:
        if self.rate.shape != (len(self.columns), self.n_parts * len(self.demand)):
            raise ValueError(f"{self.name}: rates are not columns by classes")
        if len(self.class_names) != len(self.demand):
            raise ValueError(f"{self.name}: classes differ in number")
        if (self.rate < 0).any() or (self.demand < 0).any():
            raise ValueError(f"{self.name}: rates and demand cannot be negative")
        if self.pace is not None and self.pace in self.columns.tolist():
            raise ValueError(f"{self.name}: the pace cannot serve what it asks for")
        if self.n_parts > 1:
            rate = self._by_part()
            does = rate.max(axis=2, initial=0) > 0
            if (rate != does[:, :, None] * rate.max(axis=1, keepdims=True)).any():
                raise ValueError(f"{self.name}: a column has different rates in its parts")
            if not np.isin(does.sum(axis=1), (0, 1, self.n_parts)).all():
                raise ValueError(f"{self.name}: a column does some parts, neither one nor all")
        for array in (self.columns, self.rate, self.demand):
            array.setflags(write=False)

    @property
    def n_parts(self) -> int:
        """Parts of a request, at least 1."""
        return max(len(self.parts), 1)

    def _by_part(self) -> IntArray:
        """(k, t, b) rates."""
        return self.rate.reshape(len(self.columns), self.n_parts, len(self.demand))

    def carried(self) -> IntArray:
        """(k, b) int64: what one replica carries of a class, in all parts of it that it does."""
        return self.rate if self.n_parts == 1 else self._by_part().max(axis=1)

    def part_name(self, row: int) -> str:
        """Name of a row: its class, and its part where there are several."""
        part, size = divmod(row, len(self.demand))
        name = self.class_names[size]
        return f"{name}, {self.parts[part]}" if self.n_parts > 1 else name

    def demand_at(self, counts: Sequence[int] | IntArray) -> list[int]:
        """Demand of each class under counts of all columns of the problem, (n,)."""
        times = 1 if self.pace is None else int(counts[self.pace])
        return [need * times for need in self.demand.tolist()]

    def cut(self, y: Sequence[int]) -> Cut:
        """The row of multipliers ``y`` (integers, one for each part of each class, as in ``rate``).

        Raises
        ------
        ValueError
            If one is negative.
        """
        if min(y, default=0) < 0:
            raise ValueError("multipliers cannot be negative")
        b, several = len(self.demand), self.n_parts > 1
        weight = []
        for row in self.rate.tolist():
            worth = [v * r for v, r in zip(y, row, strict=True)]
            if several:
                # Parts of one class are done in the same time, so what they are worth adds up.
                worth = [sum(worth[size::b]) for size in range(b)]
            weight.append(max(worth, default=0))
        need = self.demand.tolist() * self.n_parts
        asked = sum(v * d for v, d in zip(y, need, strict=True))
        columns = tuple(self.columns.tolist())
        if self.pace is None:
            return Cut(columns, tuple(weight), asked)
        return Cut((*columns, self.pace), (*weight, -asked), 0)

    def over(self, kept: npt.NDArray[np.intp]) -> Routing:
        """The same workload over the problem's columns ``kept`` alone.

        Without its pace, which is then zero, nothing is asked for.
        """
        inside = np.isin(self.columns, kept)
        demand, pace = self.demand, self.pace
        if pace is not None:
            place = int(np.searchsorted(kept, pace))
            paced = place < len(kept) and kept[place] == pace
            demand, pace = (demand, place) if paced else (np.zeros_like(demand), None)
        return Routing(
            name=self.name,
            columns=np.searchsorted(kept, self.columns[inside]).astype(np.int64),
            rate=self.rate[inside],
            demand=demand,
            class_names=self.class_names,
            parts=self.parts,
            pace=pace,
        )
