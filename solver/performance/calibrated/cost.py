"""Seconds of an operator or a step, by what set them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Cost", "FloatArray", "total"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Cost:
    """Seconds that add up, floats or arrays of shapes that broadcast together.

    Parameters
    ----------
    arithmetic_s, hbm_s
        Time of operators that arithmetic, or reading and writing memory, sets.
    network_s
        Time of collectives and hand-overs.
    network_fixed_s
        The part of ``network_s`` that no message is too small to pay.
    launch_s
        Fixed time of kernels, and waiting for the host.
    """

    arithmetic_s: FloatArray | float = 0.0
    hbm_s: FloatArray | float = 0.0
    network_s: FloatArray | float = 0.0
    network_fixed_s: FloatArray | float = 0.0
    launch_s: FloatArray | float = 0.0

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            self.arithmetic_s + other.arithmetic_s,
            self.hbm_s + other.hbm_s,
            self.network_s + other.network_s,
            self.network_fixed_s + other.network_fixed_s,
            self.launch_s + other.launch_s,
        )

    def times(self, count: npt.ArrayLike) -> Cost:
        """The cost ``count`` times over."""
        n = np.asarray(count, np.float64)
        return Cost(
            n * self.arithmetic_s,
            n * self.hbm_s,
            n * self.network_s,
            n * self.network_fixed_s,
            n * self.launch_s,
        )

    def where(self, condition: npt.ArrayLike) -> Cost:
        """The cost where the condition holds, nothing elsewhere."""
        return self.times(np.asarray(condition, np.float64))

    @property
    def seconds(self) -> FloatArray:
        """All of it."""
        return np.asarray(self.arithmetic_s + self.hbm_s + self.network_s + self.launch_s)


def total(costs: list[Cost]) -> Cost:
    """Sum of costs; nothing for none."""
    result = Cost()
    for cost in costs:
        result = result + cost
    return result
