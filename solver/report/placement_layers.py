"""A flow of tokens by layers: each host as a bar over the layers it holds, tokens between bars.

Layers run from left to right, so every token does too. Each place where some host's range ends gets
a gap in which tokens change hosts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from solver.report.numbers import clean, percent, short
from solver.report.placement_mesh import idle_rows
from solver.report.placement_network import Carried, Network, duties_of
from solver.report.placement_scene import Box, Label, Point, Scene, Stroke, fitted, text_width
from solver.report.placement_strokes import busy_text

__all__ = ["layer_scene"]

_WIDTH = 11.0
_HEIGHT, _STEP = 0.56, 0.72
_ENDS = 0.75
"""Inches between the first and last layers and where tokens come from and go to."""
_WIDEST, _THINNEST = 6.0, 0.6
_UPRIGHT = 0.12
"""Inches that a line of upright text takes."""

Stage = Mapping[str, Any]


def layer_scene(network: Network, design: Mapping[str, Any], busiest: Carried | None) -> Scene:
    """Lay out a flow design."""
    stages: Sequence[Stage] = sorted(
        design["stages"], key=lambda s: (s["first_layer"], s["layers"], str(s["host"]))
    )
    flows = [
        (str(entry["from"]), str(entry["to"]), float(entry["tok_per_s"]))
        for entry in design["flows"]
        if float(entry["tok_per_s"]) > 0
    ]
    edges, gap = _boundaries(stages)
    rows = _rows(stages, flows)
    scene = Scene()
    boxes: dict[str, Box] = {}
    for stage in stages:
        name = str(stage["host"])
        left = edges[int(stage["first_layer"])] + gap / 2
        right = edges[int(stage["first_layer"]) + int(stage["layers"])] - gap / 2
        boxes[name] = _bar(network, stage, left, right, -rows[name] * _STEP)
    scene.boxes += boxes.values()
    middle = -(max(rows.values(), default=0)) * _STEP / 2
    first, last = min(edges.values()), max(edges.values())
    for key, x in (("entry", first - _ENDS), ("exit", last + _ENDS)):
        told = "tokens\nin" if key == "entry" else "tokens\nout"
        boxes[key] = Box(key, (x, middle), 0.56, 0.5, tuple(told.split("\n")), "gateway")
        scene.boxes.append(boxes[key])
    _flows(scene, boxes, flows, busiest)
    bottom = -max(rows.values(), default=0) * _STEP - _HEIGHT / 2
    _ruler(scene, edges, bottom - 0.2)
    idle_rows(scene, network, duties_of(design), bottom - 0.55)
    carrying = {(a, b) for a, b, _ in flows}
    scene.notes.append(f"tokens change hosts over {len(carrying):,} of the network's links")
    return scene


def _boundaries(stages: Sequence[Stage]) -> tuple[dict[int, float], float]:
    """Where each boundary between ranges lies, in inches, and the gap around it."""
    ends = sorted(
        {int(s["first_layer"]) for s in stages}
        | {int(s["first_layer"]) + int(s["layers"]) for s in stages}
    )
    gap = min(0.55, 0.45 * _WIDTH / max(len(ends), 1))
    layers = max(ends[-1] - ends[0], 1)
    scale = (_WIDTH - gap * (len(ends) - 1)) / layers
    return {end: (end - ends[0]) * scale + place * gap for place, end in enumerate(ends)}, gap


def _rows(stages: Sequence[Stage], flows: Sequence[tuple[str, str, float]]) -> dict[str, int]:
    """A row for each host such that ranges in one row do not overlap.

    Of the rows that are free a host takes the one whose last host sends it most: flows stay level.
    """
    sent = {(a, b): rate for a, b, rate in flows}
    ends: list[tuple[int, str]] = []
    rows: dict[str, int] = {}
    for stage in stages:
        name, first = str(stage["host"]), int(stage["first_layer"])
        free = [row for row, (end, _) in enumerate(ends) if end <= first]
        if free:
            row = min(free, key=lambda row: (-sent.get((ends[row][1], name), 0.0), row))
            ends[row] = (first + int(stage["layers"]), name)
        else:
            row = len(ends)
            ends.append((first + int(stage["layers"]), name))
        rows[name] = row
    return rows


def _bar(network: Network, stage: Stage, left: float, right: float, y: float) -> Box:
    """A host over its layers; of what could be told, as much as fits."""
    name = str(stage["host"])
    width = max(right - left, 0.05)
    room = width - 0.06
    rate, most = float(stage["tok_per_s"]), float(stage["capacity_tok_per_s"])
    used = percent(rate / most).replace(".0 %", " %") if most > 0 else ""
    label = clean(name, limit=60)
    if text_width(label, 7, bold=True) > room:
        return _narrow(network, stage, ((left + right) / 2, y), width)
    told = [f"{short(rate, 3)} of {short(most, 3)} tok/s", f"{used} used", used]
    lines, held = [label], _held(stage)
    lines.append(next((t for t in (f"layers {held}", held) if text_width(t, 7) <= room), ""))
    lines.append(next((t for t in told if text_width(t, 7) <= room), ""))
    kept = tuple(line for line in lines if line)
    return Box(
        name, ((left + right) / 2, y), width, _HEIGHT, kept, "used", network.nodes[name].machine
    )  # fmt: skip


def _held(stage: Stage) -> str:
    first, count = int(stage["first_layer"]) + 1, int(stage["layers"])
    return f"{first}–{first + count - 1}" if count > 1 else str(first)


def _narrow(network: Network, stage: Stage, centre: Point, width: float) -> Box:
    """A host whose name is wider than its layers: it stands upright, its layers beside it."""
    name = str(stage["host"])
    lines = [fitted(clean(name, limit=60), 7, _HEIGHT - 0.04, bold=True)]
    if width >= 2 * _UPRIGHT:
        lines.append(_held(stage))
    if width < _UPRIGHT:
        lines = []
    return Box(
        name, centre, width, _HEIGHT, tuple(lines), "used", network.nodes[name].machine,
        upright=True,
    )  # fmt: skip


def _flows(
    scene: Scene,
    boxes: Mapping[str, Box],
    flows: Sequence[tuple[str, str, float]],
    busiest: Carried | None,
) -> None:
    """Curves between bars, as wide as what flows; those over the busiest link in its colour."""
    most = max((rate for _, _, rate in flows), default=1.0)
    marked = None
    for a, b, rate in flows:
        first, last = boxes[a], boxes[b]
        points = _curve((first.rectangle[2], first.centre[1]), (last.rectangle[0], last.centre[1]))
        over = busiest is not None and (a, b) == _hosts_of(busiest, boxes, a, b)
        width = max(_THINNEST, _WIDEST * rate / most)
        stroke = Stroke(points, "busiest" if over else "path", width)
        if over:
            marked = stroke
            scene.strokes.append(stroke)
        else:
            scene.strokes.insert(0, stroke)
    if busiest is not None and marked is not None:
        scene.name_stroke(busy_text(busiest), marked.points)
    elif busiest is not None:
        left, _, right, top = scene.bounds()
        scene.labels.append(
            Label(busy_text(busiest), ((left + right) / 2, top + 0.2), 8.0, strong=True, bold=True)
        )


def _hosts_of(busiest: Carried, boxes: Mapping[str, Box], start: str, end: str) -> tuple[str, str]:
    """Ends of the busiest link as flows call them: a gateway is the entry or the exit."""
    a = busiest.start if busiest.start in boxes else "entry"
    b = busiest.end if busiest.end in boxes else "exit"
    return (a, b) if (a, b) == (start, end) else ("", "")


def _curve(a: Point, b: Point) -> tuple[Point, ...]:
    """From left to right, level at both ends."""
    points = []
    for step in range(21):
        t = step / 20
        rise = t * t * (3 - 2 * t)
        points.append((a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * rise))
    return tuple(points)


def _ruler(scene: Scene, edges: Mapping[int, float], y: float) -> None:
    """Layers held up to each boundary, as far as the numbers do not touch."""
    reached = -1e9
    last = max(edges)
    for end in sorted(edges):
        label = Label(str(end), (edges[end], y), 7.0)
        left, _, right, _ = label.rectangle
        if left > reached + 0.08 and (end == last or right < edges[last] - 0.25):
            scene.labels.append(label)
            reached = right
    scene.labels.append(Label("layers passed", (min(edges.values()) - 0.2, y), 7.0, "right"))
