from __future__ import annotations

import csv
import io
from collections.abc import Callable
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

import pytest

from solver.bench.cases import GroupRows, groups_of
from solver.bench.plots import (
    gap_figure,
    gaps_csv,
    overview_figure,
    profile_figure,
    profiles_csv,
    render_gaps,
    render_overview,
    render_profile,
)
from solver.bench.summary import summarise
from tests.solver.bench.made_rows import REALISTIC, made_row, realistic_rows, stopped_row

TEXTBOOK = "textbook_big_m"


@pytest.fixture(scope="module")
def group() -> GroupRows:
    return groups_of(realistic_rows(instances=8))[0]


def _texts(figure: Any) -> list[str]:
    found = [text.get_text() for text in figure.texts]
    return found + [text.get_text() for axes in figure.axes for text in axes.texts]


def _renderers(group: GroupRows) -> list[Callable[[Any], bytes]]:
    summaries = summarise(list(group.by_key.values()), textbook={"replica": TEXTBOOK}).groups
    return [
        lambda kind: render_profile(group, kind, textbook=TEXTBOOK),
        lambda kind: render_gaps(group, kind, textbook=TEXTBOOK),
        lambda kind: render_overview([group], summaries, kind),
    ]


@pytest.mark.parametrize("which", [0, 1, 2])
def test_each_figure_becomes_a_png_and_a_well_formed_svg(group: GroupRows, which: int) -> None:
    render = _renderers(group)[which]
    assert render("png").startswith(b"\x89PNG\r\n\x1a\n")
    assert ElementTree.fromstring(render("svg")).tag.endswith("svg")


def test_the_same_rows_give_the_same_bytes(group: GroupRows) -> None:
    again = groups_of(list(reversed(realistic_rows(instances=8))))[0]
    assert render_profile(group, "svg") == render_profile(again, "svg")


def test_every_side_that_ran_is_named_beside_its_line(group: GroupRows) -> None:
    ran = {f"{name} / {engine}" for name, engine, _, _ in REALISTIC} - {"multiple_big_m / scip"}
    for figure in (profile_figure(group, textbook=TEXTBOOK), gap_figure(group)):
        assert {text for text in _texts(figure) if " / " in text and "|" not in text} == ran


def test_names_of_fourteen_sides_do_not_overlap(group: GroupRows) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure = profile_figure(group, textbook=TEXTBOOK)
    renderer = FigureCanvasAgg(figure).get_renderer()
    boxes = [
        text.get_window_extent(renderer)
        for text in figure.axes[0].texts
        if " / " in text.get_text()
    ]
    assert not any(
        one.overlaps(other) for place, one in enumerate(boxes) for other in boxes[:place]
    )
    assert all(box.x1 <= figure.bbox.x1 for box in boxes)


def test_axes_carry_units(group: GroupRows) -> None:
    (axes,) = profile_figure(group).axes
    assert "multiple of the best" in axes.get_xlabel()
    assert all("seconds" in panel.get_xlabel() for panel in gap_figure(group).axes)


def test_the_overview_names_the_best_and_the_textbook_side() -> None:
    rows = [made_row("strong", cpu_s=0.1), made_row(TEXTBOOK, cpu_s=3.0), stopped_row("other")]
    summaries = summarise(rows, textbook={"replica": TEXTBOOK}).groups
    texts = _texts(overview_figure(groups_of(rows), summaries))
    assert {"best: strong / highs", f"textbook: {TEXTBOOK} / highs"} <= set(texts)


def test_a_group_that_nobody_could_run_says_so() -> None:
    rows = [made_row("a", status="engine_missing", verdict="none", cpu_s=None)]
    assert "No side of this group was run." in _texts(profile_figure(groups_of(rows)[0]))


def test_a_group_that_nobody_solved_is_drawn() -> None:
    group = groups_of([stopped_row("a", incumbent=None, bound=None)])[0]
    assert render_profile(group, "png") != render_gaps(group, "png")


def test_the_csv_of_profiles_holds_the_steps_that_are_drawn() -> None:
    rows = [made_row("a", cpu_s=1.0), made_row("b", cpu_s=4.0)]
    lines = list(csv.reader(io.StringIO(profiles_csv(groups_of(rows)))))
    assert lines[1:] == [
        ["replica", "a", "highs", "cpu_s", "1.0", "1.0"],
        ["replica", "b", "highs", "cpu_s", "1.0", "0.0"],
        ["replica", "b", "highs", "cpu_s", "4.0", "1.0"],
    ]


def test_the_csv_of_gaps_holds_the_time_at_which_each_gap_was_reached() -> None:
    lines = list(csv.reader(io.StringIO(gaps_csv(groups_of([made_row("a", wall_s=2.5)])))))
    assert lines[1:] == [
        ["replica", "a", "highs", gap, "2.5", "1.0"] for gap in ("1.0", "0.1", "0.01", "0.0")
    ]


def test_names_of_thirty_sides_do_not_overlap_either() -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    rows = [made_row(f"formulation_{number:02d}", cpu_s=1.0 + number) for number in range(30)]
    figure = profile_figure(groups_of(rows)[0])
    renderer = FigureCanvasAgg(figure).get_renderer()
    heights = sorted(
        (box.y0, box.y1)
        for text in figure.axes[0].texts
        if (box := text.get_window_extent(renderer)) is not None
    )
    assert len(heights) == 30
    assert all(low[1] <= high[0] + 1 for low, high in pairwise(heights))
