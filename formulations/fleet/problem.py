r"""The fleet problem as numbers: how many of each column, under demand and limits.

Sets: columns :math:`j` (a replica of one design, a node bought, a device in use), cells :math:`i`
(a workload, or one size class, period or phase of it), limits :math:`r`.

.. math::
    \min \; \sum_j c_j n_j \quad \text{subject to}\quad
    \sum_j a_{ij} n_j \ge d_i, \qquad \sum_j b_{rj} n_j \le B_r, \qquad
    0 \le n_j \le u_j,\; n_j \in \mathbb{Z}

with, where given, routing shares (``Routing``) and racks (``Racks``). :math:`b_{rj}` may be
negative: a node supplies the devices that replicas use. :math:`a_{ij}` may be negative: a column
that stands for the rate to be maximised.

A *measure* is a sum over columns (cost, power; the negative of a rate), minimised. A *grade* is
the worst value over the columns in use (speed level, quality level; 0 is best): a bound on a grade
removes columns, so it never enters a program as a row.

Everything is an integer; what the units are is the business of whoever builds the problem.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from formulations.fleet.racks import Racks
from formulations.fleet.routing import Routing
from formulations.fleet.sparse import SparseInts
from formulations.milp import IntArray

__all__ = ["COST", "ENERGY", "POWER", "QUALITY", "SPEED", "THROUGHPUT", "FleetProblem"]

COST = "cost"
POWER = "power"
ENERGY = "energy"
THROUGHPUT = "throughput"
SPEED = "speed"
QUALITY = "quality"


@dataclass(frozen=True, slots=True, eq=False)
class FleetProblem:
    """See the module's text.

    Parameters
    ----------
    upper : (n,) int64
        Most of each column; finite.
    measures
        Name -> (n,) int64, minimised sums.
    grades
        Name -> (n,) int64 >= 0; the grade of a plan is the greatest over columns in use. Columns
        that serve nobody carry 0.
    cover, demand
        (p, n) and (p,): ``cover n >= demand``.
    use, limit
        (m, n) and (m,): ``use n <= limit``.
    routings
        Size classes served by shares of a replica's time.
    racks
        Where columns must stand; ``None`` where it does not matter.
    column_names, cell_names, limit_names
        For messages; of lengths n, p, m.
    """

    name: str
    upper: IntArray
    measures: Mapping[str, IntArray]
    grades: Mapping[str, IntArray]
    cover: SparseInts
    demand: IntArray
    use: SparseInts
    limit: IntArray
    column_names: tuple[str, ...]
    cell_names: tuple[str, ...]
    limit_names: tuple[str, ...]
    routings: tuple[Routing, ...] = ()
    racks: Racks | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "measures", MappingProxyType(dict(self.measures)))
        object.__setattr__(self, "grades", MappingProxyType(dict(self.grades)))
        n = self.n_columns
        for key, array in (*self.measures.items(), *self.grades.items()):
            if len(array) != n:
                raise ValueError(f"{self.name}: {key!r} has the wrong length")
            array.setflags(write=False)
        if self.cover.n_columns != n or self.use.n_columns != n or len(self.column_names) != n:
            raise ValueError(f"{self.name}: columns differ in number")
        if not self.cover.n_rows == len(self.demand) == len(self.cell_names):
            raise ValueError(f"{self.name}: cells differ in number")
        if not self.use.n_rows == len(self.limit) == len(self.limit_names):
            raise ValueError(f"{self.name}: limits differ in number")
        if (self.upper < 0).any():
            raise ValueError(f"{self.name}: an upper bound is negative")
        for array in (self.upper, self.demand, self.limit):
            array.setflags(write=False)

    @property
    def n_columns(self) -> int:
        """Number of columns."""
        return len(self.upper)

    def columns_within(self, worst: Mapping[str, int]) -> npt.NDArray[np.intp]:
        """Columns whose grades are all at most ``worst``."""
        alive = np.ones(self.n_columns, dtype=np.bool_)
        for key, grade in worst.items():
            alive &= self.grades[key] <= grade
        return np.flatnonzero(alive)

    def over(self, kept: npt.NDArray[np.intp]) -> FleetProblem:
        """The problem over the columns ``kept`` alone, which must rise; the others are zero."""
        return replace(
            self,
            upper=self.upper[kept],
            measures={key: array[kept] for key, array in self.measures.items()},
            grades={key: array[kept] for key, array in self.grades.items()},
            cover=self.cover.take_columns(kept),
            use=self.use.take_columns(kept),
            column_names=tuple(self.column_names[j] for j in kept.tolist()),
            routings=tuple(routing.over(kept) for routing in self.routings),
            racks=None if self.racks is None else self.racks.over(kept),
        )
