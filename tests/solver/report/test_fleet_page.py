"""The page of a fleet result."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest

from solver.report import fleet_findings
from solver.report.fleet_page import render_fleet_page
from tests.oracles import fleet_documents as made

VOID = {"meta", "img", "br", "hr", "input", "link"}
EVERY = [made.document, made.three, made.single, made.partial, made.infeasible]


class Page(HTMLParser):
    """Text, tags and whether every tag is closed."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.text: list[str] = []
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: Any) -> None:  # noqa: ARG002 - as its base
        self.tags.append(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@pytest.mark.parametrize("make", EVERY)
def test_every_tag_is_closed(make: Any) -> None:
    assert Page(render_fleet_page(make())).open == []


@pytest.mark.parametrize("make", EVERY)
def test_nothing_is_loaded_from_anywhere(make: Any) -> None:
    page = render_fleet_page(make())
    assert "<script" not in page
    assert set(re.findall(r'(?:src|href)="([a-z#]+)', page)) <= {"data", "#answer"}


def test_the_page_stays_small() -> None:
    assert len(render_fleet_page(made.three()).encode()) < 300_000


def test_a_result_of_very_many_lines_stays_below_a_megabyte() -> None:
    document = made.document()
    design = document["points"][0]["design"]
    design["replicas"] = [
        made.replicas(f"layout {k}", "h100", 1, 1, workload=f"workload {k % 20}")
        for k in range(300)
    ]
    document["points"] = [
        {
            **document["points"][0],
            "objectives": {"speed": 200.0 - k, "cost": 500.0 - 2 * k},
            "exact": {"speed": str(200 - k), "cost": str(500 - 2 * k)},
        }
        for k in range(120)
    ]
    page = render_fleet_page(document)
    assert len(page.encode()) < 1_000_000
    left = re.search(r"The bills of (\d+) more points are left out here", page)
    assert left is not None
    assert int(left[1]) + page.count("<summary><b>") == 120


def test_names_cannot_become_markup() -> None:
    document = made.document()
    evil = "<img src=x onerror=alert(1)>\"'&"
    document["instance"]["resolved"]["title"] = evil
    document["instance"]["name"] = evil
    document["instance"]["resolved"]["machines"][0]["contracts"][0]["source"] = evil
    for entry in document["points"][1]["design"]["replicas"]:
        entry.update(workload=evil, layout=evil, machine=evil, model=evil)
    document["open_boxes"] = [{"region": evil, "reason": evil}]
    document["conflict"] = [{"text": evil}]
    document["answers"] = {"limits": [{"text": evil}], evil: evil}
    document["provenance"].update(notes=[evil], warnings=[evil])
    page = render_fleet_page(document, evil, evil)
    assert "<img src=x" not in page
    assert page.count("&lt;img src=x") > 10


def test_every_point_has_its_bill() -> None:
    page = render_fleet_page(made.document())
    assert page.count("<summary><b>") == 3
    for told in ("100 tok/s/user, US$96/h", "80 tok/s/user, US$40/h", "25 tok/s/user, US$24/h"):
        assert f"<b>{told}</b>" in page


def test_the_recommended_bill_is_open() -> None:
    page = render_fleet_page(made.document())
    (opened,) = re.findall(r"<details open>\s*<summary><b>([^<]*)", page)
    assert opened == "80 tok/s/user, US$40/h"


def test_prices_are_told_with_their_source() -> None:
    text = Page(render_fleet_page(made.document())).text
    assert "a price list of May" in text
    assert "Machines and prices" in text


def test_where_all_and_digest_are_told() -> None:
    page = render_fleet_page(made.document(), "r.json", "ef" * 32)
    assert "All points with exact values: r.json." in page
    assert "ef" * 32 in page


def test_the_digest_of_the_document_is_the_default() -> None:
    assert "cd" * 32 in render_fleet_page(made.document())


def test_an_infeasible_page_tells_the_conflict() -> None:
    page = render_fleet_page(made.infeasible())
    assert "These 2 limits conflict" in page
    assert "72 devices would do" in page
    assert "Bills of materials" not in page


def test_how_full_limits_get_over_the_frontier_is_told() -> None:
    page = render_fleet_page(made.document())
    row = '<th scope="row">stock of h100</th><td class="number">0.0 %</td>'
    assert f'{row}<td class="number">75.0 %</td>' in page


def test_a_bare_problem_has_its_types_and_demand() -> None:
    document = made.document()
    document["instance"]["resolved"] = {
        "kind": "fleet",
        "name": "bare",
        "types": [{"price_cents_per_h": 250, "watts": 700, "stock": None}],
        "demand_milli_tok_per_s": [1500],
        "power_limit_w": None,
        "columns": {"type": [0], "gpus": [1]},
    }
    text = Page(render_fleet_page(document)).text
    assert {"Types of device", "type 0", "2.50", "no limit", "workload 0"} <= set(text)
    assert "1 workload · 1 type on offer" in " ".join(text)


def test_the_fastest_of_a_partial_frontier_is_only_the_fastest_found() -> None:
    told = fleet_findings.neighbours(made.partial(), 0)
    assert ("No fleet found is faster.", []) in told
    assert ("No fleet on the frontier is faster.", []) in fleet_findings.neighbours(
        made.document(), 0
    )
