"""Pictures of economic frontiers."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from solver.report.economy_colours import level_colours, painted
from solver.report.economy_names import Box, free_place
from solver.report.economy_plot import economy_figure, render_economy_plot
from tests.solver.report import economy_documents as made

ENERGY = made.document()
TWO = made.document(("speed", "energy"))
QUALITY = made.three_models()


@pytest.mark.parametrize("format", ["png", "svg", "pdf"])
def test_the_same_document_gives_the_same_bytes(format: Any) -> None:
    first, second = (render_economy_plot(TWO, format) for _ in range(2))
    assert first == second
    assert len(first) > 5000


def _texts(document: dict[str, Any]) -> list[str]:
    from matplotlib.text import Text

    return [text.get_text() for text in economy_figure(document).findobj(Text)]


def test_three_goals_have_a_line_for_every_level_of_quality() -> None:
    figure = economy_figure(QUALITY)
    labels = [line.get_label() for line in figure.axes[0].lines]
    told = [str(label) for label in labels if str(label).startswith("quality")]
    assert told == ["quality ≥ 68.5", "quality ≥ 69.4", "quality ≥ 82.7", "quality ≥ 83.6"]


def test_a_line_of_a_level_never_falls_below_that_of_a_looser_one() -> None:
    panel = economy_figure(QUALITY).axes[0]
    lines = [line for line in panel.lines if str(line.get_label()).startswith("quality")]
    speeds = np.linspace(20, 180, 50)
    best = []
    for line in lines:
        x, y = (np.asarray(values, dtype=float) for values in line.get_data())
        # From fastest to slowest: the price of at least this speed is the least of the faster.
        best.append([y[:-1][x[:-1] >= speed].min(initial=np.inf) for speed in speeds])
    for looser, stricter in itertools.pairwise(best):
        assert (np.asarray(looser) <= np.asarray(stricter)).all()


def test_a_strip_below_says_which_model_serves_at_each_level() -> None:
    texts = _texts(QUALITY)
    assert "Model and precision of the designs on each line" in texts
    assert "Llama-70B W8" in texts


def test_axes_carry_their_units_and_which_way_is_better() -> None:
    texts = _texts(ENERGY)
    assert "speed, tok/s/user  (faster →)" in texts
    assert "cost, US$ per million output tokens  (cheaper ↓)" in texts


def test_two_goals_are_coloured_by_clock_and_told_with_power_below() -> None:
    texts = _texts(TWO)
    assert "Clock, MHz" in texts
    assert "power, W" in texts
    assert len(economy_figure(TWO).axes) == 2


def test_no_two_names_cover_each_other() -> None:
    figure = economy_figure(ENERGY)
    figure.canvas.draw()
    boxes = [text.get_window_extent() for text in figure.axes[0].texts]
    assert len(boxes) == 5
    for index, box in enumerate(boxes):
        for other in boxes[index + 1 :]:
            # Touching edges are no cover.
            assert box.width * 0.1 > max(0.0, min(box.x1, other.x1) - max(box.x0, other.x0)) or (
                box.height * 0.3 > max(0.0, min(box.y1, other.y1) - max(box.y0, other.y0))
            )


def test_a_conflict_stands_in_place_of_a_curve() -> None:
    conflict = {
        "limits": [
            {"limit": "max_watts", "value": 100, "unit": "W", "needed": 308, "change": 208,
             "explanation": ""}
        ],
        "is_minimum": True,
        "nearest": {},
    }  # fmt: skip
    text = "\n".join(_texts(made.document(status="infeasible", points=[], conflict=[conflict])))
    assert "One limit alone rules out every design." in text
    assert "max_watts, now 100 W: it would have to be 308 W" in text


def test_a_lone_point_is_drawn() -> None:
    document = made.document(("speed", "cost"))
    document["points"] = document["points"][:1]
    assert render_economy_plot(document, "png").startswith(b"\x89PNG")


def test_every_point_has_one_colour() -> None:
    for document in (ENERGY, TWO, QUALITY):
        indices = np.concatenate([group.indices for group in painted(document).groups])
        assert sorted(indices.tolist()) == list(range(len(document["points"])))


def test_more_models_than_colours_share_a_grey() -> None:
    document = made.document(("speed", "cost"))
    for number, point in enumerate(document["points"]):
        point["design"]["model"] = f"model {number}"
    groups = painted(document).groups
    assert len(groups) == 6
    assert groups[-1].name == f"{len(document['points']) - 5} others"


def test_levels_have_colours_of_their_own() -> None:
    assert len(set(level_colours(6))) == 6


def test_a_name_moves_aside_for_another() -> None:
    inside = Box(0, 0, 1000, 1000)
    first = free_place((500, 500), 8, [], inside, right=True, down=True)
    second = free_place((500, 500), 8, [first[2]], inside, right=True, down=True)
    assert not first[2].meets(second[2])


def test_a_name_stays_within_the_picture() -> None:
    inside = Box(0, 0, 1000, 1000)
    *_, box = free_place((995, 5), 8, [], inside, right=True, down=True)
    assert inside.holds(box)
