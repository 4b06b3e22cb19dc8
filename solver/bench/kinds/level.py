"""A level of an instance: one epsilon, and the proved answer that every formulation is held to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

__all__ = ["Level", "level_from_dict", "spread"]


@dataclass(frozen=True, slots=True)
class Level:
    """One question to a numeric problem.

    Parameters
    ----------
    index
        From the loosest level, 0, on.
    objective
        What is minimised.
    upper
        Inclusive bounds on other objectives.
    worst
        Inclusive bounds on grades, which remove columns (fleets).
    best, best_by
        The optimum (``None``: proved infeasible) and who proved it; ``best_by`` is empty where
        nobody did.
    points
        Of questions for a whole nondominated set: its images.
    """

    index: int
    objective: str
    upper: Mapping[str, int] = field(default_factory=dict)
    worst: Mapping[str, int] = field(default_factory=dict)
    best: int | None = None
    best_by: str = ""
    points: tuple[tuple[int, ...], ...] | None = None

    @property
    def bounds(self) -> dict[str, int]:
        """All bounds of the level, by objective or grade."""
        return {**self.upper, **self.worst}


def level_from_dict(told: Mapping[str, Any]) -> Level:
    """The level that ``dataclasses.asdict`` wrote.

    Raises
    ------
    ValueError
        If it is none.
    """
    values = dict(told)
    if values.get("points") is not None:
        values["points"] = tuple(tuple(image) for image in values["points"])
    try:
        return Level(**values)
    except TypeError as error:
        raise ValueError(str(error)) from error


_Item = TypeVar("_Item")


def spread(items: Sequence[_Item], count: int | None) -> list[_Item]:
    """``count`` of the items, evenly over their middle; all where ``count`` is ``None``.

    The two ends come only where they are needed to fill up: the loosest and the tightest level of a
    frontier are often the easiest.
    """
    if count is None or count >= len(items):
        return list(items)
    return [items[(2 * place + 1) * len(items) // (2 * count)] for place in range(count)]
