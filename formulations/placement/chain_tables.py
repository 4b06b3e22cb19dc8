r"""One pipeline over a topology, as integer tables: what each stage adds and what it holds up.

Sets: orbits :math:`o` of :math:`c_o` identical hosts; options :math:`k` of the hosts of orbit
:math:`o(k)` (a tensor-parallel degree); layers held :math:`n`.

A chain is a sequence of stages :math:`(k_1, n_1), \dots, (k_s, n_s)` with :math:`\sum_j n_j = L`,
at most :math:`c_o` of them in orbit :math:`o`, each :math:`(k_j, n_j)` allowed and every two in a
row linked. With the entry before the first and the exit after the last stage,

.. math::
    \text{latency} = h_{\text{entry}, o_1} + \sum_j \bigl( t_{k_j n_j} + h_{o_j o_{j+1}} \bigr),
    \qquad
    \text{pace} = \max \Bigl( e_{o_1}, \max_j w_{k_j n_j o_{j+1}} \Bigr), \qquad
    \text{price} = \sum_j p_{k_j} .

The pace is also no less than :math:`g_\tau(\sum_j q_{\tau o_j o_{j+1}})` for every *trunk*
:math:`\tau`, a link that hand-overs of load :math:`q` may share.

All three are minimised. The pace of a stage may depend on where it hands over to. It is whatever
the slowest stage costs the chain: its period times the microbatches in flight, or the negative of
the rate it lets through. With *time* = max(latency, pace) a pair of limits becomes one.

Everything is an integer; what the units are is the business of whoever builds the tables.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from formulations.milp import IntArray

__all__ = ["ChainTables", "Trunk", "throughput_tables"]

_REACH = 2**60


@dataclass(frozen=True, slots=True, eq=False)
class Trunk:
    """One direction of a link that several hand-overs of a chain may share.

    Parameters
    ----------
    load : (n_o + 1, n_o + 1) int64
        What a hand-over from orbit to orbit puts on it, not negative; laid out as ``hop_time``.
    factor, capacity
        One of them is positive. The pace of a load q > 0 is ``factor`` x q, or minus the whole part
        of ``capacity`` / q where paces are negative rates.
    """

    name: str
    load: IntArray
    factor: int = 0
    capacity: int = 0

    def __post_init__(self) -> None:
        if (self.load < 0).any():
            raise ValueError(f"{self.name}: a load is negative")
        if min(self.factor, self.capacity) < 0 or (self.factor > 0) == (self.capacity > 0):
            raise ValueError(f"{self.name}: either a factor or a capacity is positive")
        self.load.setflags(write=False)

    def pace(self, load: int) -> int:
        """The least pace at which it carries a positive load."""
        return self.factor * load if self.factor else -(self.capacity // load)


@dataclass(frozen=True, slots=True, eq=False)
class ChainTables:
    """See the module's text; n_o orbits, n_k options, at most N layers in one stage.

    Parameters
    ----------
    layers
        L, what the stages of a chain hold together; at least 1.
    count : (n_o,) int64
        Hosts of each orbit, not negative.
    orbit : (n_k,) int64
        Orbit of each option.
    price : (n_k,) int64
        Not negative.
    allowed : (n_k, N + 1) bool
        Whether an option may hold so many layers; never 0.
    stage_time : (n_k, N + 1) int64
        Not negative.
    hop_time : (n_o + 1, n_o + 1) int64
        From orbit to orbit, not negative. The last row is the entry, the last column the exit; the
        diagonal is between two hosts of one orbit.
    linked : (n_o + 1, n_o + 1) bool
        Which hops there are, laid out as ``hop_time``.
    pace : (n_k, N + 1, n_o + 1) int64
        Of a stage that hands over to this orbit; the last entry is the exit.
    entry_pace : (n_o,) int64
        Of the way from the entry into this orbit.
    trunks
        Links that hand-overs share; each keeps the pace of a chain at or above that of its load.
    max_price, max_hosts
        Most that a chain may cost, and most hosts it may have; ``None`` is no limit.

    Raises
    ------
    ValueError
        If shapes do not agree, a number has the wrong sign, or a sum could reach 2^60.
    """

    name: str
    layers: int
    count: IntArray
    orbit: IntArray
    price: IntArray
    allowed: npt.NDArray[np.bool_]
    stage_time: IntArray
    hop_time: IntArray
    linked: npt.NDArray[np.bool_]
    pace: IntArray
    entry_pace: IntArray
    trunks: tuple[Trunk, ...] = ()
    max_price: int | None = None
    max_hosts: int | None = None

    def __post_init__(self) -> None:
        n_orbits, n_options = self.n_orbits, self.n_options
        width = self.allowed.shape[-1]
        shapes = {
            "price": (self.price, (n_options,)),
            "allowed": (self.allowed, (n_options, width)),
            "stage_time": (self.stage_time, (n_options, width)),
            "hop_time": (self.hop_time, (n_orbits + 1, n_orbits + 1)),
            "linked": (self.linked, (n_orbits + 1, n_orbits + 1)),
            "pace": (self.pace, (n_options, width, n_orbits + 1)),
            "entry_pace": (self.entry_pace, (n_orbits,)),
        }
        for what, (array, shape) in shapes.items():
            if array.shape != shape:
                raise ValueError(f"{self.name}: {what} has shape {array.shape}, not {shape}")
        if self.layers < 1:
            raise ValueError(f"{self.name}: a chain of {self.layers} layers")
        if ((self.orbit < 0) | (self.orbit >= n_orbits)).any():
            raise ValueError(f"{self.name}: an option belongs to no orbit")
        if width and self.allowed[:, 0].any():
            raise ValueError(f"{self.name}: a stage may not be empty")
        for what in ("count", "price", "stage_time", "hop_time"):
            if (getattr(self, what) < 0).any():
                raise ValueError(f"{self.name}: {what} is negative somewhere")
        for what in ("max_price", "max_hosts"):
            most = getattr(self, what)
            if most is not None and most < 0:
                raise ValueError(f"{self.name}: {what} is {most}")
        for trunk in self.trunks:
            if trunk.load.shape != self.hop_time.shape:
                raise ValueError(f"{self.name}, {trunk.name}: load has shape {trunk.load.shape}")
        self._check_reach()
        for array, _ in shapes.values():
            array.setflags(write=False)
        for array in (self.count, self.orbit):
            array.setflags(write=False)

    def _check_reach(self) -> None:
        """Sums over a chain must fit: it has as many stages as layers or hosts, at most."""
        hosts = min(self.layers, sum(self.count.tolist()))
        if self.max_hosts is not None:
            hosts = min(hosts, self.max_hosts)
        stage = int(self.stage_time.max(initial=0)) + int(self.hop_time.max(initial=0))
        for what, most in (
            ("latency", (hosts + 1) * stage),
            ("price", hosts * int(self.price.max(initial=0))),
            ("pace", max(abs(int(self.pace.max(initial=0))), abs(int(self.pace.min(initial=0))))),
            ("entry pace", max((abs(value) for value in self.entry_pace.tolist()), default=0)),
        ):
            if most >= _REACH:
                raise ValueError(f"{self.name}: {what} can reach {most}, 2^60 or more")
        for trunk in self.trunks:
            load = (hosts + 1) * int(trunk.load.max(initial=0)) * max(trunk.factor, 1)
            if max(load, trunk.capacity) >= _REACH:
                raise ValueError(
                    f"{self.name}, {trunk.name}: its load, or its capacity, can reach "
                    f"{max(load, trunk.capacity)}, 2^60 or more"
                )

    @property
    def n_orbits(self) -> int:
        """Number of orbits."""
        return len(self.count)

    @property
    def n_options(self) -> int:
        """Number of options of all orbits."""
        return len(self.orbit)

    @property
    def most_layers(self) -> IntArray:
        """(n_orbits,) int64: the most layers that one host of each orbit may hold."""
        most = np.zeros(self.n_orbits, dtype=np.int64)
        option, held = np.nonzero(self.allowed)
        np.maximum.at(most, self.orbit[option], held)
        return most


def throughput_tables(
    name: str,
    *,
    layers: int,
    count: IntArray,
    layer_time: IntArray,
    most_layers: IntArray,
    rate: IntArray,
    link_time: IntArray,
    link_rate: IntArray,
    trunks: tuple[Trunk, ...] = (),
    max_hosts: int | None = None,
) -> ChainTables:
    """Latency against throughput: the pace is the negative of the rate a stage and its link carry.

    The throughput of a chain is the least of the rates of its stages and links. One option an
    orbit, without price.

    Parameters
    ----------
    count, layer_time, most_layers : (n_o,) int64
        Hosts, time of one layer, and the most layers of one host.
    rate : (n_o, N + 1) int64
        Rate of a host by layers held; column 0 is not read. It need not fall with the layers.
    link_time, link_rate : (n_o + 1, n_o + 1) int64
        Last row: from the entry; last column: to the exit. A rate of 0 is no link.
    trunks, max_hosts
        As for ``ChainTables``; trunks have a capacity.

    Raises
    ------
    ValueError
        If the shapes do not agree, or rates are negative.
    """
    n_orbits, width = rate.shape
    if (rate < 0).any() or (link_rate < 0).any():
        raise ValueError(f"{name}: a rate is negative")
    held = np.arange(width)
    allowed = (held >= 1) & (held <= np.asarray(most_layers)[:, None]) & (rate > 0)
    through = np.minimum(rate[:, :, None], link_rate[:-1, None, :])
    return ChainTables(
        name=name,
        layers=layers,
        count=np.array(count, dtype=np.int64),
        orbit=np.arange(n_orbits, dtype=np.int64),
        price=np.zeros(n_orbits, dtype=np.int64),
        allowed=allowed,
        stage_time=np.where(allowed, np.asarray(layer_time)[:, None] * held, 0).astype(np.int64),
        hop_time=np.array(link_time, dtype=np.int64),
        linked=link_rate > 0,
        pace=-through.astype(np.int64),
        entry_pace=-np.asarray(link_rate[-1, :-1], dtype=np.int64),
        trunks=trunks,
        max_hosts=max_hosts,
    )
