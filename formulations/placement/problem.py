r"""The throughput problem of placement as numbers.

Sets: orbits :math:`o` of :math:`N_o` identical machines, layers :math:`0, \dots, L - 1`. A machine
of orbit :math:`o` that holds :math:`k \le K_o` layers lets at most :math:`T_o(k)` through (not
monotone in :math:`k`).

Decided: for each machine that is used, a range :math:`[s, s + k)` of layers, and a flow. Flow may
go from one machine to another only if the end of the first is the start of the second; the source
feeds machines that start at 0, machines that end at :math:`L` feed the sink.

.. math::
    \max \; \sum_i f_{\mathrm{source}, i} \quad \text{subject to} \quad
    \sum_j f_{ji} = \sum_j f_{ij} \le T_i(k_i), \qquad 0 \le f_{ij} \le c_{ij}

Rates and capacities are integers in one unit (micro-tokens per second where they come from files).
A machine that has no twin is an orbit of one. Because all data are integers, some greatest flow of
single machines is integer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from formulations.milp import IntArray

__all__ = ["THROUGHPUT", "PlacementProblem"]

THROUGHPUT = "throughput"
"""Name of the one objective; programs minimise its negative."""

_LARGEST = 2**50
"""Above this the sums that programs form could leave 64 bits."""


@dataclass(frozen=True, slots=True, eq=False)
class PlacementProblem:
    """See the module's text.

    Parameters
    ----------
    layers
        L > 0.
    count : (n,) int64
        Machines of each orbit, positive.
    rates
        For each orbit, (K_o,) int64 > 0: rate of a machine that holds 1, 2, ... layers.
    source, sink : (n,) int64 >= 0
        Capacity from the source to each machine, and from each machine to the sink.
    links : (n, n) int64 >= 0
        Capacity of the directed edge from each machine of one orbit to each of another; on the
        diagonal between two different machines of the orbit.
    names
        Of the orbits; (n,).
    """

    name: str
    layers: int
    count: IntArray
    rates: tuple[IntArray, ...]
    source: IntArray
    sink: IntArray
    links: IntArray
    names: tuple[str, ...]

    def __post_init__(self) -> None:
        n = len(self.count)
        if self.layers <= 0 or not n:
            raise ValueError(f"{self.name}: at least one layer and one machine are needed")
        if not (len(self.rates) == len(self.source) == len(self.sink) == len(self.names) == n):
            raise ValueError(f"{self.name}: arrays differ in length")
        if self.links.shape != (n, n):
            raise ValueError(f"{self.name}: links are {self.links.shape}, not {(n, n)}")
        if (self.count <= 0).any():
            raise ValueError(f"{self.name}: an orbit has no machine")
        for array in (self.source, self.sink, self.links):
            if array.min() < 0 or array.max() > _LARGEST:
                raise ValueError(f"{self.name}: a capacity is not within 0 to 2^50")
        for orbit, rates in zip(self.names, self.rates, strict=True):
            if not len(rates) or rates.min() <= 0 or rates.max() > _LARGEST:
                raise ValueError(f"{self.name}: a rate of {orbit} is not within 1 to 2^50")
        for array in (self.count, self.source, self.sink, self.links, *self.rates):
            array.setflags(write=False)

    @property
    def n_orbits(self) -> int:
        """Number of orbits."""
        return len(self.count)

    @property
    def n_machines(self) -> int:
        """Number of machines."""
        return int(self.count.sum())

    def held(self, orbit: int) -> range:
        """Numbers of layers that a machine of this orbit may hold: 1 to its most, or to L."""
        return range(1, min(len(self.rates[orbit]), self.layers) + 1)

    def rate(self, orbit: int, layers: int) -> int:
        """Most that passes a machine of ``orbit`` that holds ``layers`` layers."""
        return int(self.rates[orbit][layers - 1])

    def fastest(self, orbit: int) -> int:
        """Greatest rate of a machine of this orbit, whatever it holds."""
        return max(self.rate(orbit, layers) for layers in self.held(orbit))

    def wide(self, before: int, after: int, rate: int) -> int:
        """A link of this capacity from ``before`` to ``after`` never binds in plans of ``rate``."""
        return min(rate, self.fastest(before), self.fastest(after))

    def work_bound(self) -> int:
        """A rate that no plan exceeds: all layers done at the greatest layers x rate, over L.

        Counts no link and no integrality; every other bound starts here.
        """
        counts: list[int] = self.count.tolist()
        work = sum(
            count * max(layers * self.rate(orbit, layers) for layers in self.held(orbit))
            for orbit, count in enumerate(counts)
        )
        return min(work // self.layers, self.edge_bound())

    def edge_bound(self) -> int:
        """What source and sink let through at most."""
        counts: list[int] = self.count.tolist()
        return min(
            sum(
                count * min(int(edge[orbit]), self.fastest(orbit))
                for orbit, count in enumerate(counts)
            )
            for edge in (self.source, self.sink)
        )

    def apart(self) -> PlacementProblem:
        """The same problem with every machine an orbit of its own, orbit by orbit."""
        origin = np.repeat(np.arange(self.n_orbits), self.count)
        nth = [i for count in self.count.tolist() for i in range(count)]
        return PlacementProblem(
            name=self.name,
            layers=self.layers,
            count=np.ones(len(origin), dtype=np.int64),
            rates=tuple(self.rates[orbit] for orbit in origin.tolist()),
            source=self.source[origin],
            sink=self.sink[origin],
            links=self.links[np.ix_(origin, origin)],
            names=tuple(
                f"{self.names[orbit]}#{i}" for orbit, i in zip(origin.tolist(), nth, strict=True)
            ),
        )
