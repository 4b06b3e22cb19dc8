"""What every page owes its readers, whatever it shows: structure, names, print, no network."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from solver.api import read_instance, solve
from solver.report.economy_page import render_economy_page
from solver.report.fleet_page import render_fleet_page
from solver.report.frontier_chart import axis_of, facts_column, thinned
from solver.report.page import render_page
from solver.report.placement_page import render_placement_page
from tests.oracles import fleet_documents as fleets
from tests.solver.bench import test_page as bench
from tests.solver.report import economy_documents as economies
from tests.solver.report import placement_texts as placements

ROOT = Path(__file__).parents[3]


def _replica() -> str:
    question = read_instance(ROOT / "instances/replica/llama-3.1-8b-bf16-a100.toml")
    return render_page(solve(question).result)


PAGES: dict[str, Callable[[], str]] = {
    "replica": _replica,
    "economy": lambda: render_economy_page(economies.three_models()),
    "fleet": lambda: render_fleet_page(fleets.document()),
    "infeasible fleet": lambda: render_fleet_page(fleets.infeasible()),
    "placement": lambda: render_placement_page(placements.document()),
    "partial placement": lambda: render_placement_page(placements.partial()),
    "flow": lambda: render_placement_page(placements.flow()),
    "bench": lambda: bench.render_page(bench.realistic_rows()),
}
EVERY = pytest.mark.parametrize("name", PAGES)


class _Page(HTMLParser):
    """Elements in order with their attributes, and the text of each header cell."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html = html
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.headers: list[str] = []
        self._in_header = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag == "th":
            self.headers.append("")
            self._in_header = True

    def handle_endtag(self, tag: str) -> None:
        if tag == "th":
            self._in_header = False

    def handle_data(self, data: str) -> None:
        if self._in_header:
            self.headers[-1] += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@cache
def page_of(name: str) -> _Page:
    return _Page(PAGES[name]())


@EVERY
def test_a_page_is_well_under_two_megabytes(name: str) -> None:
    assert len(page_of(name).html.encode()) < 1_000_000


@EVERY
def test_a_page_loads_nothing(name: str) -> None:
    page = page_of(name)
    for tag, attributes in page.elements:
        assert tag not in ("link", "iframe", "object", "embed", "base")
        for key in ("src", "srcset", "href", "data", "action"):
            assert re.match(r"(#|data:|$)", attributes.get(key) or ""), attributes
    styles = re.findall(r"<style>(.*?)</style>", page.html, re.DOTALL)
    assert not any("@import" in style or "url(" in style for style in styles)
    assert "default-src 'none'" in page.html


@EVERY
def test_a_page_names_its_language_title_and_main_part(name: str) -> None:
    page = page_of(name)
    assert page.all("html")[0]["lang"] == "en"
    assert (len(page.all("title")), len(page.all("h1")), len(page.all("main"))) == (1, 1, 1)


@EVERY
def test_the_first_link_skips_to_a_part_that_exists(name: str) -> None:
    page = page_of(name)
    target = (page.all("a")[0]["href"] or "").removeprefix("#")
    assert target in {attributes.get("id") for _, attributes in page.elements}


@EVERY
def test_headings_skip_no_level(name: str) -> None:
    levels = [int(tag[1]) for tag, _ in page_of(name).elements if re.fullmatch("h[1-6]", tag)]
    assert all(after <= before + 1 for before, after in pairwise(levels))


@EVERY
def test_every_table_has_a_caption_and_headers_with_scope_and_text(name: str) -> None:
    page = page_of(name)
    assert len(page.all("caption")) == len(page.all("table"))
    assert {header.get("scope") for header in page.all("th")} <= {"col", "row"}
    assert all(header.strip() for header in page.headers)


@EVERY
def test_what_scrolls_can_be_reached_and_has_a_name(name: str) -> None:
    for region in page_of(name).all("div"):
        if (region.get("class") or "").split(" ")[0] == "scroll":
            assert region["tabindex"] == "0"
            assert region["role"] == "region"
            assert region.get("aria-label") or region.get("aria-labelledby")


@EVERY
def test_every_picture_has_a_text(name: str) -> None:
    page = page_of(name)
    assert all(len(image.get("alt") or "") > 10 for image in page.all("img"))
    drawn = [d for d in page.all("div") + page.all("canvas") if d.get("role") == "img"]
    assert all(len(entry.get("aria-label") or "") > 10 for entry in drawn)


@EVERY
def test_ids_are_unique_and_references_lead_somewhere(name: str) -> None:
    page = page_of(name)
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    asked = {
        attributes[key]
        for _, attributes in page.elements
        for key in ("aria-labelledby", "for")
        if key in attributes
    }
    assert len(ids) == len(set(ids))
    assert asked <= set(ids)


@EVERY
def test_a_page_prints_dark_on_white_unfolded_and_shows_focus(name: str) -> None:
    html = page_of(name).html
    printed = html.split("@media print", 1)[1]
    assert "--ground: #fff" in printed
    assert "details-content" in printed
    assert ":focus-visible" in html


@EVERY
def test_nothing_on_a_page_moves_by_itself(name: str) -> None:
    styles = "".join(re.findall(r"<style>(.*?)</style>", page_of(name).html, re.DOTALL))
    assert not re.search(r"\b(animation|transition)\b", styles)


@EVERY
def test_text_has_enough_contrast_in_light_and_dark(name: str) -> None:
    style = "".join(re.findall(r"<style>(.*?)</style>", page_of(name).html, re.DOTALL))
    themes = re.findall(r":root \{([^}]*)\}", style)
    assert len(themes) >= 2
    for theme in themes[:2]:
        colours = dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", theme))
        for ground in ("ground", "panel"):
            for ink in ("ink", "soft", "accent", "good", "mind", "bad"):
                assert _contrast(colours[ink], colours[ground]) >= 4.5, (ink, ground)
            assert _contrast(colours["edge"], colours[ground]) >= 3, ground


def _contrast(one: str, other: str) -> float:
    """Contrast ratio of WCAG 2.2, 1 to 21."""

    def luminance(colour: str) -> float:
        parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_a_short_curve_is_not_thinned() -> None:
    assert thinned([0.0, 0.5, 1.0], [1], most=3) == [0, 1, 2]


def test_a_long_curve_keeps_its_ends_and_what_is_named() -> None:
    kept = thinned([k / 999 for k in range(1000)], [503], most=50)
    assert {0, 503, 999} <= set(kept)
    assert len(kept) <= 53
    assert max(after - before for before, after in pairwise(kept)) <= 22


def test_facts_that_all_differ_need_no_index() -> None:
    assert facts_column("batch", ["1", "2"]) == {"name": "batch", "texts": ["1", "2"], "of": None}
    assert facts_column("batch", ["1", "1"])["of"] == [0, 0]


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("values", [[3.0], [1.0, 100.0], [50.0, 51.0]])
def test_an_axis_shows_all_values(values: list[float], log: bool) -> None:
    low, high = axis_of(values, name="n", unit="u", title="t", short="s", log=log)["range"]
    assert low < min(values) <= max(values) < high
