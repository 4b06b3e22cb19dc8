"""Random draws of the families: one generator a seed, and how figures are spread and rounded."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import TypeVar

import numpy as np

__all__ = ["Draws"]

Choice = TypeVar("Choice")


class Draws:
    """Draws for one instance of a family; the same for the same family and seed, everywhere.

    Parameters
    ----------
    family
        Its name; two families of one seed draw different things.
    seed
        At least 0.

    Raises
    ------
    ValueError
        If ``seed`` is negative.
    """

    def __init__(self, family: str, seed: int) -> None:
        if seed < 0:
            raise ValueError(f"seed {seed} is negative; seeds are 0, 1, 2, ...")
        # PCG64 and its seeding are fixed by NumPy (NEP 19); crc32 tells families apart.
        self._random = np.random.Generator(
            np.random.PCG64(np.random.SeedSequence([zlib.crc32(family.encode()), seed]))
        )

    def integer(self, low: int, high: int) -> int:
        """One of ``low`` ... ``high``, both included."""
        return int(self._random.integers(low, high + 1))

    def share(self) -> float:
        """Uniform in [0, 1)."""
        return float(self._random.random())

    def between(self, low: float, high: float) -> float:
        """Uniform in the logarithm between two positive numbers."""
        return float(np.exp(np.log(low) + self.share() * (np.log(high) - np.log(low))))

    def lognormal(self, median: float, sigma: float) -> float:
        """Log-normal with this median; ``sigma`` is the standard deviation of the logarithm."""
        return float(median * np.exp(sigma * self._random.standard_normal()))

    def one_of(self, choices: Sequence[Choice]) -> Choice:
        """One of them, all as likely."""
        return choices[self.integer(0, len(choices) - 1)]

    def some_of(self, choices: Sequence[Choice], count: int) -> list[Choice]:
        """``count`` different ones, in the order of ``choices``."""
        picked = self._random.choice(len(choices), size=count, replace=False)
        return [choices[int(index)] for index in sorted(picked)]

    def shuffled(self, items: Sequence[Choice]) -> list[Choice]:
        """All of them in a drawn order."""
        return [items[int(index)] for index in self._random.permutation(len(items))]

    def parts(self, total: int, count: int) -> list[int]:
        """``total`` split at random into ``count`` positive parts.

        Raises
        ------
        ValueError
            If there is not one for each.
        """
        if total < count:
            raise ValueError(f"{total} cannot be split into {count} positive parts")
        cuts = np.sort(self._random.choice(total - 1, size=count - 1, replace=False) + 1)
        return [int(part) for part in np.diff([0, *cuts, total])]
