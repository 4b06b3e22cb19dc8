"""Rail-optimised fabrics: NIC number r of every machine of a unit hangs on leaf number r.

A unit holds as many machines as a leaf has ports downwards, half its radix. The leaves of all units
meet in spines. Machines reach their like-numbered NICs over one leaf, and other units over a spine,
as in NVIDIA's DGX SuperPOD reference architecture (2023: units of 32 DGX H100, 8 rails, switches of
64 ports).
"""

from __future__ import annotations

from solver.topology.builders.figures import DGX_H100, NDR_400G
from solver.topology.builders.names import at_least, machines, numbered
from solver.topology.elements import Host, Link, Switch, Wire
from solver.topology.graph import Topology

__all__ = ["dgx_pod", "rail_optimised"]


def rail_optimised(
    host: Host,
    count: int,
    *,
    rails: int,
    radix: int,
    wire: Wire = NDR_400G,
    spines: int | None = None,
    name: str = "rail-optimised",
) -> Topology:
    """``count`` machines like ``host`` on a two-tier fabric with rails.

    Parameters
    ----------
    rails
        NICs of a machine, each on a leaf of its own.
    radix
        Ports of a switch: half of a leaf's go down, half up.
    wire
        Every single cable.
    spines
        How many; each leaf's upward ports are shared out among them evenly. Left out: the fewest
        that have ports enough and divide them; none where one unit holds all machines.

    Raises
    ------
    ValueError
        If a number is below 1, the radix is odd, or the spines do not divide a leaf's upward ports
        or have too few ports.
    """
    at_least(count=(count, 1), rails=(rails, 1), radix=(radix, 2))
    if radix % 2:
        raise ValueError(f"radix is {radix}; half of a leaf's ports go up, so it must be even")
    half = radix // 2
    hosts = machines(host, count)
    units = -(-count // half)
    leaves = numbered("leaf", units * rails)
    links = [
        Link.over(one.name, leaves[number // half * rails + rail], wire)
        for number, one in enumerate(hosts)
        for rail in range(rails)
    ]
    n_spines = _spines(spines, n_leaves=len(leaves), half=half) if units > 1 else spines or 0
    tops = numbered("spine", n_spines)
    if tops:
        if half % n_spines:
            raise ValueError(f"spines is {n_spines}; it must divide the {half} upward ports")
        links += [
            Link.over(leaf, top, wire.bundle(half // n_spines)) for leaf in leaves for top in tops
        ]
    switches = [Switch(leaf, "leaf") for leaf in leaves] + [Switch(top, "spine") for top in tops]
    return Topology(name, tuple(hosts), tuple(switches), tuple(links), where=name)


def _spines(stated: int | None, *, n_leaves: int, half: int) -> int:
    needed = -(-n_leaves // 2)
    if stated is not None:
        if stated < needed:
            raise ValueError(f"spines is {stated}; {n_leaves} leaves need the ports of {needed}")
        return stated
    found = next((count for count in range(needed, half + 1) if half % count == 0), None)
    if found is None:
        raise ValueError(
            f"{n_leaves} leaves need {needed} spines, and a leaf has {half} ports for them; "
            "take a higher radix or fewer machines"
        )
    return found


def dgx_pod(
    count: int,
    *,
    host: Host = DGX_H100,
    rails: int = 8,
    radix: int = 64,
    wire: Wire = NDR_400G,
    name: str = "dgx-pod",
) -> Topology:
    """A pod of ``count`` DGX machines of 8 GPUs on NVSwitch, one NIC and one rail for each GPU.

    Raises
    ------
    ValueError
        As ``rail_optimised``.
    """
    return rail_optimised(host, count, rails=rails, radix=radix, wire=wire, name=name)
