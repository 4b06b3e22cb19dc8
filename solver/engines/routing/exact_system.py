"""A square system of linear equations in fractions, for the sparse bases of a routing program."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

__all__ = ["solve_exactly"]


def solve_exactly(
    rows: Sequence[Mapping[int, int]], right: Sequence[int]
) -> dict[int, Fraction] | None:
    """Unknown -> value, or ``None`` where the system has not exactly one solution.

    Parameters
    ----------
    rows
        For each equation unknown -> coefficient, none of them 0.

    Notes
    -----
    Gauss-Jordan elimination. Each pivot is taken in the shortest row left, on its unknown that
    stands in the fewest rows (Markowitz 1957): a basis of a transportation problem is nearly a
    forest, so that hardly anything fills in.
    """
    left = {i: {k: Fraction(v) for k, v in row.items()} for i, row in enumerate(rows)}
    value = {i: Fraction(v) for i, v in enumerate(right)}
    where: dict[int, set[int]] = {}
    for i, row in left.items():
        for k in row:
            where.setdefault(k, set()).add(i)
    if len(where) != len(left):
        return None
    waiting = set(left)
    solved: dict[int, int] = {}
    while waiting:
        i = min(waiting, key=lambda r: (len(left[r]), r))
        waiting.remove(i)
        row = left[i]
        if not row:
            return None
        pivot = min(row, key=lambda k: (len(where[k]), k))
        scale = row[pivot]
        left[i] = row = {k: v / scale for k, v in row.items()}
        value[i] /= scale
        for other in sorted(where[pivot] - {i}):
            target = left[other]
            factor = target[pivot]
            for k, v in row.items():
                changed = target.get(k, Fraction(0)) - factor * v
                if changed:
                    target[k] = changed
                    where[k].add(other)
                else:
                    del target[k]
                    where[k].discard(other)
            value[other] -= factor * value[i]
        solved[pivot] = i
    return {k: value[i] for k, i in solved.items()}
