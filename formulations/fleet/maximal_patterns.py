"""Every maximal pattern of a rack, or every one that is worth enough."""

from __future__ import annotations

from collections.abc import Sequence

from formulations.fleet.filling_bound import FillingBound
from formulations.fleet.rack_shapes import Pattern, RackShapes, extended
from formulations.formulation import RefusedError

__all__ = ["maximal_patterns"]

_STEPS_A_PATTERN = 100


def maximal_patterns(
    shapes: RackShapes,
    orbit: int,
    *,
    limit: int,
    values: Sequence[int] | None = None,
    least: int = 0,
) -> list[Pattern]:
    """Maximal patterns of an orbit, from the fullest of the first shape on.

    Parameters
    ----------
    limit
        Most patterns to write out.
    values, least
        For each shape what a unit is worth, not negative; patterns worth less than ``least``
        are left out. ``None``: all patterns.

    Raises
    ------
    ValueError
        If there are more than ``limit``, or the search for them takes more than 100 ``limit``
        steps.
    """
    # The shapes that take most room first: they decide, and the small ones fill up.
    capacity = shapes.capacity(orbit)
    order = sorted(shapes.admits[orbit], key=lambda k: shapes.fits(k, capacity))
    worth = [0] * shapes.n_shapes if values is None else values
    bound = FillingBound(shapes, orbit, order, worth)
    name = shapes.racks.orbit_names[orbit]
    units = [0] * shapes.n_shapes
    found: list[Pattern] = []
    steps = 0

    def fill(depth: int, left: tuple[int, ...], value: int) -> None:
        nonlocal steps
        if value + bound.most(depth, left) < least:
            return
        steps += 1
        if steps > _STEPS_A_PATTERN * limit:
            raise RefusedError(
                f"orbit {name}: {steps} steps found {len(found)} maximal patterns and were not "
                f"through; at most {limit} are written out"
            )
        if depth == len(order):
            pattern = Pattern(orbit, tuple(units))
            if not extended(shapes, pattern):
                found.append(pattern)
                if len(found) > limit:
                    raise RefusedError(f"orbit {name} has more than {limit} maximal patterns")
            return
        shape = order[depth]
        most = shapes.fits(shape, left)
        # What the last shape leaves open nobody else can fill.
        fewest = most if depth == len(order) - 1 else 0
        for q in range(most, fewest - 1, -1):
            units[shape] = q
            rest = tuple(have - q * s for have, s in zip(left, shapes.size[shape], strict=True))
            fill(depth + 1, rest, value + q * worth[shape])
        units[shape] = 0

    fill(0, capacity, 0)
    return found
