"""Do all answers of a benchmark agree? Rows that contradict each other are marked wrong.

The verdict of a row compares it with the proved optimum alone. Here rows are held against each
other, level by level, whatever seed, formulation or engine they come from:

* two rows that both claim a proof and differ. Where the optimum is proved, each that differs from
  it is wrong; where it is not, nobody can tell which is, and both are marked;
* a bound above the best known value, or above the value of a point that another row has;
* (a formulation that states a restriction bounds itself alone: such bounds are not looked at);
* a relaxation whose bound is above the optimum by more than floating-point noise is reported as
  doubtful, not as wrong: the engine that computed it proves nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from solver.bench.row import Row

__all__ = ["NOISE", "Contradiction", "contradictions", "doubtful_bounds", "marked"]

NOISE = 1e-6
"""Relative error that a bound of a floating-point engine may have."""


_Claim: TypeAlias = tuple[int | None, int | None]
"""Optimum, and number of points of a set; infeasible is ``(None, None)`` or ``(None, 0)``."""


@dataclass(frozen=True, slots=True, eq=False)
class Contradiction:
    """Rows that cannot all be true.

    Parameters
    ----------
    rows
        All that speak against each other.
    wrong
        Those to be marked.
    what
        For people, one line.
    """

    rows: tuple[Row, ...]
    wrong: tuple[Row, ...]
    what: str


def _claim(row: Row) -> _Claim | None:
    """What a row claims to have proved; ``None`` for nothing."""
    if row.status == "infeasible":
        return (None, 0 if row.points is not None else None)
    if row.status == "optimal":
        return (row.incumbent, row.points)
    return None


def _words(row: Row) -> str:
    if row.status == "infeasible":
        return "infeasible"
    if row.points is not None:
        return f"{row.points} points"
    return f"optimum {row.incumbent}"


def _truth_words(truth: _Claim) -> str:
    if truth[1] is not None:
        return f"a set of {truth[1]} points"
    return "that nothing is feasible" if truth[0] is None else f"optimum {truth[0]}"


def _same(one: _Claim, other: _Claim) -> bool:
    """Whether two claims agree; the number of points counts only where both tell it."""
    if one[1] is None or other[1] is None:
        return one[0] == other[0]
    return one == other


def _judged(row: Row) -> bool:
    """Whether its verdict says already that it contradicts what is proved."""
    return row.verdict in ("wrong", "missing")


def _camps(claims: Sequence[tuple[Row, _Claim]]) -> list[list[Row]]:
    """Rows that claim the same, together."""
    camps: dict[_Claim, list[Row]] = defaultdict(list)
    for row, claim in claims:
        camps[claim].append(row)
    return list(camps.values())


def _name(row: Row) -> str:
    return f"{row.side} (seed {row.seed})"


def _truth(rows: Iterable[Row]) -> _Claim | None:
    """The one proved answer that the rows of a level were judged by; ``None`` for none, or two."""
    told = {(row.best, row.points_best) for row in rows if row.best_by}
    return told.pop() if len(told) == 1 else None


def _of_level(rows: Sequence[Row]) -> list[Contradiction]:
    found = []
    truth = _truth(rows)
    where = f"{rows[0].group}, {rows[0].instance}, level {rows[0].level}"
    claims = [(row, claim) for row in rows if (claim := _claim(row)) is not None]
    if truth is not None:
        found += [
            Contradiction(
                (row,),
                (row,),
                f"{where}: {_name(row)} proves {_words(row)}, and {_truth_words(truth)} is proved "
                f"by {row.best_by or 'others'}",
            )
            for row, claim in claims
            if not _same(claim, truth) and not _judged(row)
        ]
    elif len(camps := _camps(claims)) > 1:
        both = tuple(row for row, _ in claims)
        told = "; ".join(
            f"{_words(camp[0])} by {', '.join(_name(row) for row in camp)}" for camp in camps
        )
        found.append(Contradiction(both, both, f"{where}: different proofs: {told}"))
    points = [row for row in rows if row.incumbent is not None]
    least = min(points, key=lambda row: (row.incumbent, row.key), default=None)
    for row in rows:
        # What a restriction bounds is itself.
        if row.bound is None or row.status == "bound_only" or _judged(row):
            continue
        if truth is not None and truth[0] is not None and row.bound > truth[0]:
            what = f"{where}: {_name(row)} bounds {row.bound}, above the proved optimum {truth[0]}"
            found.append(Contradiction((row,), (row,), what))
        elif least is not None and least.incumbent is not None and row.bound > least.incumbent:
            wrong = (row,) if least.verdict == "right" or row is least else (row, least)
            what = (
                f"{where}: {_name(row)} bounds {row.bound}, above the point {least.incumbent} "
                f"of {_name(least)}"
            )
            found.append(Contradiction(wrong, wrong, what))
    return found


def _levels(rows: Sequence[Row]) -> list[list[Row]]:
    levels: dict[tuple[str, str, int], list[Row]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: row.key):
        levels[row.group, row.instance_sha256, row.level].append(row)
    return list(levels.values())


def contradictions(rows: Sequence[Row]) -> tuple[Contradiction, ...]:
    """All contradictions between rows of the same group, instance and level.

    Rows whose verdict is wrong or missing already are not told once more, except beside the others
    of a level where nobody knows the answer.
    """
    return tuple(one for level in _levels(rows) for one in _of_level(level))


def marked(rows: Sequence[Row], found: Sequence[Contradiction]) -> tuple[Row, ...]:
    """The rows, those that ``found`` calls wrong with that verdict; the message says why.

    A verdict ``wrong`` or ``missing`` stays as it is.
    """
    why: dict[tuple[str, str, str, str, int, int], str] = {}
    for one in found:
        for row in one.wrong:
            why.setdefault(row.key, one.what)
    return tuple(
        replace(row, verdict="wrong", message="; ".join(filter(None, (why[row.key], row.message))))
        if row.key in why and row.verdict not in ("wrong", "missing")
        else row
        for row in rows
    )


def doubtful_bounds(rows: Sequence[Row]) -> tuple[str, ...]:
    """One line for each bound of a relaxation above the proved optimum by more than noise."""
    lines = []
    for row in sorted(rows, key=lambda row: row.key):
        if row.best is None or not row.best_by or row.status == "bound_only":
            continue
        for name, bound in (("linear relaxation", row.lp_bound), ("root", row.root_bound)):
            if bound is not None and bound > row.best + NOISE * max(1, abs(row.best)):
                lines.append(
                    f"{row.group}, {row.instance}, level {row.level}: {_name(row)}: bound of the "
                    f"{name} {bound!r} above the proved optimum {row.best}"
                )
    return tuple(lines)
