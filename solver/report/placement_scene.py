"""A drawing as boxes, lines and words in inches, before anything is drawn.

Layouts make a scene; ``placement_paint.py`` puts it on paper. Words are measured, so a layout can
see what fits and what overlaps.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Literal

__all__ = ["Box", "Label", "Point", "Rectangle", "Scene", "Stroke", "fitted", "text_width"]

Point = tuple[float, float]
Rectangle = tuple[float, float, float, float]
"""Left, bottom, right, top."""
Anchor = Literal["left", "center", "right"]
BoxStyle = Literal["used", "idle", "switch", "used_switch", "gateway"]
StrokeStyle = Literal["idle", "path", "busiest", "frame"]

_LINE_HEIGHT = 1.25


@cache
def text_width(text: str, points: float, *, bold: bool = False) -> float:
    """Width of a line of text, in inches."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextPath

    font = FontProperties(family=["DejaVu Sans"], weight="bold" if bold else "normal")
    # An invisible last letter: spaces at the end count too, and an empty text has a width.
    whole = TextPath((0, 0), text + "|", size=points, prop=font, usetex=False)
    stop = TextPath((0, 0), "|", size=points, prop=font, usetex=False)
    return float((whole.get_extents().x1 - stop.get_extents().x1) / 72)


def fitted(text: str, points: float, width: float, *, bold: bool = False) -> str:
    """``text``, its middle left out where it is wider than ``width`` inches.

    Names of hosts tell their place at the start and their number at the end.
    """
    if text_width(text, points, bold=bold) <= width:
        return text
    for kept in range(len(text) - 1, 1, -1):
        tail = kept * 2 // 3
        tried = f"{text[: kept - tail]}…{text[len(text) - tail :]}"
        if text_width(tried, points, bold=bold) <= width:
            return tried
    return ""


@dataclass(frozen=True, slots=True)
class Box:
    """A node, or several alike, as a rounded box around ``centre``.

    Attributes
    ----------
    lines
        Text inside; the first is bold in a used box.
    machine
        Kind of host, which gives the colour.
    badge, chain
        Number at the corner and the pipeline it counts in.
    upright
        Whether the text runs from the bottom to the top, as in a box too narrow for it.
    """

    key: str
    centre: Point
    width: float
    height: float
    lines: tuple[str, ...]
    style: BoxStyle
    machine: str = ""
    badge: str = ""
    chain: int = 0
    upright: bool = False

    @property
    def rectangle(self) -> Rectangle:
        """What it covers."""
        (x, y), half_w, half_h = self.centre, self.width / 2, self.height / 2
        return (x - half_w, y - half_h, x + half_w, y + half_h)


@dataclass(frozen=True, slots=True)
class Stroke:
    """A line through ``points``, in points of width; ``arrow`` puts a head on it."""

    points: tuple[Point, ...]
    style: StrokeStyle
    width: float
    chain: int = 0
    arrow: bool = False


@dataclass(frozen=True, slots=True)
class Label:
    """Words at a place; ``strong`` ones name the busiest link."""

    text: str
    place: Point
    points: float = 7.5
    anchor: Anchor = "center"
    strong: bool = False
    bold: bool = False

    @property
    def rectangle(self) -> Rectangle:
        """What it covers."""
        lines = self.text.split("\n")
        width = max(text_width(line, self.points, bold=self.bold) for line in lines)
        height = len(lines) * self.points / 72 * _LINE_HEIGHT
        x, y = self.place
        left = {"left": x, "center": x - width / 2, "right": x - width}[self.anchor]
        return (left, y - height / 2, left + width, y + height / 2)


@dataclass(slots=True)
class Scene:
    """Boxes, lines and words of one drawing; sizes in inches, the origin anywhere."""

    boxes: list[Box] = field(default_factory=list)
    strokes: list[Stroke] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def bounds(self) -> Rectangle:
        """The least rectangle around everything."""
        areas = [box.rectangle for box in self.boxes] + [label.rectangle for label in self.labels]
        areas += [(x, y, x, y) for stroke in self.strokes for x, y in stroke.points]
        if not areas:
            return (0.0, 0.0, 1.0, 1.0)
        return (
            min(area[0] for area in areas),
            min(area[1] for area in areas),
            max(area[2] for area in areas),
            max(area[3] for area in areas),
        )

    def _used_points(self) -> list[Point]:
        """Points along every line in use; thin lines of idle links do not count."""
        return [
            point
            for stroke in self.strokes
            if stroke.style in ("path", "busiest")
            for point in _sampled(stroke.points)
        ]

    def name_stroke(self, text: str, points: Sequence[Point], size: float = 7.5) -> None:
        """Put the name of a busy line beside it, where nothing else stands.

        Places along the line are tried on every side and ever further off; then places where the
        words cover a line in use; where all are taken the name goes above the drawing.
        """
        sides: tuple[tuple[float, float, Anchor], ...] = (
            (1.0, 0.0, "left"), (-1.0, 0.0, "right"), (0.0, 1.3, "center"), (0.0, -1.3, "center"),
        )  # fmt: skip
        tried = [
            (beside, away, share, side)
            for beside in (True, False)
            for away in (0.1, 0.2, 0.35, 0.5, 0.75)
            for share in (0.5, 0.4, 0.6, 0.3, 0.7, 0.2, 0.8, 0.1, 0.9)
            for side in sides
        ]
        taken = [box.rectangle for box in self.boxes] + [label.rectangle for label in self.labels]
        lines = self._used_points()
        for beside, away, share, (right, up, anchor) in tried:
            x, y = along(points, share)
            place = (x + right * away, y + up * (away + 0.08))
            label = Label(text, place, size, anchor, strong=True, bold=True)
            area = label.rectangle
            if not any(overlap(area, other) for other in taken) and not (
                beside and _touches(area, lines)
            ):
                self.labels.append(label)
                return
        left, _, right, top = self.bounds()
        self.labels.append(
            Label(text, ((left + right) / 2, top + 0.25), size, strong=True, bold=True)
        )


def _touches(area: Rectangle, points: Sequence[Point], air: float = 0.05) -> bool:
    """Whether one of the points lies in ``area`` or within ``air`` inches of it."""
    left, bottom, right, top = area
    return any(left - air < x < right + air and bottom - air < y < top + air for x, y in points)


def _sampled(points: Sequence[Point]) -> list[Point]:
    """Points of a line, a few hundredths of an inch apart."""
    found = []
    for (xa, ya), (xb, yb) in itertools.pairwise(points):
        steps = max(1, int(((xb - xa) ** 2 + (yb - ya) ** 2) ** 0.5 / 0.04))
        found += [
            (xa + (xb - xa) * step / steps, ya + (yb - ya) * step / steps)
            for step in range(steps + 1)
        ]
    return found


def overlap(one: Rectangle, other: Rectangle) -> bool:
    """Whether two rectangles share more than an edge."""
    return (
        one[0] < other[2] - 1e-9
        and other[0] < one[2] - 1e-9
        and one[1] < other[3] - 1e-9
        and other[1] < one[3] - 1e-9
    )


def along(points: Sequence[Point], share: float) -> Point:
    """The point of a line of pieces at this share of its length."""
    lengths = [
        ((b[0] - a[0]) ** 2 + (b[1] - a[1]) ** 2) ** 0.5 for a, b in itertools.pairwise(points)
    ]
    left = share * sum(lengths)
    for (a, b), length in zip(itertools.pairwise(points), lengths, strict=True):
        if left <= length and length > 0:
            part = left / length
            return (a[0] + part * (b[0] - a[0]), a[1] + part * (b[1] - a[1]))
        left -= length
    return points[-1]
