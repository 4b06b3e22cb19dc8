r"""A sparse integer program with rows that hold only where a binary column is 1.

.. math::
    x_{z(i)} = 1 \;\Rightarrow\; \underline r_i \le g_i x \le \overline r_i, \qquad i = 1, \dots, k

beside all that ``Milp`` says. What an engine makes of an implication (a branching rule, a big-M of
its own, propagation) is its business; none is written down here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from formulations.milp import IntArray, Milp

__all__ = ["IndicatorProgram"]


@dataclass(frozen=True, slots=True, eq=False)
class IndicatorProgram:
    """See the module's text.

    Parameters
    ----------
    milp
        Columns, objectives and the rows that always hold; n columns.
    binary : (k,) int64
        Column of each implication; integer, with bounds within 0 to 1.
    row_start, column_index, value : CSR of the (k, n) matrix of the implied rows, int64
    row_lower, row_upper : (k,) int64
        ``±INFINITY`` for no bound.

    Raises
    ------
    ValueError
        If arrays do not fit, or a column that implies is no binary.
    """

    kind: ClassVar[Literal["indicator"]] = "indicator"

    milp: Milp
    binary: IntArray
    row_start: IntArray
    column_index: IntArray
    value: IntArray
    row_lower: IntArray
    row_upper: IntArray

    def __post_init__(self) -> None:
        k, n = len(self.binary), self.milp.n_columns
        if len(self.row_start) != k + 1 or not len(self.row_lower) == len(self.row_upper) == k:
            raise ValueError(f"{self.name}: arrays of implied rows differ in length")
        if len(self.column_index) != len(self.value) or self.row_start[-1] != len(self.value):
            raise ValueError(f"{self.name}: matrix arrays of implied rows differ in length")
        for columns in (self.binary, self.column_index):
            if len(columns) and not 0 <= columns.min() <= columns.max() < n:
                raise ValueError(f"{self.name}: an implied row names no column")
        lower, upper = self.milp.lower[self.binary], self.milp.upper[self.binary]
        whole = self.milp.is_integer[self.binary]
        if not ((lower >= 0) & (upper <= 1) & whole).all():
            raise ValueError(f"{self.name}: a column that implies a row is no binary")
        for array in (
            self.binary, self.row_start, self.column_index, self.value, self.row_lower,
            self.row_upper,
        ):  # fmt: skip
            array.setflags(write=False)

    @property
    def name(self) -> str:
        """For messages."""
        return self.milp.name

    @property
    def n_columns(self) -> int:
        """Number of columns."""
        return self.milp.n_columns

    @property
    def objectives(self) -> Mapping[str, IntArray]:
        """Name -> (n,) int64 coefficients."""
        return self.milp.objectives
