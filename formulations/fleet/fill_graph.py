r"""The fill states of a rack as a graph: every path from the empty rack is a pattern.

Shapes are taken in a fixed order, those of which the fewest fit first. A state is (shape, units of
it still allowed, room left); from it one unit more of the shape is put in, or the shape is done
with. With the last shape all that fits goes in. So each path is one filling, no filling is there
twice, and those that are not are contained in one that is.

States from which the same can still be put in are one node: states are compared from the full rack
back, two with the same shape and the same nodes behind them are equal (as decision diagrams are
reduced, Bryant 1986). This joins at least the states that have one label after the lifting of
Brandão and Pedroso (2016), for those have equal completions. Where a shape takes nothing away from
those behind it, being done with it too early is of no use and left out.

Shapes that take no room are not in the graph: they stand anywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from formulations.fleet.rack_shapes import RackShapes
from formulations.formulation import RefusedError

__all__ = ["FULL", "MOST_STATES", "Arc", "FillGraph", "fill_graph"]

FULL = 0
"""The node in which nothing more can be put in."""

MOST_STATES: int = 200_000
"""Most states of one orbit that are visited, before equal ones are joined."""


@dataclass(frozen=True, slots=True)
class Arc:
    """``units`` of ``shape`` put in (``shape`` is ``None``: done with one) between two nodes."""

    tail: int
    head: int
    shape: int | None
    units: int


@dataclass(frozen=True, slots=True, eq=False)
class FillGraph:
    """Nodes are numbers; arcs lead from ``empty`` to ``FULL`` and form no circle.

    Parameters
    ----------
    empty
        Node of the empty rack; ``FULL`` itself where nothing fits, and then there is no arc.
    arcs
        Those of a node follow each other.
    n_inner
        Nodes other than ``empty`` and ``FULL``.
    """

    empty: int
    arcs: tuple[Arc, ...]
    n_inner: int


def _levels(
    shapes: RackShapes, order: Sequence[int], capacity: tuple[int, ...], name: str
) -> list[list[tuple[int, ...]]]:
    """For each shape in order the rooms that can be left when its turn comes."""
    levels = [[capacity]]
    visited = 0
    for shape in order[:-1]:
        reached: dict[tuple[int, ...], None] = {}
        for left in levels[-1]:
            room = left
            for taken in range(shapes.fits(shape, left) + 1):
                if taken:
                    room = _less(room, shapes.size[shape])
                reached[room] = None
                visited += 1
            if visited > MOST_STATES:
                raise RefusedError(
                    f"orbit {name}: a rack has more than {MOST_STATES} fill states; patterns or "
                    "single racks may suit it"
                )
        levels.append(list(reached))
    return levels


def _less(left: tuple[int, ...], size: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(have - s for have, s in zip(left, size, strict=True))


class _Nodes:
    """Equal nodes once: a node is what leaves it."""

    def __init__(self) -> None:
        self.leaving: list[tuple[tuple[int | None, int, int], ...]] = [()]
        self._known: dict[tuple[tuple[int | None, int, int], ...], int] = {}

    def node(self, *leaving: tuple[int | None, int, int]) -> int:
        """The node with these arcs, each (shape, units, head)."""
        if leaving not in self._known:
            self._known[leaving] = len(self.leaving)
            self.leaving.append(leaving)
        return self._known[leaving]

    def from_(self, empty: int) -> FillGraph:
        """The part that can be reached."""
        waiting, seen, arcs = [empty], {empty, FULL}, []
        while waiting:
            tail = waiting.pop()
            for shape, units, head in self.leaving[tail]:
                arcs.append(Arc(tail, head, shape, units))
                if head not in seen:
                    seen.add(head)
                    waiting.append(head)
        return FillGraph(empty, tuple(arcs), len(seen) - len({empty, FULL}))


def fill_graph(shapes: RackShapes, orbit: int) -> FillGraph:
    """The graph of a rack of an orbit.

    Raises
    ------
    ValueError
        If there are more than ``MOST_STATES`` states.
    """
    capacity = shapes.capacity(orbit)
    order = sorted(
        (k for k in shapes.admits[orbit] if any(shapes.size[k]) and shapes.fits(k, capacity)),
        key=lambda k: (shapes.fits(k, capacity), k),
    )
    if not order:
        return FillGraph(FULL, (), 0)
    levels = _levels(shapes, order, capacity, shapes.racks.orbit_names[orbit])
    nodes = _Nodes()
    last = order[-1]
    behind: dict[tuple[int, ...], int] = {}
    for left in levels[-1]:
        units = shapes.fits(last, left)
        behind[left] = nodes.node((last, units, FULL)) if units else FULL
    for shape, level in zip(reversed(order[:-1]), reversed(levels[:-1]), strict=True):
        here: dict[tuple[int, ...], int] = {}
        for left in level:
            rooms = [left]
            for _ in range(shapes.fits(shape, left)):
                rooms.append(_less(rooms[-1], shapes.size[shape]))
            node = behind[rooms[-1]]
            for room in reversed(rooms[:-1]):
                done = behind[room]
                takes = (shape, 1, node)
                node = nodes.node(takes) if node == done else nodes.node(takes, (None, 0, done))
            here[left] = node
        behind = here
    return nodes.from_(behind[capacity])
