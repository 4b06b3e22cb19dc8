"""``nondominated_set``: what users call, in the senses and units in which they stated it."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import pytest

import solver
from formulations.milp import INFINITY
from solver.errors import InstanceError
from solver.nondominated import NondominatedSet, nondominated_set
from tests.oracles.small_programs import Stated, knapsack, stated

DOCUMENT = {
    "objectives": 2,
    "n": 3,
    "m": 1,
    "senses": ["max", "min"],
    "c": [[3, 5, 4], [2, 4, 1]],
    "A": {"start": [0, 3], "index": [0, 1, 2], "value": [1, 1, 1]},
    "row_sense": ["<="],
    "rhs": [2],
    "lb": [0, 0, 0],
    "ub": [1, 1, 1],
    "vtype": "BBB",
}
"""By hand: nothing gives (0, 0), the third (4, 1), with the first (7, 3), with the second (9, 5).
The first alone gives (3, 2), the second alone (5, 4): dominated by the third, by (7, 3)."""
BY_HAND = [(9, 5), (7, 3), (4, 1), (0, 0)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "pieces.json"
    file.write_text(json.dumps(DOCUMENT))
    return file


def values(found: NondominatedSet) -> list[tuple[Fraction, ...]]:
    return [tuple(point.objectives.values()) for point in found]


def infeasible() -> Stated:
    """The first and the third row exclude each other; the second takes part in nothing."""
    rows = [((1, 1), -INFINITY, 0), ((1, -1), -1, 1), ((1, 1), 1, INFINITY)]
    return stated([[1, 2], [2, 1]], rows)


def test_a_path_is_read_and_solved(path: Path) -> None:
    found = nondominated_set(path)
    assert (found.status, values(found)) == ("complete", BY_HAND)


def test_a_path_may_be_text(path: Path) -> None:
    assert values(nondominated_set(str(path))) == BY_HAND


def test_a_program_is_solved() -> None:
    question = knapsack(3)
    found = nondominated_set(question.program)
    stated_images = [question.program.stated(image) for image in question.images]
    assert (found.status, values(found)) == ("complete", stated_images)


def test_it_is_what_the_package_offers() -> None:
    assert solver.nondominated_set is nondominated_set


def test_columns_attain_the_objectives(path: Path) -> None:
    found = nondominated_set(path)
    for point in found:
        taken = [point.columns.get(name, 0) for name in found.outcome.program.column_names]
        totals = [sum(c * x for c, x in zip(row, taken, strict=True)) for row in DOCUMENT["c"]]  # type: ignore[attr-defined]
        assert totals == list(point.objectives.values())
        assert 0 not in point.columns.values()


def test_points_are_told_in_stated_senses_scales_and_offsets() -> None:
    # Stated: maximise (3 x1 + x2 + 5) / 2 and minimise (x1 + 2 x2 - 1) / 4.
    question = stated([[-3, -1], [1, 2]], senses=["max", "min"], scales=[2, 4], offsets=[5, -1])
    found = nondominated_set(question.program)
    assert values(found) == [
        (Fraction(9, 2), Fraction(2, 4)),
        (Fraction(4), Fraction(0)),
        (Fraction(5, 2), Fraction(-1, 4)),
    ]
    assert list(found.points[0].objectives) == ["f1", "f2"]


def test_an_infeasible_program_names_the_rows_in_conflict() -> None:
    found = nondominated_set(infeasible().program)
    assert (found.status, len(found), found.conflict) == ("infeasible", 0, ("r1", "r3"))


def test_a_complete_set_has_no_conflict_and_no_gap(path: Path) -> None:
    found = nondominated_set(path)
    assert (found.conflict, found.gap()["open"], found.gap()["relative"]) == ((), 0, 0.0)


def test_a_partial_set_says_so_and_has_a_gap(path: Path) -> None:
    found = nondominated_set(path, engines=["highs"], should_stop=lambda: True)
    assert (found.status, len(found)) == ("partial", 0)
    assert found.gap()["open"] == found.gap()["region"] > 0
    assert repr(found) == "<NondominatedSet 'pieces': partial, 0 points, 1 open boxes>"


def test_it_is_iterable_and_has_a_length(path: Path) -> None:
    found = nondominated_set(path)
    assert (len(found), list(found)) == (4, list(found.points))
    assert repr(found) == "<NondominatedSet 'pieces': complete, 4 points>"


def test_what_is_saved_is_read_back_and_verified(path: Path, tmp_path: Path) -> None:
    found, out = nondominated_set(path), tmp_path / "R.json"
    found.save(out)
    assert json.loads(out.read_text())["digest"] == found.to_dict()["digest"]
    assert solver.verify(out, instance=path, reprove=True)


def test_a_tampered_file_fails_verification(path: Path, tmp_path: Path) -> None:
    out = tmp_path / "R.json"
    nondominated_set(path).save(out)
    document = json.loads(out.read_text())
    del document["points"][0]
    assert not solver.verify(document, instance=path)


def test_the_document_tells_points_as_stated(path: Path) -> None:
    document = nondominated_set(path).to_dict()
    assert (document["schema"], document["status"]) == (1, "complete")
    assert [tuple(point["exact"].values()) for point in document["points"]] == BY_HAND
    assert [goal["sense"] for goal in document["objectives"]] == ["max", "min"]


def test_a_table_has_a_row_for_each_point(path: Path) -> None:
    found = nondominated_set(path)
    frame = found.to_frame()
    assert list(frame.columns) == list(found.outcome.program.objective_names)
    assert [tuple(row) for row in frame.to_numpy().tolist()] == BY_HAND


def test_a_table_of_no_points_still_has_its_columns() -> None:
    frame = nondominated_set(infeasible().program).to_frame()
    assert (list(frame.columns), len(frame)) == (["f1", "f2"], 0)


def test_a_checkpoint_may_be_named_by_text(path: Path, tmp_path: Path) -> None:
    checkpoint = tmp_path / "run"
    nondominated_set(path, engines=["highs"], checkpoint=str(checkpoint))
    again = nondominated_set(path, engines=["cp-sat"], checkpoint=str(checkpoint))
    assert (values(again), dict(again.outcome.solves)) == (BY_HAND, {})


def test_a_file_that_is_not_there_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(InstanceError) as caught:
        nondominated_set(tmp_path / "none.json")
    assert "\n" not in str(caught.value)


def test_an_unknown_engine_is_refused(path: Path) -> None:
    with pytest.raises(InstanceError, match="no such engine: cplex"):
        nondominated_set(path, engines=["cplex"])
