r"""One pipeline over unequal hosts, in physical numbers: speed against cost, for several batches.

Sets: orbits of identical hosts; options of a host of each orbit (its tensor-parallel degree);
settings :math:`(m, M)` of :math:`M` microbatches of :math:`m` sequences in flight, batch
:math:`B = m M`. Data, all by setting: time :math:`\tau_k` and memory :math:`g_k` of one layer,
memory :math:`f_k` whatever the layers, hand-over :math:`d_{oo'}` of a microbatch between hosts of
two orbits (or two hosts of one), from the entry and to the exit. A chain of stages
:math:`(k_j, n_j)`, :math:`\sum_j n_j = L`, makes a token every

.. math::
    T = \max \Bigl( d_{\text{entry}, o_1} + \sum_j (n_j \tau_{k_j} + d_{o_j o_{j+1}}),\;
        M \max_j (n_j \tau_{k_j} + d_{o_j o_{j+1}}) \Bigr),
    \qquad n_j g_{k_j} + f_{k_j} \le \text{HBM}_{k_j} .

A host is busy while it hands over. Speed is :math:`1/T`, cost :math:`\sum_j p_{k_j} T / B`. Times
are picoseconds, memory bytes, prices whole parts of a dollar an hour.

A link that several hand-overs share (a *trunk*) is busy with each of them once a microbatch, so
:math:`T \\ge M \\sum_j b_{o_j o_{j+1}}` for its time :math:`b` with each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from formulations.milp import IntArray
from formulations.placement.chain_tables import ChainTables, Trunk

__all__ = ["ChainOption", "ChainProblem", "ChainSetting", "SharedLink"]

_REACH = 2**60


@dataclass(frozen=True, slots=True)
class ChainSetting:
    """``in_flight`` microbatches of ``microbatch`` sequences; both at least 1."""

    microbatch: int
    in_flight: int

    def __post_init__(self) -> None:
        if self.microbatch < 1 or self.in_flight < 1:
            raise ValueError(f"{self.in_flight} microbatches of {self.microbatch} sequences")

    @property
    def batch(self) -> int:
        """Sequences decoded together."""
        return self.microbatch * self.in_flight


@dataclass(frozen=True, slots=True)
class ChainOption:
    """One way to run a host of ``orbit``.

    Parameters
    ----------
    name
        For messages: orbit and tensor-parallel degree, say.
    price, hbm_bytes
        Of the host; not negative. The unit of prices is the problem's.
    layer_time_ps, layer_bytes, fixed_bytes
        One number a setting; not negative. Bytes are of the fullest device, as ``hbm_bytes``.
    alone_bytes
        Added to ``fixed_bytes`` where the host holds all layers, one number a setting; left out:
        nothing.
    max_layers
        Most layers whatever fits; ``None`` is no limit.
    """

    name: str
    orbit: int
    price: int
    hbm_bytes: int
    layer_time_ps: tuple[int, ...]
    layer_bytes: tuple[int, ...]
    fixed_bytes: tuple[int, ...]
    alone_bytes: tuple[int, ...] = ()
    max_layers: int | None = None

    def __post_init__(self) -> None:
        if not len(self.layer_time_ps) == len(self.layer_bytes) == len(self.fixed_bytes):
            raise ValueError(f"{self.name}: settings differ in number")
        if self.alone_bytes and len(self.alone_bytes) != len(self.fixed_bytes):
            raise ValueError(f"{self.name}: settings differ in number")
        numbers = (
            *self.layer_time_ps,
            *self.layer_bytes,
            *self.fixed_bytes,
            *self.alone_bytes,
            0 if self.max_layers is None else self.max_layers,
        )
        if min(self.price, self.hbm_bytes, *numbers) < 0:
            raise ValueError(f"{self.name}: a number is negative")

    def most_layers(self, setting: int, layers: int) -> int:
        """How many of ``layers`` layers fit at this setting; 0 where the fixed part does not."""
        spare = self.hbm_bytes - self.fixed_bytes[setting]
        if spare < 0:
            return 0
        each = self.layer_bytes[setting]
        most = min(layers, spare // each) if each else layers
        if (
            most == layers
            and self.alone_bytes
            and each * layers + self.alone_bytes[setting] > spare
        ):
            most -= 1
        return most if self.max_layers is None else min(most, self.max_layers)


@dataclass(frozen=True, slots=True, eq=False)
class SharedLink:
    """One direction of a link that several hand-overs of a chain may share.

    Parameters
    ----------
    busy_ps : (n_s, n_o + 1, n_o + 1) int64
        Time that the hand-over of one microbatch keeps it busy, 0 where it does not cross it.
    """

    name: str
    busy_ps: IntArray


@dataclass(frozen=True, slots=True, eq=False)
class ChainProblem:
    """See the module's text; n_o orbits, n_s settings.

    Parameters
    ----------
    layers
        L, at least 1.
    count : (n_o,) int64
        Hosts of each orbit.
    settings, options
        At least one setting.
    hand_over_ps : (n_s, n_o + 1, n_o + 1) int64
        Of one microbatch. Last row: from the entry; last column: to the exit; diagonal: between two
        hosts of one orbit.
    linked : (n_o + 1, n_o + 1) bool
        Which hand-overs there are.
    shared
        Links that hand-overs share.
    price_per_usd
        Prices count 1 / ``price_per_usd`` US$ an hour; positive.
    max_price, max_hosts
        Most that a chain may cost an hour, and most hosts in it; ``None`` is no limit.

    Raises
    ------
    ValueError
        If shapes do not agree.
    """

    name: str
    layers: int
    count: IntArray
    settings: Sequence[ChainSetting]
    options: Sequence[ChainOption]
    hand_over_ps: IntArray
    linked: npt.NDArray[np.bool_]
    shared: Sequence[SharedLink] = ()
    price_per_usd: int = 10**9
    max_price: int | None = None
    max_hosts: int | None = None

    def __post_init__(self) -> None:
        ends = len(self.count) + 1
        if not self.settings:
            raise ValueError(f"{self.name}: no setting")
        if self.hand_over_ps.shape != (len(self.settings), ends, ends):
            raise ValueError(f"{self.name}: hand_over_ps has shape {self.hand_over_ps.shape}")
        if self.linked.shape != (ends, ends):
            raise ValueError(f"{self.name}: linked has shape {self.linked.shape}")
        for option in self.options:
            if len(option.layer_time_ps) != len(self.settings):
                raise ValueError(f"{self.name}, {option.name}: settings differ in number")
        if self.price_per_usd < 1:
            raise ValueError(f"{self.name}: {self.price_per_usd} price units a dollar")
        for link in self.shared:
            if link.busy_ps.shape != self.hand_over_ps.shape:
                raise ValueError(f"{self.name}, {link.name}: busy_ps has {link.busy_ps.shape}")
        for array in (self.count, self.hand_over_ps, self.linked):
            array.setflags(write=False)

    def tables(self, setting: int) -> ChainTables:
        """The chains of one setting: latency in ps, pace = M times a stage's period, price.

        Raises
        ------
        ValueError
            If a time can reach 2^60 ps (13 days), or a number is out of range.
        """
        in_flight = self.settings[setting].in_flight
        hop = self.hand_over_ps[setting]
        most = [option.most_layers(setting, self.layers) for option in self.options]
        slowest = max(
            (
                n * option.layer_time_ps[setting]
                for n, option in zip(most, self.options, strict=True)
            ),
            default=0,
        )
        if in_flight * (slowest + int(hop.max())) >= _REACH:
            raise ValueError(f"{self.name}: {in_flight} in flight can take 2^60 ps or more")
        held = np.arange(max(most, default=0) + 1)
        allowed = (held >= 1) & (held <= np.array(most, dtype=np.int64)[:, None])
        # Python integers: a time that no allowed stage takes may not fit into 64 bits.
        stage_time = np.zeros(allowed.shape, dtype=np.int64)
        for k, (n, option) in enumerate(zip(most, self.options, strict=True)):
            stage_time[k, : n + 1] = [option.layer_time_ps[setting] * j for j in range(n + 1)]
        orbit = np.array([option.orbit for option in self.options], dtype=np.int64)
        ends = len(self.count)
        return ChainTables(
            name=f"{self.name}/{self.settings[setting].microbatch}x{in_flight}",
            layers=self.layers,
            count=self.count,
            orbit=orbit,
            price=np.array([o.price for o in self.options], dtype=np.int64),
            allowed=allowed,
            stage_time=stage_time,
            hop_time=hop,
            linked=self.linked,
            pace=in_flight * (stage_time[:, :, None] + hop[orbit][:, None, :]),
            entry_pace=np.zeros(ends, dtype=np.int64),
            trunks=tuple(
                Trunk(link.name, link.busy_ps[setting].copy(), factor=in_flight)
                for link in self.shared
                if link.busy_ps[setting].any()
            ),
            max_price=self.max_price,
            max_hosts=self.max_hosts,
        )
