"""Principles, jobs and energy along the clock on the terminal and as a picture."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from solver.report.economics_clock import clock_parts, render_clock
from solver.report.economics_job import job_parts
from solver.report.economics_principles import principle_parts


def told(parts: Any) -> str:
    console = Console(file=io.StringIO(), width=80, highlight=False)
    for part in parts:
        console.print(part)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert max(len(line) for line in text.splitlines()) <= 80
    return str(text)


def clock_point(mhz: int, joules: float, broken: list[str] | None = None) -> dict[str, Any]:
    return {
        "clock_mhz": mhz,
        "j_per_token": joules,
        "speed_tok_per_s": mhz / 50,
        "usd_per_mtok": 1.0,
        "watts": 900.0,
        "broken": broken or [],
    }


def clock_curve(aim: str, least_mhz: int, place: str) -> dict[str, Any]:
    points = [clock_point(600, 1.7), clock_point(1200, 1.2), clock_point(1800, 1.4)]
    return {
        "aim": aim,
        "layout": "TP2 fp8 KV8",
        "devices": 2,
        "batch": 128,
        "chosen_mhz": least_mhz,
        "least_mhz": least_mhz,
        "least_j_per_token": 1.2,
        "place": place,
        "saved_at_highest": 1 - 1.2 / 1.4,
        "points": points,
    }


GROUP = {"model": "a-model", "machine": "a-machine"}


def test_the_least_energy_is_marked_and_said_to_lie_inside() -> None:
    group = {**GROUP, "curves": [clock_curve("least energy", 1200, "interior")]}
    text = told(clock_parts({"clock": [group]}, width=80, ascii_only=False))
    assert "1,200" in next(line for line in text.splitlines() if line.endswith("least energy"))
    assert "U-shaped" in " ".join(text.split())
    assert "14.3 % less than at the highest clock" in " ".join(text.split())


def test_a_design_that_is_both_is_shown_once() -> None:
    curves = [clock_curve(aim, 1200, "interior") for aim in ("least energy", "least cost")]
    text = told(clock_parts({"clock": [{**GROUP, "curves": curves}]}, width=80, ascii_only=False))
    assert text.count("Energy along the clock") == 1
    assert "same layout and batch" in text


@pytest.mark.parametrize(("form", "start"), [("png", b"\x89PNG"), ("pdf", b"%PDF")])
def test_the_curve_is_drawn(form: Any, start: bytes) -> None:
    found = render_clock(GROUP, clock_curve("least energy", 1200, "interior"), form)
    assert found.startswith(start)


def test_a_drawing_names_the_least_and_its_clock() -> None:
    picture = render_clock(GROUP, clock_curve("least energy", 1200, "interior"), "svg").decode()
    assert "least: 1.2" in picture
    assert "1,200 MHz" in picture


def judged(name: str, holds: bool | None, breaks: int = 0, steps: int = 0) -> dict[str, Any]:
    worst = {"concurrency": 8, "before": 0.1, "here": 0.2, "unit": "US$/Mtok of one more user"}
    return {
        "name": name,
        "holds": holds,
        "why": "",
        "breaks": breaks,
        "steps": steps,
        "counterexample": worst if breaks else None,
        "worst": worst if breaks else None,
    }


def principle_curve(waiting: dict[str, Any] | None) -> dict[str, Any]:
    return {
        "layout": "TP1",
        "principles": [judged("diminishing marginal cost", False, 3, 40)],
        "doublings": [judged("diminishing marginal cost", False, 1, 6)],
        "waiting": waiting,
    }


def test_both_verdicts_stand_under_each_other() -> None:
    group = {**GROUP, "curves": [principle_curve(None)]}
    lines = told(principle_parts([group], width=80, ascii_only=False)).splitlines()
    steps = next(line for line in lines if "steps" in line and "3/40" in line)
    doublings = next(line for line in lines if line.strip().startswith("doublings"))
    assert "a-model" in steps
    assert "1/6" in doublings


def test_the_worst_step_along_doublings_is_told() -> None:
    group = {**GROUP, "curves": [principle_curve(None)]}
    text = " ".join(told(principle_parts([group], width=80, ascii_only=False)).split())
    assert "most at 8 users, from 0.1000 to 0.2000 US$/Mtok of one more user" in text


@pytest.mark.parametrize(
    ("below", "words"),
    [(0.5, "worth more than US$ 0.001000 and less than 0.5000"), (None, "than US$ 0.001000;")],
)
def test_waiting_says_between_which_values_the_optimum_is_inside(
    below: float | None, words: str
) -> None:
    load = {"usd_per_s": 0.01, "name": "a wish", "concurrency": 6, "place": "interior"}
    waiting = {
        "interior": True,
        "above_usd_per_s": 0.001,
        "below_usd_per_s": below,
        "stated": [load],
    }
    group = {**GROUP, "curves": [principle_curve(waiting)]}
    text = " ".join(told(principle_parts([group], width=80, ascii_only=False)).split())
    assert words in text
    assert "at 0.01000 (a wish) it is 6 users, interior" in text


def test_a_job_is_a_row_for_every_layout_worth_having() -> None:
    job = {
        "aim": "cheapest",
        "layout": "TP2",
        "devices": 2,
        "concurrency": 255,
        "seconds": 246.0,
        "usd": 0.108,
    }
    document = {
        "groups": [{**GROUP, "jobs": [job, {**job, "aim": "fastest"}]}],
        "job_requests": 2993,
        "answer_tokens": 300,
    }
    text = told(job_parts(document, width=80, ascii_only=False))
    assert "A job of 2,993 requests, answers of 300 tokens" in text
    rows = [line for line in text.splitlines() if "TP2" in line]
    assert [line.split()[-1] for line in rows] == ["cheapest", "fastest"]


def test_no_job_says_nothing() -> None:
    document = {"groups": [{**GROUP, "jobs": []}], "job_requests": None, "answer_tokens": 300}
    assert list(job_parts(document, width=80, ascii_only=False)) == []
