from __future__ import annotations

import contextlib
import copy
import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from solver.errors import ResultError
from solver.explore.views import (
    checked,
    comparison,
    frontier_rows,
    limits_view,
    plan_view,
    status_view,
)
from tests.solver.explore.asked import ANSWERED, answer

README = "replica/llama-3.1-70b-fp8-h100"
ECONOMIC = "replica/quality-speed-cost-h100"
INFEASIBLE = "replica/llama-3.1-405b-impossible-h100"
FLEET = "fleet/one-model-one-pool"
PODS = "fleet/deepseek-disaggregated"
FLOW = "placement/helix-t4x12_l30b"
CHAIN = "placement/workstation-pcie"
SOLVED = [name for name in ANSWERED if name != INFEASIBLE]


def changed(name: str) -> dict[str, Any]:
    document: dict[str, Any] = copy.deepcopy(dict(answer(name)))
    return document


@pytest.mark.parametrize("name", ANSWERED)
def test_every_point_of_the_document_is_told(name: str) -> None:
    document = answer(name)
    rows = frontier_rows(document)
    assert [point.index for point in rows.points] == list(range(len(document["points"])))
    names = [entry["name"] for entry in document["objectives"]]
    for told, point in zip(rows.points, document["points"], strict=True):
        assert list(told.values) == [point["objectives"][name] for name in names]
        assert told.label


@pytest.mark.parametrize("name", SOLVED)
def test_the_ends_of_a_frontier_have_marks(name: str) -> None:
    rows = frontier_rows(answer(name))
    marked = [point for point in rows.points if point.marks]
    assert marked or len(rows.objectives) == 1


def test_a_fleet_without_machines_has_a_label_too() -> None:
    assert frontier_rows(answer(PODS)).points[-1].label == "no machine"


def test_marks_of_a_replica_are_the_recommended_points() -> None:
    marks = [mark for point in frontier_rows(answer(README)).points for mark in point.marks]
    assert sorted(marks) == ["cheapest", "fastest", "knee", "speed⁴/price"]


def test_three_objectives_are_told_with_their_senses() -> None:
    told = frontier_rows(answer(ECONOMIC)).objectives
    assert [(entry.name, entry.sense) for entry in told] == [
        ("quality", "max"),
        ("speed", "max"),
        ("cost", "min"),
    ]


@pytest.mark.parametrize("name", ANSWERED)
def test_the_status_is_told_in_a_sentence(name: str) -> None:
    view = status_view(answer(name))
    assert view.status == answer(name)["status"]
    assert view.sentence.lower().startswith(view.status)
    assert view.title


def test_what_conflicts_is_told_with_what_each_limit_needs() -> None:
    view = status_view(answer(INFEASIBLE))
    assert len(view.conflict) == 2
    assert "would have to be 16 devices" in view.conflict[1]


@pytest.mark.parametrize("name", SOLVED)
def test_every_plan_tells_its_objectives_first(name: str) -> None:
    document = answer(name)
    for index in {0, len(document["points"]) // 2, len(document["points"]) - 1}:
        view = plan_view(document, index)
        objectives = [entry["name"] for entry in document["objectives"]]
        assert [label.lower() for label, _ in view.facts[: len(objectives)]] == objectives
        labels = [label for label, _ in view.facts]
        assert len(set(labels)) == len(labels)
        assert view.title == f"Point {index + 1:,} of {len(document['points']):,}"


@pytest.mark.parametrize("name", SOLVED)
def test_every_row_of_a_table_has_the_cells_of_its_header(name: str) -> None:
    for table in plan_view(answer(name), 0).tables:
        assert table.rows
        assert {len(row) for row in table.rows} == {len(table.header)}


def test_the_plan_of_a_replica_says_what_sets_its_pace() -> None:
    assert plan_view(answer(README), 0).binding[0].startswith("Paced by ")


def test_the_plan_of_a_fleet_is_its_bill() -> None:
    captions = [table.caption for table in plan_view(answer(PODS), 0).tables]
    assert captions[:2] == ["Replicas to run", "Nodes to buy or rent"]


def test_prefill_and_decode_are_told_apart() -> None:
    replicas = plan_view(answer(PODS), 0).tables[0]
    place = replicas.header.index("phase")
    assert {row[place] for row in replicas.rows} == {"prefill", "decode"}


@pytest.mark.parametrize("name", [FLOW, CHAIN])
def test_the_plan_of_a_placement_has_stages(name: str) -> None:
    assert plan_view(answer(name), 0).tables[0].caption == "Stages"


@pytest.mark.parametrize("index", [-1, 10**6])
def test_a_point_that_is_not_there_is_refused(index: int) -> None:
    with pytest.raises(ResultError, match="cannot be shown"):
        plan_view(answer(README), index)


def test_a_limit_is_full_where_the_point_attains_it() -> None:
    document = changed(README)
    document["instance"]["resolved"]["limits"]["max_devices"] = 16
    rows = {row.limit: row for row in limits_view(document, 0)}
    assert (rows["Devices, at most"].used, rows["Devices, at most"].binds) == ("16 devices", True)


def test_a_limit_with_room_says_how_much_is_used() -> None:
    document = changed(README)
    document["instance"]["resolved"]["limits"]["min_speed_tok_per_s"] = "70"
    row = limits_view(document, 0)[0]
    assert (row.limit, row.binds) == ("Speed, at least", False)
    assert row.share == pytest.approx(70 / 141.28789)


def test_a_fleet_tells_stock_and_service_levels() -> None:
    assert [row.limit for row in limits_view(answer(PODS), 0)] == [
        "stock of h100",
        "stock of gb200",
    ]
    assert [row.limit for row in limits_view(answer(FLEET), 0)] == [
        "Speed of chat, at least",
        "Time to first token of chat, at most",
    ]


def test_stock_that_is_used_up_binds() -> None:
    rows = limits_view(answer(PODS), 0)
    assert [row.binds for row in rows] == [row.share == 1.0 for row in rows]
    assert any(row.binds for row in rows)


def test_without_a_point_there_is_no_limit_to_tell() -> None:
    assert limits_view(answer(INFEASIBLE)) == ()


@pytest.mark.parametrize("name", ANSWERED)
def test_an_answer_does_not_differ_from_itself(name: str) -> None:
    view = comparison(answer(name), answer(name))
    assert view.sentences[-1] == "Same question, same status, same points."


def test_a_dearer_price_shows_at_every_speed() -> None:
    dearer = changed(README)
    for point in dearer["points"]:
        point["exact"]["cost"] = f"2{point['exact']['cost']}"
        point["objectives"]["cost"] *= 2
    captions = [table.caption for table in comparison(answer(README), dearer).tables]
    assert captions == ["Least cost of a speed", "Recommended points"]


def test_what_weighs_other_things_is_not_compared() -> None:
    with pytest.raises(ResultError, match="weighs or limits more"):
        comparison(answer(README), answer(ECONOMIC))


def test_names_are_one_line_without_control_characters() -> None:
    document = changed(FLEET)
    name = "<script>alert(1)</script>\x1b[31m\n=cmd()"
    for point in document["points"]:
        for entry in point["design"]["replicas"]:
            entry["machine"] = name
    texts = json.dumps([repr(plan_view(document, 0)), repr(frontier_rows(document))])
    assert "<script>alert(1)</script>[31m =cmd()" in texts
    assert "\\x1b" not in texts


def leaves_of(tree: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items: list[tuple[Any, Any]] = []
    if isinstance(tree, Mapping):
        items = list(tree.items())
    elif isinstance(tree, list):
        items = list(enumerate(tree[:2]))
    found = [path] if path else []
    for key, value in items:
        found += leaves_of(value, (*path, key))
    return found


PLACES = {name: leaves_of(answer(name)) for name in (ECONOMIC, FLEET, FLOW)}


@given(data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_damaged_result_is_told_or_refused_and_never_crashes(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(PLACES)))
    document = changed(name)
    *path, last = data.draw(st.sampled_from(PLACES[name]))
    place: Any = document
    for word in path:
        place = place[word]
    odd = data.draw(st.sampled_from([None, "", "x", -1, 0, [], {}, [1], {"a": 1}, 10**400, True]))
    place[last] = odd
    # Anything but a ResultError fails the test; harmless changes are told.
    with contextlib.suppress(ResultError):
        assert checked(document) is document
