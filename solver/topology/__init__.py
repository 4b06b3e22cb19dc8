"""Network topology: hosts, switches and links as a checked graph, and what follows from it."""

from solver.topology.elements import (
    GATEWAY,
    NODE_KINDS,
    SWITCH_KINDS,
    Host,
    Link,
    NodeKind,
    Switch,
    SwitchKind,
    Wire,
    host_of_accelerator,
)
from solver.topology.graph import Topology
from solver.topology.orbits import host_orbits
from solver.topology.paths import Path, PathTable, busiest_link, shared_links

__all__ = [
    "GATEWAY",
    "NODE_KINDS",
    "SWITCH_KINDS",
    "Host",
    "Link",
    "NodeKind",
    "Path",
    "PathTable",
    "Switch",
    "SwitchKind",
    "Topology",
    "Wire",
    "busiest_link",
    "host_of_accelerator",
    "host_orbits",
    "shared_links",
]
