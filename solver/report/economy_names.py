"""Where the name of a point stands in a picture, so that no two names cover each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Box", "free_place"]

_PIXELS_PER_POINT = 100 / 72
_LETTER, _LINE = 5.4, 11.0
"""Mean width of a letter and height of a line of 9-point text, points."""
_DISTANCES = (8.0, 20.0, 32.0, 44.0)


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of the picture, in pixels from its lower left corner."""

    left: float
    low: float
    right: float
    high: float

    def meets(self, other: Box) -> bool:
        """Whether the two share more than an edge."""
        return (
            self.left < other.right
            and other.left < self.right
            and self.low < other.high
            and other.low < self.high
        )

    def holds(self, other: Box) -> bool:
        """Whether ``other`` lies within."""
        return (
            self.left <= other.left
            and other.right <= self.right
            and self.low <= other.low
            and other.high <= self.high
        )


def free_place(
    place: Sequence[float], letters: int, taken: Sequence[Box], inside: Box, *, right: bool,
    down: bool,
) -> tuple[float, float, Box]:  # fmt: skip
    """Offset of a name from its point, in points, and what it covers.

    The first place that meets nothing ``taken``, nearest first, the preferred side (``right``,
    ``down``) before the others; where none is free the first within the picture.
    """
    wide, high = _LETTER * letters * _PIXELS_PER_POINT, _LINE * _PIXELS_PER_POINT
    tried: list[tuple[float, float, Box]] = []
    for far in _DISTANCES:
        for to_right in (right, not right):
            for below in (down, not down):
                dx, dy = (6.0 if to_right else -6.0), (-far if below else far)
                x, y = place[0] + dx * _PIXELS_PER_POINT, place[1] + dy * _PIXELS_PER_POINT
                box = Box(
                    x if to_right else x - wide,
                    y - high if below else y,
                    x + wide if to_right else x,
                    y if below else y + high,
                )
                if inside.holds(box):
                    if not any(box.meets(other) for other in taken):
                        return dx, dy, box
                    tried.append((dx, dy, box))
    return tried[0] if tried else (6.0, -8.0, Box(place[0], place[1], place[0], place[1]))
