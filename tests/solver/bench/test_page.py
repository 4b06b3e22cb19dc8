from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from solver.bench.kinds.kind import Entry
from solver.bench.page import bench_page
from solver.bench.row import Row
from solver.bench.summary import summarise
from tests.solver.bench.made_rows import made_row, realistic_rows, stopped_row

HEADER = {
    "set": "small",
    "machine": "Linux x86_64",
    "cores": 2,
    "python": "3.11.9",
    "versions": {"highspy": "1.14.0", "ortools": "9.15.6755"},
    "time_limit_s": 60.0,
    "seeds": 1,
    "started": "2026-11-22T00:00:00+00:00",
}
ENTRIES = (
    Entry("replica", "column_selection", "milp", "one binary a cell",
          "formulations.replica.column_selection", strength="the convex hull (proved)"),
    Entry("replica", "factored_big_m", "milp", "one-hot factors",
          "formulations.replica.factored_big_m", textbook=True),
)  # fmt: skip


class _Balance(HTMLParser):
    """Counts elements that are opened and not closed, and pictures without a text."""

    void = frozenset({"meta", "img", "link", "br"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.pictures: list[str | None] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if tag == "img":
            self.pictures.append(told.get("alt"))
        if told.get("id"):
            self.ids.append(str(told["id"]))
        if tag not in self.void:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def rows() -> list[Row]:
    found = [
        made_row("column_selection", instance="one", cpu_s=0.5),
        made_row("factored_big_m", instance="one", cpu_s=2.0),
        made_row("column_selection", instance="two", verdict="wrong", message="<b>too good</b>"),
        stopped_row("factored_big_m", instance="two"),
        made_row("factored_big_m", "scip", status="engine_missing", verdict="none", cpu_s=None,
                 message="scip is not installed"),
    ]  # fmt: skip
    return found + [replace(row, group="fleet") for row in found[:2]]


def render_page(rows: Sequence[Row]) -> str:
    textbook = {entry.group: entry.name for entry in ENTRIES if entry.textbook}
    return bench_page(summarise(rows, textbook=textbook), header=HEADER, entries=ENTRIES)


@pytest.fixture(scope="module")
def page() -> str:
    return render_page(rows())


def test_elements_are_closed_and_every_picture_has_a_text(page: str) -> None:
    parser = _Balance()
    parser.feed(page)
    assert parser.open == []
    assert len(parser.pictures) >= 5
    assert all(parser.pictures)
    assert len(parser.ids) == len(set(parser.ids))


def test_all_groups_have_a_section(page: str) -> None:
    assert '<section id="replica"' in page
    assert '<section id="fleet"' in page


def test_nothing_is_loaded_from_elsewhere(page: str) -> None:
    assert not re.search(r"(src|href)=\"(?!data:|#)", page)
    assert "<script" not in page


def test_a_wrong_row_appears_with_its_message_escaped(page: str) -> None:
    assert "wrong: two, column_selection / highs, level 0, seed 0" in page
    assert "&lt;b&gt;too good&lt;/b&gt;" in page
    assert "<b>too good" not in page


def test_a_wrong_row_makes_the_page_say_not_sound(page: str) -> None:
    assert "Not sound:" in page


def test_a_page_without_faults_says_so() -> None:
    page = render_page(rows()[:2])
    assert "Sound:" in page
    assert "No answer is wrong, missing or refused, and no solve failed." in page


def test_a_missing_engine_is_named_with_its_reason(page: str) -> None:
    assert "factored_big_m / scip: scip is not installed (1 case)" in page


def test_formulations_come_with_their_text_size_and_strength(page: str) -> None:
    assert "the convex hull (proved)" in page
    assert 'href="#replica-column_selection"' in page
    assert "formulations.replica.factored_big_m" in page


def test_machine_versions_and_the_command_are_told(page: str) -> None:
    assert "highspy 1.14.0, ortools 9.15.6755" in page
    assert "fleetfront bench small" in page


def test_equal_rows_in_any_order_give_equal_bytes(page: str) -> None:
    assert render_page(list(reversed(rows()))) == page


def test_every_table_has_a_caption(page: str) -> None:
    assert page.count("<table>") == page.count("<caption>")


def test_a_realistic_group_of_14_sides_and_30_instances_makes_one_page() -> None:
    page = render_page(realistic_rows())
    assert "All 30 cases" in page
    assert len(page) < 3_000_000
