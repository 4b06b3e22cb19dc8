"""Which points of a fleet frontier to show first, and which one to recommend.

With three objectives points are in lexicographic order, so "fastest" and "cheapest" are looked up,
not taken from the ends.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from solver.report.fleet_facts import Goal, goals_of, value_of

__all__ = ["MAX_ROWS", "losses", "marks_of", "next_better", "recommended_of", "representatives"]

MAX_ROWS = 12
"""No table of fleet points for people is longer."""

_MARKS = {"speed": "fastest", "cost": "cheapest", "power": "least power", "quality": "best quality"}


def losses(document: Mapping[str, Any]) -> npt.NDArray[np.float64]:
    """How much each point gives away in each objective, (points, objectives), 0 best and 1 worst.

    Between the best and the worst value on the frontier, in logarithms where all are positive, so
    that units do not matter.
    """
    goals, points = goals_of(document), document["points"]
    table = np.array(
        [[float(value_of(point, goal)) for goal in goals] for point in points], dtype=np.float64
    ).reshape(len(points), len(goals))
    for k, goal in enumerate(goals):
        column = table[:, k]
        if len(column) and column.min() > 0:
            column = np.log(column)
        if goal.maximised:
            column = -column
        width = column.max(initial=-np.inf) - column.min(initial=np.inf)
        table[:, k] = (column - column.min()) / width if width > 0 else 0.0
    return table


def _knee(document: Mapping[str, Any]) -> int:
    """The point of least total loss; of equals, to 12 digits, the first.

    For two objectives that is the one furthest from the chord between the ends (Das 1999, "On
    characterizing the knee of the Pareto curve based on normal-boundary intersection").
    """
    return int(np.argmin(np.round(losses(document).sum(axis=1), 12)))


def _best(points: Sequence[Mapping[str, Any]], goals: Sequence[Goal], goal: Goal) -> int:
    """The point best in ``goal``; ties go to what is better in the others, in their order."""
    order = [goal, *(other for other in goals if other is not goal)]

    def rank(index: int) -> tuple[Fraction, ...]:
        values = (value_of(points[index], each) for each in order)
        return tuple(
            -value if each.maximised else value for each, value in zip(order, values, strict=True)
        )

    return min(range(len(points)), key=rank)


def marks_of(document: Mapping[str, Any]) -> dict[int, tuple[str, ...]]:
    """For each point worth a name, by its index: fastest, cheapest, knee and the like."""
    points, goals = document["points"], goals_of(document)
    if not points or len(goals) < 2:
        return {}
    named = [
        (_MARKS.get(goal.name, f"best {goal.name}"), _best(points, goals, goal)) for goal in goals
    ]
    if len(points) > 2:
        named.append(("knee", _knee(document)))
    found: dict[int, tuple[str, ...]] = {}
    for name, index in named:
        found[index] = (*found.get(index, ()), name)
    return found


def recommended_of(document: Mapping[str, Any]) -> tuple[int, str] | None:
    """Index of the point to read first, and why in a few words; ``None`` without points.

    The knee where there are three points and more, else the cheapest.
    """
    points, goals = document["points"], goals_of(document)
    if not points:
        return None
    if len(points) == 1:
        return 0, "the only point"
    if len(points) > 2:
        return _knee(document), "the knee of the frontier"
    cost = next((goal for goal in goals if goal.name == "cost"), goals[-1])
    name = _MARKS.get(cost.name, f"best {cost.name}")
    return _best(points, goals, cost), f"the {name} point"


def representatives(document: Mapping[str, Any], *, most: int = MAX_ROWS) -> list[int]:
    """Indices of at most ``most`` points, in order: the first, all named ones, others spread out.

    Raises
    ------
    ValueError
        If there is no room for the first and the named ones.
    """
    count = len(document["points"])
    if count <= most:
        return list(range(count))
    chosen = {0, *marks_of(document)}
    if len(chosen) > most:
        raise ValueError(f"{most} rows have no room for {len(chosen)} points")
    # Farthest first along the frontier: as many more points as fit, each in the widest gap left.
    steps = np.abs(np.diff(losses(document), axis=0)).sum(axis=1)
    path = np.concatenate([[0.0], np.cumsum(steps)])
    while len(chosen) < most:
        gaps = np.abs(path[:, None] - path[sorted(chosen)][None, :]).min(axis=1)
        gaps[sorted(chosen)] = -1.0
        chosen.add(int(np.argmax(gaps)))
    return sorted(chosen)


def next_better(document: Mapping[str, Any], index: int, goal: Goal) -> int | None:
    """The point next to ``index`` that is better in ``goal``, by as little as there is.

    Of several with that value the one best in the other objectives, in their order.
    """
    points, goals = document["points"], goals_of(document)
    sign = -1 if goal.maximised else 1
    here = sign * value_of(points[index], goal)
    better = [
        number for number in range(len(points)) if sign * value_of(points[number], goal) < here
    ]
    if not better:
        return None
    nearest = max(sign * value_of(points[number], goal) for number in better)
    tied = [n for n in better if sign * value_of(points[n], goal) == nearest]
    return tied[_best([points[n] for n in tied], goals, goal)]
