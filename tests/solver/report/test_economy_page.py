"""The page of an economic frontier."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import Any

from solver.report.economy_page import render_economy_page
from tests.solver.report import economy_documents as made

ENERGY = made.document()
QUALITY = made.three_models()
PAGE = render_economy_page(QUALITY, "p.csv", "12" * 32)


class _Balance(HTMLParser):
    """Elements that are open, and what was closed out of turn."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:  # noqa: ARG002
        if tag not in ("meta", "img", "input", "br", "link"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


def _data(page: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="chart-data">(.*?)</script>', page)
    assert found is not None
    data: dict[str, Any] = json.loads(found.group(1))
    return data


def test_elements_are_closed_in_turn() -> None:
    parser = _Balance()
    parser.feed(PAGE)
    assert not parser.open
    assert not parser.wrong


def test_nothing_is_loaded_from_anywhere() -> None:
    assert not re.search(r'(?:src|href)="(?!data:|#)', PAGE)
    assert "default-src 'none'" in PAGE


def test_the_chooser_holds_every_point_unrounded() -> None:
    data = _data(PAGE)
    for goal in data["goals"]:
        assert goal["values"] == [p["objectives"][goal["name"]] for p in QUALITY["points"]]


def test_facts_of_a_point_are_those_of_its_design() -> None:
    facts = {fact["name"]: fact for fact in _data(PAGE)["facts"]}
    for index, point in enumerate(QUALITY["points"]):
        told = {name: fact["texts"][fact["of"][index]] for name, fact in facts.items()}
        assert told["Model"] == point["design"]["model"]
        assert told["Batch"] == f"{point['design']['batch']:,}"
        assert told["Machine"] == f"{point['design']['devices']} × H100 SXM"
        assert told["Score from"] == "toy scores of this test"


def test_scores_stand_with_their_sources() -> None:
    assert re.search(r"Llama-70B</th><td class=\"number\">83.6</td><td>its card, 2024", PAGE)


def test_penalties_stand_with_their_sources() -> None:
    document = made.three_models()
    document["instance"]["resolved"]["penalties"] = [
        {"points": "9/10", "source": "a table of somebody", "weight_bits": 4}
    ]
    page = render_economy_page(document)
    assert 'weight bits 4</th><td class="number">−0.9</td><td>a table of somebody' in page


def test_power_stands_with_its_source() -> None:
    document = made.document()
    document["instance"]["resolved"]["machines"][0]["accelerator"]["power"] = {
        "idle_w": 108.0, "decode_w": 516.9, "prefill_w": 661.7, "hbm_w": 100.0,
        "clocks": {"lowest_mhz": 345, "highest_mhz": 1980, "step_mhz": "15", "voltage_floor": 0.7},
        "source": "a paper", "as_of": "2026-05", "note": "derived",
    }  # fmt: skip
    page = render_economy_page(document)
    assert "345 to 1,980 MHz</td><td>a paper; 2026-05; derived" in page


def test_energy_terms_and_their_source_are_told() -> None:
    document = made.document()
    document["instance"]["resolved"]["energy"]["source"] = "a grid operator, 2025"
    page = render_economy_page(document)
    assert "electricity US$0.08/kWh, held in the price" in page
    assert "source: a grid operator, 2025" in page


def test_the_digest_and_where_all_points_are_stand_there() -> None:
    assert "12" * 32 in PAGE
    assert "p.csv" in PAGE


def test_an_infeasible_page_has_no_chart_and_tells_the_conflict() -> None:
    conflict = {
        "limits": [
            {"limit": "max_watts", "value": 100, "unit": "W", "needed": 308, "change": 208,
             "explanation": ""}
        ],
        "is_minimum": True,
        "nearest": {},
    }  # fmt: skip
    page = render_economy_page(made.document(status="infeasible", points=[], conflict=[conflict]))
    assert "max_watts, now 100 W" in page
    assert "chart-data" not in page
    assert "<img" not in page


def test_a_partial_page_says_where_it_is_open() -> None:
    boxes = [{"region": f"energy below {k}", "reason": "time limit of 1 s"} for k in range(60)]
    page = render_economy_page(made.document(status="partial", open_boxes=boxes))
    assert "energy below 0: time limit of 1 s" in page
    assert "and 20 more, all in the result file" in page
    assert "This result is partial" in page


def test_a_name_cannot_close_the_script() -> None:
    document = made.document()
    document["instance"]["resolved"]["title"] = "</script><script>alert(1)</script>"
    for point in document["points"]:
        point["design"]["model"] = "</script><script>alert(1)</script>"
    page = render_economy_page(document)
    assert "<script>alert" not in page
    assert _data(page)["facts"][0]["texts"] == ["</script><script>alert(1)</script>"]


def test_model_assumptions_of_power_are_told_only_where_power_is_known() -> None:
    document = made.three_models()
    assert "A board draws idle power" in render_economy_page(document)
    for point in document["points"]:
        point["design"].update(watts=None, j_per_token=None)
    assert "A board draws idle power" not in render_economy_page(document)
