r"""A multi-objective integer program with bounded columns and integer data.

.. math::
    \min \; (c_1 x, \dots, c_p x) \quad \text{s.t.} \quad
    \text{row\_lb} \le A x \le \text{row\_ub},\;
    \text{lb} \le x \le \text{ub},\; x \in \mathbb{Z}^n

Sought: every image :math:`z = (c_1 x, \dots, c_p x)` of a feasible :math:`x` such that no feasible
image :math:`z' \ne z` has :math:`z' \le z` (the nondominated set), with one :math:`x` for each.

What people state may be maximised, have an offset, or have decimals; ``senses``, ``scales`` and
``offsets`` lead back from the integers that are compared to what was stated.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Literal

import numpy as np

from formulations.milp import INFINITY, IntArray, Milp

__all__ = ["Image", "MultiObjectiveProgram", "Sense"]

Image = tuple[int, ...]
"""Objectives of a feasible ``x``, all minimised, in the order of the program."""
Sense = Literal["min", "max"]


@dataclass(frozen=True, eq=False)
class MultiObjectiveProgram:
    """One program with ``p`` objectives, ``n`` columns, ``m`` rows.

    Parameters
    ----------
    milp
        All columns integer and bounded on both sides; its ``p`` objectives are minimised and named
        as the stated ones.
    senses : (p,)
        How each objective was stated.
    scales : (p,)
        Positive: the stated objective times this is an integer at every feasible point.
    offsets : (p,)
        Constant of the stated objective, already scaled, in the stated sense.
    column_names, row_names : (n,), (m,)

    Raises
    ------
    ValueError
        If sizes differ, or a column is continuous or has no finite bounds.
    """

    milp: Milp
    senses: tuple[Sense, ...]
    scales: tuple[int, ...]
    offsets: tuple[int, ...]
    column_names: tuple[str, ...]
    row_names: tuple[str, ...]

    def __post_init__(self) -> None:
        p = len(self.milp.objectives)
        if not p == len(self.senses) == len(self.scales) == len(self.offsets):
            raise ValueError(f"{self.name}: senses, scales or offsets do not fit {p} objectives")
        if p < 2:
            raise ValueError(f"{self.name}: at least two objectives are needed")
        if len(self.column_names) != self.milp.n_columns:
            raise ValueError(f"{self.name}: column names do not fit")
        if len(self.row_names) != self.milp.n_rows:
            raise ValueError(f"{self.name}: row names do not fit")
        if not self.milp.is_integer.all():
            raise ValueError(f"{self.name}: a column is continuous")
        if (self.milp.lower <= -INFINITY).any() or (self.milp.upper >= INFINITY).any():
            raise ValueError(f"{self.name}: a column has no finite bounds")
        if (self.milp.lower > self.milp.upper).any():
            raise ValueError(f"{self.name}: the bounds of a column contradict each other")
        if min(self.scales) < 1:
            raise ValueError(f"{self.name}: scales must be positive")

    @property
    def name(self) -> str:
        """For messages."""
        return self.milp.name

    @property
    def objective_names(self) -> tuple[str, ...]:
        """Names in the order of an image."""
        return tuple(self.milp.objectives)

    @property
    def n_objectives(self) -> int:
        """The ``p`` of an image."""
        return len(self.milp.objectives)

    @cached_property
    def costs(self) -> IntArray:
        """(p, n) int64 coefficients of the minimised objectives."""
        costs = np.stack(list(self.milp.objectives.values()))
        costs.setflags(write=False)
        return costs

    @cached_property
    def ceiling(self) -> Image:
        """(p,) first integer above anything the column bounds let each objective reach."""
        low, high = self.milp.lower.tolist(), self.milp.upper.tolist()
        return tuple(
            sum(max(c * a, c * b) for c, a, b in zip(goal, low, high, strict=True)) + 1
            for goal in self.costs.tolist()
        )

    @cached_property
    def floor(self) -> Image:
        """(p,) the least that the column bounds let each objective reach."""
        low, high = self.milp.lower.tolist(), self.milp.upper.tolist()
        return tuple(
            sum(min(c * a, c * b) for c, a, b in zip(goal, low, high, strict=True))
            for goal in self.costs.tolist()
        )

    def image(self, x: IntArray) -> Image:
        """Objectives at ``x``, (n,) int64, in exact integers."""
        values = x.tolist()
        return tuple(
            sum(c * v for c, v in zip(goal, values, strict=True) if v)
            for goal in self.costs.tolist()
        )

    def stated(self, image: Sequence[int]) -> tuple[Fraction, ...]:
        """An image in the stated senses and units."""
        return tuple(
            Fraction((value if sense == "min" else -value) + offset, scale)
            for value, sense, offset, scale in zip(
                image, self.senses, self.offsets, self.scales, strict=True
            )
        )

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all that decides the nondominated set and what results mean; not the name."""
        milp, sha = self.milp, hashlib.sha256()
        for array in (
            milp.lower, milp.upper, milp.row_start, milp.column_index, milp.value, milp.row_lower,
            milp.row_upper, self.costs,
        ):  # fmt: skip
            sha.update(repr(array.shape).encode())
            sha.update(np.ascontiguousarray(array, dtype="<i8").tobytes())
        rest = (
            self.objective_names, self.senses, self.scales, self.offsets, self.column_names,
            self.row_names,
        )  # fmt: skip
        sha.update(repr(rest).encode())
        return sha.hexdigest()
