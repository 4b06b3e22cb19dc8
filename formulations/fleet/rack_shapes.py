r"""Items that no rack can tell apart, and patterns of a rack over such shapes.

A *shape* is a set of items of equal size that the same orbits admit. A *pattern* of an orbit says
how many of each shape stand in one rack, :math:`\sum_k s_{kd} q_k \le C_d`; it is *maximal* where
no unit can be added. A rack may hold less than its pattern, so maximal ones are enough (Gilmore
and Gomory 1961).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from formulations.fleet.racks import Racks
from formulations.milp import IntArray

__all__ = [
    "Pattern",
    "RackShapes",
    "extended",
    "grown",
    "rack_shapes",
    "room_left",
]


@dataclass(frozen=True, slots=True, order=True)
class Pattern:
    """What one rack of an orbit has room for: units of each shape."""

    orbit: int
    units: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class RackShapes:
    """Shapes of the items of ``racks``.

    Parameters
    ----------
    members
        For each shape its columns of the problem, rising.
    size
        For each shape its extent in every dimension.
    admits
        For each orbit the shapes that may stand there.
    most
        For each shape the units of it that a fleet can hold at all.
    """

    racks: Racks
    members: tuple[tuple[int, ...], ...]
    size: tuple[tuple[int, ...], ...]
    admits: tuple[tuple[int, ...], ...]
    most: tuple[int, ...]

    @property
    def n_shapes(self) -> int:
        """Number of shapes."""
        return len(self.members)

    def capacity(self, orbit: int) -> tuple[int, ...]:
        """Extent of a rack of the orbit in every dimension."""
        return tuple(self.racks.capacity[orbit].tolist())

    def fits(self, shape: int, left: Sequence[int]) -> int:
        """Most units of a shape within what is left of a rack, and of the fleet."""
        room = self.most[shape]
        for size, have in zip(self.size[shape], left, strict=True):
            if size:
                room = min(room, have // size)
        return room


def rack_shapes(racks: Racks, upper: IntArray) -> RackShapes:
    """Group the items; ``upper`` (n,) bounds the columns of the problem."""
    groups: dict[tuple[tuple[int, ...], tuple[bool, ...]], list[int]] = {}
    for k, column in enumerate(racks.items.tolist()):
        key = tuple(racks.size[k].tolist()), tuple(racks.admits[:, k].tolist())
        groups.setdefault(key, []).append(column)
    keys = list(groups)
    return RackShapes(
        racks=racks,
        members=tuple(tuple(groups[key]) for key in keys),
        size=tuple(size for size, _ in keys),
        admits=tuple(
            tuple(k for k, (_, admitted) in enumerate(keys) if admitted[orbit])
            for orbit in range(len(racks.count))
        ),
        most=tuple(int(upper[np.array(groups[key])].sum()) for key in keys),
    )


def room_left(shapes: RackShapes, pattern: Pattern) -> tuple[int, ...]:
    """What the pattern leaves of each dimension of its rack."""
    left = list(shapes.capacity(pattern.orbit))
    for shape, units in enumerate(pattern.units):
        if units:
            left = [have - units * s for have, s in zip(left, shapes.size[shape], strict=True)]
    return tuple(left)


def extended(shapes: RackShapes, pattern: Pattern) -> tuple[int, ...]:
    """Shapes of which one more unit would fit; none for a maximal pattern."""
    left = room_left(shapes, pattern)
    return tuple(
        k
        for k in shapes.admits[pattern.orbit]
        if pattern.units[k] < shapes.most[k] and shapes.fits(k, left) > 0
    )


def grown(shapes: RackShapes, pattern: Pattern) -> Pattern:
    """A maximal pattern that holds at least as much, filled in order of shapes."""
    units = list(pattern.units)
    for shape in shapes.admits[pattern.orbit]:
        left = room_left(shapes, Pattern(pattern.orbit, tuple(units)))
        units[shape] += min(shapes.fits(shape, left), shapes.most[shape] - units[shape])
    return Pattern(pattern.orbit, tuple(units))
