"""Published nondominated sets by every algorithm, where the reference data lies near."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from solver.engines import get_engine
from solver.instance.moip import read_program
from solver.sweep.moip.algorithms import ALGORITHMS

DATA = Path(__file__).resolve().parents[5] / "../shared/data/moip"
SETS = ("aira_2AP05", "aira_3AP05", "aira_4KP10", "moa_kp10_p3")


@pytest.mark.parametrize("engine", ["cp-sat", "highs", "scip"])
@pytest.mark.parametrize("algorithm", ["nested-epsilon", "rectangles", "recursion", "boxes"])
@pytest.mark.parametrize("name", SETS)
def test_a_published_set_is_found_and_complete(name: str, algorithm: str, engine: str) -> None:
    path = DATA / f"{name}.json"
    if not path.is_file():
        pytest.skip("the reference data is not beside this checkout (shared/data/moip)")
    program = read_program(path)
    run = ALGORITHMS[algorithm].run(program, get_engine(engine))
    assert run.complete
    published = json.loads(path.read_text())["nondominated"]
    assert sorted(program.stated(point.image) for point in run.points) == sorted(
        tuple(point) for point in published
    )
