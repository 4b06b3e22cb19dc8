"""The error of the performance model in reports of fleets and placements."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from rich.console import Console

from solver.report.fleet import print_fleet
from solver.report.fleet_page import render_fleet_page
from solver.report.placement import print_placement
from solver.report.placement_page import render_placement_page
from tests.oracles import fleet_documents as fleets
from tests.solver.report import placement_texts as placements

Document = dict[str, Any]
TOLD: Document = {
    "model": "calibrated",
    "question": "dense, H100 SXM, fp8, decode",
    "measured": True,
    "tpot_median": 0.09,
    "tpot_p95": 0.31,
    "bias": -0.02,
    "ttft_median": 0.25,
    "ttft_p95": 0.9,
    "rows": 412,
    "of": "dense <models> on H100 SXM",
    "as_of": "2026-11-21",
    "source": "made-up points",
    "transferred": False,
    "note": "the largest error of the 2 kinds of design in the question",
}
LINE = (
    "model error: median 9 %, 95th percentile 31 % (412 measured points of dense <models> on "
    "H100 SXM); the largest error of the 2 kinds of design in the question"
)
EACH = pytest.mark.parametrize(
    ("make", "show", "page"),
    [
        (fleets.document, print_fleet, render_fleet_page),
        (placements.document, print_placement, render_placement_page),
    ],
    ids=["fleet", "placement"],
)
Show = Callable[[Document, Console], None]
Page = Callable[[Document], str]


def printed(show: Show, document: Document) -> list[str]:
    stream = io.StringIO()
    show(document, Console(file=stream, width=200, highlight=False))
    return [line.rstrip() for line in stream.getvalue().splitlines()]


@EACH
def test_the_header_has_one_line_more(make: Callable[[], Document], show: Show, page: Page) -> None:
    del page
    without, told = printed(show, make()), printed(show, {**make(), "model_error": TOLD})
    assert LINE in told[:5]
    assert [line for line in told if line != LINE] == without


@EACH
def test_the_page_tells_it_under_the_status(
    make: Callable[[], Document], show: Show, page: Page
) -> None:
    del show
    header = page({**make(), "model_error": TOLD}).split("<main>", 1)[0]
    assert "Model error: median 9 %" in header
    assert "dense &lt;models&gt; on H100 SXM" in header


@EACH
def test_the_page_tells_the_source_of_the_figures(
    make: Callable[[], Document], show: Show, page: Page
) -> None:
    del show
    told = page({**make(), "model_error": TOLD})
    assert "How far the performance model was off" in told
    assert "made-up points" in told


@EACH
def test_a_page_without_it_says_nothing_of_an_error(
    make: Callable[[], Document], show: Show, page: Page
) -> None:
    del show
    told = page(make()).lower()
    assert "model error" not in told
    assert "model was off" not in told
