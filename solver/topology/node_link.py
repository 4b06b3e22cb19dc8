"""Node-link JSON, as networkx writes it: nodes with ``id``, edges with ``source`` and ``target``.

The JSON is read here, not by networkx, which would merge a node that is written twice and turn
decimals into floats. Edges stand under ``edges``, or ``links`` as older releases wrote. Attribute
names are those of ``attributes.py``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from solver.errors import Fault, InstanceError
from solver.topology.attributes import topology_from_attributes
from solver.topology.elements import HOST
from solver.topology.graph import Topology
from solver.topology.text_files import read_text

__all__ = ["node_link_data", "read_node_link", "topology_from_node_link"]


def read_node_link(path: Path) -> Topology:
    """Read a node-link JSON file.

    Raises
    ------
    InstanceError
        With every fault.
    """
    where = str(path)
    try:
        data = json.loads(read_text(path), parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        raise InstanceError.one(
            f"is not JSON ({error})", where=where, mend="Write it with networkx.node_link_data"
        ) from error
    return topology_from_node_link(data, name=path.stem, where=where)


def topology_from_node_link(data: Any, *, name: str, where: str = "node-link graph") -> Topology:
    """The topology in a node-link mapping; ``name`` is used where the graph has none.

    Raises
    ------
    InstanceError
        With every fault: no lists of nodes and edges, a directed graph, an entry without ``id``,
        ``source`` or ``target``, and those of ``topology_from_attributes``.
    """
    faults: list[Fault] = []
    if not isinstance(data, Mapping) or not isinstance(data.get("nodes"), list):
        raise InstanceError.one(
            "there is no list of nodes",
            where=f"{where}: nodes",
            mend="Write it with networkx.node_link_data",
        )
    edges = data.get("edges", data.get("links"))
    if not isinstance(edges, list):
        faults.append(
            Fault(f"{where}: edges", "there is no list of edges", "Add 'edges', or 'links'")
        )
        edges = []
    if data.get("directed"):
        faults.append(
            Fault(
                f"{where}: directed",
                "the graph is directed, and a link carries the same both ways",
                "Write one undirected edge for each pair of neighbours",
            )
        )
    nodes = [
        (str(entry["id"]), _rest(entry, "id"))
        for entry in _entries(data["nodes"], ("id",), "nodes", where, faults)
    ]
    links = [
        (str(entry["source"]), str(entry["target"]), _rest(entry, "source", "target", "key"))
        for entry in _entries(edges, ("source", "target"), "edges", where, faults)
    ]
    graph = data.get("graph")
    stated = graph.get("name") if isinstance(graph, Mapping) else None
    return topology_from_attributes(str(stated or name), nodes, links, where=where, further=faults)


def _entries(
    entries: list[Any], keys: tuple[str, ...], what: str, where: str, faults: list[Fault]
) -> list[Mapping[str, Any]]:
    good: list[Mapping[str, Any]] = []
    for number, entry in enumerate(entries):
        missing = [
            key
            for key in keys
            if not isinstance(entry, Mapping)
            or isinstance(entry.get(key), bool)
            or not isinstance(entry.get(key), (str, int))
        ]
        if missing:
            faults.append(
                Fault(
                    f"{where}: {what}.{number}",
                    f"{' and '.join(missing)} is missing or no name",
                    "Write a text or a whole number",
                )
            )
        else:
            good.append(entry)
    return good


def _rest(entry: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if key not in names}


def node_link_data(topology: Topology) -> dict[str, Any]:
    """The topology as plain JSON data in node-link form, which ``topology_from_node_link`` reads.

    A price is written as text, "p/q", to stay exact.
    """
    nodes = []
    for name, attributes in topology.graph.nodes(data=True):
        entry = {"id": name, **attributes}
        if entry["kind"] == HOST and "usd_per_hour" in entry:
            entry["usd_per_hour"] = str(entry["usd_per_hour"])
        nodes.append(entry)
    edges = [
        {
            "source": link.a,
            "target": link.b,
            "name": link.name,
            "bytes_per_s": link.bytes_per_s,
            "latency_ps": link.latency_ps,
        }
        for link in topology.links
    ]
    return {
        "directed": False,
        "multigraph": False,
        "graph": {"name": topology.name},
        "nodes": nodes,
        "edges": edges,
    }
