"""Every shipped file carries the nondominated set that listing all its points gives."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from formulations.moip.problem import Image, MultiObjectiveProgram
from solver.instance.moip import read_program

FOLDER = Path(__file__).resolve().parents[4] / "instances/moip"
FILES = sorted(path for path in FOLDER.iterdir() if path.suffix in (".json", ".mps"))
POINTS = {
    "assignment-5x5x3": 13,
    "crews-two-rows": 42,
    "knapsack-30": 17,
    "menu-decimals": 69,
    "odd-ring": 0,
    "packing-15": 5,
    "partitioning-18": 5,
}


def claimed(path: Path) -> list[tuple[Fraction, ...]]:
    """The set that a file says it has, sorted."""
    if path.suffix == ".json":
        document = json.loads(path.read_text(), parse_float=Decimal)
        points = [[Fraction(value) for value in point] for point in document["nondominated"]]
    else:
        lines = path.read_text().splitlines()
        said = [line.removeprefix("* nondominated") for line in lines if "* nondom" in line]
        points = [
            [Fraction(value) for value in point.split()]
            for line in said
            for point in line.split(",")
        ]
    return [tuple(point) for point in points]


def nondominated(images: set[Image]) -> set[Image]:
    kept: list[Image] = []
    # What dominates an image comes before it in lexicographic order.
    for image in sorted(images):
        if not any(all(a <= b for a, b in zip(other, image, strict=True)) for other in kept):
            kept.append(image)
    return set(kept)


def listed(program: MultiObjectiveProgram) -> set[Image]:
    """Nondominated images by listing points column by column.

    Partial points with equal row sums and no better image are dropped: they can be completed in
    the same ways only. A row that can no longer be met drops a point as well.
    """
    milp = program.milp
    rows = [
        dict(
            zip(milp.column_index[begin:end].tolist(), milp.value[begin:end].tolist(), strict=True)
        )
        for begin, end in zip(milp.row_start[:-1], milp.row_start[1:], strict=True)
    ]
    sides = list(zip(milp.row_lower.tolist(), milp.row_upper.tolist(), strict=True))
    low, high = milp.lower.tolist(), milp.upper.tolist()

    def can_be_met(sums: tuple[int, ...], column: int) -> Iterator[bool]:
        for row, total, (least, most) in zip(rows, sums, sides, strict=True):
            rest = [(v * low[j], v * high[j]) for j, v in row.items() if j > column]
            yield total + sum(map(max, rest)) >= least and total + sum(map(min, rest)) <= most

    states: dict[tuple[int, ...], set[Image]] = {(0,) * len(rows): {(0,) * program.n_objectives}}
    for column in range(milp.n_columns):
        costs = program.costs[:, column].tolist()
        grown: dict[tuple[int, ...], set[Image]] = {}
        for sums, images in states.items():
            for value in range(low[column], high[column] + 1):
                key = tuple(
                    total + row.get(column, 0) * value
                    for total, row in zip(sums, rows, strict=True)
                )
                if all(can_be_met(key, column)):
                    grown.setdefault(key, set()).update(
                        tuple(z + c * value for z, c in zip(image, costs, strict=True))
                        for image in images
                    )
        states = {key: nondominated(images) for key, images in grown.items()}
    return nondominated({image for images in states.values() for image in images})


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_set_in_a_file_is_the_one_that_listing_finds(path: Path) -> None:
    program = read_program(path)
    found = sorted(program.stated(image) for image in listed(program))
    assert claimed(path) == found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_holds_as_many_points_as_the_readme_says(path: Path) -> None:
    assert len(claimed(path)) == POINTS[path.stem]
    line = next(x for x in (FOLDER / "README.md").read_text().splitlines() if path.name in x)
    assert line.split("|")[-2].strip() == str(POINTS[path.stem])


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.json")), ids=lambda path: path.stem)
def test_a_file_without_points_declares_its_exit_status(path: Path) -> None:
    document = json.loads(path.read_text())
    assert document.get("expected_exit_status", 0) == (0 if document["nondominated"] else 3)
    assert document["note"]


def test_every_file_is_known_to_these_tests() -> None:
    assert {path.stem for path in FILES} == set(POINTS)
