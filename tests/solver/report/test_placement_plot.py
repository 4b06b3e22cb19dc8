"""Placement frontiers as pictures and as an interactive chart."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from solver.report.placement_chart import placement_chart
from solver.report.placement_curve import decimals_of
from solver.report.placement_plot import (
    placement_figure,
    placement_frontier_html,
    render_placement_plot,
)
from solver.report.placement_regions import open_ranges
from tests.solver.report import placement_documents as made


def labels_of(axes: Any) -> list[str]:
    return [text.get_text() for text in axes.get_legend().get_texts()]


def words_of(axes: Any) -> str:
    return "\n".join(text.get_text() for text in axes.texts)


def partial() -> dict[str, Any]:
    document = made.on_racks()
    region = {
        "region": "speed above 40 tok/s/user and cost below 2 usd/Mtok",
        "reason": "time limit",
        "latency_ps_min": 10**10,
        "latency_ps_below": 25 * 10**9,
        "cost_below": "2",
    }
    document |= {"status": "partial", "open_boxes": [region]}
    document["points"][2]["proof"] = {"nondominated": "not proved", "closed_by": "open"}
    return document


@pytest.mark.parametrize(
    ("form", "start"), [("png", b"\x89PNG\r\n"), ("svg", b"<?xml"), ("pdf", b"%PDF-")]
)
def test_a_frontier_becomes_a_file_of_every_format(form: Any, start: bytes) -> None:
    assert render_placement_plot(made.on_racks(), form).startswith(start)


def test_the_same_document_gives_the_same_bytes() -> None:
    first, second = (render_placement_plot(made.on_racks(), "svg") for _ in range(2))
    assert first == second


def test_points_lie_at_their_values() -> None:
    axes = placement_figure(made.on_racks()).axes[0]
    drawn = axes.collections[0].get_offsets().tolist()
    assert sorted(map(tuple, drawn)) == [(31.0, 1.18), (70.1, 2.6), (92.5, 3.42)]


def test_axes_name_their_units() -> None:
    axes = placement_figure(made.on_racks()).axes[0]
    assert axes.get_xlabel() == "speed, tok/s/user  (faster →)"
    assert axes.get_ylabel() == "cost, US$/Mtok  (cheaper ↓)"


def test_points_are_named_by_what_changes() -> None:
    words = words_of(placement_figure(made.on_racks()).axes[0])
    assert "2 hosts, 8 × 4\nfastest" in words
    assert "7 hosts, 8 × 4\ncheapest" in words


def test_the_drawings_of_both_ends_stand_below_the_curve() -> None:
    figure = placement_figure(made.on_racks())
    # A curve, and for each drawing its network and its legend.
    assert len(figure.axes) == 5
    told = "\n".join(text.get_text() for text in figure.texts)
    assert "Fastest of 3 points" in told
    assert "Cheapest of 3 points" in told


def test_a_lone_point_needs_no_curve() -> None:
    assert len(placement_figure(made.on_pod()).axes) == 2


def test_ideal_and_nadir_are_marked_where_the_frontier_is_complete() -> None:
    axes = placement_figure(made.on_racks()).axes[0]
    by_label = {c.get_label(): c.get_offsets().tolist() for c in axes.collections}
    assert by_label["ideal"] == [[92.5, 1.18]]
    assert by_label["nadir"] == [[31.0, 3.42]]
    assert "ideal" not in labels_of(placement_figure(partial()).axes[0])


def test_an_open_region_is_hatched_where_it_lies() -> None:
    axes = placement_figure(partial()).axes[0]
    (patch,) = axes.patches
    assert patch.get_hatch() == "////"
    assert patch.get_x() == pytest.approx(40.0)
    assert patch.get_x() + patch.get_width() == pytest.approx(100.0)
    assert patch.get_y() + patch.get_height() == pytest.approx(2.0)


def test_what_is_not_proved_is_ringed() -> None:
    axes = placement_figure(partial()).axes[0]
    assert axes.collections[1].get_offsets().tolist() == [[31.0, 1.18]]
    assert "found, not proved" in labels_of(axes)


def test_a_bracket_is_a_second_dashed_staircase() -> None:
    document = made.on_racks()
    document["bracket"] = [{"speed": 95.0, "cost": 3.3}, {"speed": 40.0, "cost": 1.1}]
    axes = placement_figure(document).axes[0]
    (dashed,) = [line for line in axes.lines if line.get_linestyle() == "--"]
    assert dashed.get_label() == "no design can pass this"
    assert {(95.0, 3.3), (40.0, 1.1)} <= set(zip(*dashed.get_data(), strict=True))


def test_throughput_is_better_upwards() -> None:
    document = made.on_mesh()
    slower = json.loads(json.dumps(document["points"][0]))
    slower["objectives"] = {"speed": 3.0, "throughput": 300.0}
    document["points"].append(slower)
    axes = placement_figure(document).axes[0]
    assert axes.get_ylabel() == "throughput, tok/s  (more ↑)"


def test_values_of_many_magnitudes_stand_on_a_logarithmic_axis() -> None:
    axes = placement_figure(made.long_frontier(24)).axes[0]
    assert axes.get_xscale() == "log"
    assert placement_figure(made.on_racks()).axes[0].get_xscale() == "linear"


def test_names_of_points_do_not_overlap() -> None:
    figure = placement_figure(made.long_frontier(30))
    renderer = FigureCanvasAgg(figure).get_renderer()
    boxes = [text.get_window_extent(renderer) for text in figure.axes[0].texts]
    assert len(boxes) > 3
    for place, one in enumerate(boxes):
        assert not any(one.overlaps(other) for other in boxes[place + 1 :])


def test_a_flow_shows_what_its_hosts_can_carry_at_each_layer() -> None:
    document = made.flow_on_racks()
    axes = placement_figure(document).axes[-1]
    assert axes.get_xlabel() == "layer"
    assert "flow: 1,000 tok/s" in labels_of(axes)
    stages = document["points"][0]["design"]["stages"]
    top = sum(s["capacity_tok_per_s"] for s in stages if s["first_layer"] == 0)
    highest = max(patch.get_data().values[0] for patch in axes.patches)
    assert highest == pytest.approx(top)


def test_a_bound_above_the_flow_is_drawn() -> None:
    document = made.flow_on_racks()
    document["points"][0]["proof"]["bound"] = "1100"
    axes = placement_figure(document).axes[-1]
    assert "no flow exceeds 1,100 tok/s" in labels_of(axes)


def test_an_infeasible_result_says_so() -> None:
    document = made.document(made.racks(), [], status="infeasible")
    figure = placement_figure(document)
    told = "\n".join(text.get_text() for text in figure.texts)
    assert not figure.axes
    assert "No choice of hosts meets all limits" in told


def test_nothing_found_tells_what_stopped_the_search() -> None:
    region = {"region": "anywhere", "reason": "the time limit of 1 s was reached"}
    document = made.document(made.racks(), [], status="partial", open_boxes=[region])
    told = "\n".join(text.get_text() for text in placement_figure(document).texts)
    assert "Nothing was found before the limit was reached." in told
    assert "the time limit of 1 s was reached" in told


def test_open_regions_without_an_end_stay_open() -> None:
    document = {"open_boxes": [{"region": "anywhere", "reason": "r", "throughput_above": "7/2"}]}
    (found,) = open_ranges(document)
    assert (found.slowest, found.fastest, found.low, found.high) == (None, None, 3.5, None)


def test_the_chart_holds_every_point() -> None:
    chart = placement_chart(made.on_racks())
    assert chart["x"] == [92.5, 70.1, 31.0]
    assert chart["y"] == [3.42, 2.6, 1.18]
    assert chart["group"] == [0, 0, 0]


def test_the_chart_shades_open_regions_and_dashes_the_bracket() -> None:
    document = partial() | {"bracket": [{"speed": 95.0, "cost": 1.5}]}
    chart = placement_chart(document)
    (box,) = chart["boxes"]
    assert (box["x0"], box["x1"]) == (pytest.approx(40), pytest.approx(95))
    assert (box["y0"], box["y1"]) == (1.5, 2.0)
    assert chart["lines"][1]["dash"]


def test_points_that_are_not_proved_have_another_shape() -> None:
    document = made.on_racks()
    document["points"][1]["proof"]["nondominated"] = "not proved"
    chart = placement_chart(document)
    assert chart["group"] == [0, 1, 0]
    assert [group["symbol"] for group in chart["groups"]] == ["circle", "x"]


def test_the_html_is_one_piece_that_loads_nothing() -> None:
    html = placement_frontier_html(made.on_racks())
    data = re.search(r'id="chart-data">(.*?)</script>', html, re.S)
    assert data is not None
    assert json.loads(data.group(1))["x"] == [92.5, 70.1, 31.0]
    assert not re.search(r'(src|href)="(?!data:)', html)


def test_a_name_cannot_close_the_script_or_become_a_tag() -> None:
    document = made.on_racks()
    document["instance"]["resolved"]["title"] = '"></script><b>'
    design = document["points"][0]["design"]
    design["stages"][0]["machine"] = "</script><img src=x>"
    html = placement_frontier_html(document)
    assert "<b>" not in html
    assert "<img src=x>" not in html
    assert html.count("</script>") == 2


def test_one_objective_has_no_chart() -> None:
    assert placement_frontier_html(made.flow_on_racks()) == ""
    with pytest.raises(ValueError, match="1 objective"):
        placement_chart(made.flow_on_racks())


def test_ticks_of_an_even_axis_have_the_same_number_of_decimals() -> None:
    assert decimals_of([3.6, 3.8, 4.0, 4.2]) == 1
    assert decimals_of([0.0, 20.0, 40.0]) == 0
    assert decimals_of([2.0, 2.25, 2.5]) == 2


def test_only_what_lies_before_the_bound_is_drawn_as_open() -> None:
    document = partial()
    document["bracket"] = [{"speed": 9.0, "cost": 8.0}, {"speed": 6.0, "cost": 2.0}]
    document["open_boxes"] = [{"region": "r", "reason": "w", "cost_below": "10"}]
    found = [(one.slowest, one.fastest, one.low, one.high) for one in open_ranges(document)]
    assert found == [(None, 6.0, 2.0, 10.0), (6.0, 9.0, 8.0, 10.0)]


def test_nothing_is_open_where_the_bound_is_met() -> None:
    document = partial()
    document["bracket"] = [{"speed": 9.0, "cost": 8.0}]
    document["open_boxes"] = [{"region": "r", "reason": "w", "cost_below": "8"}]
    assert open_ranges(document) == []


def test_a_long_title_is_told_in_full_where_the_picture_is_wide() -> None:
    document = made.flow_on_mesh()
    title = "Twenty-four machines at three sites and all their links: the greatest flow of tokens"
    document["instance"]["resolved"]["title"] = title
    assert title in [text.get_text() for text in placement_figure(document).texts]


def test_a_host_too_narrow_for_its_name_tells_it_upright() -> None:
    figure = placement_figure(made.flow_on_mesh(24, 80, 4))
    upright = [t for axes in figure.axes for t in axes.texts if t.get_rotation() == 90]
    assert upright
    assert all("…" not in text.get_text() for text in upright)
