"""Pictures of nondominated sets."""

from __future__ import annotations

from typing import Any

import pytest

from solver.report.moip_plot import moip_figure, render_moip_plot
from tests.oracles import plain_moip as plain
from tests.oracles.small_programs import stated


@pytest.mark.parametrize(("p", "panels"), [(2, 1), (3, 3)])
def test_two_objectives_are_one_panel_and_three_are_three(p: int, panels: int) -> None:
    assert len(moip_figure(plain.outcome(plain.knapsack(p))).axes) == panels


def test_axes_are_named_and_say_which_way_is_better() -> None:
    problem = stated([[1, 2], [-2, -1]], senses=["min", "max"]).program
    axes = moip_figure(plain.outcome(problem)).axes[0]
    assert axes.get_xlabel() == "f1  (better ←)"
    assert axes.get_ylabel() == "f2  (better ↑)"


def test_open_boxes_are_shaded_and_candidates_hollow() -> None:
    figure = moip_figure(plain.outcome(plain.knapsack(), unseen=[1], unproved=[0]))
    axes = figure.axes[0]
    assert len(axes.patches) == 1
    proved, candidates = axes.collections
    assert len(proved.get_offsets()) == 3
    assert len(candidates.get_offsets()) == 1
    assert "still open" in figure.legends[0].get_texts()[-1].get_text()


def test_points_lie_at_their_stated_values() -> None:
    problem = plain.knapsack()
    axes = moip_figure(plain.outcome(problem)).axes[0]
    drawn = {tuple(place) for place in axes.collections[0].get_offsets().tolist()}
    assert drawn == {
        tuple(float(value) for value in problem.stated(image))
        for image in plain.nondominated(problem)
    }


@pytest.mark.parametrize("senses", [["min", "min"], ["max", "max"], ["min", "max"]])
def test_the_staircase_never_passes_the_better_side_of_a_point(senses: list[Any]) -> None:
    costs = [[-9, -5, -2, -7], [-1, -6, -8, -3]]
    problem = stated(costs, [([1, 1, 1, 1], 1, 1)], senses=senses).program
    line = moip_figure(plain.outcome(problem)).axes[0].lines[0]
    points = [problem.stated(image) for image in plain.nondominated(problem)]
    signs = [1 if sense == "min" else -1 for sense in senses]
    for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True):
        assert any(
            signs[0] * float(px) <= signs[0] * x and signs[1] * float(py) <= signs[1] * y
            for px, py in points
        )


@pytest.mark.parametrize("unseen", [[], [0, 1, 2, 3, 4]])
@pytest.mark.parametrize(
    ("suffix", "start"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")]
)
def test_a_picture_is_the_same_every_time(suffix: Any, start: bytes, unseen: list[int]) -> None:
    outcome = plain.outcome(plain.knapsack(), unseen=unseen)
    picture = render_moip_plot(outcome, suffix)
    assert picture.startswith(start)
    assert render_moip_plot(outcome, suffix) == picture


def test_four_objectives_are_refused() -> None:
    with pytest.raises(ValueError, match="only 2 or 3"):
        moip_figure(plain.outcome(plain.knapsack(4)))
