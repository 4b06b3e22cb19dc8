"""How many devices of a node a replica takes.

Machines are had by the node. Replicas share a node where their devices divide it; a replica that is
larger than a node takes whole nodes. So, on nodes of k devices, a replica of d devices takes

* d, if d divides k and all such sizes of the machine divide one another (1, 2, 4 of 8): then any
  replicas whose devices add up to at most whole nodes can be laid out on them, largest first;
* the next size of that chain, if d divides k but not the chain (2 beside 3 of 6: 3);
* whole nodes, rounded up, in all other cases (6 of 8: 8; 12 of 8: 16).
"""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["devices_taken"]


def devices_taken(sizes: Iterable[int], node_devices: int) -> dict[int, int]:
    """Devices taken by a replica of each size."""
    taken: dict[int, int] = {}
    chain = [node_devices]
    for size in sorted(set(sizes), reverse=True):
        if node_devices % size:
            taken[size] = -(-size // node_devices) * node_devices
        elif chain[-1] % size:
            taken[size] = chain[-1]
        else:
            chain.append(size)
            taken[size] = size
    return taken
