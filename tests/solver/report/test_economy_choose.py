"""Named points, representatives, levels, staircases and slices of an economic frontier."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from solver.report.economy_choose import (
    levels_of,
    marks_of,
    meets,
    representatives,
    slice_best,
    staircase,
)
from solver.report.economy_facts import axes_of, ranks_of, values_of
from solver.report.fleet_facts import goals_of
from tests.solver.report import economy_documents as made

ENERGY = made.document()
QUALITY = made.three_models()


@pytest.mark.parametrize("document", [ENERGY, QUALITY], ids=["energy", "quality"])
def test_the_ends_of_every_goal_are_named(document: dict[str, object]) -> None:
    marks = marks_of(document)
    titles = {"speed": "fastest", "cost": "cheapest", "energy": "least energy"}
    titles["quality"] = "best quality"
    for goal in goals_of(document):
        (index,) = [k for k, names in marks.items() if titles[goal.name] in names]
        values = values_of(document, goal)
        assert values[index] == (values.max() if goal.maximised else values.min())


def test_the_best_value_is_the_greatest_speed_to_the_fourth_per_price() -> None:
    (index,) = [k for k, names in marks_of(ENERGY).items() if "speed⁴/price" in names]

    def score(point: dict[str, dict[str, str]]) -> Fraction:
        return Fraction(point["exact"]["cost"]) * int(point["exact"]["latency_ps"]) ** 4

    assert score(ENERGY["points"][index]) == min(score(point) for point in ENERGY["points"])


def test_the_best_value_is_not_named_where_cost_is_not_known() -> None:
    document = made.document(("speed", "energy"))
    for point in document["points"]:
        del point["exact"]["cost"]
    assert not any("speed⁴/price" in names for names in marks_of(document).values())


def test_representatives_hold_every_named_point_in_order() -> None:
    chosen = representatives(ENERGY)
    assert len(chosen) == 20
    assert chosen == sorted(set(chosen))
    assert set(marks_of(ENERGY)) <= set(chosen)


def test_no_representatives_without_room_for_the_named_ones() -> None:
    with pytest.raises(ValueError, match="no room"):
        representatives(ENERGY, most=2)


def test_few_levels_are_all_told_loosest_first() -> None:
    quality = goals_of(QUALITY)[0]
    assert levels_of(QUALITY, quality) == [68.5, 69.4, 82.7, 83.6]


def test_the_loosest_of_many_levels_admits_every_point() -> None:
    energy = goals_of(ENERGY)[2]
    levels = levels_of(ENERGY, energy)
    assert len(levels) == 6
    assert meets(values_of(ENERGY, energy), energy, levels[0]).all()
    assert levels == sorted(levels, reverse=True)


def test_ranks_follow_exact_values_where_floats_cannot_tell_them_apart() -> None:
    document = made.document(("speed", "cost"))
    first, second = document["points"][:2]
    first["exact"]["cost"] = str(Fraction(1) + Fraction(1, 10**30))
    second["exact"]["cost"] = "1"
    cost = goals_of(document)[1]
    ranks = ranks_of(document, [cost])[:, 0]
    assert ranks[1] < ranks[0]


def test_a_staircase_is_what_nothing_beats_by_brute_force() -> None:
    axes = axes_of(goals_of(QUALITY))
    ranks = ranks_of(QUALITY, (axes.x, axes.y))
    admitted = np.arange(len(ranks)) % 3 != 0
    found = set(staircase(ranks, admitted).tolist())
    for index in np.flatnonzero(admitted).tolist():
        beaten = any(
            (ranks[other] <= ranks[index]).all() and (ranks[other] < ranks[index]).any()
            for other in np.flatnonzero(admitted).tolist()
        )
        assert (index in found) == (not beaten)


def test_a_staircase_of_nothing_is_empty() -> None:
    ranks = ranks_of(QUALITY, goals_of(QUALITY)[:2])
    assert not len(staircase(ranks, np.zeros(len(ranks), dtype=np.bool_)))


@given(
    quality=st.one_of(st.none(), st.floats(60, 90)),
    speed=st.one_of(st.none(), st.floats(0, 600)),
)
def test_a_slice_is_the_cheapest_point_that_meets_its_floors(
    quality: float | None, speed: float | None
) -> None:
    floors = {"quality": quality, "speed": speed}
    bounds = {name: floor for name, floor in floors.items() if floor is not None}
    cost = next(goal for goal in goals_of(QUALITY) if goal.name == "cost")
    found = slice_best(QUALITY, cost, bounds)
    fit = [
        index
        for index, point in enumerate(QUALITY["points"])
        if all(point["objectives"][name] >= floor for name, floor in bounds.items())
    ]
    if not fit:
        assert found is None
    else:
        assert found in fit
        least = min(Fraction(QUALITY["points"][index]["exact"]["cost"]) for index in fit)
        assert Fraction(QUALITY["points"][found]["exact"]["cost"]) == least


@pytest.mark.parametrize(
    ("names", "x", "y", "third"),
    [
        (("speed", "cost", "energy"), "speed", "cost", "energy"),
        (("quality", "speed", "cost"), "speed", "cost", "quality"),
        (("speed", "energy"), "speed", "energy", None),
        (("cost", "quality"), "cost", "quality", None),
        (("energy", "power"), "energy", "power", None),
        (("quality", "energy", "power"), "energy", "power", "quality"),
    ],
)
def test_speed_lies_across_and_cost_up_where_they_are_traded(
    names: tuple[str, ...], x: str, y: str, third: str | None
) -> None:
    axes = axes_of(goals_of(made.document(names, batches=(1,))))
    drawn = (axes.x.name, axes.y.name, axes.third.name if axes.third else None)
    assert drawn == (x, y, third)


def test_the_best_value_is_named_only_where_speed_and_cost_are_both_weighed() -> None:
    # Elsewhere the best of the points need not be the best of the designs.
    for trade_off, named in ((("speed", "cost", "energy"), True), (("speed", "energy"), False)):
        marks = marks_of(made.document(trade_off))
        assert any("speed⁴/price" in names for names in marks.values()) is named
