"""A cost that depends on one number, tabulated at knots where it was asked for.

Rectangles of layouts by batches ask for the same tokens on the same tensor degree again and again;
an operator is evaluated once at each knot, and the curve is straight between two knots. What a cell
gets does not depend on what was asked together with it: operators work element by element.

Sequences have a knot at every whole number. So have tokens up to ``EXACT_TOKENS``; beyond, kernels
work in tiles of at least 64 rows, between whose ends nothing but the traffic of activations
changes, and there are knots at the first and the last token of each tile alone. That is within
0.1 % of the operators for matrix multiplications, 0.2 % for routed experts and 0.4 % where a
collective changes its algorithm. Between two whole numbers of tokens a straight line is what a mix
of steps with fewer and with more costs on average.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from solver.performance.calibrated.cost import Cost, FloatArray

__all__ = [
    "EXACT_TOKENS",
    "TOKEN_KNOTS",
    "Curve",
    "Places",
    "places_of_sequences",
    "places_of_tokens",
    "unstacked",
]

EXACT_TOKENS = 512
"""Tokens up to which every whole number is a knot."""
_TILE = 64
_WIDER_FROM = 32768
"""Tokens beyond which the distance of the knots doubles with the tokens: never above 0.4 %."""
_MANY = 16
"""Numbers asked for together from which on all knots between them are evaluated."""
_MOST_TOKENS = 2**36
"""Far more tokens than any pass has."""


def _token_knots() -> FloatArray:
    knots = [float(m) for m in range(1, EXACT_TOKENS + 1)]
    end, width = EXACT_TOKENS, _TILE
    while end < _MOST_TOKENS:
        knots += [end + 1.0, end + float(width)]
        end += width
        if end >= 2 * _WIDER_FROM * (width // _TILE) or (width == _TILE and end == _WIDER_FROM):
            width *= 2
    found = np.array(knots)
    found.setflags(write=False)
    return found


TOKEN_KNOTS: FloatArray = _token_knots()
"""Knots of curves over tokens, ascending from 1."""


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Where numbers lie among knots: arrays (n,).

    Parameters
    ----------
    knots
        The ascending knots; ``None`` for all whole numbers from 0.
    below, above
        Index of the knots around each number; the same where it is a knot.
    share
        Of the way from the one below to the one above.
    between
        Whether any number is not a knot.
    """

    knots: FloatArray | None
    below: npt.NDArray[np.intp]
    above: npt.NDArray[np.intp]
    share: FloatArray
    between: bool


def places_of_tokens(tokens: FloatArray) -> Places:
    """Places among ``TOKEN_KNOTS``; fewer than one token count as one.

    Raises
    ------
    ValueError
        For more tokens than the last knot.
    """
    return _places_of_tokens(np.ascontiguousarray(tokens).tobytes())


@lru_cache(maxsize=256)
def _places_of_tokens(tokens: bytes) -> Places:
    """The same numbers come back for every format and machine of a question."""
    m = np.maximum(np.frombuffer(tokens), 1.0)
    if m.size and m.max() >= TOKEN_KNOTS[-1]:
        raise ValueError(f"no pass has {m.max():,.0f} tokens")
    below = np.searchsorted(TOKEN_KNOTS, m, side="right") - 1
    first = TOKEN_KNOTS[below]
    exact = first == m
    above = np.where(exact, below, below + 1)
    last = TOKEN_KNOTS[above]
    share = (m - first) / np.where(exact, 1.0, last - first)
    return Places(TOKEN_KNOTS, below, above, share, not exact.all())


def places_of_sequences(sequences: FloatArray) -> Places:
    """Places among the whole numbers from 0."""
    below = sequences.astype(np.intp)
    share = sequences - below
    above = below + (share > 0)
    return Places(None, below, above, share, bool(np.any(share > 0)))


def unstacked(values: FloatArray) -> Cost:
    """The cost whose parts are the rows of an array (5, ...)."""
    return Cost(values[0], values[1], values[2], values[3], values[4])


class Curve:
    """``evaluate`` tabulated over the knots of one kind of ``Places``, each evaluated once."""

    def __init__(self, evaluate: Callable[[FloatArray], Cost]) -> None:
        self._evaluate = evaluate
        self._known: npt.NDArray[np.bool_] = np.zeros(0, dtype=bool)
        self._values: FloatArray = np.empty((5, 0))

    def at(self, places: Places) -> FloatArray:
        """The parts (arithmetic, HBM, network, its fixed part, launch) at ``places``, (5, n)."""
        self._fill(places)
        low = self._values.take(places.below, axis=1)
        if not places.between:
            return low
        high = self._values.take(places.above, axis=1)
        high -= low
        high *= places.share
        low += high
        return low

    def _fill(self, places: Places) -> None:
        """Evaluate the knots that were not asked for before."""
        size = int(places.above.max(initial=-1)) + 1
        if size > len(self._known):
            grown = max(size, 2 * len(self._known))
            known, values = np.zeros(grown, dtype=bool), np.zeros((5, grown))
            known[: len(self._known)] = self._known
            values[:, : len(self._known)] = self._values
            self._known, self._values = known, values
        if self._known[places.below].all() and self._known[places.above].all():
            return
        asked = np.zeros(len(self._known), dtype=bool)
        asked[places.below] = True
        asked[places.above] = True
        if places.knots is not None and len(places.below) >= _MANY:
            # Others will ask for the knots between: one long call costs less than many short ones.
            asked[places.below.min() : size] = True
        new = np.flatnonzero(asked & ~self._known)
        points = new.astype(np.float64) if places.knots is None else places.knots[new]
        cost = self._evaluate(points)
        parts = (
            cost.arithmetic_s,
            cost.hbm_s,
            cost.network_s,
            cost.network_fixed_s,
            cost.launch_s,
        )
        for row, part in enumerate(parts):
            self._values[row, new] = part
        self._known[new] = True
