"""A candidate space as the numeric replica problem that the formulations state.

Rows of the grid are layouts, columns batch levels; objectives become dense ranks, so that no
coefficient exceeds the number of distinct values and one unit of epsilon skips nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from formulations.replica.problem import ReplicaProblem
from solver.errors import InstanceError
from solver.lowering.families import CandidateFamily
from solver.lowering.space import ReplicaSpace

Indices = npt.NDArray[np.intp]

__all__ = ["MAX_CELLS", "ReplicaNumbers", "number_replica"]

MAX_CELLS = 2_000_000
"""Larger grids are not written down as programs: enumeration is the tool for them."""


@dataclass(frozen=True, slots=True, eq=False)
class ReplicaNumbers:
    """The numeric problem and the way back.

    Attributes
    ----------
    latency_values, cost_values
        Value of each rank: picoseconds, US$ per million tokens.
    rows
        Grid row -> (family, row of the family).
    batches
        Grid column -> batch.
    """

    problem: ReplicaProblem
    latency_values: tuple[int, ...]
    cost_values: tuple[Fraction, ...]
    rows: tuple[tuple[CandidateFamily, int], ...]
    batches: tuple[int, ...]

    def candidate(self, layout: int, level: int) -> tuple[CandidateFamily, int, int]:
        """Family, row and column of a grid cell."""
        family, row = self.rows[layout]
        return family, row, int(np.flatnonzero(family.batches == self.batches[level])[0])


def _ranks(
    values: npt.NDArray[np.int64], sorted_values: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    return np.searchsorted(sorted_values, values).astype(np.int64)


def _kept_by_family(
    space: ReplicaSpace, only: Sequence[tuple[CandidateFamily, int, int]] | None
) -> list[tuple[CandidateFamily, tuple[Indices, Indices]]]:
    """Rows and columns of every family that occur."""
    if only is None:
        return [
            (family, (np.arange(family.shape[0]), np.arange(family.shape[1])))
            for family in space.families
        ]
    chosen: dict[int, tuple[set[int], set[int]]] = {}
    for family, row, column in only:
        rows, columns = chosen.setdefault(id(family), (set(), set()))
        rows.add(row)
        columns.add(column)
    return [
        (family, (np.array(sorted(rows)), np.array(sorted(columns))))
        for family in space.families
        if id(family) in chosen
        for rows, columns in [chosen[id(family)]]
    ]


def _mask_of(
    only: Sequence[tuple[CandidateFamily, int, int]],
    rows: list[tuple[CandidateFamily, int]],
    level_of: Mapping[int, int],
    shape: tuple[int, int],
) -> npt.NDArray[np.bool_]:
    layout_of = {(id(family), row): layout for layout, (family, row) in enumerate(rows)}
    mask = np.zeros(shape, dtype=bool)
    for family, row, column in only:
        mask[layout_of[id(family), row], level_of[int(family.batches[column])]] = True
    return mask


def number_replica(
    space: ReplicaSpace, *, only: Sequence[tuple[CandidateFamily, int, int]] | None = None
) -> ReplicaNumbers:
    """Write a space down as numbers; all limits of the instance are in the mask.

    Parameters
    ----------
    only
        (family, row, column) of the candidates to keep; the whole space if left out.

    Raises
    ------
    InstanceError
        If the grid has more than ``MAX_CELLS`` cells.
    """
    kept = _kept_by_family(space, only)
    batches = sorted(
        {int(batch) for family, (_, columns) in kept for batch in family.batches[columns].tolist()}
    )
    level_of = {batch: level for level, batch in enumerate(batches)}
    rows = [(family, row) for family, (own_rows, _) in kept for row in own_rows.tolist()]
    shape = (len(rows), len(batches))
    if shape[0] * shape[1] > MAX_CELLS:
        raise InstanceError.one(
            f"{shape[0]} layouts by {shape[1]} batches are more than {MAX_CELLS:,} cells",
            where=f"{space.instance.source}: design",
            mend="List fewer batches and degrees",
        )
    memory = np.zeros(shape, dtype=np.int64)
    arithmetic = np.zeros(shape, dtype=np.int64)
    allowed = np.zeros(shape, dtype=bool)
    start = 0
    for family, (chosen_rows, chosen_columns) in kept:
        own_rows, own_columns = chosen_rows[:, None], chosen_columns[None, :]
        levels = np.array(
            [level_of[batch] for batch in family.batches[chosen_columns].tolist()], dtype=np.intp
        )
        grid = np.ix_(np.arange(start, start + len(chosen_rows)), levels)
        own_memory, own_arithmetic = family.latency_if_bound_ps(own_rows, own_columns)
        memory[grid], arithmetic[grid] = own_memory, own_arithmetic
        latency = np.maximum(own_memory, own_arithmetic)
        own_allowed = np.broadcast_to(
            family.allowed(own_rows, own_columns, latency), (len(chosen_rows), len(chosen_columns))
        )
        if family.limits.max_latency_ps is not None:
            own_allowed = own_allowed & (latency <= family.limits.max_latency_ps)
        allowed[grid] = own_allowed
        start += len(chosen_rows)
    if only is not None:
        allowed &= _mask_of(only, rows, level_of, shape)
    latency = np.maximum(memory, arithmetic)
    costs: dict[tuple[int, int], Fraction] = {}
    most = space.instance.limits.max_cost_usd_per_mtok
    for layout, level in np.argwhere(allowed).tolist():
        family, row = rows[layout]
        column = int(np.searchsorted(family.batches, batches[level]))
        cost = space.cost(family, row, column, int(latency[layout, level]))
        if most is not None and cost > most:
            allowed[layout, level] = False
        else:
            costs[layout, level] = cost
    cost_values = tuple(sorted(set(costs.values())))
    cost_rank = {cost: rank for rank, cost in enumerate(cost_values)}
    cost_grid = np.zeros(shape, dtype=np.int64)
    for (layout, level), cost in costs.items():
        cost_grid[layout, level] = cost_rank[cost]
    # Both roofline branches are ranked in one list: ranks keep order, so the maximum of two ranks
    # is the rank of the maximum.
    levels_ps = np.unique(np.concatenate([memory[allowed], arithmetic[allowed]]))
    return ReplicaNumbers(
        problem=ReplicaProblem(
            name=space.instance.name,
            memory_latency=np.where(allowed, _ranks(memory, levels_ps), 0),
            arithmetic_latency=np.where(allowed, _ranks(arithmetic, levels_ps), 0),
            cost=cost_grid,
            allowed=allowed,
        ),
        latency_values=tuple(levels_ps.tolist()),
        cost_values=cost_values,
        rows=tuple(rows),
        batches=tuple(batches),
    )
