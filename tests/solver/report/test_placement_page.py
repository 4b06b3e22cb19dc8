"""A placement result as a page."""

from __future__ import annotations

import html.parser
import re
from typing import Any

import pytest

from solver.report.placement_page import render_placement_page
from tests.solver.report import placement_texts as made

EVERY = [
    made.document,
    made.single,
    made.partial,
    made.infeasible,
    made.bracketed,
    made.measured,
    made.several,
    made.flow,
    made.partial_flow,
]
_VOID = {"meta", "img", "br", "link", "hr", "input"}


class _Nesting(html.parser.HTMLParser):
    """Tags that are open, and those that were closed out of order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href")]
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


def read(page: str) -> _Nesting:
    parser = _Nesting()
    parser.feed(page)
    return parser


def text_of(page: str) -> str:
    """The words of a page, tags and scripts left out."""
    bare = re.sub(r"<(script|style)\b.*?</\1>", " ", page, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", bare)).split())


@pytest.fixture(scope="module")
def page() -> str:
    return render_placement_page(made.document(), "r.json", "abc")


@pytest.mark.parametrize("make", EVERY)
def test_tags_of_every_kind_of_result_are_closed_in_order(make: Any) -> None:
    nesting = read(render_placement_page(make()))
    assert (nesting.open, nesting.wrong) == ([], [])


@pytest.mark.parametrize("make", [made.document, made.flow])
def test_the_page_loads_nothing(make: Any) -> None:
    for address in read(render_placement_page(make())).addresses:
        assert address.startswith(("data:", "#"))


def test_title_status_and_digest_are_shown(page: str) -> None:
    told = text_of(page)
    assert "A small cluster" in told
    assert "Complete 3 pipelines, and it is proved" in told
    assert "abc" in told


def test_both_ends_and_the_knee_are_drawn(page: str) -> None:
    # The knee of these three points is the fastest.
    assert page.count('class="drawing"') == 2


def test_stages_and_links_of_every_point_are_told(page: str) -> None:
    told = text_of(page)
    assert page.count("<details") == 3 + 1
    assert "3 l1 l40s 1 72-80 2.25 0.0100 11.2 % 16.00" in told
    assert "h0--leaf h0 leaf 50 0.00200 h0 to h1 25.0 %" in told


def test_the_assumptions_of_chains_are_stated(page: str) -> None:
    assert "A token passes all stages and hand-overs in turn" in text_of(page)


def test_a_flow_states_that_latency_plays_no_part() -> None:
    told = text_of(render_placement_page(made.flow()))
    assert "Latency plays no part." in told
    assert "Proved by cover prices (integers)." in told


def test_an_open_region_is_told_with_its_reason() -> None:
    told = text_of(render_placement_page(made.partial()))
    assert "speed 25 to 50 tok/s/user: the time limit was reached" in told


def test_an_infeasible_result_tells_the_conflict_and_draws_nothing() -> None:
    page = render_placement_page(made.infeasible())
    assert "hbm, now 80 GB: it would have to be 96.5 GB" in text_of(page)
    assert 'class="drawing"' not in page


def test_a_bracket_is_told() -> None:
    told = text_of(render_placement_page(made.bracketed()))
    assert "bound 110 tok/s/user, gap 10.0 %" in told


def test_names_from_files_are_escaped() -> None:
    document = made.document()
    document["instance"]["resolved"]["title"] = "<b onclick=x>"
    page = render_placement_page(document)
    assert "&lt;b onclick=x&gt;" in page
    assert "<b onclick=x>" not in page


def test_the_same_result_gives_the_same_page(page: str) -> None:
    assert render_placement_page(made.document(), "r.json", "abc") == page


def test_a_point_that_is_not_proved_says_so() -> None:
    document = made.single()
    document["points"][0]["proof"] = {"nondominated": "not proved", "closed_by": "open"}
    assert "It is not proved that nothing is better." in text_of(render_placement_page(document))
