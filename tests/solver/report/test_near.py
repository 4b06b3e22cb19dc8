from __future__ import annotations

import copy
import csv
import io
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console

import solver
from solver.instance.domain import ReplicaInstance
from solver.report import print_result, render_page
from solver.report.near import near_view, tolerance_words
from solver.report.near_csv import write_near_csv
from solver.result import Result

Small = Callable[..., ReplicaInstance]


@pytest.fixture
def result(small: Small) -> Result:
    return solver.solve(small(), tolerance="20%").result


def printed(result: Result, width: int = 120, *, encoding: str = "utf-8") -> str:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding)
    print_result(result, Console(file=stream, width=width))
    stream.flush()
    return raw.getvalue().decode(encoding)


def near_of(result: Result) -> dict[str, Any]:
    assert result.near is not None
    return copy.deepcopy(dict(result.near))


@pytest.mark.parametrize(
    ("tolerance", "words"), [("1/10", "10 %"), ("1/3", "33.33 %"), ("1/40", "2.5 %"), ("0", "0 %")]
)
def test_a_tolerance_is_told_in_per_cent(tolerance: str, words: str) -> None:
    assert tolerance_words(tolerance) == words


def test_a_result_without_a_tolerance_shows_no_list(small: Small) -> None:
    plain = solver.solve(small()).result
    assert near_view(plain) is None
    assert "Designs within" not in printed(plain) + render_page(plain)


def test_the_table_tells_how_many_designs_are_near(result: Result) -> None:
    near = near_of(result)
    text = " ".join(printed(result).split())
    assert "Designs within 20 % of the frontier" in text
    assert f"{near['count']:,} designs in {len(near['layouts'])} layouts" in text


def test_a_row_tells_what_the_simpler_layout_costs(result: Result) -> None:
    view = near_view(result)
    assert view is not None
    assert view.alternatives
    for row in view.alternatives:
        assert row[2] != row[3]
        assert re.fullmatch(r"same|\d+\.\d % (slower|faster)", row[5])
        assert re.fullmatch(r"same|\d+\.\d % (dearer|cheaper)", row[6])


def test_no_row_names_more_devices_than_the_best_design(result: Result) -> None:
    view = near_view(result)
    assert view is not None
    for row in view.alternatives:
        assert int(row[3].split()[0]) <= int(row[2].split()[0])


def test_changes_of_speed_and_cost_are_told_with_their_direction(result: Result) -> None:
    near = near_of(result)
    best = max(range(len(near["at_points"])), key=lambda i: result.points[i].design["devices"])
    entry = near["at_points"][best]
    entry["simplest"]["design"]["tensor_parallel"] = 64
    entry.update(speed_change=-0.04, cost_change=0.0)
    view = near_view(replace(result, near={**near, "at_points": [entry]}))
    assert view is not None
    assert view.alternatives[0][5:] == ("4.0 % slower", "same")


def test_where_the_best_is_the_simplest_no_row_is_shown(small: Small) -> None:
    one_layout = small(
        design__tensor_parallel=[1], design__pipeline_parallel=[1], design__weight_bits=[8]
    )
    view = near_view(solver.solve(one_layout, tolerance="10%").result)
    assert view is not None
    assert view.alternatives == ()
    assert view.sentences[1].endswith("the best design is also the simplest of those near it.")


def test_a_partial_list_speaks_of_the_points_found(result: Result) -> None:
    view = near_view(replace(result, near={**near_of(result), "status": "partial"}))
    assert view is not None
    assert view.heading == "Designs within 20 % of the points found so far"


def test_a_stopped_list_says_why(result: Result) -> None:
    stopped = {
        "tolerance": "1/5", "status": "stopped", "reason": "time limit of 1 s",
        "count": None, "layouts": [], "at_points": [],
    }  # fmt: skip
    text = printed(replace(result, near=stopped))
    assert "They were not listed: time limit of 1 s." in text


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_is_wider_than_the_terminal(result: Result, width: int) -> None:
    assert max(len(line.rstrip()) for line in printed(result, width).splitlines()) <= width


def test_an_ascii_terminal_gets_ascii(result: Result) -> None:
    assert "8 x TP4" in printed(result, encoding="ascii")


def test_the_page_has_the_same_rows(result: Result) -> None:
    view, page = near_view(result), render_page(result)
    assert view is not None
    assert view.heading in page
    plain = page.replace(' class="text"', "")
    for row in (*view.alternatives, *view.layouts):
        cells = "".join(f"<td>{cell}</td>" for cell in row[1:])
        assert f'<tr><th scope="row">{row[0]}</th>{cells}</tr>' in plain


def rows_of(result: Result) -> list[dict[str, str]]:
    stream = io.StringIO()
    write_near_csv(result, stream)
    return list(csv.DictReader(io.StringIO(stream.getvalue())))


def test_the_csv_has_a_row_for_every_layout(result: Result) -> None:
    rows, near = rows_of(result), near_of(result)
    assert [int(row["designs"]) for row in rows] == [e["count"] for e in near["layouts"]]
    assert [row["batches"] for row in rows] == [e["batches"] for e in near["layouts"]]
    assert [float(row["cost_min_usd_per_mtok"]) for row in rows] == [
        entry["cost"][0] for entry in near["layouts"]
    ]


def test_every_representative_speed_stands_with_one_layout(result: Result) -> None:
    told = [speed for row in rows_of(result) for speed in row["simplest_at_speed"].split()]
    asked = [
        repr(result.points[entry["point"]].objectives["speed"])
        for entry in near_of(result)["at_points"]
    ]
    assert sorted(told) == sorted(asked)


def test_drafts_are_told_apart_in_the_csv(small: Small) -> None:
    drafted = solver.solve(
        small(
            workload__model="Llama-3.1-70B",
            design__tensor_parallel=[4],
            design__batch="1..8",
            design__weight_bits=[8],
            draft={"model": "Llama-3.1-8B", "acceptance": "0.7", "tokens": [0, 3]},
        ),
        tolerance="20%",
    ).result
    layouts = {row["draft_layout"] for row in rows_of(drafted)}
    assert len(layouts) > 1


def test_the_csv_of_a_result_without_a_tolerance_is_refused(small: Small) -> None:
    with pytest.raises(ValueError, match="without a tolerance"):
        write_near_csv(solver.solve(small()).result, io.StringIO())
