"""Racks taken one by one: a place for every item in every rack that admits it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from formulations.fleet.plan import FilledRack
from formulations.fleet.racks import Racks
from formulations.formulation import RefusedError
from formulations.milp import IntArray

__all__ = [
    "MOST_PLACES",
    "RackBins",
    "most_of_items",
    "number_of_places",
    "rack_bins",
    "require_places",
]

MOST_PLACES: int = 20_000
"""Most (rack, item) pairs that are written out."""


@dataclass(frozen=True, slots=True, eq=False)
class RackBins:
    """All places; place ``p`` is item ``item[p]`` (row of ``Racks.size``) in rack ``rack[p]``.

    Parameters
    ----------
    rack, item, most : (places,) int64
        ``most`` is what fits of the item alone.
    orbit : (racks,) int64
        Orbit of each rack; racks of an orbit follow each other.
    """

    racks: Racks
    rack: IntArray
    item: IntArray
    most: IntArray
    orbit: IntArray

    @property
    def n_places(self) -> int:
        """Number of places."""
        return len(self.rack)

    def of_rack(self, rack: int) -> npt.NDArray[np.intp]:
        """Places of one rack, in order of items."""
        return np.flatnonzero(self.rack == rack)

    def of_item(self, item: int) -> npt.NDArray[np.intp]:
        """Places of one item, in order of racks."""
        return np.flatnonzero(self.item == item)

    def filled(self, units: IntArray) -> tuple[FilledRack, ...]:
        """What stands where, equal racks together and empty ones left out; ``units`` (places,)."""
        holds: list[dict[int, int]] = [{} for _ in self.orbit]
        for place in np.flatnonzero(units).tolist():
            column = int(self.racks.items[self.item[place]])
            holds[int(self.rack[place])][column] = int(units[place])
        alike = Counter(
            (int(orbit), tuple(content.items()))
            for orbit, content in zip(self.orbit, holds, strict=True)
            if content
        )
        return tuple(
            FilledRack(orbit, times, dict(content)) for (orbit, content), times in alike.items()
        )


def number_of_places(racks: Racks) -> int:
    """How many (rack, item) pairs there are."""
    return sum(
        int(count) * int(admits.sum())
        for count, admits in zip(racks.count, racks.admits, strict=True)
    )


def require_places(racks: Racks) -> None:
    """Raise ``ValueError`` if there are more than ``MOST_PLACES``."""
    places = number_of_places(racks)
    if places > MOST_PLACES:
        raise RefusedError(
            f"{places} places in single racks are more than {MOST_PLACES}; "
            "patterns of racks suit such a problem"
        )


def most_of_items(racks: Racks, orbit: int, upper: IntArray) -> dict[int, int]:
    """For each item that an orbit admits the most of it alone in one rack; ``upper`` (n,)."""
    most = {}
    for k in np.flatnonzero(racks.admits[orbit]).tolist():
        room = [
            have // size
            for size, have in zip(
                racks.size[k].tolist(), racks.capacity[orbit].tolist(), strict=True
            )
            if size
        ]
        most[k] = min([*room, int(upper[racks.items[k]])])
    return most


def rack_bins(racks: Racks, upper: IntArray) -> RackBins:
    """Every place of every rack; ``upper`` (n,) bounds the columns of the problem.

    Raises
    ------
    ValueError
        If there are more than ``MOST_PLACES``.
    """
    require_places(racks)
    rack: list[int] = []
    item: list[int] = []
    most: list[int] = []
    orbits: list[int] = []
    for orbit, count in enumerate(racks.count.tolist()):
        fits = most_of_items(racks, orbit, upper)
        for _ in range(count):
            rack.extend([len(orbits)] * len(fits))
            item.extend(fits)
            most.extend(fits.values())
            orbits.append(orbit)
    return RackBins(
        racks=racks,
        rack=np.array(rack, dtype=np.int64),
        item=np.array(item, dtype=np.int64),
        most=np.array(most, dtype=np.int64),
        orbit=np.array(orbits, dtype=np.int64),
    )
