"""Closing the boxes of an economic result once more, with an engine.

The candidates become a program: one binary column each, exactly one chosen, and for every objective
its code (``codes``). The engine must find every box that the points leave to be empty. Candidates
of equal codes are one column. A space of millions is not written down: the engine gets those
nearest to the points, and of the others integers say that some point is at least as good.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from formulations.milp import IntArray, Milp
from solver.engines import get_engine
from solver.engines.contract import Termination
from solver.sweep.certificate import Check
from solver.sweep.economy.certificate import Checked
from solver.sweep.economy.codes import coded_blocks
from solver.sweep.economy.objectives import Goal

__all__ = ["MOST_COLUMNS", "reprove_economy", "selection_program"]

MOST_COLUMNS = 4000
MAX_DETAILS = 5
_CHUNK = 1 << 14


def reprove_economy(
    checked: Checked,
    *,
    engine: str = "cp-sat",
    time_limit_s: float | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Check:
    """Close the boxes that the points leave.

    Parameters
    ----------
    time_limit_s
        For each box; one that is left undecided is a fault.

    Returns
    -------
    Check
        Faults name boxes that are not empty, or that the engine could not close.
    """
    name = "boxes closed again"
    codes, margin = _columns(checked)
    if not len(codes):
        return Check(name, (), "no candidate meets the limits: nothing to close")
    faults: list[str] = []
    if margin is not None and margin < 0:
        faults.append("a candidate that no point is as good as was left out")
    solver = get_engine(engine)
    program = selection_program(checked.goals, codes)
    solver.load(program)
    most = codes.max(axis=0).tolist()
    names = list(program.objectives)
    for done, corner in enumerate(checked.corners, start=1):
        upper = {
            goal: 2 * bound - 1
            for goal, bound, top in zip(names, corner, most, strict=True)
            if 2 * bound - 1 < top
        }
        answer = solver.minimise(names[0], upper=upper, time_limit_s=time_limit_s)
        if answer.termination is Termination.INTERRUPTED:
            raise KeyboardInterrupt
        if answer.termination is not Termination.INFEASIBLE:
            faults.append(f"box {corner}: {answer.termination.value} ({answer.message})")
        if on_progress is not None:
            on_progress(done, len(checked.corners))
        if len(faults) >= MAX_DETAILS:
            break
    detail = f"{len(checked.corners)} boxes by {solver.name} over {len(codes)} columns"
    if margin is not None:
        detail += "; against all others some point is at least as good"
    return Check(name, tuple(faults), detail)


def selection_program(goals: Sequence[Goal], codes: IntArray) -> Milp:
    """One column of each row of (n, p) codes, exactly one of them chosen."""
    n = len(codes)
    return Milp(
        name="one candidate",
        lower=np.zeros(n, dtype=np.int64),
        upper=np.ones(n, dtype=np.int64),
        is_integer=np.ones(n, dtype=bool),
        row_start=np.array([0, n], dtype=np.int64),
        column_index=np.arange(n, dtype=np.int64),
        value=np.ones(n, dtype=np.int64),
        row_lower=np.ones(1, dtype=np.int64),
        row_upper=np.ones(1, dtype=np.int64),
        objectives={goal.name: codes[:, k].copy() for k, goal in enumerate(goals)},
    )


def _columns(checked: Checked) -> tuple[IntArray, int | None]:
    """Codes for the engine, and the least margin of what is left out (``None``: nothing is).

    The margin of a candidate is the largest number of code steps by which one point is at least as
    good in every objective; below zero no point is.
    """
    p = len(checked.goals)
    tables = checked.tables if len(checked.images) else [[] for _ in checked.goals]
    points = 2 * np.array(checked.images, dtype=np.int64).reshape(-1, p)
    kept = np.zeros((0, p), dtype=np.int64)
    left_out: int | None = None
    for block in coded_blocks(checked.every, checked.goals, tables):
        if not len(block.codes):
            continue
        kept = np.unique(np.concatenate([kept, block.codes]), axis=0)
        if len(kept) > MOST_COLUMNS:
            margins = _margins(kept, points)
            order = np.argsort(margins, kind="stable")
            first_out = int(margins[order[MOST_COLUMNS]])
            left_out = first_out if left_out is None else min(left_out, first_out)
            kept = kept[order[:MOST_COLUMNS]]
    return kept, left_out


def _margins(codes: IntArray, points: IntArray) -> IntArray:
    """(n,) largest over the points of the least difference in code."""
    if not len(points):
        return np.full(len(codes), -1, dtype=np.int64)
    step = max(1, _CHUNK * 64 // len(points))
    parts = [
        (codes[start : start + step, None, :] - points[None]).min(axis=2).max(axis=1)
        for start in range(0, len(codes), step)
    ]
    return np.concatenate(parts)
