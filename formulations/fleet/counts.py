r"""Counts: integer replicas under covering and limit rows; racks, where there are any, one by one.

Sets: columns :math:`j`, cells :math:`i`, limits :math:`r`, cuts :math:`c` of the routings; with
racks: items :math:`k` (columns :math:`j(k)` that stand in racks), racks :math:`h` of orbit
:math:`o(h)`, dimensions :math:`d`.

Variables: :math:`n_j \in \{0, \dots, u_j\}`; :math:`m_{hk} \in \mathbb{Z}_{\ge 0}` units of item
:math:`k` in rack :math:`h`, for items its orbit admits.

.. math::
    \text{measure} = \sum_j c_j n_j

.. math::
    \sum_j a_{ij} n_j \ge d_i, \qquad
    -\sum_j b_{rj} n_j \ge -B_r, \qquad
    \sum_j w_{cj} n_j \ge l_c

.. math::
    \sum_h m_{hk} = n_{j(k)}, \qquad \sum_k s_{kd} m_{hk} \le C_{o(h) d}, \qquad
    \sum_k \sigma_k (m_{hk} - m_{h'k}) \ge 0

where :math:`h'` follows :math:`h` in the same orbit and :math:`\sigma_k = \sum_d s_{kd} / g_d` is
the total size of an item (:math:`g_d` the greatest common divisor of a dimension): equal racks are
ordered from the fullest on. If any one rack may be lost, for every rack and cell

.. math::
    \sum_j a_{ij} n_j - \sum_k a_{i j(k)} m_{hk} \ge d_i .

Routing shares do not appear: they are projected out into cuts, known ones at once and others as
plans break them, so an optimum is one of the whole problem once its counts can serve all classes.

Size: :math:`n + \sum_h |K_h|` columns; with :math:`T` the rows over counts that are left after
tightening, :math:`K` items, :math:`H` racks of :math:`D` dimensions and :math:`p` cells
:math:`|T| + K + H D + \sum_o \max(R_o - 1, 0)` rows, and :math:`H p` more where a rack may be lost
(``count_sizes`` has the nonzeros).

Strength: at least that of ``rack_assignment``: every tightened row implies the stated one for
:math:`n \ge 0` (no weight is greater, relative to the right-hand side), and the bounds are no
looser. The rows of order add nothing to a bound: the mean of a point over all permutations of equal
racks is a point with the same counts, and meets them with equality. With racks the relaxation pools
all racks of an orbit, :math:`\sum_k s_{kd} \sum_{h \in o} m_{hk} \le R_o C_{od}`, where a rack may
hold fractions of items; ``rack_patterns`` forbids these, and is at least as strong (see there).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from formulations.fleet.count_sizes import count_size, total_sizes
from formulations.fleet.problem import FleetProblem
from formulations.fleet.program import Decoded, FleetProgram
from formulations.fleet.rack_bins import RackBins, rack_bins
from formulations.fleet.routing import Cut
from formulations.fleet.tight_rows import count_rows, put_rows, tight_upper
from formulations.milp import IntArray
from formulations.rows import SparseRows
from formulations.size import ProgramSize

__all__ = ["build_counts", "count_program", "size_counts"]


def put_racks(rows: SparseRows, problem: FleetProblem, bins: RackBins, *, ordered: bool) -> None:
    """Linking, capacity, order (where wanted) and loss; places follow the counts as columns."""
    racks, n = bins.racks, problem.n_columns
    link = rows.add_block(len(racks.items), lower=0, upper=0)
    rows.put(link, np.arange(len(racks.items)), racks.items, -1)
    rows.put(link, bins.item, n + np.arange(bins.n_places), 1)

    n_racks, n_dimensions = len(bins.orbit), racks.size.shape[1]
    room = rows.add_block(n_racks * n_dimensions, upper=racks.capacity[bins.orbit].ravel())
    for d in range(n_dimensions):
        rows.put(
            room,
            bins.rack * n_dimensions + d,
            n + np.arange(bins.n_places),
            racks.size[bins.item, d],
        )

    if ordered:
        sizes = total_sizes(racks.size)
        followed = np.flatnonzero(bins.orbit[1:] == bins.orbit[:-1]).tolist()
        order = rows.add_block(len(followed), lower=0)
        for k, rack in enumerate(followed):
            for sign, places in ((1, bins.of_rack(rack)), (-1, bins.of_rack(rack + 1))):
                rows.put(order, k, n + places, sign * sizes[bins.item[places]])

    if racks.survive_loss:
        for i, need in enumerate(problem.demand.tolist()):
            columns, values = problem.cover.row(i)
            brings = np.zeros(n, dtype=np.int64)
            brings[columns] = values
            loss = rows.add_block(n_racks, lower=need)
            for rack in range(n_racks):
                places = bins.of_rack(rack)
                rows.put(loss, rack, columns, values)
                rows.put(loss, rack, n + places, -brings[racks.items[bins.item[places]]])


def count_program(
    problem: FleetProblem,
    formulation: str,
    cuts: Sequence[Cut],
    upper: IntArray,
    bins: RackBins | None,
    *,
    ordered: bool,
) -> FleetProgram:
    """The program over counts, and places in racks where there are any.

    Parameters
    ----------
    formulation
        Its name.
    cuts
        All rows of counts.
    upper : (n,) int64
        Of the counts.
    ordered
        Whether equal racks are ordered from the fullest on.
    """
    rows = SparseRows()
    put_rows(rows, cuts)
    n = problem.n_columns
    most = upper
    if bins is not None:
        put_racks(rows, problem, bins, ordered=ordered)
        most = np.concatenate([upper, bins.most])

    def decode(x: IntArray) -> Decoded:
        return x[:n].copy(), () if bins is None else bins.filled(x[n:])

    return FleetProgram(
        formulation=formulation,
        problem=problem,
        statement=rows.to_milp(
            f"{problem.name}/{formulation}",
            lower=np.zeros(len(most), dtype=np.int64),
            upper=most,
            objectives={
                key: np.concatenate([measure, np.zeros(len(most) - n, dtype=np.int64)])
                for key, measure in problem.measures.items()
            },
        ),
        decoder=decode,
    )


def build_counts(problem: FleetProblem, cuts: Sequence[Sequence[Cut]] = ()) -> FleetProgram:
    """State the problem over its counts; the model is in the module docstring.

    Parameters
    ----------
    cuts
        For each routing of the problem, cuts found so far; ``()`` for none.

    Raises
    ------
    ValueError
        If the racks are too many to be written one by one, or a row does not fit into 64 bits.
    """
    upper = tight_upper(problem)
    bins = None if problem.racks is None else rack_bins(problem.racks, upper)
    return count_program(
        problem, "counts", count_rows(problem, upper, cuts), upper, bins, ordered=True
    )


def size_counts(problem: FleetProblem, cuts: Sequence[Sequence[Cut]] = ()) -> ProgramSize:
    """Rows, columns and nonzeros by the formulas of ``count_sizes``.

    Raises
    ------
    ValueError
        If the racks are too many to be written one by one.
    """
    upper = tight_upper(problem)
    return count_size(problem, count_rows(problem, upper, cuts), upper)
