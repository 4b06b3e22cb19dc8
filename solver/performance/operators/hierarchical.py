r"""Collectives of any number of devices: inside one scale-up network, and across several.

:math:`p` devices fill nodes of :math:`g`: one node while :math:`p \le g`, else
:math:`n = \lceil p/g \rceil` nodes with :math:`l = \lceil p/n \rceil` devices each. Inside a node
the measured curves of ``collective`` hold. Across nodes an engine takes the faster of

* *flat*: one ring or tree through all devices, each node's cards side by side (``scale_out``), and
* *hierarchical*: reduce-scatter inside, all-reduce between nodes of the :math:`l`-th part that each
  device then holds, all-gather inside; for an all-gather the last two without reducing, for a
  reduce-scatter the first two.

An all-to-all sends what stays in the node over the scale-up network and the rest beside it.

In a rack of several hosts on one NVLink network (NVL72) NCCL runs through the switches, and an
engine's all-reduce kernels have constants of their own, measured on 8 and 16 devices of a GB300
rack. The GB200, with the same links, takes them too. Sources: Thakur, Rabenseifner and Gropp (2005)
for the composition; see ``scale_out``. Left out: networks that other jobs share.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from solver.catalog.domain import Accelerator
from solver.performance.operators.catalog import operator_catalog
from solver.performance.operators.collective import (
    COLLECTIVE_KINDS,
    CollectiveConstants,
    CollectiveKind,
    collective_s,
    constants_from,
)
from solver.performance.operators.constants import collective_constants
from solver.performance.operators.device import Device
from solver.performance.operators.lineage import network_lineage_of
from solver.performance.operators.scale_out import ScaleOut, between_nodes_s

__all__ = ["Network", "inside_node_s", "network_collective_s", "network_of"]

FloatArray = npt.NDArray[np.float64]

_RACK_SYSTEMS: Mapping[str, int] = MappingProxyType({"gb200": 4, "gb300": 4})
"""Measured systems whose scale-up network spans hosts -> devices of a host (a compute tray)."""


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """Everything between the devices of one deployment.

    Parameters
    ----------
    device
        Gives the peak of the scale-up links.
    node_devices
        Devices on one scale-up network.
    inside
        Constants of each kind of collective on it.
    rack
        Constants of an all-reduce whose devices lie in several hosts of one scale-up network;
        ``None`` where a node is one host.
    host_devices
        Devices of one host.
    scale_out
        The network between nodes.
    """

    device: Device
    node_devices: int
    inside: Mapping[CollectiveKind, CollectiveConstants]
    rack: CollectiveConstants | None
    host_devices: int
    scale_out: ScaleOut

    def __post_init__(self) -> None:
        if self.node_devices < 1 or self.host_devices < 1:
            raise ValueError("a node and a host have at least one device")


@lru_cache(maxsize=256)
def network_of(accelerator: Accelerator, node_devices: int | None = None) -> Network:
    """The network of an accelerator as its catalog entry states it.

    Parameters
    ----------
    node_devices
        Devices on one scale-up network where it is not the entry's, such as 8 cards in a PCIe host.

    Raises
    ------
    UnsupportedModelError
        Where the accelerator's device is refused.
    """
    found = {kind: collective_constants(accelerator, kind) for kind in COLLECTIVE_KINDS}
    own = network_lineage_of(accelerator).own
    rack = None
    if own in _RACK_SYSTEMS:
        fit = operator_catalog("collective").find(system="gb300", precision="all_reduce_mnnvl")
        rack = constants_from(fit.constants)
    size = accelerator.node_devices if node_devices is None else node_devices
    device = replace(found["all_reduce"].device, node_devices=size)
    return Network(
        device=device,
        node_devices=size,
        inside=MappingProxyType({kind: one.constants for kind, one in found.items()}),
        rack=rack,
        host_devices=_RACK_SYSTEMS.get(own or "", size),
        scale_out=ScaleOut(
            accelerator.scale_out_bytes_per_s, fabric=accelerator.collectives == "linear"
        ),
    )


def inside_node_s(
    network: Network, *, kind: CollectiveKind, world: npt.ArrayLike, message_bytes: npt.ArrayLike
) -> FloatArray:
    """Seconds of a collective inside one scale-up network; arguments as for ``collective_s``."""
    constants = network.inside[kind]
    p, size = np.broadcast_arrays(
        np.asarray(world, dtype=np.float64), np.asarray(message_bytes, dtype=np.float64)
    )
    spread = p > network.host_devices
    if kind != "all_reduce" or network.rack is None or not spread.any():
        return collective_s(constants, network.device, kind=kind, world=p, message_bytes=size)
    seconds = np.empty(p.shape, dtype=np.float64)
    seconds[~spread] = collective_s(
        constants, network.device, kind=kind, world=p[~spread], message_bytes=size[~spread]
    )
    # Kernels for one host do not reach the next; those for a rack do, and NCCL.
    there, sent = p[spread], size[spread]
    across = collective_s(network.rack, network.device, kind=kind, world=there, message_bytes=sent)
    if constants.nccl is not None:
        library = replace(constants, custom=None)
        by_nccl = collective_s(library, network.device, kind=kind, world=there, message_bytes=sent)
        across = np.minimum(across, by_nccl)
    seconds[spread] = across
    return seconds


def network_collective_s(
    network: Network, *, kind: CollectiveKind, world: npt.ArrayLike, message_bytes: npt.ArrayLike
) -> FloatArray:
    """Seconds of one collective of ``world`` devices, wherever they lie.

    Parameters
    ----------
    kind, world, message_bytes
        As for ``collective_s``; arrays broadcast together.

    Returns
    -------
    FloatArray
        Of the common shape; equal to ``inside_node_s`` where one node holds all.

    Raises
    ------
    ValueError
        As ``collective_s``.
    """
    p, size = np.broadcast_arrays(
        np.asarray(world, dtype=np.float64), np.asarray(message_bytes, dtype=np.float64)
    )
    wide = p > network.node_devices
    if not wide.any():
        return inside_node_s(network, kind=kind, world=p, message_bytes=size)
    seconds = np.empty(p.shape, dtype=np.float64)
    seconds[~wide] = inside_node_s(network, kind=kind, world=p[~wide], message_bytes=size[~wide])
    seconds[wide] = _across_s(network, kind, p[wide], size[wide])
    return seconds


def _across_s(
    network: Network, kind: CollectiveKind, p: FloatArray, size: FloatArray
) -> FloatArray:
    if np.any(size < 0):
        raise ValueError("a world needs at least one device, a message no negative bytes")
    nodes = np.ceil(p / network.node_devices)
    inside = np.ceil(p / nodes)

    def within(kind: CollectiveKind, message_bytes: FloatArray) -> FloatArray:
        return inside_node_s(network, kind=kind, world=inside, message_bytes=message_bytes)

    flat = between_nodes_s(
        network.scale_out, kind=kind, nodes=nodes, message_bytes=size, inside=inside
    )
    if kind == "alltoall":
        seconds = np.maximum(flat, within("alltoall", size / nodes))
    else:
        parts = between_nodes_s(
            network.scale_out, kind=kind, nodes=nodes, message_bytes=size / inside
        )
        if kind != "all_gather":
            parts = parts + within("reduce_scatter", size)
        if kind != "reduce_scatter":
            parts = parts + within("all_gather", size)
        seconds = np.minimum(_through_nodes(network, kind, inside, size, flat), parts)
    result: FloatArray = np.where(size == 0, 0.0, seconds)
    return result


def _through_nodes(
    network: Network, kind: CollectiveKind, inside: FloatArray, size: FloatArray, flat: FloatArray
) -> FloatArray:
    """A flat ring, no faster than the links inside a node pass the whole vector on."""
    rounds = 2.0 if kind == "all_reduce" else 1.0
    floor = np.where(inside > 1, rounds * size / network.device.scale_up_bytes_per_s, 0.0)
    through: FloatArray = np.maximum(flat, floor)
    return through
