r"""Collectives inside one scale-up network: NCCL, and one-shot and two-shot all-reduce kernels.

A message of :math:`s` bytes over :math:`p` devices takes

.. math:: \alpha + \beta (p - 1) + \frac{w(p)\,s}{\sigma b\,(2/p)^\kappa}
          \Bigl(1 + (h/s)^\gamma\Bigr)

with link peak :math:`b`, reached share :math:`\sigma`, contention :math:`\kappa` (paths that share
a host bridge; about 0 on a switch) and a share that is reached only as the message grows beyond
:math:`h`. The bytes a device sends, :math:`w(p)\,s`, are those of a ring,
:math:`2(p-1)/p` for an all-reduce and :math:`(p-1)/p` for the others, or :math:`1 + 1/p` where the
switch reduces (NVLink SHARP: each device sends its data once and its reduced part once more).

An inference engine's own all-reduce kernels skip NCCL's protocol. *One-shot*: each device reads all
of its peers' data, :math:`(p-1)s` bytes, no second step. *Two-shot*: reduce-scatter, then
all-gather, :math:`2(p-1)s/p` bytes and one more barrier. An engine takes the fastest of the three.

Sources: Thakur, Rabenseifner and Gropp (2005) for the counts; NCCL 2.17 release notes and the
NVIDIA NVLink SHARP documentation for reduction in the switch. Omits: several nodes without a common
scale-up network, and anything that runs beside the collective.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from solver.performance.operators.device import Device

__all__ = [
    "COLLECTIVE_KINDS",
    "CollectiveConstants",
    "CollectiveKind",
    "CustomAllReduceConstants",
    "NcclConstants",
    "collective_s",
    "constants_from",
]

FloatArray = npt.NDArray[np.float64]

CollectiveKind = Literal["all_reduce", "all_gather", "reduce_scatter", "alltoall"]
COLLECTIVE_KINDS: tuple[CollectiveKind, ...] = get_args(CollectiveKind)

_TWO_SHOT_EXPONENT = 0.5
"""How fast a two-shot kernel fills the links; NCCL's exponent is fitted and scatters around it."""


@dataclass(frozen=True, slots=True)
class NcclConstants:
    """NCCL on one system, for one kind of collective.

    Parameters
    ----------
    launch_s, hop_s
        Fixed seconds, and seconds for each further device.
    link_share
        Share of the link's peak that a message without end reaches between two devices.
    half_bytes, exponent
        Message at which half of that is reached, and how fast the share grows.
    """

    launch_s: float
    hop_s: float
    link_share: float
    half_bytes: float
    exponent: float


@dataclass(frozen=True, slots=True)
class CustomAllReduceConstants:
    """One-shot and two-shot all-reduce kernels of an inference engine.

    Parameters
    ----------
    one_shot_launch_s, one_shot_hop_s, one_shot_link_share
        Fixed seconds, seconds for each further device, share of the link's peak.
    two_shot_launch_s, two_shot_link_share, two_shot_half_bytes
        Fixed seconds, share of the link's peak, message at which half of that is reached.
    """

    one_shot_launch_s: float
    one_shot_hop_s: float
    one_shot_link_share: float
    two_shot_launch_s: float
    two_shot_link_share: float
    two_shot_half_bytes: float


@dataclass(frozen=True, slots=True)
class CollectiveConstants:
    """What one kind of collective costs on one system.

    Parameters
    ----------
    contention
        Exponent with which the bandwidth of one device falls as the world grows from two devices;
        negative where more peers fill more channels. Never above the link's peak.
    in_switch
        The switch reduces and multicasts (NVLink SHARP); matters to the all-reduce alone.
    nccl, custom
        The libraries at hand; at least one. ``custom`` is for the all-reduce alone.
    """

    contention: float
    in_switch: bool
    nccl: NcclConstants | None
    custom: CustomAllReduceConstants | None

    def __post_init__(self) -> None:
        if self.nccl is None and self.custom is None:
            raise ValueError("a collective needs the constants of at least one library")


def constants_from(values: Mapping[str, float]) -> CollectiveConstants:
    """Constants from named numbers: those of NCCL begin with ``nccl_``.

    A library whose fixed seconds are infinite is not at hand; its other numbers are ignored.

    Raises
    ------
    ValueError
        For names that are missing or unknown.
    """
    nccl_names = [f"nccl_{name}" for name in NcclConstants.__dataclass_fields__]
    custom_names = list(CustomAllReduceConstants.__dataclass_fields__)
    wrong = {"contention", "in_switch", *nccl_names, *custom_names} ^ set(values)
    if wrong:
        raise ValueError(f"constants of a collective: wrong names {sorted(wrong)}")
    nccl = NcclConstants(*(values[name] for name in nccl_names))
    custom = CustomAllReduceConstants(*(values[name] for name in custom_names))
    return CollectiveConstants(
        contention=values["contention"],
        in_switch=values["in_switch"] > 0,
        nccl=nccl if np.isfinite(nccl.launch_s) else None,
        custom=custom if np.isfinite(custom.one_shot_launch_s) else None,
    )


def collective_s(
    constants: CollectiveConstants,
    device: Device,
    *,
    kind: CollectiveKind,
    world: npt.ArrayLike,
    message_bytes: npt.ArrayLike,
) -> FloatArray:
    """Seconds of one collective by the fastest library at hand.

    Parameters
    ----------
    constants
        Of this system and this kind of collective.
    device
        Gives the link's peak, one direction.
    world
        Devices that take part, at least 1; broadcasts with ``message_bytes``.
    message_bytes
        Bytes of the whole vector on one device: what is reduced, what a device holds after an
        all-gather or before a reduce-scatter, all that a device sends out in an all-to-all (its own
        part counted). Non-negative.

    Returns
    -------
    FloatArray
        Zero where one device is alone or there is nothing to send.

    Raises
    ------
    ValueError
        For an unknown kind, a world below 1, negative bytes, or a collective other than an
        all-reduce without constants of NCCL.
    """
    if kind not in COLLECTIVE_KINDS:
        raise ValueError(f"collective {kind!r} is not one of {', '.join(COLLECTIVE_KINDS)}")
    if kind != "all_reduce" and constants.nccl is None:
        raise ValueError(f"{kind}: only NCCL runs it, and there are no constants of NCCL")
    p, size = np.broadcast_arrays(
        np.asarray(world, dtype=np.float64), np.asarray(message_bytes, dtype=np.float64)
    )
    if np.any(p < 1) or np.any(size < 0):
        raise ValueError("a world needs at least one device, a message no negative bytes")
    idle = (p == 1) | (size == 0)
    # Any positive numbers will do where nothing is sent.
    p, size = np.where(idle, 2.0, p), np.where(idle, 1.0, size)
    # In a mesh a device reaches each peer over a link of its own: fewer peers, fewer links.
    links = max(device.node_devices - 1.0, 1.0) if device.mesh else 1.0
    peak = device.scale_up_bytes_per_s * np.minimum(p - 1.0, links) / links
    spread = (2.0 / p) ** constants.contention
    ring = (p - 1.0) / p
    fastest = np.full(p.shape, np.inf)
    if constants.nccl is not None:
        n = constants.nccl
        sent = ring * size
        if kind == "all_reduce":
            sent = 2.0 * sent
            if constants.in_switch:
                sent = np.minimum(sent, (1.0 + 1.0 / p) * size)
        filling = 1.0 + (n.half_bytes / size) ** n.exponent
        rate = np.minimum(n.link_share * spread, 1.0) * peak
        nccl_s = n.launch_s + n.hop_s * (p - 1.0) + sent / rate * filling
        fastest = np.minimum(fastest, nccl_s)
    if constants.custom is not None and kind == "all_reduce":
        c = constants.custom
        # Reads from all peers at once: no path is taken twice, so no contention.
        one_shot_rate = c.one_shot_link_share * peak
        one_shot_s = (
            c.one_shot_launch_s + (p - 1.0) * c.one_shot_hop_s + (p - 1.0) * size / one_shot_rate
        )
        filling = 1.0 + (c.two_shot_half_bytes / size) ** _TWO_SHOT_EXPONENT
        rate = np.minimum(c.two_shot_link_share * spread, 1.0) * peak
        two_shot_s = c.two_shot_launch_s + 2.0 * ring * size / rate * filling
        fastest = np.minimum(fastest, np.minimum(one_shot_s, two_shot_s))
    seconds: FloatArray = np.where(idle, 0.0, fastest)
    return seconds
