r"""Time of an all-gather, reduce-scatter or all-reduce among equals, and composed over levels.

Thakur, Rabenseifner and Gropp, "Optimization of Collective Communication Operations in MPICH"
(IJHPCA 19(1), 2005): :math:`p` members, a start-up time :math:`\alpha` a message, a time
:math:`\beta` a byte, :math:`n` bytes in all.

- Ring, all-gather and reduce-scatter: :math:`(p-1)\,\alpha + \frac{p-1}{p} n \beta`.
- Recursive, all-gather: :math:`\lceil \lg p \rceil\,\alpha + \frac{p-1}{p} n \beta`, by recursive
  doubling, or by Bruck's algorithm where :math:`p` is no power of two.
- Recursive, reduce-scatter: :math:`\lg p\,\alpha + \frac{p-1}{p} n \beta` by recursive halving;
  :math:`(\lfloor \lg p \rfloor + 2)\,\alpha + 2 n \beta` where :math:`p` is no power of two.

An all-reduce is a reduce-scatter followed by an all-gather (Rabenseifner's). The arithmetic of the
reduction is left out, as an accelerator adds faster than any link delivers.

Over levels the operation is composed: reduce-scatter from the innermost level outwards, all-gather
from the outermost inwards. Whoever takes part as one member at a level holds, all its devices
together, the :math:`n` bytes once, each device a different part; so each level moves
:math:`\frac{p-1}{p} n` bytes out of and into every member, at the bandwidth with which its devices
together reach the others (``levels.py``). Parts of one level run side by side: the slowest counts.
Levels run one after another: nothing is pipelined across them, so the time is an upper estimate of
a library that does.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Literal

from solver.topology.levels import Level
from solver.topology.paths import PS_PER_S

__all__ = ["Algorithm", "all_gather_ps", "all_reduce_ps", "reduce_scatter_ps"]

Algorithm = Literal["ring", "recursive"]


def _gather(level: Level, n_bytes: int, algorithm: Algorithm) -> Fraction:
    p = level.members
    rounds = p - 1 if algorithm == "ring" else (p - 1).bit_length()
    return rounds * level.latency_ps + _moved(level, Fraction(p - 1, p) * n_bytes)


def _scatter(level: Level, n_bytes: int, algorithm: Algorithm) -> Fraction:
    p = level.members
    if algorithm == "ring" or p.bit_count() == 1:
        return _gather(level, n_bytes, algorithm)
    rounds = p.bit_length() - 1 + 2
    return rounds * level.latency_ps + _moved(level, Fraction(2 * n_bytes))


def _moved(level: Level, n_bytes: Fraction) -> Fraction:
    return n_bytes * PS_PER_S / level.bytes_per_s


def _checked(n_bytes: int) -> None:
    if n_bytes < 0:
        raise ValueError(f"a message has at least 0 bytes, not {n_bytes}")


def _slowest(level: Level | None, n_bytes: int, kinds: str, algorithm: Algorithm) -> Fraction:
    """Time of one tree of levels; ``kinds`` holds ``s`` for the way out, ``g`` for the way in."""
    if level is None:
        return Fraction(0)
    inside = max(
        (_slowest(part, n_bytes, kinds, algorithm) for part in level.parts), default=Fraction(0)
    )
    here = Fraction(0)
    if "s" in kinds:
        here += _scatter(level, n_bytes, algorithm)
    if "g" in kinds:
        here += _gather(level, n_bytes, algorithm)
    return inside + here


def all_gather_ps(level: Level | None, n_bytes: int, *, algorithm: Algorithm = "ring") -> int:
    """Time until every device holds all ``n_bytes``, of which each held an equal part; ps, up.

    Parameters
    ----------
    level
        From ``collective_levels``; ``None`` is a single device, which waits for nobody.
    n_bytes
        Size of the gathered result.
    """
    _checked(n_bytes)
    return math.ceil(_slowest(level, n_bytes, "g", algorithm))


def reduce_scatter_ps(level: Level | None, n_bytes: int, *, algorithm: Algorithm = "ring") -> int:
    """Time until the sum of ``n_bytes`` on each device lies spread over all; ps, rounded up."""
    _checked(n_bytes)
    return math.ceil(_slowest(level, n_bytes, "s", algorithm))


def all_reduce_ps(level: Level | None, n_bytes: int, *, algorithm: Algorithm = "ring") -> int:
    """Time until every device holds the sum of the ``n_bytes`` on each; ps, rounded up."""
    _checked(n_bytes)
    return math.ceil(_slowest(level, n_bytes, "sg", algorithm))
