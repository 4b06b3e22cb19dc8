"""What changed between two fleet results."""

from __future__ import annotations

import copy

import pytest

from solver.report.fleet_compare import compare_fleets
from tests.oracles import fleet_documents as made


def test_equal_results_are_called_the_same() -> None:
    assert compare_fleets(made.document(), made.document())[-1] == (
        "Same question, same status, same points."
    )


def test_a_dearer_point_is_told_with_its_change() -> None:
    after = made.document()
    after["points"][1]["exact"]["cost"] = "50"
    told = compare_fleets(made.document(), after)
    assert "The question is the same." in told
    assert "2 points in both, 1 only before, 1 only after." in told
    assert (
        "With speed of at least 80 tok/s/user: cost US$40/h before, US$50/h after (+25.0 %)."
        in told
    )
    assert "With speed of at least 25 tok/s/user: cost US$24/h, as before." in told


def test_speeds_that_one_result_lacks_are_told() -> None:
    after = made.document()
    del after["points"][0]
    reached = "With speed of at least 100 tok/s/user"
    assert f"{reached}: no longer reached." in compare_fleets(made.document(), after)
    assert f"{reached}: newly reached." in compare_fleets(after, made.document())


def test_a_changed_limit_is_told() -> None:
    after = made.document()
    after["instance"]["resolved"]["limits"]["max_watts"] = "30000"
    told = compare_fleets(made.document(), after)
    assert "limits.max_watts: 40000 before, 30000 after." in told


def test_a_changed_table_of_points_is_told_once() -> None:
    after = made.document()
    after["instance"]["resolved"]["workloads"][0]["points"] = [{"layout": "a"}, {"layout": "b"}]
    (line,) = (s for s in compare_fleets(made.document(), after) if "points:" in s)
    assert line.startswith("workloads[chat].points: 1 entry of digest ")
    assert "2 entries of digest " in line


def test_the_way_from_plan_to_plan_is_told() -> None:
    after = made.document()
    design = after["points"][1]["design"]
    design["replicas"] = [made.replicas("TP2", "l40s", 12, 2)]
    after["points"][1]["exact"]["cost"] = "39"
    told = compare_fleets(made.document(), after)
    assert told[-1] == ("From the one to the other: +8 chat: TP2 on l40s; −4 chat: TP4 on h100.")


def test_an_infeasible_result_can_be_compared() -> None:
    told = compare_fleets(made.document(), made.infeasible())
    assert told[1] == "After: A small fleet, infeasible: no fleet meets all limits."
    assert "0 points in both, 3 only before, 0 only after." in told


def test_other_objectives_cannot_be_compared() -> None:
    with pytest.raises(ValueError, match="different objectives"):
        compare_fleets(made.document(), made.three())


def test_comparing_changes_neither_result() -> None:
    before, after = made.document(), made.partial()
    kept = copy.deepcopy((before, after))
    compare_fleets(before, after)
    assert (before, after) == kept
