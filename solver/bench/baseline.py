"""Did a formulation become wrong, or ten times slower? Solver work against a kept baseline.

Work is what machines do not change: deterministic ticks where the engine has them (CP-SAT, SCIP),
else nodes and simplex iterations. Sides are compared by the sum over their rows, with a shift that
keeps tiny sums from mattering.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from solver.bench.row import Row

__all__ = ["FACTOR", "Change", "changes", "work_of_sides"]

FACTOR = 10.0
_SHIFT_TICKS = 0.05
_SHIFT_COUNTS = 500.0


@dataclass(frozen=True, slots=True)
class Change:
    """One side of one group that differs from the baseline, in words; ``grave`` ones fail."""

    group: str
    side: str
    what: str
    grave: bool


def _work(row: Row) -> tuple[str, float] | None:
    """The unit of a row's work, and how much."""
    if row.ticks is not None:
        return "ticks", row.ticks
    if row.nodes is None and row.iterations is None:
        return None
    return "nodes and iterations", float((row.nodes or 0) + (row.iterations or 0))


def work_of_sides(rows: Sequence[Row]) -> dict[str, dict[str, dict[str, float | str | int]]]:
    """Group -> side -> its work, the unit, and how many rows were solved; plain JSON."""
    found: dict[str, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        if row.verdict != "none":
            found[row.group][row.side].append(row)
    told: dict[str, dict[str, dict[str, float | str | int]]] = {}
    for group, sides in sorted(found.items()):
        told[group] = {}
        for side, of_side in sorted(sides.items()):
            work = [one for row in of_side if (one := _work(row)) is not None]
            told[group][side] = {
                "rows": len(of_side),
                "solved": sum(row.solved for row in of_side),
                "work": round(sum(amount for _, amount in work), 6),
                "unit": work[0][0] if work else "none",
            }
    return told


def changes(
    now: Mapping[str, Mapping[str, Mapping[str, float | str | int]]],
    before: Mapping[str, Mapping[str, Mapping[str, float | str | int]]],
) -> list[Change]:
    """What differs: fewer rows solved or ten times the work is grave, new and lost sides are told.

    A side that the baseline has and this run has not is grave: it cannot have become right.
    """
    found = []
    for group in sorted({*now, *before}):
        ours, theirs = now.get(group, {}), before.get(group, {})
        for side in sorted({*ours, *theirs}):
            if side not in theirs:
                found.append(Change(group, side, "is new; the baseline lacks it", False))
            elif side not in ours:
                found.append(Change(group, side, "is in the baseline and was not run", True))
            else:
                found += _differences(group, side, ours[side], theirs[side])
    return found


def _differences(
    group: str,
    side: str,
    now: Mapping[str, float | str | int],
    before: Mapping[str, float | str | int],
) -> list[Change]:
    found = []
    if int(now["solved"]) < int(before["solved"]):
        what = f"solves {now['solved']} of {now['rows']}, {before['solved']} before"
        found.append(Change(group, side, what, True))
    if now["unit"] != before["unit"]:
        what = f"tells its work in {now['unit']}, in {before['unit']} before: renew the baseline"
        found.append(Change(group, side, what, True))
    elif now["unit"] != "none":
        shift = _SHIFT_TICKS if now["unit"] == "ticks" else _SHIFT_COUNTS
        ratio = (float(now["work"]) + shift) / (float(before["work"]) + shift)
        what = f"takes {ratio:.1f} times the work ({now['work']:g} {now['unit']})"
        if ratio > FACTOR:
            found.append(Change(group, side, what, True))
        elif ratio < 1 / FACTOR:
            found.append(Change(group, side, f"{what}: renew the baseline", False))
    return found
