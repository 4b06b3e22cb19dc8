"""How many hosts a replica spans."""

from __future__ import annotations

from solver.deploy.launch import ReplicaDesign
from solver.deploy.model_facts import AcceleratorFacts
from solver.errors import OutputError

__all__ = ["hosts_spanned"]

_USUAL = 8
"""Devices of a usual host; only where neither the question nor the catalog says."""


def hosts_spanned(design: ReplicaDesign, device: AcceleratorFacts) -> int:
    """Hosts of one replica.

    A placement names them. Elsewhere it is the devices over those of a host: of the machine in the
    question, of the catalog's accelerator, or less where one scale-up domain spans several hosts.

    Raises
    ------
    OutputError
        Where the devices do not fill hosts evenly, or nobody says how many a host has.
    """
    if design.hosts:
        return len(set(design.hosts))
    known = [size for size in (design.node_devices, device.host_devices) if size is not None]
    size = min(known) if known else _USUAL
    if design.devices <= size:
        return 1
    if not known:
        raise OutputError.one(
            f"{design.devices} devices are more than one usual host has, and the question does not "
            "say how many its hosts have",
            where=f"replicas of {design.name}",
            mend="State machines.NAME.node_devices in the instance and solve it again",
        )
    if design.devices % size:
        raise OutputError.one(
            f"{design.devices} devices do not fill hosts of {size} evenly, as engines ask",
            where=f"replicas of {design.name}",
            mend="Choose another point with --point",
        )
    return design.devices // size
