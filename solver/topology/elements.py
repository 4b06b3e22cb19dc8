"""What a topology is made of: hosts, switches of several kinds, links, and the figures of a wire.

These are plain records without checks of their own: ``checks.py`` looks at all of them together, so
that one run shows every fault of a file.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal, get_args

from solver.catalog.domain import Accelerator

__all__ = [
    "GATEWAY",
    "HOST",
    "NODE_KINDS",
    "SWITCH_KINDS",
    "Host",
    "Link",
    "NodeKind",
    "Switch",
    "SwitchKind",
    "Wire",
    "host_of_accelerator",
    "link_name",
]

SwitchKind = Literal["nvlink_domain", "leaf", "spine", "core", "wan_router", "region", "gateway"]
"""``nvlink_domain``: one NVSwitch fabric that joins several hosts; ``leaf``, ``spine``, ``core``:
tiers of a fabric from the hosts up; ``wan_router``: where a region meets the long-haul network;
``region``: the hub that joins a region's fabric with its router; ``gateway``: where tokens come in
or go out, which forwards nothing for others."""
NodeKind = Literal[
    "host", "nvlink_domain", "leaf", "spine", "core", "wan_router", "region", "gateway"
]

HOST: NodeKind = "host"
GATEWAY: SwitchKind = "gateway"
SWITCH_KINDS: tuple[SwitchKind, ...] = get_args(SwitchKind)
NODE_KINDS: tuple[NodeKind, ...] = get_args(NodeKind)


@dataclass(frozen=True, slots=True)
class Wire:
    """Figures of a link, before it is known what it joins.

    Attributes
    ----------
    bytes_per_s
        Bandwidth in each direction; a link is full duplex.
    latency_ps
        Time of the first byte from one end to the other, the devices at its ends included.
    """

    bytes_per_s: int
    latency_ps: int

    def bundle(self, count: int) -> Wire:
        """``count`` such wires side by side: their bandwidth added, the latency of one."""
        return Wire(self.bytes_per_s * count, self.latency_ps)


@dataclass(frozen=True, slots=True)
class Host:
    """A machine with accelerators: what one pipeline stage can be put on.

    Attributes
    ----------
    accelerator
        Name of the device, as in the catalog.
    devices
        Accelerators in the machine, at least 1.
    hbm_bytes
        Memory of each device.
    device_bytes_per_s, device_latency_ps
        Bandwidth out of one device to the others of this host, one direction, and latency between
        two of them. ``None``: unknown, then no collective inside the host can be timed.
    usd_per_hour
        Price of the whole machine for an hour, exact; ``None`` if it is stated elsewhere.
    """

    name: str
    accelerator: str
    devices: int
    hbm_bytes: int
    device_bytes_per_s: int | None = None
    device_latency_ps: int | None = None
    usd_per_hour: Fraction | None = None

    @property
    def profile(self) -> tuple[object, ...]:
        """Everything but the name: two hosts that agree in it are machines of one kind."""
        return (
            self.accelerator,
            self.devices,
            self.hbm_bytes,
            self.device_bytes_per_s,
            self.device_latency_ps,
            self.usd_per_hour,
        )

    def named(self, name: str) -> Host:
        """The same machine under another name."""
        return replace(self, name=name)


@dataclass(frozen=True, slots=True)
class Switch:
    """A node that forwards and holds no accelerator."""

    name: str
    kind: SwitchKind


@dataclass(frozen=True, slots=True)
class Link:
    """A full-duplex link between two nodes: ``bytes_per_s`` each way, after ``latency_ps``."""

    name: str
    a: str
    b: str
    bytes_per_s: int
    latency_ps: int

    @classmethod
    def over(cls, a: str, b: str, wire: Wire) -> Link:
        """A link with the figures of ``wire``, named after its ends."""
        return cls(link_name(a, b), a, b, wire.bytes_per_s, wire.latency_ps)

    @property
    def ends(self) -> tuple[str, str]:
        """Both ends, sorted by name."""
        return (self.a, self.b) if self.a <= self.b else (self.b, self.a)


def link_name(a: str, b: str) -> str:
    """The name a link has where none is given: its ends, sorted."""
    return "--".join(sorted((a, b)))


def host_of_accelerator(
    name: str,
    accelerator: Accelerator,
    *,
    devices: int | None = None,
    device_latency_ps: int | None = None,
    usd_per_hour: Fraction | None = None,
) -> Host:
    """A host with ``devices`` of a catalog entry; as many as share its scale-up network if left
    out.

    Bandwidth between the devices is the entry's scale-up bandwidth. It is left unknown where the
    entry has one device a node or states an infinite one, for such a node has no inner network.
    """
    count = accelerator.node_devices if devices is None else devices
    inner = accelerator.scale_up_bytes_per_s
    known = accelerator.node_devices > 1 and inner != float("inf")
    return Host(
        name=name,
        accelerator=accelerator.name,
        devices=count,
        hbm_bytes=accelerator.hbm_bytes,
        device_bytes_per_s=int(inner) if known else None,
        device_latency_ps=device_latency_ps if known else None,
        usd_per_hour=usd_per_hour,
    )
