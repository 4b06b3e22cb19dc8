"""The published problems are read, and agree with what their files say of themselves."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from solver.instance.moip import program_to_dict, read_program, resolved_program

DATA = Path(__file__).resolve().parents[4] / "../shared/data/moip"
FILES = sorted(path for path in DATA.glob("*.json") if path.name != "index.json")

pytestmark = pytest.mark.skipif(not FILES, reason="the reference data is not beside this checkout")


def test_there_are_32_of_them() -> None:
    assert len(FILES) == 32


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_published_problem_is_read_in_its_sizes(path: Path) -> None:
    stated, program = json.loads(path.read_text()), read_program(path)
    assert program.name == stated["name"]
    assert (program.n_objectives, program.milp.n_columns, program.milp.n_rows) == (
        stated["objectives"],
        stated["n"],
        stated["m"],
    )
    assert program.scales == (1,) * program.n_objectives


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_published_count_is_that_of_the_published_points(path: Path) -> None:
    stated = json.loads(path.read_text())
    if stated["nondominated"] is None:
        pytest.skip("only the count is published")
    points = {tuple(point) for point in stated["nondominated"]}
    assert stated["nondominated_count"] == len(points) == len(stated["nondominated"])


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_published_points_lie_within_what_the_program_can_reach(path: Path) -> None:
    program = read_program(path)
    for point in json.loads(path.read_text())["nondominated"] or []:
        pairs = zip(point, program.senses, strict=True)
        image = [value if sense == "min" else -value for value, sense in pairs]
        sides = zip(program.floor, image, program.ceiling, strict=True)
        assert all(least <= value < most for least, value, most in sides)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_published_problem_comes_back_from_its_resolved_form(path: Path) -> None:
    program = read_program(path)
    text = json.dumps(program_to_dict(program))
    assert resolved_program(json.loads(text), where="result").digest == program.digest
