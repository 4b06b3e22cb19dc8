"""Networks drawn with the chosen hosts."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import combinations
from typing import Any

import pytest

from solver.report.placement_graph import (
    panel_of,
    placement_graph_figure,
    render_placement_graph,
)
from solver.report.placement_scene import Rectangle, Scene, fitted, overlap, text_width
from tests.solver.report import placement_documents as made

Make = Callable[[], dict[str, Any]]


@cache
def scene_of(make: Make) -> Scene:
    """Of the first point; scenes are only read here, so one serves all tests."""
    return panel_of(make(), 0).scene


def scene(document: dict[str, Any], index: int = 0) -> Scene:
    return panel_of(document, index).scene


def touching(areas: list[Rectangle]) -> list[tuple[Rectangle, Rectangle]]:
    return [(one, other) for one, other in combinations(areas, 2) if overlap(one, other)]


@pytest.mark.parametrize(
    ("form", "start"), [("png", b"\x89PNG\r\n"), ("svg", b"<?xml"), ("pdf", b"%PDF-")]
)
def test_a_drawing_becomes_a_file_of_every_format(form: Any, start: bytes) -> None:
    assert render_placement_graph(made.on_one_host(), 0, form).startswith(start)


def test_the_same_document_gives_the_same_bytes() -> None:
    first, second = (render_placement_graph(made.over_regions(), 0, "svg") for _ in range(2))
    assert first == second


def test_a_point_that_is_not_there_is_refused() -> None:
    with pytest.raises(IndexError):
        render_placement_graph(made.on_one_host(), 1, "svg")


@pytest.mark.parametrize("make", made.EVERY)
def test_no_two_boxes_overlap(make: Make) -> None:
    assert touching([box.rectangle for box in scene_of(make).boxes]) == []


@pytest.mark.parametrize("make", made.EVERY)
def test_no_words_overlap_words_or_boxes(make: Make) -> None:
    drawn = scene_of(make)
    labels = [label.rectangle for label in drawn.labels]
    boxes = [box.rectangle for box in drawn.boxes]
    assert touching(labels) == []
    assert [(a, b) for a in labels for b in boxes if overlap(a, b)] == []


@pytest.mark.parametrize("make", made.EVERY)
def test_words_fit_into_their_boxes(make: Make) -> None:
    for box in scene_of(make).boxes:
        for place, line in enumerate(box.lines):
            bold = place == 0 and box.style == "used"
            assert text_width(line, 7, bold=bold) <= box.width + 1e-9, (box.key, line)


@pytest.mark.parametrize("make", made.EVERY)
def test_every_host_of_the_design_has_a_box_of_its_own(make: Make) -> None:
    document = make()
    design = document["points"][0]["design"]
    chains = design.get("replicas", [design])
    used = {stage["host"] for chain in chains for stage in chain["stages"]}
    assert {box.key for box in scene_of(make).boxes if box.style == "used"} == used


@pytest.mark.parametrize("make", [made.on_racks, made.on_pod, made.on_nvl72, made.on_tree])
def test_every_link_in_use_is_drawn_with_an_arrow(make: Make) -> None:
    document = make()
    links = document["points"][0]["design"]["links"]
    arrows = [stroke for stroke in scene_of(make).strokes if stroke.arrow]
    assert len(arrows) == len(links)


def test_used_hosts_tell_place_layers_and_degree() -> None:
    boxes = {box.key: box for box in scene(made.on_racks(), 1).boxes}
    box = boxes["rack-2-l40s-1"]
    assert box.badge == "2"
    assert box.lines == ("rack-2-l40s-1", "layers 46–65", "TP 4")


def test_idle_hosts_alike_share_a_box() -> None:
    folded = [box.lines for box in scene_of(made.on_pod).boxes if box.style == "idle"]
    assert folded == [("+28 idle", "h100")]


def test_all_hosts_are_drawn_or_counted() -> None:
    boxes = [box for box in scene_of(made.on_tree).boxes if box.style in ("used", "idle")]
    counted = sum(
        int(box.lines[0].removeprefix("+").split()[0]) if box.lines[0].startswith("+") else 1
        for box in boxes
    )
    assert counted == 128


def test_switches_that_carry_nothing_are_folded_where_there_are_many() -> None:
    lines = {box.lines[0] for box in scene_of(made.on_tree).boxes}
    assert {"+29 × leaf", "+15 × core", "edge-01"} <= lines


def test_the_busiest_link_is_named_with_its_share() -> None:
    strong = [label.text for label in scene_of(made.over_regions).labels if label.strong]
    assert strong == ["busiest link, 50.0 % busy\nus-east/wan → eu-west/wan"]


def test_one_line_is_in_the_colour_of_the_busiest_link() -> None:
    strokes = scene_of(made.over_regions).strokes
    assert sum(stroke.style == "busiest" for stroke in strokes) == 1


def test_long_haul_links_tell_bandwidth_and_latency() -> None:
    labels = {label.text for label in scene_of(made.over_regions).labels}
    assert {"10 Gbit/s, 39.2 ms", "5 Gbit/s, 63.7 ms", "10 Gbit/s, 29.4 ms"} <= labels


def test_regions_are_named() -> None:
    bold = {label.text for label in scene_of(made.over_regions).labels if not label.strong}
    assert {"us-east", "eu-west", "ap-south"} <= bold


def test_leaves_stand_above_hosts_and_spines_above_leaves() -> None:
    boxes = {box.key: box for box in scene_of(made.on_racks).boxes}
    heights = [boxes[name].centre[1] for name in ("rack-1-a100-1", "rack-1-leaf", "spine-1")]
    assert heights == sorted(heights)
    assert len(set(heights)) == 3


def test_a_mesh_leaves_out_its_idle_links_and_says_so() -> None:
    drawn = scene_of(made.on_mesh)
    assert not [stroke for stroke in drawn.strokes if stroke.style == "idle"]
    assert drawn.notes == ["279 links that carry nothing are not drawn"]


def test_a_mesh_puts_stages_in_the_order_of_the_pipeline() -> None:
    boxes = {box.key: box for box in scene_of(made.on_mesh).boxes}
    first, second = boxes["node-00"].centre, boxes["node-01"].centre
    assert second[0] > first[0]
    assert second[1] == first[1]


def test_a_ring_of_hosts_draws_those_that_only_forward() -> None:
    drawn = scene_of(made.on_ring)
    assert len(drawn.boxes) == 8
    assert sum(stroke.arrow for stroke in drawn.strokes) == 5
    assert sum(stroke.style == "idle" for stroke in drawn.strokes) == 3


def test_each_of_several_pipelines_has_a_number_of_its_own() -> None:
    drawn = scene_of(made.several)
    chains = {box.chain for box in drawn.boxes if box.style == "used"}
    assert chains == {0, 1, 2}
    assert {stroke.chain for stroke in drawn.strokes if stroke.arrow} == {0, 1, 2}


def test_a_flow_through_a_mesh_runs_from_left_to_right() -> None:
    document = made.flow_on_mesh()
    boxes = {box.key: box for box in scene(document).boxes}
    for entry in document["points"][0]["design"]["flows"]:
        assert boxes[entry["from"]].rectangle[2] < boxes[entry["to"]].rectangle[0]


def test_lines_of_a_flow_are_as_wide_as_what_flows() -> None:
    document = made.flow_on_mesh()
    design = document["points"][0]["design"]
    widths = [s.width for s in scene(document).strokes if s.style in ("path", "busiest")]
    rates = [entry["tok_per_s"] for entry in design["flows"]]
    most = max(rates)
    assert sorted(widths) == pytest.approx(sorted(max(0.6, 6.0 * rate / most) for rate in rates))


@pytest.mark.parametrize(("count", "layers", "held"), [(42, 80, 5), (24, 60, 12)])
def test_a_flow_through_many_hosts_has_no_overlaps(count: int, layers: int, held: int) -> None:
    drawn = scene(made.flow_on_mesh(count, layers, held))
    assert touching([box.rectangle for box in drawn.boxes]) == []
    assert touching([label.rectangle for label in drawn.labels]) == []


@pytest.mark.parametrize(("count", "used"), [(42, 40)])
def test_a_long_pipeline_over_a_mesh_has_no_overlaps(count: int, used: int) -> None:
    drawn = scene(made.on_mesh(count, used))
    assert touching([box.rectangle for box in drawn.boxes]) == []
    assert len([box for box in drawn.boxes if box.style == "used"]) == used


@pytest.mark.parametrize("used", [18])
def test_a_rack_in_full_use_stays_within_a_page(used: int) -> None:
    panel = panel_of(made.on_nvl72(used), 0)
    assert touching([box.rectangle for box in panel.scene.boxes]) == []
    assert panel.width < 14


def test_the_title_tells_the_point() -> None:
    told = [text.get_text() for text in placement_graph_figure(made.on_racks(), 0).texts]
    assert told[0] == "Llama 70B on two racks"
    assert told[1] == "fastest of 3 points: 92.50 tok/s/user, US$3.42 per million tokens"
    assert "latency of a token 10.81 ms" in told[2]


def test_a_single_host_needs_no_lines() -> None:
    drawn = scene_of(made.on_one_host)
    assert drawn.strokes == []
    assert [box.key for box in drawn.boxes] == ["h100-1"]


def test_a_dollar_sign_in_a_name_starts_no_formula() -> None:
    document = made.on_one_host()
    document["instance"]["resolved"]["title"] = "cheap at $1$ an hour"
    assert b"<svg" in render_placement_graph(document, 0, "svg")


def test_a_name_too_long_loses_its_middle() -> None:
    told = fitted("a-very-long-name-of-a-machine-17", 7, 0.8)
    assert text_width(told, 7) <= 0.8
    assert told.startswith("a")
    assert told.endswith("machine-17"[-4:])
    assert "…" in told
