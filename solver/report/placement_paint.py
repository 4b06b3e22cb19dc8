"""A scene of boxes and lines put on matplotlib axes whose unit is an inch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from solver.report.figure_style import SOFT
from solver.report.numbers import clean
from solver.report.placement_scene import Box, Label, Scene, Stroke, along, fitted, text_width

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "BUSIEST",
    "LEGEND_ROW",
    "Entry",
    "chain_colour",
    "legend_places",
    "machine_colours",
    "paint",
    "paint_legend",
]

INK = "#222222"
BUSIEST = "#d55e00"
# Okabe and Ito (2008), "Color universal design": told apart by colour-blind readers too; vermilion
# is kept for the busiest link.
_MACHINES = ("#56b4e9", "#e69f00", "#009e73", "#cc79a7", "#f0e442", "#0072b2")
_REST = "#9a9a9a"
_CHAINS = (INK, "#7b3294", "#00695c", "#8c510a", "#1b4f9c", "#a3195b", "#4d6b00", "#5c5c5c")
_DARK = frozenset({"#0072b2"})
_IDLE_LINE, _FRAME = "#d2d2d2", "#c9c9c9"
_LINE_STEP = 0.155
LEGEND_ROW = 0.22
"""Inches."""


def machine_colours(names: Sequence[str]) -> dict[str, str]:
    """A colour for each kind of host, by name; past six they share grey."""
    order = sorted(set(names))
    return dict.fromkeys(order, _REST) | dict(zip(order, _MACHINES, strict=False))


def chain_colour(chain: int) -> str:
    """The colour of a pipeline's lines and numbers."""
    return _CHAINS[chain % len(_CHAINS)]


def paint(axes: Axes, scene: Scene, colours: Mapping[str, str]) -> None:
    """Draw a scene; ``axes`` must be as large as its limits say."""
    axes.set_axis_off()
    for stroke in scene.strokes:
        _stroke(axes, stroke)
    for box in scene.boxes:
        _box(axes, box, colours)
    for label in scene.labels:
        _label(axes, label)


def _stroke(axes: Axes, stroke: Stroke) -> None:
    from matplotlib.patches import Polygon

    colour, order = {
        "idle": (_IDLE_LINE, 1.0),
        "frame": (_FRAME, 0.5),
        "path": (chain_colour(stroke.chain), 3.0),
        "busiest": (BUSIEST, 3.5),
    }[stroke.style]
    axes.plot(
        [x for x, _ in stroke.points], [y for _, y in stroke.points], color=colour,
        linewidth=stroke.width, zorder=order, solid_capstyle="butt", solid_joinstyle="round",
        linestyle=(0, (4, 3)) if stroke.style == "frame" else "-",
    )  # fmt: skip
    if not stroke.arrow:
        return
    tip, tail = along(stroke.points, 0.62), along(stroke.points, 0.60)
    dx, dy = tip[0] - tail[0], tip[1] - tail[1]
    length = (dx * dx + dy * dy) ** 0.5
    if length == 0:
        return
    ux, uy = dx / length, dy / length
    half = 0.04 + 0.009 * stroke.width
    x, y = tip
    corners = [
        (x + 1.3 * half * ux, y + 1.3 * half * uy),
        (x - half * ux - half * uy, y - half * uy + half * ux),
        (x - half * ux + half * uy, y - half * uy - half * ux),
    ]
    axes.add_patch(Polygon(corners, closed=True, facecolor=colour, linewidth=0, zorder=order + 0.2))


def _box(axes: Axes, box: Box, colours: Mapping[str, str]) -> None:
    from matplotlib.patches import Circle, FancyBboxPatch

    colour = colours.get(box.machine, _REST)
    face, edge, ink, width = {
        "used": (colour, INK, "white" if colour in _DARK else INK, 0.9),
        "idle": ("white", colour, SOFT, 1.4),
        "switch": ("#f4f4f4", "#b5b5b5", SOFT, 0.8),
        "used_switch": ("#e3e3e3", INK, INK, 1.1),
        "gateway": ("#ffffff", INK, INK, 1.3),
    }[box.style]
    left, bottom, _, top = box.rectangle
    rounding = 0.06 if box.style in ("used", "idle") else box.height / 2.2
    axes.add_patch(
        FancyBboxPatch(
            (left, bottom), box.width, box.height,
            boxstyle=f"round,pad=0,rounding_size={rounding}", facecolor=face, edgecolor=edge,
            linewidth=width, zorder=5,
        )
    )  # fmt: skip
    x, y = box.centre
    size = 7.5 if "switch" in box.style or box.style == "gateway" else 7
    room = box.width if box.upright else box.height
    step = min(_LINE_STEP, room / max(len(box.lines), 1) * 0.92)
    for number, line in enumerate(box.lines):
        up = ((len(box.lines) - 1) / 2 - number) * step
        place = (x - up, y) if box.upright else (x, y + up)
        axes.text(
            *place, line, fontsize=size, color=ink, rotation=90 if box.upright else 0,
            ha="center", va="center" if box.upright else "center_baseline", zorder=6,
            weight="bold" if number == 0 and box.style == "used" else "normal",
        )  # fmt: skip
    if box.badge:
        corner = (left + 0.02, top - 0.02)
        axes.add_patch(
            Circle(
                corner, 0.115, facecolor=chain_colour(box.chain), edgecolor="white", linewidth=0.8,
                zorder=7,
            )
        )  # fmt: skip
        axes.text(
            *corner, box.badge, fontsize=7, color="white", weight="bold", ha="center",
            va="center_baseline", zorder=8,
        )  # fmt: skip


def _label(axes: Axes, label: Label) -> None:
    axes.text(
        *label.place, label.text, fontsize=label.points, ha=label.anchor, va="center", zorder=9,
        color=BUSIEST if label.strong else SOFT if not label.bold else INK,
        weight="bold" if label.bold else "normal",
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6, "alpha": 0.85},
    )  # fmt: skip


Entry = tuple[str, str, str]
"""``box``, ``hollow``, ``line``, ``thin``, ``dot`` or ``none``; its colour; its text."""


def legend_places(entries: Sequence[Entry], width: float) -> list[tuple[float, int, str]]:
    """Where each entry stands: inches from the left, row from 0, and its text as far as it fits."""
    places, x, row = [], 0.0, 0
    for kind, _, text in entries:
        sign = 0.0 if kind == "none" else 0.36
        told = fitted(clean(text, limit=80), 8, width - 0.5)
        needed = sign + text_width(told, 8) + 0.28
        if x > 0 and x + needed > width:
            x, row = 0.0, row + 1
        places.append((x, row, told))
        x += needed
    return places


def paint_legend(axes: Axes, entries: Sequence[Entry], width: float) -> None:
    """Entries from left to right in as many rows as needed, downwards from y = 0."""
    places = legend_places(entries, width)
    for (kind, colour, _), (x, row, told) in zip(entries, places, strict=True):
        y = -LEGEND_ROW * row
        _sign(axes, kind, colour, x, y)
        start = x if kind == "none" else x + 0.36
        axes.text(start, y, told, fontsize=8, ha="left", va="center_baseline")


def _sign(axes: Axes, kind: str, colour: str, x: float, y: float) -> None:
    from matplotlib.patches import Circle, FancyBboxPatch

    if kind in ("line", "thin"):
        axes.plot([x, x + 0.28], [y, y], color=colour, linewidth=2.4 if kind == "line" else 1.0)
    elif kind == "dot":
        axes.add_patch(Circle((x + 0.14, y), 0.09, facecolor=colour, linewidth=0))
        axes.text(
            x + 0.14, y, "1", fontsize=6.5, color="white", weight="bold", ha="center",
            va="center_baseline",
        )  # fmt: skip
    elif kind != "none":
        hollow = kind == "hollow"
        axes.add_patch(
            FancyBboxPatch(
                (x + 0.02, y - 0.07), 0.24, 0.14, boxstyle="round,pad=0,rounding_size=0.03",
                facecolor="white" if hollow else colour, edgecolor=colour if hollow else INK,
                linewidth=1.2 if hollow else 0.8,
            )
        )  # fmt: skip
