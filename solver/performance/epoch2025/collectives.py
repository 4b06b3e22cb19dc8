"""Time of one collective operation, as the reference model states it.

NCCL's tuning tables give three protocols (LL, LL128, Simple), each with a latency and a share of
the link bandwidth; the fastest in total is used. TPUs and LPUs use one hop a rank instead. Source:
*Inference economics of language models* (arXiv 2506.04645), section 3.3 and its published code.
Link bandwidths here are half of what one direction carries, the reference's convention for an
all-reduce.

Errata kept on purpose, so that the published numbers are reproduced: base latencies are hard-coded
and do not follow an accelerator's own (B2); ranks and nodes may be fractional (B8); tree constants
are used for every case, with no ring, NVLS or custom kernel (B17).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from solver.catalog.domain import Accelerator

__all__ = ["Collective", "CollectiveTime", "Line", "collective_lines", "collective_time"]

Collective = Literal["allreduce", "allgather", "p2p"]

_US = 1e-6


@dataclass(frozen=True, slots=True)
class Protocol:
    """Latency per hop within a node, per tree level between nodes, base, and bandwidth share."""

    name: str
    intra_s: float
    inter_s: float
    base_s: float
    bandwidth_share: float


_NCCL = (
    Protocol("LL", 0.6 * _US, 5.0 * _US, 6.8 * _US, 0.5),
    Protocol("LL128", 1.25 * _US, 8.5 * _US, 14.0 * _US, 0.95),
    Protocol("Simple", 28.0 * _US, 28.0 * _US, 0.0, 1.0),
)
_HOP_S = 1.0 * _US


@dataclass(frozen=True, slots=True)
class Line:
    """One protocol's time as a line in the message size: ``latency_s + bytes * s_per_byte``."""

    protocol: str
    latency_s: float
    s_per_byte: float


@dataclass(frozen=True, slots=True)
class CollectiveTime:
    """Time of the chosen protocol and its two parts."""

    time_s: float
    latency_s: float
    bandwidth_s: float
    protocol: str


def collective_lines(
    collective: Collective, *, ranks: float, nodes: float, accelerator: Accelerator
) -> tuple[Line, ...]:
    """Every protocol's line for one collective; empty where a single rank has nothing to send.

    Parameters
    ----------
    ranks, nodes
        Participants and the nodes they span; the reference allows fractions of both.

    Notes
    -----
    With n ranks on m nodes, c = 2 and q = 1 for an all-reduce, else c = 1 and q = 1/2:
    latency = c (intra (n/m - 1) + inter log2 m) + base;
    seconds per byte = q ((n - m)/(n W_intra eta) + (m - 1)/(n W_inter eta)), n - m not below 0.
    """
    if ranks <= 1:
        return ()
    rounds = 2.0 if collective == "allreduce" else 1.0
    share = 1.0 if collective == "allreduce" else 0.5
    intra = accelerator.scale_up_bytes_per_s / 2
    inter = accelerator.scale_out_bytes_per_s / 2
    if accelerator.collectives == "linear":
        slope = share * (ranks - 1) / (ranks * inter)
        return (Line("linear", rounds * (ranks - 1) * _HOP_S, slope),)
    lines = []
    for protocol in _NCCL:
        hops = protocol.intra_s * (ranks / nodes - 1) + protocol.inter_s * math.log2(nodes)
        eta = protocol.bandwidth_share
        slope = max(ranks - nodes, 0.0) / (ranks * intra * eta)
        slope += (nodes - 1) / (ranks * inter * eta)
        lines.append(Line(protocol.name, rounds * hops + protocol.base_s, share * slope))
    return tuple(lines)


def collective_time(
    collective: Collective,
    *,
    ranks: float,
    nodes: float,
    message_bytes: float,
    accelerator: Accelerator,
) -> CollectiveTime:
    """Time of one collective with the protocol that is fastest in total."""
    lines = collective_lines(collective, ranks=ranks, nodes=nodes, accelerator=accelerator)
    if not lines:
        return CollectiveTime(0.0, 0.0, 0.0, "none")
    best = min(lines, key=lambda line: line.latency_s + line.s_per_byte * message_bytes)
    bandwidth_s = best.s_per_byte * message_bytes
    return CollectiveTime(best.latency_s + bandwidth_s, best.latency_s, bandwidth_s, best.protocol)
