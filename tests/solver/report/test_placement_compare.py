"""What changed between two placement results."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from solver.report.placement_compare import compare_placements
from tests.solver.report import placement_texts as made


def told(before: dict[str, Any], after: dict[str, Any]) -> str:
    return "\n".join(compare_placements(before, after))


def test_a_result_is_the_same_as_itself() -> None:
    lines = compare_placements(made.document(), made.document())
    assert lines[-1] == "Same question, same status, same points."


def test_both_results_are_named_with_their_status() -> None:
    lines = compare_placements(made.document(), made.partial())
    assert lines[0] == "Before: A small cluster, complete: 3 points."
    assert lines[1] == "After: A small cluster, partial: 3 points found, 1 region still open."


def test_other_objectives_are_refused() -> None:
    with pytest.raises(ValueError, match="different objectives"):
        compare_placements(made.document(), made.measured())


def test_a_changed_choice_of_the_question_is_told_with_both_values() -> None:
    after = made.document()
    after["instance"]["resolved"]["context_tokens"] = 8192
    assert "context_tokens: absent before, 8,192 after." in told(made.document(), after)


def test_a_link_that_got_wider_is_told_in_units() -> None:
    after = made.document()
    after["instance"]["resolved"]["topology"]["edges"][0]["bytes_per_s"] = 10**11
    assert "link h0--leaf: bytes per s 50 GB/s before, 100 GB/s after." in told(
        made.document(), after
    )


def test_hosts_that_come_and_go_are_named() -> None:
    after = made.document()
    nodes = after["instance"]["resolved"]["topology"]["nodes"]
    nodes[3] = {**nodes[3], "id": "l9"}
    text = told(made.document(), after)
    assert "1 node only before: l1." in text
    assert "1 node only after: l9." in text


def test_a_changed_measured_table_is_one_sentence() -> None:
    before, after = made.measured(), made.measured()
    for document, rate in ((before, "10"), (after, "20")):
        document["instance"]["resolved"]["machines"] = [
            {"name": "t4", "measured": {"tok_per_s": [rate] * 50}}
        ]
    lines = [line for line in compare_placements(before, after) if "measured" in line]
    assert len(lines) == 1
    assert "a table of digest" in lines[0]


def test_a_machine_that_comes_is_one_sentence() -> None:
    after = made.document()
    after["instance"]["resolved"]["machines"] = [
        {"name": "b200", "accelerator": {"name": "B200", "year": 2024}}
    ]
    lines = [line for line in compare_placements(made.document(), after) if "b200" in line.lower()]
    assert lines == ["Machine b200: only after."]


def test_cost_at_equal_speed_is_told_with_its_change() -> None:
    after = made.document()
    after["points"][2]["objectives"]["cost"] = 0.5
    after["points"][2]["exact"]["cost"] = "1/2"
    text = told(made.document(), after)
    assert "2 points in both, 1 only before, 1 only after." in text
    assert (
        "With speed of at least 25 tok/s/user, cost: US$1/Mtok before, US$0.5000/Mtok after "
        "(-50.0 %)." in text
    )


def test_a_speed_that_is_lost_is_told() -> None:
    after = made.document()
    after["points"] = after["points"][1:]
    text = told(made.document(), after)
    assert "With speed of at least 100 tok/s/user, cost: no longer reached." in text


def test_the_change_of_the_design_is_told_host_by_host() -> None:
    before, after = made.single(), made.single()
    after["points"] = [copy.deepcopy(made.document()["points"][0])]
    text = told(before, after)
    assert "h1 now h100x8 TP8 layers 41-80, microbatch 1, 2 in flight" in text
    assert "h0 from h100x8 TP8 layers 1-80, microbatch 8, 1 in flight to" in text


def test_flows_are_compared_by_their_rate() -> None:
    after = made.partial_flow()
    after["points"][0]["objectives"]["throughput"] = 90.0
    after["points"][0]["exact"]["throughput"] = "90"
    text = told(made.flow(), after)
    assert "The best throughput: 100 tok/s before, 90 tok/s after (-10.0 %)." in text
