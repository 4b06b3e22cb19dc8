"""Rows of unequal machines: one leaf a row, all leaves on the same spines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from solver.topology.builders.figures import ETHERNET_100G
from solver.topology.builders.names import at_least, machines, numbered
from solver.topology.elements import Host, Link, Switch, Wire
from solver.topology.graph import Topology

__all__ = ["Row", "heterogeneous_rows"]


@dataclass(frozen=True, slots=True)
class Row:
    """A row: ``machines`` is (kind, how many) for each kind in it; each hangs on by ``wire``."""

    name: str
    machines: tuple[tuple[Host, int], ...]
    wire: Wire = ETHERNET_100G


def heterogeneous_rows(
    rows: Sequence[Row],
    *,
    trunk: Wire,
    spines: int = 1,
    name: str = "rows",
) -> Topology:
    """Rows of machines of any kinds; ``trunk`` is the link from a leaf to one spine.

    A single row gets no spine. Two kinds of one name in a row are a fault of the result.

    Raises
    ------
    InstanceError
        If there is no machine, or two rows or kinds share a name.
    ValueError
        If the number of spines or of a kind's machines is below 1.
    """
    at_least(spines=(spines, 1))
    tops = numbered("spine", spines) if len(rows) > 1 else []
    hosts: list[Host] = []
    switches = [Switch(top, "spine") for top in tops]
    links: list[Link] = []
    for row in rows:
        leaf = f"{row.name}-leaf"
        switches.append(Switch(leaf, "leaf"))
        for kind, count in row.machines:
            at_least(count=(count, 1))
            found = machines(kind, count, prefix=f"{row.name}-")
            hosts += found
            links += [Link.over(one.name, leaf, row.wire) for one in found]
        links += [Link.over(leaf, top, trunk) for top in tops]
    return Topology(name, tuple(hosts), tuple(switches), tuple(links), where=name)
