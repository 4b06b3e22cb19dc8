"""How many hosts a replica spans."""

from __future__ import annotations

from itertools import groupby

from solver.deploy.launch import ReplicaDesign
from solver.deploy.model_facts import AcceleratorFacts
from solver.errors import OutputError

__all__ = ["hosts_spanned"]

_USUAL = 8
"""Devices of a usual host; only where neither the question nor the catalog says."""


def _check_hosts(design: ReplicaDesign) -> None:
    """Ranks go to hosts in order and in equal numbers, so the stages have to lie like that."""
    runs = [(host, len(list(stages))) for host, stages in groupby(design.hosts)]
    if len(runs) > len(set(design.hosts)) or len({count for _, count in runs}) > 1:
        raise OutputError.one(
            "the stages come back to a host, or fill hosts unevenly, and engines lay ranks on "
            "hosts in order and in equal numbers",
            where=f"replicas of {design.name}",
            mend="Choose another point with --point",
        )


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
        _check_hosts(design)
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
