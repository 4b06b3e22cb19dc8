from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from solver.report.annotate import widest_regions
from solver.report.plots import PLOT_FORMATS, frontier_figure, render_plot, save_plot, title_lines
from solver.result import Point, Result

MAGIC = {"png": b"\x89PNG\r\n\x1a\n", "svg": b"<?xml", "pdf": b"%PDF-"}


def texts(result: Result) -> str:
    """All text that the figure shows, outside and inside its axes."""
    figure = frontier_figure(result)
    found = [text.get_text() for text in figure.texts]
    for axes in figure.axes:
        found += [text.get_text() for text in axes.texts]
        legend = axes.get_legend()
        found += [text.get_text() for text in legend.get_texts()] if legend else []
    return "\n".join(found)


@pytest.mark.parametrize("plot_format", PLOT_FORMATS)
def test_each_format_begins_as_its_kind_of_file_does(
    small_result: Result, plot_format: Any
) -> None:
    assert render_plot(small_result, plot_format).startswith(MAGIC[plot_format])


def test_an_svg_is_well_formed(small_result: Result) -> None:
    root = ElementTree.fromstring(render_plot(small_result, "svg"))
    assert root.tag.endswith("svg")


def test_the_same_result_gives_the_same_bytes(small_result: Result) -> None:
    assert render_plot(small_result, "svg") == render_plot(small_result, "svg")


def test_an_unknown_format_is_refused(small_result: Result) -> None:
    with pytest.raises(ValueError, match="unknown plot format 'gif'"):
        render_plot(small_result, "gif")  # type: ignore[arg-type]


def test_saving_goes_by_the_suffix(small_result: Result, tmp_path: Path) -> None:
    save_plot(small_result, tmp_path / "frontier.PNG")
    assert (tmp_path / "frontier.PNG").read_bytes().startswith(MAGIC["png"])


def test_saving_under_another_suffix_is_refused(small_result: Result, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="a plot ends in one of"):
        save_plot(small_result, tmp_path / "frontier.docx")


def test_the_title_tells_what_is_served_on_what(small_result: Result) -> None:
    title, subtitle = title_lines(small_result)
    assert title == "Llama-3.1-70B on H100 SXM"
    for part in ("context 1,000 tokens", "US$2.95/h", "complete frontier: 60 points"):
        assert part in subtitle


def test_the_cost_axis_is_logarithmic(small_result: Result) -> None:
    assert frontier_figure(small_result).axes[0].get_yscale() == "log"


def test_recommended_points_are_named(small_result: Result) -> None:
    shown = texts(small_result)
    for mark in ("fastest", "knee", "cheapest", "speed⁴/price"):
        assert mark in shown


def test_the_widest_layouts_are_named(big_result: Result) -> None:
    names = {region.name for region in widest_regions(big_result)}
    assert {"TP4·PP2", "TP1"} <= names
    assert "TP1" in texts(big_result).splitlines()


def test_the_legend_names_the_limits_that_set_the_pace(big_result: Result) -> None:
    shown = texts(big_result).splitlines()
    assert {"arithmetic", "HBM bandwidth", "network"} <= set(shown)


def test_an_open_box_is_shaded_and_named(partial_result: Result) -> None:
    figure = frontier_figure(partial_result)
    assert len(figure.axes[0].patches) == 1
    assert "open: time limit of 10 s reached" in texts(partial_result)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_short_frontiers_are_drawn_with_a_label_for_each_star(
    make_result: Callable[..., Result], few_points: list[Point], count: int
) -> None:
    assert "fastest" in texts(make_result(few_points[:count]))


def test_an_infeasible_result_tells_its_limits_in_place_of_a_curve(
    infeasible_result: Result,
) -> None:
    shown = texts(infeasible_result).replace("\n", " ")
    assert "No design meets all limits" in shown
    assert "min_speed_tok_per_s = 300 tok/s/user" in shown


def test_a_partial_result_without_points_is_drawn(
    make_result: Callable[..., Result], partial_result: Result
) -> None:
    empty = make_result([], status="partial", open_boxes=partial_result.open_boxes)
    assert "No point was found" in texts(empty)


def test_no_two_labels_overlap(big_result: Result) -> None:
    figure = frontier_figure(big_result)
    shown = figure.axes[0].texts
    extents = [text.get_window_extent() for text in shown]
    assert len(extents) > 5
    assert not any(
        one.overlaps(other) for index, one in enumerate(extents) for other in extents[:index]
    )


def test_a_dollar_sign_in_a_name_starts_no_formula(
    make_result: Callable[..., Result],
    make_question: Callable[..., Mapping[str, Any]],
    few_points: list[Point],
) -> None:
    question = make_question(model={"name": r"$\frac{model 模型"})
    result = make_result(few_points, instance={"name": "n", "resolved": question})
    assert render_plot(result, "png").startswith(MAGIC["png"])


def test_drawing_leaves_pyplot_alone() -> None:
    program = (
        "import sys\n"
        "import solver.report.plots\n"
        "assert 'matplotlib' not in sys.modules, 'imported before anything is drawn'\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
