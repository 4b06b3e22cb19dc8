"""A topology with its figures rounded to a few levels, so that more hosts become interchangeable.

Where every measured link differs, no two hosts can be exchanged and nothing can be counted. Two
rounded copies bracket the truth: in the *cautious* one no link is faster than it is, so what can be
done there can be done; in the *generous* one none is slower, so what cannot be done there cannot.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Literal

from solver.topology.elements import Link
from solver.topology.graph import Topology

__all__ = ["Side", "rounded"]

Side = Literal["cautious", "generous"]


def rounded(
    topology: Topology,
    *,
    side: Side,
    bytes_per_s: Sequence[int] = (),
    latency_ps: Sequence[int] = (),
) -> Topology:
    """The topology with each link's figures moved to the nearest level on one side.

    Parameters
    ----------
    side
        ``cautious``: bandwidth down, latency up; ``generous``: bandwidth up, latency down.
    bytes_per_s, latency_ps
        Levels, in any order; a figure with no level on its side is kept, and so are all figures of
        a kind without levels.
    """
    cautious = side == "cautious"
    bandwidths, latencies = sorted(bytes_per_s), sorted(latency_ps)
    links = tuple(
        Link(
            link.name,
            link.a,
            link.b,
            _moved(link.bytes_per_s, bandwidths, up=not cautious),
            _moved(link.latency_ps, latencies, up=cautious),
        )
        for link in topology.links
    )
    return Topology(topology.name, topology.hosts, topology.switches, links, where=topology.where)


def _moved(value: int, levels: Sequence[int], *, up: bool) -> int:
    if up:
        place = bisect_left(levels, value)
        return levels[place] if place < len(levels) else value
    place = bisect_right(levels, value)
    return levels[place - 1] if place else value
