"""A mixed-integer linear program as plain sparse data, with integer data throughout.

.. math::
    \\text{lb} \\le x \\le \\text{ub},\\quad
    \\text{row\\_lb} \\le A x \\le \\text{row\\_ub},\\quad
    x_j \\in \\mathbb{Z} \\;(j \\in I)

A program carries its objectives by name, as integer rows :math:`c_k x`; which one is minimised and
which are bounded is said at solve time, so that one program serves a whole epsilon-constraint
sweep.
All objectives are minimised and take integer values at every feasible point.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt

__all__ = ["INFINITY", "IntArray", "Milp"]

IntArray = npt.NDArray[np.int64]
INFINITY: int = 2**62
"""A bound of this size or more (either sign) means: no bound."""


@dataclass(frozen=True, slots=True, eq=False)
class Milp:
    """Sparse program with ``n`` columns and ``m`` rows.

    Parameters
    ----------
    lower, upper : (n,) int64
        Column bounds; ``±INFINITY`` for none.
    is_integer : (n,) bool
    row_start, column_index, value : CSR of the (m, n) matrix, int64
    row_lower, row_upper : (m,) int64
    objectives
        Name -> (n,) int64 coefficients.
    """

    kind: ClassVar[Literal["milp"]] = "milp"

    name: str
    lower: IntArray
    upper: IntArray
    is_integer: npt.NDArray[np.bool_]
    row_start: IntArray
    column_index: IntArray
    value: IntArray
    row_lower: IntArray
    row_upper: IntArray
    objectives: Mapping[str, IntArray]

    def __post_init__(self) -> None:
        object.__setattr__(self, "objectives", MappingProxyType(dict(self.objectives)))
        n, m = self.n_columns, self.n_rows
        if len(self.upper) != n or len(self.is_integer) != n:
            raise ValueError(f"{self.name}: column arrays differ in length")
        if len(self.row_start) != m + 1 or len(self.row_upper) != m:
            raise ValueError(f"{self.name}: row arrays differ in length")
        if len(self.column_index) != len(self.value) or self.row_start[-1] != len(self.value):
            raise ValueError(f"{self.name}: matrix arrays differ in length")
        for key, coefficients in self.objectives.items():
            if len(coefficients) != n:
                raise ValueError(f"{self.name}: objective {key!r} has the wrong length")
        for array in (
            self.lower,
            self.upper,
            self.is_integer,
            self.row_start,
            self.column_index,
            self.value,
            self.row_lower,
            self.row_upper,
            *self.objectives.values(),
        ):
            array.setflags(write=False)

    @property
    def n_columns(self) -> int:
        """Number of columns."""
        return len(self.lower)

    @property
    def n_rows(self) -> int:
        """Number of rows, objectives not counted."""
        return len(self.row_lower)
