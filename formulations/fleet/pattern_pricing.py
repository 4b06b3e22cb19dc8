"""The most valuable pattern of a rack: a bounded knapsack in several dimensions, in integers.

Depth first over the shapes, the most valuable for the room it takes first; a branch is left where
a fractional filling of what remains cannot beat the best found, and where the same shapes met the
same room with no less before.
"""

from __future__ import annotations

from collections.abc import Sequence

from formulations.fleet.filling_bound import FillingBound
from formulations.fleet.rack_shapes import Pattern, RackShapes

__all__ = ["best_pattern"]


def best_pattern(shapes: RackShapes, orbit: int, values: Sequence[int]) -> tuple[int, Pattern]:
    """Greatest value of any pattern of the orbit, exact, and one pattern that has it.

    Parameters
    ----------
    values
        For each shape what a unit is worth; those of 0 or less are left out of the pattern.

    Notes
    -----
    Exact for integers of any size; the time can grow exponentially with the number of shapes, as
    that of any exact knapsack in several dimensions.
    """
    capacity = shapes.capacity(orbit)

    def density(k: int) -> float:
        # Only the order of the search depends on this float.
        share = max(
            (size / room for size, room in zip(shapes.size[k], capacity, strict=True) if room),
            default=0.0,
        )
        return -values[k] / share if share else float("-inf")

    useful = sorted(
        (k for k in shapes.admits[orbit] if values[k] > 0 and shapes.fits(k, capacity)),
        key=density,
    )
    bound = FillingBound(shapes, orbit, useful, values)
    best, best_units = 0, [0] * shapes.n_shapes
    units = [0] * shapes.n_shapes
    seen: dict[tuple[int, tuple[int, ...]], int] = {}

    def search(depth: int, left: tuple[int, ...], value: int) -> None:
        nonlocal best, best_units
        if value > best:
            best, best_units = value, units.copy()
        if depth == len(useful) or value + bound.most(depth, left) <= best:
            return
        if seen.get((depth, left), -1) >= value:
            return
        seen[depth, left] = value
        shape = useful[depth]
        for q in range(shapes.fits(shape, left), -1, -1):
            units[shape] = q
            rest = tuple(a - q * s for a, s in zip(left, shapes.size[shape], strict=True))
            search(depth + 1, rest, value + q * values[shape])
        units[shape] = 0

    search(0, capacity, 0)
    return best, Pattern(orbit, tuple(best_units))
