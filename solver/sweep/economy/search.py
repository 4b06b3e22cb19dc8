"""The complete nondominated set of an economic question, by looking at every candidate.

Floats only discard what is worse by more than their error (``running``); what is left is ranked by
exact values in every objective (``ranks``) and compared as integers (``nondominance``).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from fractions import Fraction

import numpy as np

from formulations.milp import IntArray
from solver.lowering.economy.cells import Block, FamilyCells, cells_of
from solver.lowering.economy.space import EconomicSpace, Worth
from solver.performance.step_table import FloatArray, IndexArray
from solver.sweep.economy.nondominance import nondominated_groups
from solver.sweep.economy.objectives import Goal, goals_of
from solver.sweep.economy.outcome import EconomyOutcome, EconomyPoint
from solver.sweep.economy.ranks import exact_ranks
from solver.sweep.economy.running import RunningPool

__all__ = ["blocks_of", "search_economy"]

BLOCK_CELLS = 1 << 15
"""Candidates evaluated at once: the temporaries stay in the second-level cache."""
Progress = Callable[[int, int], None]


def blocks_of(cells: FamilyCells) -> Iterator[tuple[IndexArray, IndexArray]]:
    """Index arrays (rows as a column, all columns as a row) that cover a family."""
    n_rows, n_columns = cells.family.shape
    step = max(1, BLOCK_CELLS // max(n_columns, 1))
    columns = np.arange(n_columns, dtype=np.intp)[None, :]
    for start in range(0, n_rows, step):
        yield np.arange(start, min(start + step, n_rows), dtype=np.intp)[:, None], columns


def search_economy(
    space: EconomicSpace,
    *,
    time_limit_s: float | None = None,
    on_progress: Progress | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> EconomyOutcome:
    """Every nondominated candidate of a question, or an honest part of it.

    Parameters
    ----------
    time_limit_s
        Stop after this long; the points are then those of what was looked at.
    on_progress
        Called with (candidates done, candidates to do).
    should_stop
        Asked between blocks; a true answer acts like a limit. So does Ctrl-C.

    Notes
    -----
    Of candidates with equal objectives the simplest deployment is kept (``ReplicaSpace.tie_key``),
    then the model listed first, then the least power, then the machine listed first.
    """
    start = time.monotonic()

    def stop_reason() -> str:
        if time_limit_s is not None and time.monotonic() - start > time_limit_s:
            return f"time limit of {time_limit_s:g} s"
        if should_stop is not None and should_stop():
            return "stopped by the user"
        return ""

    goals = goals_of(space.instance.trade_off)
    every = cells_of(space.instance, space.parts)
    grades = _grades(every)
    pool = RunningPool(tuple(goal.is_whole for goal in goals))
    to_do, evaluated, reason = space.n_candidates, 0, ""
    try:
        for which, cells in enumerate(every):
            for rows, columns in blocks_of(cells):
                reason = stop_reason()
                if reason:
                    break
                block = cells.block(rows, columns)
                # Before its points are: an interrupt must not leave more points than candidates.
                evaluated += block.allowed.size
                _offer(pool, goals, block, which, rows, columns, grades[which])
                if on_progress is not None:
                    on_progress(evaluated, to_do)
            if reason:
                break
    except KeyboardInterrupt:
        reason = "interrupted"
    points = _settled(every, goals, *pool.left())
    return EconomyOutcome(space, points, evaluated, reason)


def _grades(every: tuple[FamilyCells, ...]) -> list[int]:
    """Rank of the quality of every family, 0 the best; all 0 where no score is known."""
    known = sorted({-cells.quality for cells in every if cells.quality is not None})
    place = {level: rank for rank, level in enumerate(known)}
    return [0 if cells.quality is None else place[-cells.quality] for cells in every]


def _offer(
    pool: RunningPool,
    goals: tuple[Goal, ...],
    block: Block,
    which: int,
    rows: IndexArray,
    columns: IndexArray,
    grade: int,
) -> None:
    """Hand the allowed candidates of a block to the pool."""
    at, column = np.nonzero(block.allowed)
    if not len(at):
        return
    values = np.empty((len(at), len(goals)))
    for k, goal in enumerate(goals):
        values[:, k] = _column(goal, block, grade)[at, column]
    power = np.full(len(at), -1) if block.power_mw is None else block.power_mw[at, column]
    places = np.stack(
        [
            np.full(len(at), which),
            rows[at, 0],
            columns[0, column],
            block.latency_ps[at, column],
            power,
        ],
        axis=1,
    )
    pool.offer(values, places.astype(np.int64))


def _column(goal: Goal, block: Block, grade: int) -> FloatArray:
    """What is minimised, as floats: whole numbers below 2^53, or estimates."""
    if goal.name == "speed":
        return block.latency_ps.astype(np.float64)
    if goal.name == "cost":
        return block.cost
    if goal.name == "quality":
        return np.full(block.latency_ps.shape, float(grade))
    figure = block.energy if goal.name == "energy" else block.power_mw
    if figure is None:
        raise ValueError(f"{goal.name} is weighed and not known")
    return figure.astype(np.float64)


def _settled(
    every: tuple[FamilyCells, ...],
    goals: tuple[Goal, ...],
    values: FloatArray,
    places: IntArray,
) -> tuple[EconomyPoint, ...]:
    """The nondominated candidates of a pool, exactly, in lexicographic order."""
    if not len(values):
        return ()
    worths: dict[int, Worth] = {}

    def worth(index: int) -> Worth:
        if index not in worths:
            which, row, column, latency, power = places[index].tolist()
            known = None if power < 0 else power
            worths[index] = every[which].worth(row, column, latency, known)
        return worths[index]

    images = np.empty(values.shape, dtype=np.int64)
    for k, goal in enumerate(goals):
        if goal.is_whole:
            images[:, k] = np.unique(values[:, k], return_inverse=True)[1].ravel()
        else:

            def exact(index: int, goal: Goal = goal) -> Fraction | int:
                return goal.level(worth(index))

            images[:, k] = exact_ranks(values[:, k], exact)
    order = {id(part): at for at, part in enumerate(dict.fromkeys(c.part for c in every))}

    def tie(index: int) -> tuple[object, ...]:
        which, row, column, _, power = places[index].tolist()
        cells = every[which]
        key = cells.part.space.tie_key(cells.family, row, column)
        return (key, order[id(cells.part)], power, which)

    points = []
    for members in nondominated_groups(images):
        best = min(members.tolist(), key=tie)
        which, row, column, *_ = places[best].tolist()
        points.append(EconomyPoint(every[which], row, column, worth(best)))
    return tuple(points)
