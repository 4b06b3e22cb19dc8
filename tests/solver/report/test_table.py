from __future__ import annotations

import dataclasses
import io
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from solver.report.choose import MAX_ROWS, recommended
from solver.report.table import print_result
from solver.result import Point, Result


def printed(result: Result, *, width: int = 100, encoding: str = "utf-8", where: str = "") -> str:
    """What a terminal of ``width`` cells shows."""
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding, newline="\n")
    print_result(result, Console(file=stream, width=width, color_system=None), where)
    stream.flush()
    return raw.getvalue().decode(encoding)


def body(text: str) -> list[str]:
    """Rows of the frontier's table."""
    lines = text.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith(("───", "---", "+--")))
    return lines[start + 1 : lines.index("", start)]


@pytest.mark.parametrize("width", [50, 60, 80, 100, 140])
def test_no_line_is_wider_than_the_terminal(big_result: Result, width: int) -> None:
    assert max(cell_len(line) for line in printed(big_result, width=width).splitlines()) <= width


@pytest.mark.parametrize("width", [60, 80, 100])
def test_the_table_has_one_line_a_row_at_any_width(big_result: Result, width: int) -> None:
    rows = body(printed(big_result, width=width))
    assert 15 <= len(rows) <= MAX_ROWS


def test_a_narrow_table_keeps_speed_and_cost(big_result: Result) -> None:
    assert "tok/s/user  US$/Mtok" in printed(big_result, width=60)


def test_recommended_rows_carry_a_star(big_result: Result) -> None:
    starred = [row for row in body(printed(big_result)) if row.startswith("★")]
    assert len(starred) == len({id(point) for point in recommended(big_result).values()})


def test_a_terminal_without_unicode_gets_plain_stars(big_result: Result) -> None:
    assert "* speed^4/price" in printed(big_result, encoding="ascii")


def test_a_terminal_without_unicode_gets_plain_layouts(big_result: Result) -> None:
    assert "TP4.PP2" in printed(big_result, encoding="ascii")


def test_a_letter_that_the_terminal_lacks_is_a_question_mark(
    make_result: Callable[..., Result],
    make_question: Callable[..., Mapping[str, Any]],
    few_points: list[Point],
) -> None:
    instance = {"name": "n", "kind": "k", "resolved": make_question(model={"name": "模型-7B"})}
    assert "??-7B" in printed(make_result(few_points, instance=instance), encoding="ascii")


def test_the_foot_tells_the_count_and_where_all_are(big_result: Result) -> None:
    text = printed(big_result, where="all 4643 points: r.json")
    assert "of 4,643 points; all 4643 points: r.json" in text


def test_warnings_are_printed(big_result: Result) -> None:
    assert "warning: the price of H100 SXM is from 2024-05" in printed(big_result)


def test_a_partial_result_tells_its_open_boxes(partial_result: Result) -> None:
    text = printed(partial_result)
    assert "1 region still open" in text
    assert "time limit of 10 s reached" in text


def test_many_open_boxes_are_counted_not_listed(partial_result: Result) -> None:
    many = dataclasses.replace(partial_result, open_boxes=partial_result.open_boxes * 30)
    assert "and 20 more regions" in printed(many)


def test_an_infeasible_result_tells_each_limit_and_what_it_needs(
    infeasible_result: Result,
) -> None:
    text = " ".join(printed(infeasible_result).split())
    assert "300 tok/s/user" in text
    assert "156.9 tok/s/user (-143.1" in text
    assert "cannot alone" in text


def test_an_infeasible_result_tells_the_nearest_candidate(infeasible_result: Result) -> None:
    text = printed(infeasible_result)
    assert "design: H100 SXM, TP8, batch 1" in text
    assert "refused by: min_speed_tok_per_s" in text


def test_the_limits_that_refused_the_nearest_candidate_are_told_in_words(
    infeasible_result: Result,
) -> None:
    assert infeasible_result.conflict is not None
    refusal = {"limit": "min_speed", "value": 37.88, "limit_value": 60.0, "unit": "tok/s/user"}
    conflict = dataclasses.replace(
        infeasible_result.conflict, nearest={"tensor_parallel": 4, "refused_by": [refusal]}
    )
    text = printed(dataclasses.replace(infeasible_result, conflict=conflict))
    assert "refused by: min_speed: 37.88 tok/s/user, the limit is 60" in text


def test_a_lone_point_is_printed(
    make_result: Callable[..., Result], few_points: list[Point]
) -> None:
    text = printed(make_result(few_points[:1]))
    assert "★ all four" in text
    assert "1 point" in text


def test_markup_in_a_name_is_shown_not_obeyed(
    make_result: Callable[..., Result],
    make_question: Callable[..., Mapping[str, Any]],
    few_points: list[Point],
) -> None:
    question = make_question(model={"name": "[bold]x[/bold]\x1b[31m"})
    result = make_result(few_points, instance={"name": "n", "kind": "k", "resolved": question})
    text = printed(result)
    assert "[bold]x[/bold]" in text
    assert "\x1b" not in text


def test_accelerators_are_told_apart_where_the_question_offers_several(
    make_result: Callable[..., Result],
    make_question: Callable[..., Mapping[str, Any]],
    few_points: list[Point],
) -> None:
    machines = [{"accelerator": {"name": name, "hbm_bytes": 1}} for name in ("H100 SXM", "L4")]
    instance = {"name": "n", "kind": "k", "resolved": make_question(machines=machines)}
    assert "accelerator" in printed(make_result(few_points, instance=instance))


def test_precision_is_told_by_row_where_the_question_offers_several(
    make_result: Callable[..., Result],
    make_question: Callable[..., Mapping[str, Any]],
    few_points: list[Point],
) -> None:
    instance = {
        "name": "n",
        "kind": "k",
        "resolved": make_question(design={"weight_bits": "8, 16"}),
    }
    assert "W8 KV16" in printed(make_result(few_points, instance=instance))


def test_a_clock_that_is_set_has_a_column(small_result: Result) -> None:
    clocked = tuple(
        dataclasses.replace(point, design={**point.design, "clock_mhz": 1980 - 15 * index})
        for index, point in enumerate(small_result.points)
    )
    text = printed(dataclasses.replace(small_result, points=clocked))
    assert "clock" in text
    assert "1,980" in text
    assert "clock" not in printed(small_result)
