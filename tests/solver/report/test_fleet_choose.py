"""Which fleet points are shown and recommended."""

from __future__ import annotations

import pytest

from solver.report.fleet_choose import (
    marks_of,
    next_better,
    recommended_of,
    representatives,
)
from solver.report.fleet_facts import goals_of
from tests.oracles import fleet_documents as made


def test_points_worth_a_name_are_named() -> None:
    assert marks_of(made.document()) == {0: ("fastest",), 1: ("knee",), 2: ("cheapest",)}


def test_a_third_objective_has_its_own_best_point() -> None:
    document = made.three()
    document["points"][1]["exact"]["power"] = "1"
    assert marks_of(document)[1] == ("least power", "knee")


def test_the_knee_is_recommended_where_there_is_one() -> None:
    assert recommended_of(made.document()) == (1, "the knee of the frontier")


def test_of_two_points_the_cheapest_is_recommended() -> None:
    document = made.document()
    del document["points"][1]
    assert recommended_of(document) == (1, "the cheapest point")


def test_nothing_is_recommended_without_points() -> None:
    assert recommended_of(made.infeasible()) is None


def test_the_knee_does_not_depend_on_units() -> None:
    document = made.document()
    for point in document["points"]:
        point["exact"]["cost"] = str(1000 * int(point["exact"]["cost"]))
    assert recommended_of(document) == (1, "the knee of the frontier")


def many() -> dict[str, object]:
    document = made.document()
    first = document["points"][0]
    document["points"] = [
        {**first, "exact": {"speed": str(100 - k), "cost": str(200 - 3 * k)}} for k in range(50)
    ]
    return document


def test_both_ends_stand_for_a_long_frontier() -> None:
    chosen = representatives(many())
    assert len(chosen) == 12
    assert (chosen[0], chosen[-1]) == (0, 49)


def test_room_for_the_named_points_is_needed() -> None:
    with pytest.raises(ValueError, match="no room"):
        representatives(many(), most=1)


def test_the_next_better_point_is_the_nearest() -> None:
    document = made.document()
    speed, cost = goals_of(document)
    assert next_better(document, 2, speed) == 1
    assert next_better(document, 0, cost) == 1
    assert next_better(document, 0, speed) is None


def test_of_equally_fast_next_points_the_cheaper_is_next() -> None:
    document = made.three()
    document["points"].insert(1, made.point({"speed": "80", "cost": "60", "power": "1"}, []))
    assert next_better(document, 3, goals_of(document)[0]) == 2
