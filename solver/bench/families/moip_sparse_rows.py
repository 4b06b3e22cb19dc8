"""Sets over a ground set, for packings, partitionings and coverings: sparse rows of ones.

Sets have a drawn size and drawn members. The first ones cut the shuffled ground set into parts, so
that a partitioning exists, every element can be covered, and no row is empty.
"""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from solver.bench.families.draws import Draws
from solver.bench.families.family import Generated, Parameters
from solver.bench.families.moip_document import MoipDocument, RowSense

__all__ = ["SparseRowParameters", "made_of_sets"]


class SparseRowParameters(Parameters):
    """Sets, elements and objectives."""

    sets: int = Field(default=40, ge=2, le=1500, description="Columns: sets to choose among.")
    elements: int = Field(default=20, ge=2, le=500, description="Rows: elements of the sets.")
    least_size: int = Field(default=2, ge=1, le=50, description="Elements of a set, at least.")
    most_size: int = Field(default=4, ge=1, le=50, description="Elements of a set, at most.")
    objectives: int = Field(default=2, ge=2, le=4, description="Figures of a set.")
    largest: int = Field(default=100, ge=1, le=10_000, description="R: largest figure of a set.")

    @model_validator(mode="after")
    def _sizes_fit(self) -> Self:
        if not self.least_size <= self.most_size <= self.elements:
            raise ValueError("sizes must grow: least_size <= most_size <= elements")
        if self.sets * self.least_size < self.elements:
            raise ValueError("too few sets of that size to cut the elements into parts")
        return self


def made_of_sets(
    family: str,
    parameters: SparseRowParameters,
    seed: int,
    *,
    goal: tuple[str, Literal["min", "max"]],
    row_sense: RowSense,
) -> Generated:
    """A program with one row ``sum of the chosen sets that hold the element (sense) 1`` each.

    Parameters
    ----------
    goal
        Word for an objective, and its sense; figures are uniform in 1..R.
    """
    draws = Draws(family, seed)
    name = (
        f"{family}-{parameters.sets}x{parameters.elements}"
        f"-{parameters.least_size}to{parameters.most_size}"
        f"-p{parameters.objectives}-r{parameters.largest}-s{seed}"
    )
    document = MoipDocument(
        name, f"Generated: family {family}. Figures uniform in 1..{parameters.largest}."
    )
    for j in range(parameters.sets):
        document.add_column(f"set_{j + 1}", 0, 1)
    members = _parts(draws, parameters)
    elements = range(parameters.elements)
    while len(members) < parameters.sets:
        size = draws.integer(parameters.least_size, parameters.most_size)
        members.append(draws.some_of(elements, size))
    word, sense = goal
    for k in range(parameters.objectives):
        figures = [draws.integer(1, parameters.largest) for _ in range(parameters.sets)]
        document.add_objective(f"{word}_{k + 1}", sense, figures)
    for element in elements:
        holding = {j: 1 for j, held in enumerate(members) if element in held}
        document.add_row(f"element_{element + 1}", holding, row_sense, 1)
    return Generated(name, ".json", document.text())


def _parts(draws: Draws, parameters: SparseRowParameters) -> list[list[int]]:
    """The shuffled elements cut into sets; the last one may be smaller than the least size."""
    left = draws.shuffled(range(parameters.elements))
    parts: list[list[int]] = []
    while left:
        size = draws.integer(parameters.least_size, parameters.most_size)
        if len(parts) == parameters.sets - 1:
            size = len(left)
        parts.append(sorted(left[:size]))
        left = left[size:]
    return parts
