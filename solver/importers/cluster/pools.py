"""Nodes of a cluster as pools, each with the name of the machine that stands for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from solver.errors import Fault, InstanceError
from solver.importers.cluster.nodes import (
    INSTANCE_TYPE,
    DeviceNode,
    Label,
    UnreadableNodeError,
    Unusable,
    device_node,
)
from solver.importers.cluster.records import NodeRecord
from solver.importers.devices import machine_name
from solver.importers.visible import visible
from solver.instance.fleet.fault_limit import listed

__all__ = ["Pool", "and_more", "named_pools", "pools_of"]


@dataclass(slots=True)
class Pool:
    """Nodes that one machine of the instance stands for."""

    label: Label | None
    product: Label | None
    healthy: int
    nodes: int = 0
    devices: set[int] = field(default_factory=set)
    memory_mib: set[int] = field(default_factory=set)
    resource: str = ""
    offered: set[str] = field(default_factory=set)
    zones: Counter[str] = field(default_factory=Counter)
    taints: Counter[str] = field(default_factory=Counter)
    cliques: Counter[str] = field(default_factory=Counter)

    def add(self, node: DeviceNode) -> None:
        self.nodes += 1
        self.resource = node.resource
        self.offered.add(node.offered)
        self.devices.add(node.devices)
        if node.memory_mib is not None:
            self.memory_mib.add(node.memory_mib)
        self.zones.update([node.zone] if node.zone else [])
        self.taints.update(node.taints)
        self.cliques.update([node.clique] if node.clique else [])


def pools_of(records: Iterable[NodeRecord], where: str) -> tuple[list[Pool], Counter[str]]:
    """The pools in the order of the file, and how many nodes were left out for what reason."""
    pools: dict[tuple[Label | None, Label | None, str, int], Pool] = {}
    left_out: Counter[str] = Counter()
    unreadable: dict[tuple[str, str], list[str]] = {}
    for index, record in enumerate(records):
        try:
            node = device_node(record)
        except UnreadableNodeError as error:
            shown = f"items[{index}] '{visible(record.metadata.name)}'"
            unreadable.setdefault((error.what, error.mend), []).append(shown)
            continue
        if isinstance(node, Unusable):
            left_out[node.reason] += 1
            continue
        key = (node.pool, node.product, node.resource, node.healthy)
        pools.setdefault(key, Pool(node.pool, node.product, node.healthy)).add(node)
    if unreadable:
        faults = [
            Fault(f"{where}: {nodes[0]}{and_more(len(nodes) - 1)}", what, mend)
            for (what, mend), nodes in unreadable.items()
        ]
        raise InstanceError.all_of(listed(faults, where))
    return list(pools.values()), left_out


def and_more(number: int) -> str:
    return f" and {number} more" if number else ""


def named_pools(pools: Sequence[Pool]) -> dict[str, Pool]:
    """Pools by the name of their machine: the pool's, told apart by product or size."""
    bases = [_base_name(pool) for pool in pools]
    named: dict[str, Pool] = {}
    for pool, base in sorted(
        zip(pools, bases, strict=True), key=lambda pair: (-pair[0].nodes, pair[1])
    ):
        product = machine_name(pool.product.value) if pool.product else pool.resource.split(".")[0]
        size = f"{pool.healthy}-devices"
        choices = [base, f"{base}-{product}", f"{base}-{size}", f"{base}-{product}-{size}"]
        if bases.count(base) > 1 and base in named:
            same_product = named[base].product == pool.product
            choices = choices[2:] if same_product else choices[1:2] + choices[3:]
        name = next((name for name in choices if name not in named), None)
        number = 2
        while name is None or name in named:
            name, number = f"{base}-{number}", number + 1
        named[name] = pool
    order = {id(pool): place for place, pool in enumerate(pools)}
    return dict(sorted(named.items(), key=lambda item: order[id(item[1])]))


def _base_name(pool: Pool) -> str:
    if pool.label is None:
        return machine_name(pool.product.value) if pool.product else pool.resource.split(".")[0]
    if pool.label.key == INSTANCE_TYPE:
        return machine_name(pool.label.value)
    return pool.label.value
