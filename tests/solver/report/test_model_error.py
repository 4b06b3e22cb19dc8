from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from rich.console import Console

from solver.report import print_result, render_page
from solver.report.model_error import error_details, error_sentence
from solver.result import Point, Result

MEASURED: dict[str, Any] = {
    "model": "calibrated",
    "question": "dense, H100 SXM, fp8, decode",
    "measured": True,
    "tpot_median": 0.09,
    "tpot_p95": 0.31,
    "bias": -0.02,
    "ttft_median": 0.25,
    "ttft_p95": 0.9,
    "rows": 412,
    "of": "dense models on H100 SXM",
    "as_of": "2026-11-21",
    "source": "made-up points",
    "transferred": False,
    "note": "",
}
UNMEASURED = {"model": "epoch2025", "question": "q", "measured": False, "note": "not compared"}
LINE = (
    "model error: median 9 %, 95th percentile 31 % "
    "(412 measured points of dense models on H100 SXM)"
)


def test_a_measured_error_is_one_line() -> None:
    assert error_sentence(MEASURED) == LINE


def test_a_group_that_stands_in_is_told_in_the_line() -> None:
    told = {**MEASURED, "transferred": True, "note": "no group for just this"}
    assert error_sentence(told) == f"{LINE}; no group for just this"


def test_an_error_that_was_not_measured_says_so() -> None:
    assert error_sentence(UNMEASURED) == "model error: not compared"


def test_a_result_that_says_nothing_has_no_line() -> None:
    assert error_sentence(None) == ""
    assert error_details(None) == []


@pytest.mark.parametrize(("value", "told"), [(0.004, "0.4 %"), (0.0, "0 %"), (0.1249, "12 %")])
def test_shares_are_told_shortly(value: float, told: str) -> None:
    assert f"median {told}," in error_sentence({**MEASURED, "tpot_median": value})


def test_the_details_hold_every_figure() -> None:
    told = dict(error_details(MEASURED))
    assert told["time per output token"] == "median error 9 %, 95th percentile 31 %, bias -2 %"
    assert told["time to the first token"] == "median error 25 %, 95th percentile 90 %"
    assert told["compared"] == "2026-11-21"


def test_the_details_leave_out_a_first_token_that_was_not_measured() -> None:
    told = dict(error_details({**MEASURED, "ttft_median": None, "ttft_p95": None}))
    assert "time to the first token" not in told


@pytest.mark.parametrize("told", [MEASURED, UNMEASURED])
def test_table_and_page_carry_the_line(
    make_result: Callable[..., Result], few_points: list[Point], told: dict[str, Any]
) -> None:
    result = make_result(few_points, model_error=told)
    stream = io.StringIO()
    print_result(result, Console(file=stream, width=200))
    line = error_sentence(told)
    assert line in stream.getvalue()
    assert line[1:] in render_page(result)
