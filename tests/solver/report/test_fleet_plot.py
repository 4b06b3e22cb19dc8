"""Fleet frontiers as pictures."""

from __future__ import annotations

from typing import Any

import pytest

from solver.report.fleet_plot import fleet_figure, render_fleet_plot
from tests.oracles import fleet_documents as made

EVERY = [made.document, made.three, made.single, made.partial, made.infeasible]


@pytest.mark.parametrize("make", EVERY)
@pytest.mark.parametrize(
    ("format", "start"), [("png", b"\x89PNG\r\n"), ("svg", b"<?xml"), ("pdf", b"%PDF-")]
)
def test_every_result_becomes_a_file_of_every_format(make: Any, format: Any, start: bytes) -> None:
    assert render_fleet_plot(make(), format).startswith(start)


@pytest.mark.parametrize("format", ["png", "svg", "pdf"])
def test_the_same_result_gives_the_same_bytes(format: Any) -> None:
    assert render_fleet_plot(made.three(), format) == render_fleet_plot(made.three(), format)


def test_points_lie_at_their_values() -> None:
    figure = fleet_figure(made.document())
    drawn = figure.axes[0].collections[0].get_offsets().tolist()
    assert sorted(map(tuple, drawn)) == [(25.0, 24.0), (80.0, 40.0), (100.0, 96.0)]


def test_axes_name_their_units() -> None:
    above, below = fleet_figure(made.document()).axes
    assert above.get_ylabel() == "cost, US$/h  (cheaper ↓)"
    assert below.get_xlabel() == "speed, tok/s/user  (faster →)"
    assert below.get_ylabel() == "devices"


def test_machines_are_stacked_to_the_devices_held() -> None:
    below = fleet_figure(made.document()).axes[1]
    tops = [band.get_paths()[0].vertices[:, 1].max() for band in below.collections]
    assert tops == [48.0, 48.0]
    assert [t.get_text() for t in fleet_figure(made.document()).legends[0].get_texts()] == [
        "h100",
        "l40s",
    ]


def test_a_third_objective_is_told_by_colour() -> None:
    figure = fleet_figure(made.three())
    assert len(figure.axes) == 3
    assert figure.axes[2].get_ylabel() == "power, W  (better ↓)"


def test_what_is_not_proved_is_ringed() -> None:
    axes = fleet_figure(made.partial()).axes[0]
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels[-1] == "found, not proved"
    assert axes.collections[1].get_offsets().tolist() == [[80.0, 40.0]]


def test_one_objective_is_shown_as_the_bars_of_its_fleet() -> None:
    (axes,) = fleet_figure(made.single()).axes
    assert [bar.get_width() for bar in axes.patches] == [24.0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["chat: TP8 on h100"]


def test_an_infeasible_result_says_so_and_why() -> None:
    figure = fleet_figure(made.infeasible())
    told = "\n".join(text.get_text() for text in figure.texts)
    assert not figure.axes
    assert "No fleet of the options offered meets all limits" in told
    assert "72 devices would do" in told


def test_many_machines_share_a_last_colour() -> None:
    document = made.document()
    document["points"][2]["design"]["replicas"] = [
        made.replicas("a", f"m{k}", 20 - k, 1) for k in range(12)
    ]
    labels = [t.get_text() for t in fleet_figure(document).legends[0].get_texts()]
    assert labels[-1] == "other machines"


def test_a_formula_sign_in_a_name_is_drawn_as_it_is() -> None:
    document = made.document()
    document["instance"]["resolved"]["title"] = "price $x^2$ and $"
    assert render_fleet_plot(document, "png").startswith(b"\x89PNG")
