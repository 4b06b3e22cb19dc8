"""Pools of nodes: contracts under which it does not matter on whose nodes a replica stands.

It matters for owned nodes, where a replica pays for the energy of its own watts, and for spot nodes
where their share is limited. All other contracts of a machine are one pool.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from solver.errors import InstanceError
from solver.instance.fleet.domain import Contract, FleetInstance, MachineOffer

__all__ = ["NodePool", "cost_is_needed", "is_folded", "node_pools"]

_UNPRICED = Contract(name="", kind="on_demand", usd_per_hour=Fraction(0), committed=False)
"""Stands in where a machine has no price and none is asked for."""


@dataclass(frozen=True, slots=True, eq=False)
class NodePool:
    """Contracts of one machine whose nodes are as good as one another's for any replica."""

    name: str
    contracts: tuple[Contract, ...]

    @property
    def owned(self) -> Contract | None:
        """The contract, where its nodes are owned."""
        return self.contracts[0] if self.contracts[0].ownership is not None else None

    @property
    def on_spot(self) -> bool:
        """Whether all its nodes are spot."""
        return all(contract.kind == "spot" for contract in self.contracts)


def cost_is_needed(instance: FleetInstance) -> bool:
    """Whether the question cannot be asked without prices."""
    return "cost" in instance.trade_off or instance.limits.max_usd_per_hour is not None


def is_folded(instance: FleetInstance, machine: MachineOffer) -> bool:
    """Whether the machine's price goes into its replicas."""
    if machine.node_devices != 1 or len(machine.contracts) > 1:
        return False
    if len(instance.periods) == 1 or not machine.contracts:
        return True
    return not machine.contracts[0].committed


def node_pools(instance: FleetInstance, machine: MachineOffer) -> list[NodePool]:
    """Pools of nodes of a machine, at least one; names differ, and one alone has none.

    Raises
    ------
    InstanceError
        If it has no price and one is needed.
    """
    contracts = _contracts(instance, machine)
    spot_counts = instance.limits.max_spot_fraction is not None
    owned = [c for c in contracts if c.ownership is not None]
    spot = [c for c in contracts if spot_counts and c.kind == "spot"]
    rest = [c for c in contracts if c not in owned and c not in spot]
    pools = [NodePool(contract.name, (contract,)) for contract in owned]
    pools += [NodePool("spot", tuple(spot))] if spot else []
    pools += [NodePool("rented", tuple(rest))] if rest else []
    if len(pools) == 1:
        return [NodePool("", pools[0].contracts)]
    names = [pool.name for pool in pools]
    return [
        NodePool(pool.name if names.count(pool.name) == 1 else f"{pool.name} ({k})", pool.contracts)
        for k, pool in enumerate(pools, start=1)
    ]


def _contracts(instance: FleetInstance, machine: MachineOffer) -> tuple[Contract, ...]:
    if machine.contracts:
        return machine.contracts
    if cost_is_needed(instance):
        raise InstanceError.one(
            f"machine {machine.name!r} has no price",
            where=f"{instance.source}: machines.{machine.name}",
            mend="State usd_per_hour, a tier of the catalog, or contracts",
        )
    return (_UNPRICED,)
