r"""Racks with slots, power and uplink: where columns stand.

An *orbit* is a set of identical racks. A column that stands in racks (an *item*) takes
:math:`s_{kd}` of dimension :math:`d`; a rack of orbit :math:`o` holds a multiset :math:`q` of
items with :math:`\sum_k s_{kd} q_k \le C_{od}`. Every unit of an item stands in exactly one rack.

``survive_loss``: with any one rack gone, what stands in the others still meets every demand.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from formulations.milp import IntArray

__all__ = ["Racks"]


@dataclass(frozen=True, slots=True, eq=False)
class Racks:
    """See the module's text.

    Parameters
    ----------
    items : (k,) int64, rising
        Columns that stand in racks.
    size : (k, d) int64 >= 0
    count : (o,) int64
        Racks of each orbit.
    capacity : (o, d) int64
    admits : (o, k) bool
        Whether an item may stand in a rack of the orbit.
    dimension_names, orbit_names
        For messages; of lengths d and o.
    """

    items: IntArray
    size: IntArray
    count: IntArray
    capacity: IntArray
    admits: npt.NDArray[np.bool_]
    dimension_names: tuple[str, ...]
    orbit_names: tuple[str, ...]
    survive_loss: bool = False

    def __post_init__(self) -> None:
        k, d = self.size.shape
        o = len(self.count)
        if len(self.items) != k or self.capacity.shape != (o, d) or self.admits.shape != (o, k):
            raise ValueError("racks: arrays differ in shape")
        if len(self.dimension_names) != d or len(self.orbit_names) != o:
            raise ValueError("racks: names differ in number")
        if (self.size < 0).any() or (self.capacity < 0).any() or (self.count < 0).any():
            raise ValueError("racks: sizes, capacities and counts cannot be negative")
        for array in (self.items, self.size, self.count, self.capacity, self.admits):
            array.setflags(write=False)

    def over(self, kept: npt.NDArray[np.intp]) -> Racks:
        """The same racks for the problem's columns ``kept`` alone."""
        inside = np.isin(self.items, kept)
        return Racks(
            items=np.searchsorted(kept, self.items[inside]).astype(np.int64),
            size=self.size[inside],
            count=self.count,
            capacity=self.capacity,
            admits=self.admits[:, inside],
            dimension_names=self.dimension_names,
            orbit_names=self.orbit_names,
            survive_loss=self.survive_loss,
        )
