"""What an economic enumeration ends with: points, and whether everything was looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Literal

from solver.lowering.economy.cells import FamilyCells
from solver.lowering.economy.space import EconomicSpace, Worth
from solver.sweep.economy.objectives import Goal, goals_of

__all__ = ["EconomyOutcome", "EconomyPoint", "Image", "levels_of", "ranks_of"]

Image = tuple[int, ...]
Levels = tuple[Fraction | int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class EconomyPoint:
    """One candidate with its exact figures, and its rank in every objective among the points."""

    cells: FamilyCells
    row: int
    column: int
    worth: Worth


@dataclass(frozen=True, slots=True, eq=False)
class EconomyOutcome:
    """Points in lexicographic order of their levels, best first.

    Parameters
    ----------
    stopped_by
        What ended the search before every candidate was looked at; empty where none did.
    evaluated
        Candidates looked at.
    conflict
        Plain JSON, as in the results of speed and cost; where nothing meets the limits.
    """

    space: EconomicSpace
    points: tuple[EconomyPoint, ...]
    evaluated: int
    stopped_by: str = ""
    conflict: tuple[Mapping[str, Any], ...] = field(default=())

    @property
    def goals(self) -> tuple[Goal, ...]:
        """Objectives in the order of the question."""
        return goals_of(self.space.instance.trade_off)

    @property
    def status(self) -> Literal["complete", "partial", "infeasible"]:
        """``infeasible``: every candidate was looked at and none meets the limits."""
        if self.stopped_by:
            return "partial"
        return "complete" if self.points else "infeasible"


def levels_of(goals: Sequence[Goal], worths: Sequence[Worth]) -> list[Levels]:
    """Exact levels of candidates, one tuple each, all minimised."""
    return [tuple(goal.level(worth) for goal in goals) for worth in worths]


def ranks_of(images: Sequence[Levels]) -> tuple[list[Image], list[list[Fraction | int]]]:
    """Images by rank among themselves, and the levels of every objective from best to worst."""
    if not images:
        return [], []
    tables = [sorted(set(column)) for column in zip(*images, strict=True)]
    place = [{level: rank for rank, level in enumerate(table)} for table in tables]
    ranked = [
        tuple(table[level] for table, level in zip(place, image, strict=True)) for image in images
    ]
    return ranked, tables
