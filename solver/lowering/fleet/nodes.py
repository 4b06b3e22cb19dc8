r"""How replicas share the devices of a node, exactly.

Machines are had by the node. Replicas share a node where their devices divide it; a replica of
another size, or a larger one, takes whole nodes. So on nodes of k devices a replica of d devices
takes d if d divides k, else whole nodes, rounded up (6 of 8: 8; 12 of 8: 16).

Where the sizes that share nodes divide one another (1, 2, 4 of 8), devices are all that counts:
what adds up to whole nodes can be laid out on them, largest first. The same holds for the smallest
sizes as long as each divides all larger ones: they fill what the others leave. The rest (2 beside 3
of 6) is stated by *cuts*. A node is a block of k devices; a cut turns a block into smaller ones; a
replica stands on a block of at least its size. With :math:`n_e` replicas of size e, N nodes and
:math:`y_c` cuts of a block :math:`b_c` into parts :math:`p \in P_c`, some layout exists exactly if,
for every size d in question and for k,

.. math::
    \sum_{e \ge d} n_e + \sum_{c:\, b_c \ge d} y_c
        \;\le\; N + \sum_c |\{p \in P_c : p \ge d\}|\; y_c ,

since blocks can be given to replicas if, for each d, there are enough of at least d (Hall 1935; the
blocks that serve a size are nested). Cuts have two parts or more. One that says no more than
another (whose parts, in order, are at least as large), or that can be made in two steps by way of a
block of another size in question, is left out. The idea is that of one-cut models (Dyckhoff 1981,
*A new linear programming approach to the cutting stock problem*).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

__all__ = ["NodeCut", "devices_taken", "node_cuts", "sizes_to_fit"]


@dataclass(frozen=True, slots=True)
class NodeCut:
    """A block of devices cut into smaller ones; ``parts`` are the larger first."""

    block: int
    parts: tuple[int, ...]

    @property
    def name(self) -> str:
        """For names of columns: ``6 into 3 + 3``."""
        return f"{self.block} into {' + '.join(map(str, self.parts))}"

    def taken(self, size: int) -> int:
        """Blocks of at least ``size`` that one cut takes away; negative where it makes more."""
        return (self.block >= size) - sum(part >= size for part in self.parts)


def devices_taken(size: int, node_devices: int) -> int:
    """Devices of its nodes that a replica of ``size`` devices leaves to nobody else."""
    if node_devices % size == 0:
        return size
    return -(-size // node_devices) * node_devices


def sizes_to_fit(sizes: Collection[int], node_devices: int) -> tuple[int, ...]:
    """Sizes, rising, for which devices that add up are not enough; empty where they all are.

    Sizes that do not divide a node are ignored: they take whole ones.
    """
    rising = sorted({size for size in sizes if node_devices % size == 0 and size < node_devices})
    if all(larger % smaller == 0 for smaller, larger in pairwise(rising)):
        return ()
    while all(larger % rising[0] == 0 for larger in rising):
        del rising[0]
    return tuple(rising)


def node_cuts(sizes: Sequence[int], node_devices: int) -> tuple[NodeCut, ...]:
    """Cuts of nodes and of blocks of ``sizes`` (rising) by which every layout can be reached."""
    found = []
    for block in (*sizes, node_devices):
        smaller = [size for size in reversed(sizes) if size < block]
        fillings = {
            parts
            for parts in _fillings(block, smaller, (), frozenset(), frozenset(smaller))
            if len(parts) > 1
        }
        # What can be made by way of another block is dropped first: what beats it may be, too.
        coarse = [parts for parts in fillings if not _in_two_steps(parts, block, smaller)]
        found += [
            NodeCut(block, parts)
            for parts in sorted(coarse, reverse=True)
            if not any(parts != other and _covers(other, parts) for other in coarse)
        ]
    return tuple(found)


def _fillings(
    left: int,
    sizes: Sequence[int],
    parts: tuple[int, ...],
    sums: frozenset[int],
    blocks: frozenset[int],
) -> Iterator[tuple[int, ...]]:
    """Parts from ``sizes``, falling, that leave no room for another of them.

    Those of which some add up to a block are not followed: they come by way of that block.
    ``sums`` are those of one part or more so far.
    """
    if not sizes or left < sizes[-1]:
        yield parts
        return
    largest = sizes[0]
    if largest <= left:
        more = frozenset(total + largest for total in sums)
        if not more & blocks:
            yield from _fillings(
                left - largest, sizes, (*parts, largest), sums | more | {largest}, blocks
            )
    yield from _fillings(left, sizes[1:], parts, sums, blocks)


def _covers(larger: Sequence[int], parts: Sequence[int]) -> bool:
    """Whether each of ``parts`` finds one at least as large of its own; both are falling."""
    return len(larger) >= len(parts) and all(a >= b for a, b in zip(larger, parts, strict=False))


def _in_two_steps(parts: Sequence[int], block: int, sizes: Sequence[int]) -> bool:
    """Whether some parts fit into a block of another size that fits in their place."""
    waste = block - sum(parts)
    if not waste:
        return False  # parts that add up to a block were left out already
    totals: set[tuple[int, int]] = {(0, 0)}
    for part in parts:
        totals |= {(total + part, number + 1) for total, number in totals}
    return any(
        number > 1 and total <= size <= total + waste for total, number in totals for size in sizes
    )
