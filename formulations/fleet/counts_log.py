r"""Counts in binary: ``counts`` with every whole number written in its bits.

Sets, data and rows as in ``counts``. Variables: for every count and every place of an item in a
rack, each a whole number of 0 to :math:`u`, binaries :math:`y_0, \dots, y_{b-1}` with :math:`b` the
bits of :math:`u`, and

.. math::
    n = \sum_{k=0}^{b-2} 2^k y_k + (u - 2^{b-1} + 1)\, y_{b-1}

in place of it in every row and measure (Watters 1967; the last weight makes the bound :math:`n \le
u` a matter of course, so that no row has to say it). Some :math:`n` have two ways to be written
where :math:`u + 1` is no power of two.

Size: :math:`\sum_j \lfloor \log_2 u_j + 1 \rfloor` columns over all counts and places; rows as
``counts``.

Strength: the linear bound of ``counts``, neither more nor less (proved in ``in_binaries``); but a
branch on a bit splits the range of a count into halves that interleave, so that bounds grow less by
branching than by a split into low and high (Owen and Mehrotra 2002).
"""

from __future__ import annotations

from collections.abc import Sequence

from formulations.fleet.binary_counts import binary_program, binary_size
from formulations.fleet.problem import FleetProblem
from formulations.fleet.program import FleetProgram
from formulations.fleet.routing import Cut
from formulations.size import ProgramSize

__all__ = ["bits_of", "build_counts_log", "size_counts_log"]


def bits_of(most: int) -> list[int]:
    """Weights of the bits of a number of 0 to ``most``; they add up to it."""
    bits = most.bit_length()
    if not bits:
        return []
    return [2**k for k in range(bits - 1)] + [most - 2 ** (bits - 1) + 1]


def build_counts_log(problem: FleetProblem, cuts: Sequence[Sequence[Cut]] = ()) -> FleetProgram:
    """State the problem over bits; the model is in the module docstring.

    Parameters
    ----------
    cuts
        For each routing of the problem, cuts found so far; ``()`` for none.

    Raises
    ------
    ValueError
        If the racks are too many to be written one by one, or a row does not fit into 64 bits.
    """
    return binary_program(problem, cuts, weights=bits_of, ordered=False, formulation="counts_log")


def size_counts_log(problem: FleetProblem, cuts: Sequence[Sequence[Cut]] = ()) -> ProgramSize:
    """Rows, columns and nonzeros by the formulas of ``count_sizes``.

    Raises
    ------
    ValueError
        If the racks are too many to be written one by one.
    """
    return binary_size(problem, cuts, width=int.bit_length, ordered=False)
