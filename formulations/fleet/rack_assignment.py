r"""Rack assignment: what one writes down first, every item assigned to single racks, no row helped.

Sets: columns :math:`j`, cells :math:`i`, limits :math:`r`, cuts :math:`c` of the routings; with
racks: items :math:`k` (columns :math:`j(k)` that stand in racks), racks :math:`h` of orbit
:math:`o(h)`, dimensions :math:`d`.

Variables: :math:`n_j \in \{0, \dots, u_j\}`; :math:`m_{hk} \in \{0, \dots, u_{j(k)}\}` units of
item :math:`k` in rack :math:`h`, for items its orbit admits.

.. math::
    \text{measure} = \sum_j c_j n_j

.. math::
    \sum_j a_{ij} n_j \ge d_i, \qquad
    \sum_j b_{rj} n_j \le B_r, \qquad
    \sum_j w_{cj} n_j \ge l_c

.. math::
    \sum_h m_{hk} = n_{j(k)}, \qquad \sum_k s_{kd} m_{hk} \le C_{o(h) d}

and, if any one rack may be lost, for every rack and cell
:math:`\sum_j a_{ij} n_j - \sum_k a_{i j(k)} m_{hk} \ge d_i`. It is the assignment formulation of
bin packing (Martello and Toth 1990, chapter 8) with the number of bins given; without racks the
integer covering program. Rows, bounds and weights are those of the problem; equal racks may be
exchanged, so that a packing is there :math:`\prod_o R_o!` times over (less where racks hold the
same).

Size: :math:`n + \sum_h |K_h|` columns, :math:`p + r + c + K + H D` rows for :math:`p` cells,
:math:`r` limits, :math:`c` cuts, :math:`K` items and :math:`H` racks of :math:`D` dimensions, and
:math:`H p` more where a rack may be lost.

Strength: the weakest here. Every point of the relaxation of ``counts`` is one of this relaxation
(shown there). Without racks it is the linear bound of the covering rows as they stand; with racks
it only sees the total room of the racks that admit an item, and fractions of items fill it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from formulations.fleet.count_sizes import count_size
from formulations.fleet.counts import count_program
from formulations.fleet.problem import FleetProblem
from formulations.fleet.program import FleetProgram
from formulations.fleet.rack_bins import rack_bins
from formulations.fleet.routing import Cut
from formulations.fleet.tight_rows import stated_rows
from formulations.milp import INFINITY
from formulations.size import ProgramSize

__all__ = ["build_rack_assignment", "size_rack_assignment"]


def _rows(problem: FleetProblem, cuts: Sequence[Sequence[Cut]]) -> list[Cut]:
    """The stated rows without limits that are none."""
    return [row for row in stated_rows(problem, cuts) if row.least > -INFINITY]


def build_rack_assignment(
    problem: FleetProblem, cuts: Sequence[Sequence[Cut]] = ()
) -> FleetProgram:
    """State the problem as it is told; the model is in the module docstring.

    Parameters
    ----------
    cuts
        For each routing of the problem, cuts found so far; ``()`` for none.

    Raises
    ------
    ValueError
        If the racks are too many to be written one by one, or a row does not fit into 64 bits.
    """
    bins = None
    if problem.racks is not None:
        bins = rack_bins(problem.racks, problem.upper)
        bins = replace(bins, most=problem.upper[problem.racks.items[bins.item]])
    return count_program(
        problem, "rack_assignment", _rows(problem, cuts), problem.upper, bins, ordered=False
    )


def size_rack_assignment(problem: FleetProblem, cuts: Sequence[Sequence[Cut]] = ()) -> ProgramSize:
    """Rows, columns and nonzeros by the formulas of ``count_sizes``.

    Raises
    ------
    ValueError
        If the racks are too many to be written one by one.
    """
    return count_size(problem, _rows(problem, cuts), problem.upper, tight=False)
