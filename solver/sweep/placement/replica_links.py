r"""The links that several replicas of one cluster may fill together.

One chain crosses a link with few hand-overs; many chains cross it with many, so links that cannot
hold up one chain may still be full. Each direction of a link that is not at a host of its own
hand-over is counted, unless it can never be full: a stage on host :math:`i` takes :math:`\tau_i`
at least and hands over in :math:`d_i`, once a microbatch. With :math:`b` the time that the link is
busy with this hand-over and, since it may be the first, with the way in,

.. math::
    \frac{M b}{T} \le \min \Bigl( \frac{b}{\tau_i + d_i}, \frac{M b}{L \tau_{\min}} \Bigr) ,

and where the sum of this over all hosts, each at its worst setting and option, is at most 1, no
packing fills the link. Measured hosts carry at most their greatest rate. A link that another is at
least as busy as in every hand-over is left out too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from formulations.placement.chain_problem import ChainProblem, SharedLink
from formulations.placement.chain_tables import ChainTables, Trunk
from formulations.placement.pool_column import SHARE_PARTS
from solver.lowering.placement.hosts import hand_over_bytes
from solver.lowering.placement.routes import Routes, steps
from solver.lowering.placement.space import MICRO, ChainSpace
from solver.topology import Link
from solver.topology.paths import transfer_ps

__all__ = ["with_links_of_all"]

_Crossed = dict[str, tuple[Link, npt.NDArray[np.bool_]]]


def with_links_of_all(space: ChainSpace) -> tuple[ChainSpace, tuple[str, ...]]:
    """The space with every link that replicas may fill, and the names of those links.

    Links of the space that are only counted within a chain stay, and are not among the names. Where
    hand-overs take their latency alone (``rules.hand_over``), times know no bytes and so no link of
    a problem is ever full; rates always know them.
    """
    problem, tables = space.problem, space.tables
    if tables is not None:
        trunks = _trunks(space, tables)
        names = tuple(trunk.name for trunk in trunks)
        others = tuple(trunk for trunk in tables.trunks if trunk.name not in names)
        return replace(space, tables=replace(tables, trunks=others + trunks)), names
    if problem is None or space.instance.rules.hand_over != "transfer":
        return space, ()
    links = _shared(space, problem)
    names = tuple(link.name for link in links)
    kept = tuple(link for link in problem.shared if link.name not in names)
    return replace(space, problem=replace(problem, shared=kept + links)), names


def _crossed(space: ChainSpace) -> _Crossed:
    """Directions of links -> which hand-overs cross them, the entry last and the exit last."""
    instance = space.instance
    routes = Routes(
        space.topology,
        space.orbits,
        through_hosts=instance.through_hosts,
        entry=instance.entry,
        exit=instance.exit,
    )
    ends = len(space.orbits)
    found: _Crossed = {}
    for before in range(ends + 1):
        for after in range(ends + 1):
            path = routes.by_orbit(before, after)
            for step in steps(path) if path is not None else ():
                at_host = space.topology.is_host(step.origin) or space.topology.is_host(step.target)
                if at_host and not instance.through_hosts:
                    # A host is in one chain, and hands over once each way.
                    continue
                empty = np.zeros((ends + 1, ends + 1), dtype=np.bool_)
                found.setdefault(step.name, (step.link, empty))[1][before, after] = True
    return dict(sorted(found.items()))


def _shared(space: ChainSpace, problem: ChainProblem) -> tuple[SharedLink, ...]:
    ends = len(problem.count)
    links = []
    for name, (link, crossed) in _crossed(space).items():
        busy = np.zeros((len(problem.settings), ends + 1, ends + 1), dtype=np.int64)
        for place, setting in enumerate(problem.settings):
            for before, after in np.argwhere(crossed).tolist():
                outside = ends in (before, after)
                n_bytes = hand_over_bytes(space.instance, outside=outside) * setting.microbatch
                busy[place, before, after] = transfer_ps(math.ceil(n_bytes), link.bytes_per_s)
        if not _never_full(_timed_share(problem, busy), problem.count.tolist()):
            links.append((name, busy))
    kept = _least_alike([(busy, 1) for _, busy in links])
    return tuple(SharedLink(*links[place]) for place in kept)


def _timed_share(problem: ChainProblem, busy: npt.NDArray[np.int64]) -> list[Fraction]:
    """For each orbit an upper bound on the part of a link that one of its hosts takes."""
    ends = len(problem.count)
    most = [Fraction(0)] * ends
    for s, setting in enumerate(problem.settings):
        able = [o for o in problem.options if o.most_layers(s, problem.layers)]
        whole = min((problem.layers * o.layer_time_ps[s] for o in able), default=0)
        for option in able:
            o = option.orbit
            for after in np.flatnonzero(problem.linked[o]).tolist():
                load = int(busy[s, o, after]) + int(busy[s, ends, o])
                stage = option.layer_time_ps[s] + int(problem.hand_over_ps[s, o, after])
                shares = [Fraction(load, stage)] if stage else []
                shares += [Fraction(setting.in_flight * load, whole)] if whole else []
                # Without any time to compare with the link counts as full.
                most[o] = max(most[o], min(shares, default=Fraction(1 if load else 0)))
    return most


def _trunks(space: ChainSpace, tables: ChainTables) -> tuple[Trunk, ...]:
    ends = tables.n_orbits
    activation, token = (
        math.ceil(hand_over_bytes(space.instance, outside=outside)) for outside in (False, True)
    )
    n_bytes = np.full((ends + 1, ends + 1), activation, dtype=np.int64)
    n_bytes[ends] = n_bytes[:, ends] = token
    trunks = []
    for name, (link, crossed) in _crossed(space).items():
        load = np.where(crossed, n_bytes, 0)
        capacity = link.bytes_per_s * MICRO
        if not _never_full(_rated_share(tables, load, capacity), tables.count.tolist()):
            trunks.append(Trunk(name, load, capacity=capacity))
    kept = _least_alike([(trunk.load, trunk.capacity) for trunk in trunks])
    return tuple(trunks[place] for place in kept)


def _rated_share(tables: ChainTables, load: npt.NDArray[np.int64], capacity: int) -> list[Fraction]:
    """As ``_timed_share``, of measured hosts."""
    ends = tables.n_orbits
    most = [Fraction(0)] * ends
    for k in range(tables.n_options):
        o = int(tables.orbit[k])
        held = np.flatnonzero(tables.allowed[k])
        for after in np.flatnonzero(tables.linked[o]).tolist():
            rate = max((-int(pace) for pace in tables.pace[k, held, after]), default=0)
            carried = (int(load[o, after]) + int(load[ends, o])) * max(rate, 0)
            most[o] = max(most[o], Fraction(carried, capacity))
    return most


def _never_full(most: Sequence[Fraction], count: Sequence[int]) -> bool:
    """Whether all hosts together leave a link short of full, each share rounded up to a part."""
    whole = sum((n * share for n, share in zip(count, most, strict=True)), Fraction(0))
    return whole * SHARE_PARTS + sum(count) <= SHARE_PARTS


def _least_alike(links: Sequence[tuple[npt.NDArray[np.int64], int]]) -> list[int]:
    """Places of (load, capacity) that no other is as narrow as and at least as loaded."""
    kept = []
    for place, (load, capacity) in enumerate(links):
        worse = (
            (other >= load).all()
            and narrow <= capacity
            and (before < place or (other > load).any() or narrow < capacity)
            for before, (other, narrow) in enumerate(links)
            if before != place
        )
        if not any(worse):
            kept.append(place)
    return kept
