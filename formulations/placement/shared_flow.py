r"""Links that the flows of several pairs of machines share, as rows of a program.

A *shared row* bounds a weighted sum of flows between single machines, from the source and to the
sink:

.. math::
    \sum_{(i, j) \in U} w_{ij} f_{ij} \le C

with whole weights (bytes a token) and a whole capacity. Flows of a program are integers, so
dividing a row by the common divisor of its weights and rounding the capacity down loses nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from formulations.milp import IntArray
from formulations.placement.orbits import twins
from formulations.placement.plan import SINK, SOURCE, PlacementPlan
from formulations.placement.problem import PlacementProblem
from formulations.rows import SparseRows

__all__ = ["SharedRow", "alike_within", "overrun", "put_shared_rows"]


@dataclass(frozen=True, slots=True)
class SharedRow:
    """See the module's text.

    Parameters
    ----------
    capacity
        C >= 0.
    users
        (from, to, weight) by index of single machines, ``SOURCE`` or ``SINK``; weights positive.
    """

    capacity: int
    users: tuple[tuple[int, int, int], ...]

    def __post_init__(self) -> None:
        if self.capacity < 0 or any(weight <= 0 for _, _, weight in self.users):
            raise ValueError(
                "a shared link has a negative capacity or a weight that is not positive"
            )
        if len({(start, end) for start, end, _ in self.users}) < len(self.users):
            raise ValueError("a shared link names a pair twice")

    def exchanged(self, i: int, j: int) -> tuple[int, frozenset[tuple[int, int, int]]]:
        """The row after machines ``i`` and ``j`` have changed places, to be compared."""
        place = {i: j, j: i}
        users = ((place.get(a, a), place.get(b, b), weight) for a, b, weight in self.users)
        return self.capacity, frozenset(users)


def overrun(shared: Sequence[SharedRow], plan: PlacementPlan) -> list[int]:
    """Indices of shared rows that a plan of single machines breaks."""
    name = {SOURCE: SOURCE, SINK: SINK, **{a: held.orbit for a, held in enumerate(plan.ranges)}}
    flows = {(name[start], name[end]): flow for (start, end), flow in plan.flows.items()}
    return [
        index
        for index, row in enumerate(shared)
        if sum(weight * flows.get((start, end), 0) for start, end, weight in row.users)
        > row.capacity
    ]


def put_shared_rows(
    rows: SparseRows, shared: Sequence[SharedRow], columns_of: Callable[[int, int], IntArray]
) -> None:
    """Add every shared row to a program.

    Parameters
    ----------
    columns_of
        The columns whose sum is the flow from one machine to another; may be empty.
    """
    for link in shared:
        divisor = math.gcd(*(weight for _, _, weight in link.users)) or 1
        # What enters and leaves one machine may be one column, met twice on the way.
        weights: dict[int, int] = {}
        for start, end, weight in link.users:
            for column in columns_of(start, end).tolist():
                weights[column] = weights.get(column, 0) + weight // divisor
        if weights:
            row = rows.add_block(1, upper=link.capacity // divisor)
            rows.put(row, 0, list(weights), list(weights.values()))


def alike_within(
    problem: PlacementProblem, shared: Sequence[SharedRow]
) -> tuple[tuple[int, ...], ...]:
    """Groups of single machines that may change places without a change to problem or shared rows.

    Being alike is transitive as it is for twins.

    Raises
    ------
    ValueError
        If an orbit of the problem has more than one machine.
    """
    # What a row says does not depend on its name, but two equal rows count twice.
    told = sorted((row.capacity, sorted(row.users)) for row in shared)

    def alike(i: int, j: int) -> bool:
        moved = (row.exchanged(i, j) for row in shared)
        return sorted((capacity, sorted(users)) for capacity, users in moved) == told

    groups: list[list[int]] = []
    for members in twins(problem):
        begin = len(groups)
        for machine in members:
            home = next((group for group in groups[begin:] if alike(group[0], machine)), None)
            if home is None:
                groups.append([machine])
            else:
                home.append(machine)
    return tuple(tuple(group) for group in groups)
