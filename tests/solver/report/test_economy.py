"""The terminal's account of an economic frontier."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from rich.console import Console

from solver.report.economy import economy_columns, print_economy, slices_of
from tests.solver.report import economy_documents as made


def printed(document: dict[str, Any], *, width: int = 80, where_all: str = "p.csv") -> str:
    """What a terminal of ``width`` cells shows."""
    stream = io.StringIO()
    print_economy(document, Console(file=stream, width=width), where_all)
    return stream.getvalue()


DOCUMENTS = {
    "energy": made.document(),
    "speed-energy": made.document(("speed", "energy")),
    "quality": made.three_models(),
    "cost-power": made.document(("cost", "power")),
}


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_no_line_is_wider_than_the_terminal(name: str) -> None:
    assert max(len(line.rstrip()) for line in printed(DOCUMENTS[name]).splitlines()) <= 80


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_every_goal_stands_in_the_table_even_on_a_narrow_terminal(name: str) -> None:
    head = printed(DOCUMENTS[name], width=60)
    for entry in DOCUMENTS[name]["objectives"]:
        assert re.search(rf"\b{entry['name']}\b", head)


def test_at_most_twenty_points_are_shown() -> None:
    document = DOCUMENTS["energy"]
    assert len(document["points"]) > 20
    assert "20 of 58 points; p.csv" in printed(document)


def test_energy_terms_stand_in_the_heading() -> None:
    text = printed(DOCUMENTS["energy"], width=200)
    assert (
        "electricity US$0.08/kWh, held in the price; 350 g CO2/kWh (mean of 24 hours, 300 to 400); "
        "PUE 1.2"
    ) in text


def test_clocks_on_offer_stand_in_the_heading() -> None:
    assert "at 990 to 1,980 MHz (4 clocks)" in printed(DOCUMENTS["energy"], width=200)


def test_least_energy_is_told_with_its_clock() -> None:
    points = DOCUMENTS["energy"]["points"]
    least = min(points, key=lambda p: p["design"]["j_per_token"])["design"]
    text = printed(DOCUMENTS["energy"], width=400)
    assert f"Energy is least of all designs: {least['j_per_token']:.5f} J/token" in text
    assert f"at {least['clock_mhz']:,} MHz" in text
    assert "clocks on offer reach from 990 to 1,980 MHz" in text


def test_least_energy_that_is_not_traded_is_claimed_of_the_frontier_only() -> None:
    assert "Energy is least on this frontier" in printed(DOCUMENTS["quality"], width=200)


def test_least_energy_of_a_partial_result_is_claimed_of_what_was_found() -> None:
    partial = made.document(
        status="partial",
        open_boxes=[{"region": "energy below 0.05", "reason": "time limit of 1 s"}],
    )
    text = printed(partial, width=200)
    assert "Energy is least found so far" in text
    assert "energy below 0.05: time limit of 1 s" in text
    assert "Partial: 58 points found" in text


def test_without_power_nothing_is_said_of_energy() -> None:
    document = made.three_models()
    for point in document["points"]:
        point["design"].update(watts=None, j_per_token=None)
    text = printed(document)
    assert "Energy is least" not in text
    assert "J/token" not in text


def test_what_all_points_share_needs_no_column() -> None:
    text = printed(DOCUMENTS["energy"], width=200)
    assert "all points: model Llama-70B, machine H100 SXM, precision W8 KV16" in text
    headers = [header for header, *_ in economy_columns(DOCUMENTS["energy"], [0, 1, 2])]
    assert "model" not in headers


def test_model_and_clock_have_columns_where_they_differ() -> None:
    both = made.document(("quality", "energy", "speed"), models=tuple(made.MODELS))
    headers = [header for header, *_ in economy_columns(both, range(len(both["points"])))]
    assert "model" in headers
    assert "clock\nMHz" in headers


def test_slices_are_the_cheapest_points_by_brute_force() -> None:
    document = DOCUMENTS["quality"]
    found = slices_of(document)
    assert found is not None
    _, floors, rows = found
    for row in rows:
        quality = float(row[0].split()[-1])
        for floor, cell in zip(floors, row[1:], strict=True):
            speed = float(floor.split()[-1])
            costs = [
                point["objectives"]["cost"]
                for point in document["points"]
                if point["objectives"]["quality"] >= quality
                and point["objectives"]["speed"] >= speed
            ]
            if not costs:
                assert cell == "none"
            else:
                assert float(cell) == pytest.approx(min(costs), rel=5e-3)


def test_two_goals_have_no_slices() -> None:
    assert slices_of(DOCUMENTS["speed-energy"]) is None


def test_a_conflict_is_told_limit_by_limit() -> None:
    conflict = {
        "limits": [
            {"limit": "max_j_per_token", "value": 0.01, "unit": "J/token", "needed": 0.066,
             "change": 0.056, "explanation": "no design takes less"},
            {"limit": "min_speed", "value": 500.0, "unit": "tok/s/user", "needed": None,
             "change": None, "explanation": ""},
        ],
        "is_minimum": True,
        "nearest": {"devices": 8, "accelerator": "H100 SXM", "tensor_parallel": 8},
    }  # fmt: skip
    text = printed(made.document(status="infeasible", points=[], conflict=[conflict]), width=200)
    assert "These 2 limits conflict; no smaller set of limits conflicts." in text
    assert (
        "max_j_per_token, now 0.01000 J/token: it would have to be 0.066 J/token, the others "
        "unchanged (no design takes less)"
    ) in text
    assert "min_speed, now 500 tok/s/user: no value of it alone is enough" in text
    assert "design: 8 × H100 SXM, TP8" in text


def test_one_point_is_told_to_be_best_in_all() -> None:
    document = made.document(("speed", "cost"), batches=(1,), clocks=(None,))
    document["points"] = document["points"][:1]
    assert "one design is proved to be the best in speed and cost at once" in printed(
        document, width=200
    )


def test_a_terminal_without_unicode_gets_plain_characters() -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    print_economy(DOCUMENTS["quality"], Console(file=stream, width=80))
    stream.flush()
    stream.seek(0)
    assert "* cheapest" in stream.read()


def test_markup_in_a_name_is_shown_not_obeyed() -> None:
    document = made.document()
    document["instance"]["resolved"]["title"] = "[bold]x[/bold]\x1b[31m"
    assert "[bold]x[/bold]" in printed(document)
    assert "\x1b[31m" not in printed(document)


def test_prediction_layers_of_several_models_are_not_told_as_that_of_the_first() -> None:
    document = made.three_models()
    document["instance"]["resolved"]["draft"] = {
        "model": {"name": "Llama-70B prediction layer"},
        "own_layer": True,
    }
    text = printed(document, width=200)
    assert "drafts by the prediction layer of each model" in text
    assert "Llama-70B prediction layer" not in text


def test_a_score_and_a_clock_of_a_conflict_read_as_people_write_them() -> None:
    limit = {"limit": "min_quality", "value": 99.0, "unit": "score", "needed": 83.6}
    nearest = {"accelerator": "H100 SXM", "devices": 8, "clock_mhz": 1980, "refused_by": []}
    document = made.document(
        status="infeasible", conflict=[{"limits": [limit], "is_minimum": True, "nearest": nearest}]
    )
    document["points"] = []
    text = printed(document, width=200)
    assert "min_quality, now 99: it would have to be 83.6, the others unchanged" in text
    assert "clock: 1,980 MHz" in text
