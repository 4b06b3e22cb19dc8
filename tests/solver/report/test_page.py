from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable, Mapping
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pytest

from solver.report.frontier_chart import MOST_POINTS
from solver.report.page import notebook_html, render_page
from solver.report.page_parts import script_json
from solver.result import Point, Result, result_to_dict

HOSTILE = "</script><script>alert('x')</script>\"><img src=x onerror=alert(1)>&"


class Page(HTMLParser):
    """Elements of a page with their attributes, and the text of each script by its id."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: dict[str, str] = {}
        self._open: str | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag == "script":
            self._open = dict(attrs).get("id") or "inline"

    def handle_endtag(self, tag: str) -> None:
        if tag == "script":
            self._open = None

    def handle_data(self, data: str) -> None:
        if self._open is not None:
            self.scripts[self._open] = self.scripts.get(self._open, "") + data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def big_page(big_result: Result) -> str:
    return render_page(big_result, where_all="all 4643 points: r.json")


@pytest.fixture(scope="module")
def hostile_result(
    make_result: Callable[..., Result],
    make_question: Callable[..., Mapping[str, Any]],
    few_points: list[Point],
) -> Result:
    points = [
        dataclasses.replace(point, design={**point.design, "accelerator": HOSTILE})
        for point in few_points
    ]
    question = make_question(title=HOSTILE, model={"name": HOSTILE, HOSTILE: HOSTILE})
    return make_result(
        points,
        instance={"name": HOSTILE, "kind": HOSTILE, "sha256": HOSTILE, "resolved": question},
        provenance={"warnings": [HOSTILE], HOSTILE: HOSTILE},
    )


@pytest.fixture(scope="module")
def hostile_page(hostile_result: Result) -> str:
    return render_page(hostile_result)


def test_hostile_names_make_no_element(hostile_page: str, big_page: str) -> None:
    def shape(html: str) -> tuple[int, int]:
        page = Page(html)
        return len(page.all("script")), len(page.all("img"))

    assert shape(hostile_page) == shape(big_page)


def test_hostile_names_do_not_close_the_data(hostile_page: str) -> None:
    facts = json.loads(Page(hostile_page).scripts["chart-data"])["facts"]
    assert HOSTILE in next(fact for fact in facts if fact["name"] == "Design")["texts"][0]


def test_no_attribute_handles_events(hostile_page: str) -> None:
    page = Page(hostile_page)
    assert not [name for _, attributes in page.elements for name in attributes if name[:2] == "on"]


def test_a_notebook_cell_escapes_names(hostile_result: Result) -> None:
    assert not Page(notebook_html(hostile_result)).all("script")


def test_script_json_escapes_what_could_end_a_script() -> None:
    assert script_json({"a": "</script>\u2028"}) == '{"a":"\\u003c/script\\u003e\\u2028"}'


def test_the_page_loads_nothing(big_page: str) -> None:
    for tag, attributes in Page(big_page).elements:
        assert tag not in ("link", "iframe", "object", "embed", "base")
        for name in ("src", "srcset", "href", "data", "action"):
            assert not re.match(r"(?i)\s*(https?:|//)", attributes.get(name) or ""), attributes


def test_the_style_loads_nothing(big_page: str) -> None:
    style = re.search(r"<style>(.*?)</style>", big_page, re.DOTALL)
    assert style is not None
    assert "url(" not in style.group(1)
    assert "@import" not in style.group(1)


def test_a_policy_forbids_loading(big_page: str) -> None:
    policies = [
        meta["content"]
        for meta in Page(big_page).all("meta")
        if meta.get("http-equiv") == "Content-Security-Policy"
    ]
    assert len(policies) == 1
    assert (policies[0] or "").startswith("default-src 'none'")


def test_a_long_frontier_makes_a_page_of_well_under_a_megabyte(big_page: str) -> None:
    assert len(big_page.encode()) < 800_000


def test_a_frontier_too_long_for_a_page_stays_under_two_megabytes(
    make_result: Callable[..., Result], few_points: list[Point]
) -> None:
    count = 30_000
    points = [
        dataclasses.replace(
            few_points[0],
            objectives={"speed": 900.0 - k / 50, "cost": 90.0 - k / 400},
            exact={"latency_ps": 10**9 + k, "cost": f"{36_000 - k}/400"},
            design={**few_points[0].design, "batch": k + 1, "tok_per_s": 1000.5 + k},
        )
        for k in range(count)
    ]
    html = render_page(make_result(points))
    data = json.loads(Page(html).scripts["chart-data"])
    assert len(html.encode()) < 2_000_000
    assert MOST_POINTS / 2 < len(data["x"]) <= MOST_POINTS + 4
    assert (data["total"], data["x"][0], data["x"][-1]) == (count, 900, 300.02)
    assert f"hold {len(data['x']):,} of them" in html


def test_every_point_is_in_the_data(big_page: str, big_result: Result) -> None:
    data = json.loads(Page(big_page).scripts["chart-data"])
    assert data["x"] == pytest.approx(
        [point.objectives["speed"] for point in big_result.points], rel=1e-5
    )
    assert {len(data[name]) for name in ("x", "y", "group")} == {4643}


def test_the_design_of_each_point_is_found_in_the_data(big_page: str, big_result: Result) -> None:
    facts = json.loads(Page(big_page).scripts["chart-data"])["facts"]
    designs = next(fact for fact in facts if fact["name"] == "Design")
    told = [designs["texts"][index].split(" ")[0] for index in designs["of"]]
    assert told == [f"{point.design['devices']:,}" for point in big_result.points]


def test_the_chart_has_a_group_for_each_limit_told_apart_by_shape(big_page: str) -> None:
    groups = json.loads(Page(big_page).scripts["chart-data"])["groups"]
    assert {group["name"] for group in groups} == {"arithmetic", "HBM bandwidth", "network"}
    assert len({group["symbol"] for group in groups}) == len(groups)


def test_every_table_has_a_caption_and_every_scrolled_region_a_name(big_page: str) -> None:
    page = Page(big_page)
    assert len(page.all("caption")) == len(page.all("table"))
    regions = [entry for entry in page.all("div") if entry.get("class") == "scroll"]
    assert regions
    for region in regions:
        assert region["tabindex"] == "0"
        assert region.get("aria-label") or region.get("aria-labelledby")


def test_every_control_has_a_label(big_page: str) -> None:
    page = Page(big_page)
    labelled = {label["for"] for label in page.all("label")}
    assert {control["id"] for control in page.all("input")} <= labelled
    assert all(button["type"] == "button" for button in page.all("button"))


def test_the_page_names_its_language(big_page: str) -> None:
    assert Page(big_page).all("html")[0]["lang"] == "en"


def test_headings_never_skip_a_level(big_page: str) -> None:
    levels = [int(tag[1]) for tag, _ in Page(big_page).elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_every_table_header_tells_its_scope(big_page: str) -> None:
    assert {header.get("scope") for header in Page(big_page).all("th")} == {"col", "row"}


def test_the_drawing_has_a_text_alternative(big_page: str) -> None:
    (image,) = Page(big_page).all("img")
    assert "4,643 points" in (image["alt"] or "")
    assert (image["src"] or "").startswith("data:image/svg+xml;base64,")


def test_labels_and_descriptions_point_at_elements(big_page: str) -> None:
    page = Page(big_page)
    known = {attributes["id"] for _, attributes in page.elements if "id" in attributes}
    asked = {
        attributes[name]
        for _, attributes in page.elements
        for name in ("aria-labelledby", "for")
        if name in attributes
    }
    assert asked <= known


def test_ids_are_unique(big_page: str) -> None:
    ids = [attributes["id"] for _, attributes in Page(big_page).elements if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_the_table_has_at_most_twenty_rows(big_page: str) -> None:
    table = big_page.split('<table class="numbers">')[1].split("</table>")[0]
    assert 10 < table.split("<tbody>")[1].count("<tr") <= 20


def test_the_page_tells_where_all_points_are(big_page: str) -> None:
    assert "With exact values, all 4643 points: r.json." in big_page


def test_the_page_tells_price_source_and_date(big_page: str) -> None:
    prices = big_page.split('id="prices-heading"')[1].split("</table>")[0]
    for part in ("2.95", "on-demand", "2026-05", "price survey"):
        assert part in prices


def test_the_page_tells_its_warnings(big_page: str) -> None:
    assert "the price of H100 SXM is from 2024-05, more than a year old" in big_page


def test_the_page_carries_the_digest_of_the_result(small_result: Result) -> None:
    assert result_to_dict(small_result)["digest"] in render_page(small_result)


def test_a_given_digest_is_not_computed_again(small_result: Result) -> None:
    assert "0123abcd" in render_page(small_result, digest="0123abcd")


def test_the_page_tells_how_points_were_closed(big_page: str) -> None:
    proofs = big_page.split('id="proof-heading"')[1].split("</table>")[0]
    assert "4,643" in proofs
    assert "every design of the space was evaluated" in proofs


def test_a_performance_model_without_words_is_named(
    make_result: Callable[..., Result],
    make_question: Callable[..., Mapping[str, Any]],
    few_points: list[Point],
) -> None:
    question = make_question(performance={"model": "newer-model"})
    result = make_result(few_points, instance={"name": "n", "kind": "k", "resolved": question})
    assert "performance model “newer-model”; see its documentation" in render_page(result)


def test_an_infeasible_page_tells_the_conflict(infeasible_result: Result) -> None:
    html = render_page(infeasible_result)
    assert "Which limits conflict" in html
    assert "156.9 tok/s/user (-143.1, -47.7 %)" in html
    assert "cannot alone" in html


def test_an_infeasible_page_carries_no_chart(infeasible_result: Result) -> None:
    assert Page(render_page(infeasible_result)).scripts == {}


def test_a_partial_page_tells_its_open_regions(partial_result: Result) -> None:
    html = render_page(partial_result)
    assert "Regions not closed by a proof" in html
    assert "time limit of 10 s reached" in html


def test_a_partial_page_claims_nothing_about_the_whole_space(partial_result: Result) -> None:
    html = render_page(partial_result)
    assert "No design in the space" not in html
    assert "The fastest design found so far" in html


def test_a_complete_page_speaks_of_the_whole_space(big_page: str) -> None:
    assert "No design in the space gives one user more tokens per second." in big_page


def test_a_lone_point_makes_one_card(
    make_result: Callable[..., Result], few_points: list[Point]
) -> None:
    assert render_page(make_result(few_points[:1])).count('class="card"') == 1


def test_two_points_make_a_chart(
    make_result: Callable[..., Result], few_points: list[Point]
) -> None:
    scripts = Page(render_page(make_result(few_points[:2]))).scripts
    assert len(json.loads(scripts["chart-data"])["x"]) == 2
