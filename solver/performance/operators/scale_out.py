r"""Collectives between nodes: one device in each, over the network outside the scale-up domain.

NCCL runs a ring or a double binary tree, in one of three protocols: LL stores a flag beside every
4 bytes (half the bandwidth, least latency), LL128 one in 128 bytes, Simple none. With :math:`n`
nodes, :math:`s` bytes on each device and rate :math:`r`,

.. math:: t_\text{ring} = \alpha + c (n-1) h + c \frac{n-1}{n} \frac{s}{e\,r}, \qquad
          t_\text{tree} = \alpha' + 2 h' \lceil\log_2 n\rceil + \frac{2 s}{e\,r}

with :math:`c = 2` for an all-reduce and 1 for an all-gather or a reduce-scatter, which only the
ring serves. Base latencies :math:`\alpha` and hops :math:`h` are those of NCCL's own tuning table
(``src/graph/tuning.cc``, NCCL 2.28, NVIDIA: base and network rows), by which it chooses between
them. Fabrics of TPUs have one microsecond a hop (*Inference economics of language models*, arXiv
2506.04645, section 3.3).

An all-to-all sends to every peer at once. Its fixed time and the share of the link are those of
DeepEP's low-latency kernels (``docs/legacy.md`` of DeepEP, H800 with 400 Gbit/s each): over 16 to
64 devices, all times there are 36 us (within 5) and the bytes to other nodes at 0.94 of the link.
NVIDIA states 46 to 48 GB/s of 50 for NCCL over the same cards, the same share.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from solver.performance.operators.collective import CollectiveKind

__all__ = ["EXCHANGE_S", "LINK_SHARE", "PROTOCOLS", "Protocol", "ScaleOut", "between_nodes_s"]

FloatArray = npt.NDArray[np.float64]

LINK_SHARE = 0.94
"""Share of the vendor's rate between nodes that large messages reach."""

EXCHANGE_S = 36e-6
"""Fixed seconds of an all-to-all between nodes: sending to many peers, and waiting for the last."""


@dataclass(frozen=True, slots=True)
class Protocol:
    """One of NCCL's protocols.

    Parameters
    ----------
    ring_base_s, tree_base_s
        Fixed seconds of a collective.
    ring_hop_s, tree_hop_s
        Seconds from one node to the next.
    ring_inside_s, tree_inside_s
        Seconds from one device to the next inside a node, over NVLink.
    ring_share, tree_share
        Share of the bandwidth left for data.
    """

    ring_base_s: float
    tree_base_s: float
    ring_hop_s: float
    tree_hop_s: float
    ring_inside_s: float
    tree_inside_s: float
    ring_share: float
    tree_share: float


_TREE = 0.92
"""Share of a ring's bandwidth that NCCL's tuning gives a tree."""

PROTOCOLS: tuple[Protocol, ...] = (
    Protocol(6.6e-6, 6.8e-6, 2.7e-6, 5.0e-6, 0.6e-6, 0.6e-6, 0.5, 0.5 * _TREE),
    Protocol(14e-6, 14e-6, 4.0e-6, 8.5e-6, 1.9e-6, 1.25e-6, 120 / 128, _TREE * 120 / 128),
    Protocol(8.4e-6, 8.4e-6, 14e-6, 14e-6, 3.4e-6, 4.0e-6, 1.0, _TREE),
)
"""LL, LL128 and Simple."""

_FABRIC = (Protocol(0.0, 0.0, 1e-6, 1e-6, 0.0, 0.0, 1.0, 1.0),)


@dataclass(frozen=True, slots=True)
class ScaleOut:
    """The network between nodes as one device sees it.

    Parameters
    ----------
    bytes_per_s
        Out of one device, one direction: its share of the node's network cards.
    path_s
        Latency of the way between two nodes. A hop takes no less; NCCL's own figures already hold
        that of a near network.
    fabric
        A torus of links between chips (TPU), not cards and switches.
    """

    bytes_per_s: float
    path_s: float = 0.0
    fabric: bool = False

    def __post_init__(self) -> None:
        if not self.bytes_per_s > 0 or self.path_s < 0:
            raise ValueError(f"a network between nodes needs a rate and no negative path: {self}")

    @property
    def protocols(self) -> tuple[Protocol, ...]:
        """Protocols to choose from."""
        return _FABRIC if self.fabric else PROTOCOLS

    @property
    def exchange_s(self) -> float:
        """Fixed seconds of an all-to-all."""
        return max(_FABRIC[0].ring_hop_s if self.fabric else EXCHANGE_S, self.path_s)


def between_nodes_s(
    network: ScaleOut,
    *,
    kind: CollectiveKind,
    nodes: FloatArray,
    message_bytes: FloatArray,
    inside: FloatArray | float = 1.0,
) -> FloatArray:
    """Seconds of a collective among devices of several nodes, all of a node's cards side by side.

    Parameters
    ----------
    nodes
        Nodes that take part, at least 2.
    message_bytes
        The whole vector, as for ``collective_s``.
    inside
        Devices of each node that take part. They share the vector among their cards, and the ring
        or tree passes through all of them.

    Returns
    -------
    FloatArray
        Of the common shape.
    """
    rate = LINK_SHARE * network.bytes_per_s
    world = nodes * inside
    if kind == "alltoall":
        remote: FloatArray = network.exchange_s + (1.0 - inside / world) * message_bytes / rate
        return remote
    rail_bytes = message_bytes / inside
    rounds = 2.0 if kind == "all_reduce" else 1.0
    ring_bytes = rounds * (world - 1.0) / world * rail_bytes
    depth = np.ceil(np.log2(nodes))
    fastest: FloatArray = np.full(np.broadcast_shapes(world.shape, ring_bytes.shape), np.inf)
    for p in network.protocols:
        hops_s = (nodes - 1.0) * max(p.ring_hop_s, network.path_s)
        hops_s = hops_s + (world - nodes) * p.ring_inside_s
        ring_s = p.ring_base_s + rounds * hops_s + ring_bytes / (p.ring_share * rate)
        fastest = np.minimum(fastest, ring_s)
        if kind == "all_reduce":
            hops_s = depth * max(p.tree_hop_s, network.path_s)
            hops_s = hops_s + (inside - 1.0) * p.tree_inside_s
            tree_s = p.tree_base_s + 2.0 * hops_s + 2.0 * rail_bytes / (p.tree_share * rate)
            fastest = np.minimum(fastest, tree_s)
    return fastest
