"""Rounded links: whether the generous network bounds the true one, and what of a strip it closes.

Paths are chosen by latency first, so a rounded network may choose other paths than the true one and
need not bound it. Here that is looked at, host by host: every hand-over there is on the true
network exists on the generous one and takes no longer, and links that are shared there stay shared
here, as busy or busier. What cannot be shown to bind on the true network is dropped from the
generous one, which only lets more through.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from formulations.milp import IntArray
from formulations.placement.chain_problem import SharedLink
from formulations.placement.chain_tables import Trunk
from solver.lowering.placement.space import ChainSpace
from solver.sweep.placement.image import Image
from solver.sweep.placement.strips import Strip

__all__ = ["outer_space", "strip_is_closed"]


def _by_host(space: ChainSpace) -> npt.NDArray[np.int64]:
    """Orbit of every host in order of their names; last the way in or out."""
    place = {host: o for o, hosts in enumerate(space.orbits) for host in hosts}
    return np.array([*(place[host] for host in sorted(place)), len(space.orbits)], dtype=np.int64)


def _apart(array: IntArray, orbit: IntArray) -> IntArray:
    """A table over orbits (its last two axes) as one over hosts, zero from a host to itself."""
    table: IntArray = np.array(array)[..., orbit[:, None], orbit[None, :]]
    own = np.arange(len(orbit) - 1)
    table[..., own, own] = 0
    return table


def outer_space(true: ChainSpace, generous: ChainSpace) -> ChainSpace | None:
    """A space in which every chain of the true network is at least as good.

    Parameters
    ----------
    true, generous
        The question lowered on its own network and on the one rounded in its favour.

    Returns
    -------
    ChainSpace or None
        ``generous``, without shared links that need not bind; ``None`` where some hand-over takes
        longer than it does, so that nothing is bounded.
    """
    of_true, of_generous = _by_host(true), _by_host(generous)

    def no_more(low: IntArray, high: IntArray) -> bool:
        return bool((_apart(low, of_generous) <= _apart(high, of_true)).all())

    if true.problem is not None and generous.problem is not None:
        ours, theirs = generous.problem, true.problem
        linked = no_more(1 - ours.linked.astype(np.int64), 1 - theirs.linked.astype(np.int64))
        joined = _apart(theirs.linked.astype(np.int64), of_true).astype(bool)
        longer = _apart(ours.hand_over_ps, of_generous) > _apart(theirs.hand_over_ps, of_true)
        if not linked or (longer & joined).any():
            return None
        links = {link.name: link for link in theirs.shared}
        shared: list[SharedLink] = [
            link
            for link in ours.shared
            if link.name in links and no_more(link.busy_ps, links[link.name].busy_ps)
        ]
        return replace(generous, problem=replace(ours, shared=tuple(shared)))
    if true.tables is None or generous.tables is None:
        return None
    least, most = generous.tables, true.tables
    joined = _apart(most.linked.astype(np.int64), of_true).astype(bool)
    there = _apart(least.linked.astype(np.int64), of_generous).astype(bool)
    longer = _apart(least.hop_time, of_generous) > _apart(most.hop_time, of_true)
    if (joined & ~there).any() or (longer & joined).any() or not _paces_bound(true, generous):
        return None
    known = {trunk.name: trunk for trunk in most.trunks}
    trunks: list[Trunk] = [
        trunk
        for trunk in least.trunks
        if trunk.name in known
        and no_more(trunk.load, known[trunk.name].load)
        and trunk.capacity >= known[trunk.name].capacity
        and trunk.factor <= known[trunk.name].factor
    ]
    return replace(generous, tables=replace(least, trunks=tuple(trunks)))


def _paces_bound(true: ChainSpace, generous: ChainSpace) -> bool:
    """Whether no stage of a measured chain is held up more on the generous network."""
    assert true.tables is not None  # the caller looked
    assert generous.tables is not None
    of_true, of_generous = _by_host(true), _by_host(generous)
    entry = generous.tables.entry_pace[of_generous[:-1]] <= true.tables.entry_pace[of_true[:-1]]
    reached = true.tables.linked[-1, of_true[:-1]]
    if not bool((entry | ~reached).all()):
        return False
    for host in range(len(of_true) - 1):
        ours = np.flatnonzero(generous.tables.orbit == of_generous[host])
        theirs = np.flatnonzero(true.tables.orbit == of_true[host])
        if len(ours) != len(theirs):
            return False
        low = generous.tables.pace[ours][:, :, of_generous]
        high = true.tables.pace[theirs][:, :, of_true]
        asked = true.tables.allowed[theirs][:, :, None] & true.tables.linked[of_true[host], of_true]
        asked[:, :, host] = False
        if low.shape != high.shape or (asked & (low > high)).any():
            return False
    return True


def strip_is_closed(strip: Strip, bracket: Sequence[Image]) -> bool:
    """Whether images that nothing beats leave nothing in a strip between points.

    A design in the strip would be no better than some image of the bracket, which would then be
    below the strip's bounds too.
    """
    return not any(
        (strip.time_below is None or image[0] < strip.time_below)
        and (strip.second_below is None or image[1] < strip.second_below)
        for image in bracket
    )
