r"""Expert parallelism: tokens to the devices of their experts, and results back.

With attention in data parallel every device has tokens of its own. Each token is sent once to every
rank that holds one of its :math:`k` experts (*dispatch*, in 8 bits with a 32-bit scale to 128
values) and each of these ranks sends one partial sum back (*combine*, in 16 bits). Experts lie in
equal blocks of :math:`m = E/\text{ep}` on the ranks; a token's experts differ, so a rank holds none
of them with probability

.. math:: q = \binom{E-m}{k} \Big/ \binom{E}{k}, \qquad
          \text{ranks reached} = \text{ep}\,(1 - q) \le \min(k, \text{ep})

(for large E about :math:`1 - (1 - 1/\text{ep})^k` of them). Node-limited routing takes the experts
of a token from at most 4 nodes (DeepSeek-V3 report, arXiv 2412.19437, section 2.1.2): E and ep then
count those nodes alone. Across nodes a token goes *direct* to each rank, or *forwarded*: once to
each node over its card, and from there to the ranks over the scale-up network (section 3.2.2 of the
report); the faster counts.

With attention in tensor parallel alone every device holds all tokens, computes its experts' part,
and the parts are summed by an all-reduce instead.

Kernels for few tokens (DeepEP's low-latency ones) send one copy for each expert instead, and only
directly: with that, its published times for 8 to 256 ranks of an H800 are met within 12 %.

Left out: the spread of tokens over ranks (pass the tokens of the busiest), and overlap with
computation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln

from solver.performance.operators.hierarchical import (
    Network,
    inside_node_s,
    network_collective_s,
)
from solver.performance.operators.scale_out import between_nodes_s

__all__ = [
    "COMBINE_VALUE_BYTES",
    "DISPATCH_VALUE_BYTES",
    "Exchange",
    "expert_exchange_s",
    "expert_sum_s",
    "ranks_reached",
]

FloatArray = npt.NDArray[np.float64]

DISPATCH_VALUE_BYTES = 1.0 + 4.0 / 128.0
"""An 8-bit value and its part of a 32-bit scale to 128 values."""

COMBINE_VALUE_BYTES = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class Exchange:
    """Seconds of both ways of one layer, arrays of one shape."""

    dispatch_s: FloatArray
    combine_s: FloatArray

    @property
    def total_s(self) -> FloatArray:
        """Both together."""
        total: FloatArray = self.dispatch_s + self.combine_s
        return total


def _log_choose(n: FloatArray, k: FloatArray) -> FloatArray:
    logarithm: FloatArray = gammaln(n + 1.0) - gammaln(k + 1.0) - gammaln(n - k + 1.0)
    return logarithm


def ranks_reached(
    *,
    top_k: npt.ArrayLike,
    experts: npt.ArrayLike,
    expert_parallel: npt.ArrayLike,
    reachable: npt.ArrayLike = 1.0,
) -> FloatArray:
    """Expected number of different ranks that hold a token's experts.

    Parameters
    ----------
    top_k, experts
        Experts a token goes to, and routed experts of the layer.
    expert_parallel
        Ranks the experts lie on in equal blocks.
    reachable
        Share of the ranks among which one token's experts lie, above 0 and at most 1; at least so
        many experts as a token needs are always reachable.

    Returns
    -------
    FloatArray
        Between 1 and the smaller of ``top_k`` and ``expert_parallel``; arguments broadcast.

    Raises
    ------
    ValueError
        For counts that do not fit together.
    """
    k, e, ep, share = np.broadcast_arrays(
        *(np.asarray(x, np.float64) for x in (top_k, experts, expert_parallel, reachable))
    )
    if np.any(k < 1) or np.any(k > e) or np.any(ep < 1) or np.any(ep > e):
        raise ValueError("a token takes 1 to all experts, and a rank holds at least one")
    if np.any(share <= 0) or np.any(share > 1):
        raise ValueError("the share of ranks that a token reaches lies above 0 and at most at 1")
    block = e / ep
    ranks = np.minimum(np.maximum(share * ep, np.ceil(k / block)), ep)
    # Between whole numbers of ranks the count is interpolated and may pass that of all ranks.
    expected = np.minimum(_ranks_of(k, ranks, block), _ranks_of(k, ep, block))
    reached: FloatArray = np.clip(expected, 1.0, np.minimum(k, ep))
    return reached


def _ranks_of(k: FloatArray, ranks: FloatArray, block: FloatArray) -> FloatArray:
    """Expected number of ``ranks`` with blocks of experts that k different experts lie on."""
    among = ranks * block
    left = among - block
    # None of k different experts in the block; impossible where fewer than k lie outside it.
    possible = left >= k
    outside = np.where(possible, left, k)
    missed = np.where(possible, np.exp(_log_choose(outside, k) - _log_choose(among, k)), 0.0)
    return np.asarray(ranks * (1.0 - missed))


def expert_exchange_s(
    network: Network,
    *,
    tokens: npt.ArrayLike,
    hidden: npt.ArrayLike,
    top_k: npt.ArrayLike,
    experts: npt.ArrayLike,
    expert_parallel: npt.ArrayLike,
    shards: npt.ArrayLike = 1,
    node_limit: int | None = None,
    per_expert: bool = False,
    dispatch_value_bytes: float = DISPATCH_VALUE_BYTES,
    combine_value_bytes: float = COMBINE_VALUE_BYTES,
) -> Exchange:
    """Seconds of dispatch and combine of one layer.

    Parameters
    ----------
    network
        Of the deployment.
    tokens
        Tokens that one device sends in this step.
    hidden
        Width of the model.
    top_k, experts, expert_parallel
        As for ``ranks_reached``.
    shards
        Devices of one rank, which share the width of its experts: each needs every token and sends
        a partial sum of its own.
    node_limit
        Most nodes that the experts of a token lie on; ``None`` for any number.
    per_expert
        One copy for each expert, each straight to its device, as DeepEP's low-latency kernels do:
        more bytes, no step between.
    dispatch_value_bytes, combine_value_bytes
        Bytes of one value on the way there and back, scales included.

    Returns
    -------
    Exchange
        Arrays of the common shape; zero where there is one device.

    Raises
    ------
    ValueError
        For counts that do not fit together, or a ``node_limit`` below 1.
    """
    if node_limit is not None and node_limit < 1:
        raise ValueError(f"a token's experts lie on at least one node, not {node_limit}")
    # Layouts alone decide where tokens go: counted before they meet the tokens of many steps.
    k, e, ep, width = np.broadcast_arrays(
        *(np.asarray(x, np.float64) for x in (top_k, experts, expert_parallel, shards))
    )
    world = ep * width
    nodes = np.maximum(np.ceil(world / network.node_devices), 1.0)
    reachable = np.ones(k.shape) if node_limit is None else np.minimum(node_limit / nodes, 1.0)
    reached = ranks_reached(top_k=k, experts=e, expert_parallel=ep, reachable=reachable)
    copies = width * (k if per_expert else reached)
    # A node counts as one rank that holds the experts of all its devices.
    visited = ranks_reached(
        top_k=k, experts=e, expert_parallel=np.minimum(nodes, ep), reachable=reachable
    )
    row_values, world, nodes, copies, visited = np.broadcast_arrays(
        np.asarray(tokens, np.float64) * np.asarray(hidden, np.float64),
        world,
        nodes,
        copies,
        visited,
    )
    times = [
        _one_way_s(network, world, nodes, row_values * value_bytes, copies, visited, per_expert)
        for value_bytes in (dispatch_value_bytes, combine_value_bytes)
    ]
    return Exchange(dispatch_s=times[0], combine_s=times[1])


def _one_way_s(
    network: Network,
    world: FloatArray,
    nodes: FloatArray,
    row_bytes: FloatArray,
    copies: FloatArray,
    visited: FloatArray,
    straight: bool,
) -> FloatArray:
    """Direct or forwarded, whichever is faster; ``row_bytes`` of all tokens of a device, once."""
    direct = network_collective_s(
        network, kind="alltoall", world=world, message_bytes=row_bytes * copies
    )
    wide = nodes > 1
    if straight or not wide.any():
        return direct
    inside = np.ceil(world[wide] / nodes[wide])
    across = between_nodes_s(
        network.scale_out,
        kind="alltoall",
        nodes=nodes[wide],
        message_bytes=row_bytes[wide] * visited[wide],
    )
    handed_on = inside_node_s(
        network, kind="alltoall", world=inside, message_bytes=row_bytes[wide] * copies[wide]
    )
    seconds: FloatArray = np.array(direct, dtype=np.float64)
    # Forwarding begins with the first token that arrives: the slower of the two networks counts.
    seconds[wide] = np.minimum(seconds[wide], np.maximum(across, handed_on))
    return seconds


def expert_sum_s(
    network: Network,
    *,
    tokens: npt.ArrayLike,
    hidden: npt.ArrayLike,
    devices: npt.ArrayLike,
    value_bytes: float = COMBINE_VALUE_BYTES,
) -> FloatArray:
    """Seconds to sum the experts' parts where every device holds all tokens.

    Parameters
    ----------
    tokens
        Tokens of the step, all of which every device holds.
    hidden, devices
        Width of the model; devices the experts lie on, in whatever way.
    value_bytes
        Bytes of one value.

    Returns
    -------
    FloatArray
        One all-reduce; zero on one device.
    """
    message = np.asarray(tokens, np.float64) * np.asarray(hidden, np.float64) * value_bytes
    return network_collective_s(network, kind="all_reduce", world=devices, message_bytes=message)
