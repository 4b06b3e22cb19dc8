"""Which points of an economic frontier to show first, and its slices and staircases."""

from __future__ import annotations

import decimal
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from solver.report.economy_facts import losses_of, ranks_of, values_of
from solver.report.fleet_facts import Goal, goals_of

__all__ = [
    "MAX_ROWS",
    "levels_of",
    "marks_of",
    "meets",
    "representatives",
    "slice_best",
    "slice_table",
    "staircase",
]

Document = Mapping[str, Any]
FloatArray = npt.NDArray[np.float64]
IndexArray = npt.NDArray[np.intp]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

MAX_ROWS = 20
"""No table of points for people is longer."""
_FEW_LEVELS = 6
_MARKS = {
    "speed": "fastest",
    "cost": "cheapest",
    "energy": "least energy",
    "power": "least power",
    "quality": "best quality",
}


def _best_in(order: Sequence[int], ranks: npt.NDArray[np.int64]) -> int:
    """The point best in the first goal of ``order``; ties by the others, in their order."""
    return int(np.lexsort([ranks[:, k] for k in reversed(order)])[0])


def _best_value(document: Document) -> int | None:
    """The point of greatest speed^4/price, exactly; ``None`` where latency or cost is not known.

    Notes
    -----
    The preference score of "Inference economics of language models" (arXiv 2506.04645).
    """
    exact = [point.get("exact", {}) for point in document["points"]]
    if not all("latency_ps" in entry and "cost" in entry for entry in exact):
        return None
    latency = np.array([float(entry["latency_ps"]) for entry in exact])
    cost = np.array([float(Fraction(str(entry["cost"]))) for entry in exact])
    # Floats only discard; exact fractions decide among what floats cannot tell apart.
    with np.errstate(divide="ignore"):
        score = np.log(cost) + 4.0 * np.log(latency)
    close = np.flatnonzero(score <= score.min() + 1e-9 * max(1.0, abs(float(score.min()))))
    return min(
        (int(index) for index in close),
        key=lambda i: (Fraction(str(exact[i]["cost"])) * int(exact[i]["latency_ps"]) ** 4, i),
    )


def marks_of(document: Document) -> dict[int, tuple[str, ...]]:
    """For each point worth a name, by its index: the ends, the knee, speed^4/price.

    The last one is named only where both speed and cost are traded off: elsewhere a design that is
    on no frontier may be better in it.

    The knee is the point of least total loss (``losses_of``): of two goals the one furthest from
    the chord between the ends (Das 1999).
    """
    points, goals = document["points"], goals_of(document)
    if not points:
        return {}
    ranks = ranks_of(document, goals)
    named = []
    for k, goal in enumerate(goals):
        order = [k, *(other for other in range(len(goals)) if other != k)]
        named.append((_MARKS.get(goal.name, f"best {goal.name}"), _best_in(order, ranks)))
    if len(points) > 2:
        loss = np.round(losses_of(document, goals).sum(axis=1), 12)
        named.append(("knee", int(np.argmin(loss))))
    # The best of all designs is a point only where both of its parts are traded off.
    traded = {"speed", "cost"} <= {goal.name for goal in goals}
    best = _best_value(document) if traded and len(points) > 1 else None
    if best is not None:
        named.append(("speed⁴/price", best))
    found: dict[int, tuple[str, ...]] = {}
    for name, index in named:
        found[index] = (*found.get(index, ()), name)
    return found


def representatives(document: Document, *, most: int = MAX_ROWS) -> list[int]:
    """Indices of at most ``most`` points, in order: all named ones, and others far from them.

    Each next point is the one whose nearest chosen neighbour is farthest in ``losses_of``
    (Gonzalez 1985, "Clustering to minimize the maximum intercluster distance").

    Raises
    ------
    ValueError
        If there is no room for the named ones.
    """
    count = len(document["points"])
    if count <= most:
        return list(range(count))
    chosen = sorted(marks_of(document))
    if len(chosen) > most:
        raise ValueError(f"{most} rows have no room for {len(chosen)} points")
    place = losses_of(document, goals_of(document))
    gap = np.min([np.abs(place - place[index]).max(axis=1) for index in chosen], axis=0)
    while len(chosen) < most:
        index = int(np.argmax(gap))
        if gap[index] <= 0:
            break
        chosen.append(index)
        gap = np.minimum(gap, np.abs(place - place[index]).max(axis=1))
    return sorted(chosen)


def levels_of(document: Document, goal: Goal, *, most: int = _FEW_LEVELS) -> list[float]:
    """Levels of a goal to draw a staircase at, the loosest first.

    Every value there is, where there are no more than ``most``; else ``most`` of them, evenly
    spaced by the number of points that meet them, loosened to three digits so that they can be
    told and typed as they are. The loosest admits every point.
    """
    values = values_of(document, goal)
    distinct = np.unique(values)
    loosest_first = distinct if goal.maximised else distinct[::-1]
    if len(distinct) <= most:
        return [float(value) for value in loosest_first]
    ordered = np.sort(values) if goal.maximised else np.sort(values)[::-1]
    # The last twentieth is left out: a staircase of two points says nothing.
    places = np.linspace(0, 0.95 * (len(ordered) - 1), most).astype(int)
    loosened = [_loosened(value, down=goal.maximised) for value in ordered[places].tolist()]
    return list(dict.fromkeys(loosened))


def _loosened(value: float, *, down: bool, digits: int = 3) -> float:
    """``value`` with so many significant digits, never stricter than it is."""
    if value == 0:
        return 0.0
    rounding = decimal.ROUND_FLOOR if down else decimal.ROUND_CEILING
    with decimal.localcontext(prec=digits, rounding=rounding):
        return float(+decimal.Decimal(repr(value)))


def meets(values: FloatArray, goal: Goal, bound: float) -> BoolArray:
    """Which values are at least as good as ``bound``."""
    return values >= bound if goal.maximised else values <= bound


def staircase(ranks: IntArray, admitted: BoolArray) -> IndexArray:
    """Points that no admitted one beats in two goals together, best in the first goal first.

    Of points equal in both the first stays. ``ranks``, shape (points, 2), are those of
    ``ranks_of``: exact.
    """
    index = np.flatnonzero(admitted)
    if not len(index):
        return index
    order = index[np.lexsort((index, ranks[index, 1], ranks[index, 0]))]
    best = np.minimum.accumulate(ranks[order, 1])
    keep = np.ones(len(order), dtype=np.bool_)
    keep[1:] = ranks[order[1:], 1] < best[:-1]
    return order[keep]


def slice_best(
    document: Document,
    target: Goal,
    bounds: Mapping[str, float],
    ranks: IntArray | None = None,
) -> int | None:
    """The point best in ``target`` among those that meet ``bounds``; ``None`` where none does.

    ``bounds`` maps names of goals to the worst value that will do. Ties go to what is better in
    the other goals, in their order. ``ranks`` of all goals, where they are known already.
    """
    goals = list(goals_of(document))
    admitted = np.ones(len(document["points"]), dtype=np.bool_)
    for goal in goals:
        if goal.name in bounds:
            admitted &= meets(values_of(document, goal), goal, bounds[goal.name])
    index = np.flatnonzero(admitted)
    if not len(index):
        return None
    first = goals.index(target)
    order = [first, *(k for k in range(len(goals)) if k != first)]
    known = ranks_of(document, goals) if ranks is None else ranks
    return int(index[_best_in(order, known[index])])


def slice_table(
    document: Document, target: Goal, across: Goal, down: Goal, *, columns: int = 5
) -> tuple[list[float], list[float], list[list[int | None]]]:
    """Best in ``target`` at floors of two other goals: floors across, floors down, indices.

    Floors across are spaced evenly from the worst value, which the first admits, towards the best,
    and loosened to two digits.
    """
    values = values_of(document, across)
    worst, best = float(values.min()), float(values.max())
    if not across.maximised:
        worst, best = best, worst
    steps = [worst + (best - worst) * k / columns for k in range(columns)]
    floors = [_loosened(step, down=across.maximised, digits=2) for step in steps]
    floors = [floor for floor in dict.fromkeys(floors) if bool(meets(values, across, floor).any())]
    levels = levels_of(document, down)
    ranks = ranks_of(document, goals_of(document))
    found = [
        [slice_best(document, target, {across.name: f, down.name: level}, ranks) for f in floors]
        for level in levels
    ]
    return floors, levels, found
