"""Rows held against each other: where no reference is known, proofs that agree are right."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from solver.bench.agreement import contradictions, marked
from solver.bench.row import Row

__all__ = ["settled"]


def settled(rows: Sequence[Row]) -> list[Row]:
    """The rows with every verdict that can be told from all of them.

    Rows that contradict each other become ``wrong`` (see ``agreement``). At levels that no
    reference proved, proofs of two sides or more are ``right`` where no row of the level is wrong.
    """
    checked = marked(rows, contradictions(rows))
    by_level: dict[tuple[str, str, int], list[Row]] = defaultdict(list)
    for row in checked:
        by_level[row.group, row.instance_sha256, row.level].append(row)
    judged = {row.key: row for level in by_level.values() for row in _together(level)}
    return [judged[row.key] for row in checked]


def _together(level: Sequence[Row]) -> Sequence[Row]:
    proofs = [
        row for row in level if row.status in ("optimal", "infeasible") and row.points is None
    ]
    if any(row.best_by for row in level) or not proofs:
        return level
    if any(row.verdict in ("wrong", "missing") for row in level):
        return level
    if len({(row.formulation, row.engine) for row in proofs}) < 2:
        # One side that agrees with itself proves nothing more.
        return level
    by = f"{len(proofs)} rows that agree, {proofs[0].side} among them"
    return [
        replace(
            row,
            verdict="right" if row in proofs else row.verdict,
            best=proofs[0].incumbent,
            best_by=by,
        )
        for row in level
    ]
