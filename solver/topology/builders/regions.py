"""Regions over a wide-area network: each a topology of its own, joined by routers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from solver.errors import Fault, InstanceError
from solver.topology.elements import Link, Switch, SwitchKind, Wire
from solver.topology.graph import Topology

__all__ = ["regions_over_wan"]

_TOP_FIRST: tuple[SwitchKind, ...] = ("core", "spine", "leaf")


def regions_over_wan(
    regions: Mapping[str, Topology],
    wan: Sequence[tuple[str, str, Wire]],
    *,
    gateway: Wire,
    name: str = "regions",
) -> Topology:
    """One topology of several regions.

    Parameters
    ----------
    regions
        Name -> the topology inside. Its parts are renamed ``region/part``. Its highest switches (or
        its hosts, if it has none) are joined with the region's hub, which is called as the region.
    wan
        Long-haul links between two regions' routers; ``figures.fibre`` gives one by its length.
        Regions without a link of their own are reached through others' routers.
    gateway
        From each highest switch to the hub, and from the hub to its router ``region/wan``.

    Raises
    ------
    InstanceError
        If a link names an unknown region, or the links leave regions apart.
    """
    unknown = [
        Fault(
            f"{name}: wan.{a}--{b}",
            f"{end!r} is no region",
            f"Choose from {', '.join(regions)}",
        )
        for a, b, _ in wan
        for end in (a, b)
        if end not in regions
    ]
    if unknown:
        raise InstanceError.all_of(unknown)
    parts = {region: inside.prefixed(f"{region}/") for region, inside in regions.items()}
    switches: list[Switch] = []
    links: list[Link] = []
    for region, part in parts.items():
        router = f"{region}/wan"
        switches += [Switch(region, "region"), Switch(router, "wan_router")]
        links.append(Link.over(region, router, gateway))
        links += [Link.over(top, region, gateway) for top in _tops(part)]
    links += [Link.over(f"{a}/wan", f"{b}/wan", wire) for a, b, wire in wan]
    return Topology(
        name,
        tuple(host for part in parts.values() for host in part.hosts),
        (*(switch for part in parts.values() for switch in part.switches), *switches),
        (*(link for part in parts.values() for link in part.links), *links),
        where=name,
    )


def _tops(part: Topology) -> list[str]:
    for kind in _TOP_FIRST:
        found = [switch.name for switch in part.switches if switch.kind == kind]
        if found:
            return found
    return list(part.host_names)
