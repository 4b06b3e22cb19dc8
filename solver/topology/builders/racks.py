"""Racks that are one NVLink domain, such as NVL72: trays of GPUs on NVSwitch, NICs to a leaf."""

from __future__ import annotations

from solver.topology.builders.figures import GB200_TRAY, NDR_400G, NVLINK_5
from solver.topology.builders.names import at_least, machines, numbered
from solver.topology.elements import Host, Link, Switch, Wire
from solver.topology.graph import Topology

__all__ = ["nvl72_racks"]


def nvl72_racks(
    racks: int,
    *,
    trays: int = 18,
    tray: Host = GB200_TRAY,
    nvlink: Wire | None = None,
    nic: Wire = NDR_400G,
    uplink: Wire | None = None,
    spines: int = 2,
    name: str = "nvl72",
) -> Topology:
    """Racks of trays on one NVLink domain each, whose leaves meet in spines.

    Parameters
    ----------
    racks, trays
        How many, and trays in each.
    nvlink
        From a tray to its domain; 18 links of NVLink 5 for each of its GPUs if left out.
    nic
        One NIC; a tray has one for each GPU, together one link to the rack's leaf.
    uplink
        From a leaf to one spine; if left out the spines together carry what the trays send.
    spines
        How many; none is built for a single rack.

    Raises
    ------
    ValueError
        If a number is below 1.
    """
    at_least(racks=(racks, 1), trays=(trays, 1), spines=(spines, 1))
    domain_wire = NVLINK_5.bundle(18 * tray.devices) if nvlink is None else nvlink
    nics = nic.bundle(tray.devices)
    # Rounded down: a design may count on no more than there is.
    up = uplink or Wire(nics.bytes_per_s * trays // spines, nic.latency_ps)
    tops = numbered("spine", spines) if racks > 1 else []
    hosts: list[Host] = []
    switches = [Switch(top, "spine") for top in tops]
    links: list[Link] = []
    for rack in numbered("rack", racks):
        domain, leaf = f"{rack}-nvlink", f"{rack}-leaf"
        switches += [Switch(domain, "nvlink_domain"), Switch(leaf, "leaf")]
        for one in machines(tray, trays, prefix=f"{rack}-"):
            hosts.append(one)
            links += [Link.over(one.name, domain, domain_wire), Link.over(one.name, leaf, nics)]
        links += [Link.over(leaf, top, up) for top in tops]
    return Topology(name, tuple(hosts), tuple(switches), tuple(links), where=name)
