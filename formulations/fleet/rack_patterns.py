r"""Rack patterns: an integer multiplicity for every maximal pattern of every orbit of equal racks.

Sets: columns :math:`j`, rows as in ``counts``; shapes :math:`k` (items that no rack can tell
apart, with columns :math:`J_k`), orbits :math:`o` of :math:`R_o` racks, maximal patterns
:math:`q \in Q_o`.

Variables: :math:`n_j \in \{0, \dots, u_j\}`; :math:`z_{oq} \in \{0, \dots, R_o\}` racks of orbit
:math:`o` laid out by pattern :math:`q`.

.. math::
    \text{measure} = \sum_j c_j n_j

.. math::
    \sum_j a_{ij} n_j \ge d_i, \qquad
    -\sum_j b_{rj} n_j \ge -B_r, \qquad
    \sum_j w_{cj} n_j \ge l_c

.. math::
    \sum_o \sum_{q \in Q_o} q_k z_{oq} - \sum_{j \in J_k} n_j \ge 0, \qquad
    \sum_{q \in Q_o} z_{oq} \le R_o

A rack may hold less than its pattern; the decoder hands out the exact contents. Equal racks have
no copies, so there is no symmetry to break, and the relaxation is the convex hull of what one rack
can hold (Gilmore and Gomory 1961). Which rack holds which column of a shape is settled by the
decoder alone; hence a problem in which any one rack may be lost is not for this formulation.

Size: :math:`n + \sum_o |Q_o|` columns, :math:`|T| + K + O` rows for :math:`T` rows over counts,
:math:`K` shapes and :math:`O` orbits; refused where an orbit has more than 5,000 patterns.

Strength: at least that of ``counts``. Take :math:`(n, z)` of this relaxation. Where patterns hold
more of a shape than :math:`n` needs, let them hold less; then share :math:`\sum_q q_k z_{oq}` out
evenly over the :math:`R_o` racks of each orbit, and among the columns of a shape in proportion to
:math:`n_j`: every rack holds a mean of patterns, so its room is kept and what fits of an item alone
is not exceeded, and equal racks hold the same, as the order asks. The converse is false: beside
two items of 2 a rack of 5 holds a third of one of 3 in ``counts``, and nothing here. Equal to that
of ``rack_arc_flow`` (see there).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from formulations.fleet.count_sizes import nonzeros_of
from formulations.fleet.maximal_patterns import maximal_patterns
from formulations.fleet.plan import FilledRack
from formulations.fleet.problem import FleetProblem
from formulations.fleet.program import Decoded, FleetProgram
from formulations.fleet.rack_shapes import Pattern, RackShapes, rack_shapes
from formulations.fleet.routing import Cut
from formulations.fleet.tight_rows import count_rows, put_rows, tight_upper
from formulations.formulation import RefusedError
from formulations.milp import IntArray
from formulations.rows import SparseRows
from formulations.size import ProgramSize

__all__ = [
    "MOST_PATTERNS",
    "build_rack_patterns",
    "handed_out",
    "pattern_program",
    "pattern_size",
    "shapes_of",
    "size_rack_patterns",
]

MOST_PATTERNS: int = 5_000
"""Most maximal patterns of one orbit that are written out."""


def shapes_of(problem: FleetProblem, upper: IntArray) -> RackShapes:
    """Shapes of the items of a problem with racks, none of which need survive the loss of one.

    Raises
    ------
    ValueError
        If the problem has no racks, or must survive a loss.
    """
    if problem.racks is None:
        raise RefusedError(f"{problem.name}: there are no racks to lay out by patterns")
    if problem.racks.survive_loss:
        raise RefusedError(
            f"{problem.name}: the loss of a rack depends on which columns it holds, which "
            "patterns do not say; state such a problem by counts"
        )
    return rack_shapes(problem.racks, upper)


def handed_out(
    shapes: RackShapes, patterns: Sequence[Pattern], counts: IntArray, times: IntArray
) -> tuple[FilledRack, ...]:
    """Exact contents: rack by rack, the columns of each shape in order until all stand.

    Parameters
    ----------
    counts : (n,) int64
    times : (patterns,) int64
        Racks laid out by each pattern.

    Raises
    ------
    ValueError
        If not all that is counted finds room.
    """
    waiting = [
        [[j, int(counts[j])] for j in reversed(members) if counts[j]] for members in shapes.members
    ]
    alike: Counter[tuple[int, tuple[tuple[int, int], ...]]] = Counter()
    for pattern, repeats in zip(patterns, times.tolist(), strict=True):
        for _ in range(repeats):
            holds: list[tuple[int, int]] = []
            for queue, room in zip(waiting, pattern.units, strict=True):
                free = room
                while free and queue:
                    column, units = queue[-1]
                    taken = min(free, units)
                    free -= taken
                    holds.append((column, taken))
                    queue[-1][1] -= taken
                    if taken == units:
                        queue.pop()
            if holds:
                alike[pattern.orbit, tuple(sorted(holds))] += 1
    if any(waiting):
        raise ValueError("the patterns have no room for all that is counted")
    return tuple(FilledRack(orbit, k, dict(holds)) for (orbit, holds), k in alike.items())


def pattern_program(
    problem: FleetProblem,
    shapes: RackShapes,
    patterns: Sequence[Pattern],
    cuts: Sequence[Sequence[Cut]],
    *,
    upper: IntArray,
    formulation: str,
) -> FleetProgram:
    """The program over these patterns alone; ``upper`` (n,) bounds the counts."""
    n, n_patterns = problem.n_columns, len(patterns)
    rows = SparseRows()
    put_rows(rows, count_rows(problem, upper, cuts))
    link = rows.add_block(shapes.n_shapes, lower=0)
    for shape, members in enumerate(shapes.members):
        rows.put(link, shape, np.array(members, dtype=np.int64), -1)
        units = np.array([pattern.units[shape] for pattern in patterns], dtype=np.int64)
        rows.put(link, shape, n + np.arange(n_patterns), units)
    count = shapes.racks.count
    orbit = np.array([pattern.orbit for pattern in patterns], dtype=np.int64)
    within = rows.add_block(len(count), upper=count)
    rows.put(within, orbit, n + np.arange(n_patterns), 1)

    def decode(x: IntArray) -> Decoded:
        counts = x[:n].copy()
        return counts, handed_out(shapes, patterns, counts, x[n:])

    return FleetProgram(
        formulation=formulation,
        problem=problem,
        statement=rows.to_milp(
            f"{problem.name}/{formulation}",
            lower=np.zeros(n + n_patterns, dtype=np.int64),
            upper=np.concatenate([upper, count[orbit]]),
            objectives={
                key: np.concatenate([measure, np.zeros(n_patterns, dtype=np.int64)])
                for key, measure in problem.measures.items()
            },
        ),
        decoder=decode,
    )


def pattern_size(
    problem: FleetProblem,
    shapes: RackShapes,
    patterns: Sequence[Pattern],
    cuts: Sequence[Sequence[Cut]] = (),
) -> ProgramSize:
    """Size of ``pattern_program`` on paper."""
    tight = count_rows(problem, tight_upper(problem), cuts)
    return ProgramSize(
        rows=len(tight) + shapes.n_shapes + len(shapes.racks.count),
        columns=problem.n_columns + len(patterns),
        nonzeros=nonzeros_of(tight, [1] * problem.n_columns)
        + sum(len(members) for members in shapes.members)
        + sum(1 + sum(map(bool, pattern.units)) for pattern in patterns),
    )


def _all_patterns(shapes: RackShapes, limit: int) -> list[Pattern]:
    return [
        pattern
        for orbit, count in enumerate(shapes.racks.count.tolist())
        if count
        for pattern in maximal_patterns(shapes, orbit, limit=limit)
    ]


def build_rack_patterns(
    problem: FleetProblem, cuts: Sequence[Sequence[Cut]] = (), *, limit: int = MOST_PATTERNS
) -> FleetProgram:
    """State the problem over all maximal patterns; the model is in the module docstring.

    Parameters
    ----------
    cuts
        For each routing of the problem, cuts found so far; ``()`` for none.
    limit
        Most patterns of one orbit.

    Raises
    ------
    ValueError
        If there are no racks, a rack may be lost, or an orbit has more than ``limit`` patterns.
    """
    upper = tight_upper(problem)
    shapes = shapes_of(problem, upper)
    patterns = _all_patterns(shapes, limit)
    return pattern_program(
        problem, shapes, patterns, cuts, upper=upper, formulation="rack_patterns"
    )


def size_rack_patterns(problem: FleetProblem, cuts: Sequence[Sequence[Cut]] = ()) -> ProgramSize:
    """Rows, columns and nonzeros from the patterns alone.

    Raises
    ------
    ValueError
        As ``build_rack_patterns``.
    """
    shapes = shapes_of(problem, tight_upper(problem))
    return pattern_size(problem, shapes, _all_patterns(shapes, MOST_PATTERNS), cuts)
