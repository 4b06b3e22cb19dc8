"""A placement question as numbers: single pipelines, or the greatest flow of tokens."""

from __future__ import annotations

from solver.errors import InstanceError
from solver.instance.placement.domain import PlacementInstance
from solver.lowering.placement.chains import lower_chains
from solver.lowering.placement.flows import lower_flow
from solver.lowering.placement.space import ChainSpace, FlowSpace
from solver.lowering.placement.stages import check_modelled
from solver.topology import Topology
from solver.topology.rounding import Side, rounded

__all__ = ["lower_placement", "network_of"]


def network_of(instance: PlacementInstance, side: Side | None = None) -> Topology:
    """The network that is counted on: the question's own, or a rounded copy of it.

    Raises
    ------
    ValueError
        If a side is asked for and the question states no levels.
    """
    if side is None:
        return instance.topology
    if instance.rounding is None:
        raise ValueError(f"{instance.name}: there are no levels to round to")
    return rounded(
        instance.topology,
        side=side,
        bytes_per_s=instance.rounding.bytes_per_s,
        latency_ps=instance.rounding.latency_ps,
    )


def lower_placement(
    instance: PlacementInstance, *, side: Side | None = None, lifted: bool = False
) -> ChainSpace | FlowSpace:
    """Space of a question; a ``FlowSpace`` exactly where throughput alone is asked for.

    A model that no chain can hold is no fault here: the space is valid and empty.

    Parameters
    ----------
    side
        Which rounded network to count on; ``None``: the network as it is.
    lifted
        Whether limits will be lifted from the space: then shared links stay in it that bind only
        with more hosts in a chain, or more memory, than there may be. Of chains alone.

    Raises
    ------
    UnsupportedModelError
        If the performance model cannot represent the model or a width.
    InstanceError
        If a host has no machine, or a price, a measurement or one choice that is needed is missing.
    """
    names = {machine.name for machine in instance.machines}
    for host in instance.topology.hosts:
        if host.accelerator not in names:
            raise InstanceError.one(
                f"host {host.name!r} names machine {host.accelerator!r}, which is not described",
                where=f"{instance.source}: machines",
                mend=f"Choose from {', '.join(sorted(names))}, or describe it",
            )
    check_modelled(instance)
    topology = network_of(instance, side)
    if instance.trade_off == ("throughput",):
        return lower_flow(instance, topology)
    return lower_chains(instance, topology, lifted=lifted)
