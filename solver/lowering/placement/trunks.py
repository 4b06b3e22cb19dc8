r"""Links that several hand-overs of one chain may share.

Each direction of a link is busy with every hand-over over it once a microbatch, the entry's and the
exit's included, so T >= in flight x sum of these times. A link at a host carries at most one
hand-over each way, unless hosts forward: that one is part of the stage's period and never binds.
Of the way in, no stage waits for it, so it is counted by itself: a load on its narrowest link.

Left out is what can never bind. With s stages, at most min(s - 1, hosts it can come from, hosts it
can go to) of the hand-overs cross a link; with b the longest of them, and the entry's and exit's,
its load is at most q(s). On the other hand some stage holds ceil(L / s) layers or more, and latency
counts every hand-over at least as long as any link on its path is busy with it, so for the fastest
layer tau

    T >= max(L tau + load, in flight x ceil(L / s) tau).

If in flight x q(s) stays within that for every s, the link is left out (the first term bounds
every smaller load as well). So is a link that another is at least as busy as in every hand-over.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from formulations.milp import IntArray
from formulations.placement.chain_problem import ChainOption, ChainSetting, SharedLink
from formulations.placement.chain_tables import Trunk
from solver.lowering.placement.routes import Routes, Step, steps
from solver.lowering.placement.space import MICRO
from solver.topology import Link
from solver.topology.paths import transfer_ps

__all__ = ["Crossing", "crossings", "shared_links_of", "trunks_of"]

BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Crossing:
    """Which hand-overs cross one direction of a link.

    Parameters
    ----------
    crossed : (n_o + 1, n_o + 1) bool
        Last row: the entry; last column: the exit.
    """

    name: str
    link: Link
    crossed: BoolArray

    def most(self, count: Sequence[int], stages: int) -> int:
        """Most hand-overs between stages that cross it in a chain of so many."""
        inner = np.argwhere(self.crossed[:-1, :-1]).tolist()
        sending = sum(count[orbit] for orbit in {before for before, _ in inner})
        taking = sum(count[orbit] for orbit in {after for _, after in inner})
        return min(stages - 1, sending, taking)

    @property
    def from_entry(self) -> bool:
        """Whether the way in may cross it."""
        return bool(self.crossed[-1].any())

    @property
    def to_exit(self) -> bool:
        """Whether the way out may cross it."""
        return bool(self.crossed[:, -1].any())


def _is_own(routes: Routes, step: Step) -> bool:
    """Whether a link belongs to one hand-over of a chain alone: it ends at one of its hosts."""
    topology = routes.topology
    at_host = topology.is_host(step.origin) or topology.is_host(step.target)
    return at_host and not routes.through_hosts


def crossings(routes: Routes) -> list[Crossing]:
    """Directions of links that several hand-overs of a chain may cross, by name."""
    ends = len(routes.orbits)
    found: dict[str, Crossing] = {}
    for before in range(ends + 1):
        for after in range(ends + 1):
            path = routes.by_orbit(before, after)
            for step in steps(path) if path is not None else ():
                if _is_own(routes, step):
                    continue
                if step.name not in found:
                    crossed = np.zeros((ends + 1, ends + 1), dtype=np.bool_)
                    found[step.name] = Crossing(step.name, step.link, crossed)
                found[step.name].crossed[before, after] = True
    count = [len(orbit) for orbit in routes.orbits]
    return [
        entry
        for _, entry in sorted(found.items())
        if entry.most(count, sum(count)) + entry.from_entry + entry.to_exit > 1
    ]


def shared_links_of(
    routes: Routes,
    *,
    layers: int,
    settings: Sequence[ChainSetting],
    options: Sequence[ChainOption],
    max_hosts: int | None,
    bytes_of: Callable[[int, bool], int],
) -> tuple[SharedLink, ...]:
    """The links that can set the time of a chain; see the module's text.

    Parameters
    ----------
    bytes_of
        Microbatch, and whether to or from a gateway -> bytes of the hand-over.
    """
    ends = len(routes.orbits)
    found: list[tuple[SharedLink, Callable[[int], int], bool, bool]] = []
    count = [len(orbit) for orbit in routes.orbits]
    for entry in crossings(routes):
        busy = np.zeros((len(settings), ends + 1, ends + 1), dtype=np.int64)
        for place, setting in enumerate(settings):
            for before, after in np.argwhere(entry.crossed).tolist():
                n_bytes = bytes_of(setting.microbatch, ends in (before, after))
                busy[place, before, after] = transfer_ps(n_bytes, entry.link.bytes_per_s)
        most = _most_of(entry, count)
        found.append((SharedLink(entry.name, busy), most, entry.from_entry, entry.to_exit))
    way_in = np.zeros((len(settings), ends + 1, ends + 1), dtype=np.int64)
    for after in range(ends):
        path = routes.by_orbit(ends, after)
        if path is not None:
            way_in[:, ends, after] = [
                transfer_ps(bytes_of(setting.microbatch, True), path.bytes_per_s)
                for setting in settings
            ]
    if way_in.any():
        found.append((SharedLink(f"way in from {routes.entry}", way_in), lambda _: 0, True, False))
    most_stages = min(layers, sum(count), layers if max_hosts is None else max_hosts)
    bound = [
        shared
        for shared, most, *_ in found
        if _can_bind(shared, most, layers, most_stages, settings, options)
    ]
    return tuple(_without_dominated(bound))


def _most_of(entry: Crossing, count: Sequence[int]) -> Callable[[int], int]:
    return lambda stages: entry.most(count, stages)


def _can_bind(
    shared: SharedLink,
    most: Callable[[int], int],
    layers: int,
    most_stages: int,
    settings: Sequence[ChainSetting],
    options: Sequence[ChainOption],
) -> bool:
    for place, setting in enumerate(settings):
        busy = shared.busy_ps[place]
        inner, outer = int(busy[:-1, :-1].max(initial=0)), int(busy[-1].max())
        outer += int(busy[:, -1].max())
        fastest = min(
            (o.layer_time_ps[place] for o in options if o.most_layers(place, layers)), default=None
        )
        if fastest is None:
            continue
        for stages in range(1, most_stages + 1):
            load = most(stages) * inner + outer
            held = math.ceil(Fraction(layers, stages))
            least = max(layers * fastest + load, setting.in_flight * held * fastest)
            if setting.in_flight * load > least:
                return True
    return False


def _without_dominated(links: Sequence[SharedLink]) -> list[SharedLink]:
    kept: list[SharedLink] = []
    for place, link in enumerate(links):
        worse = (
            (other.busy_ps >= link.busy_ps).all()
            and (before < place or (other.busy_ps > link.busy_ps).any())
            for before, other in enumerate(links)
            if before != place
        )
        if not any(worse):
            kept.append(link)
    return kept


def trunks_of(
    routes: Routes, *, fastest: int, max_hosts: int | None, activation: int, token: int
) -> tuple[Trunk, ...]:
    """Shared links as capacities where rates are measured.

    Parameters
    ----------
    fastest
        Greatest rate of any stage, micro-tokens/s: a link that carries more at its most load is
        left out.
    activation, token
        Bytes of one token between stages, and at the gateways.
    """
    ends = len(routes.orbits)
    count = [len(orbit) for orbit in routes.orbits]
    stages = min(sum(count), sum(count) if max_hosts is None else max_hosts)
    trunks: list[Trunk] = []
    for entry in crossings(routes):
        load: IntArray = np.where(entry.crossed, activation, 0).astype(np.int64)
        load[ends] = np.where(entry.crossed[ends], token, 0)
        load[:, ends] = np.where(entry.crossed[:, ends], token, 0)
        capacity = entry.link.bytes_per_s * MICRO
        most = entry.most(count, stages) * activation + token * (entry.from_entry + entry.to_exit)
        if most and capacity // most < fastest:
            trunks.append(Trunk(entry.name, load, capacity=capacity))
    return tuple(
        trunk
        for place, trunk in enumerate(trunks)
        if not any(
            other is not trunk
            and other.capacity <= trunk.capacity
            and (other.load >= trunk.load).all()
            and (
                before < place or other.capacity < trunk.capacity or (other.load > trunk.load).any()
            )
            for before, other in enumerate(trunks)
        )
    )
