from __future__ import annotations

import json

from solver.explore.page.rows import rows_of
from solver.explore.views import frontier_rows
from tests.solver.explore.asked import answer

NAME = "replica/llama-3.1-70b-fp8-h100"


def test_rows_are_those_of_the_frontier() -> None:
    assert rows_of(answer(NAME)) == frontier_rows(answer(NAME))


def test_rows_of_one_answer_are_made_once() -> None:
    assert rows_of(answer(NAME)) is rows_of(answer(NAME))


def test_an_answer_with_the_digest_of_another_has_rows_of_its_own() -> None:
    other = json.loads(json.dumps(answer(NAME)))
    other["points"] = other["points"][:1]
    rows_of(answer(NAME))
    assert len(rows_of(other).points) == 1
