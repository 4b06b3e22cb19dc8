"""GraphML, as networkx, yEd or Gephi write it. Attribute names are those of ``attributes.py``.

networkx reads the attributes; nodes are counted beforehand in the XML, as networkx merges nodes
of one id without a word.
"""

from __future__ import annotations

import warnings
from collections import Counter
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from solver.errors import Fault, InstanceError
from solver.topology.attributes import topology_from_attributes
from solver.topology.graph import Topology
from solver.topology.node_link import node_link_data
from solver.topology.text_files import read_text

__all__ = ["parse_graphml", "read_graphml", "write_graphml"]


def read_graphml(path: Path) -> Topology:
    """Read a GraphML file.

    Raises
    ------
    InstanceError
        With every fault.
    """
    return parse_graphml(read_text(path), name=path.stem, where=str(path))


def parse_graphml(text: str, *, name: str, where: str = "GraphML") -> Topology:
    """The topology that a GraphML text describes; ``name`` is used where the graph has none.

    Raises
    ------
    InstanceError
        With every fault: no XML, no graph, a directed graph, a node that is written twice, and
        those of ``topology_from_attributes``.
    """
    import networkx as nx

    mend = "Write it with networkx.write_graphml"
    try:
        root = ElementTree.fromstring(text)
        with warnings.catch_warnings():
            # It warns of ports, which say where a drawing's edge ends, and of keys without a type,
            # whose text is read as a number here where one is expected.
            warnings.simplefilter("ignore", UserWarning)
            graph: Any = nx.parse_graphml(text)
    except (ElementTree.ParseError, nx.NetworkXException, ValueError, KeyError) as error:
        # networkx raises KeyError for attributes without a declared key.
        raise InstanceError.one(f"is not GraphML ({error})", where=where, mend=mend) from error
    except StopIteration as error:
        raise InstanceError.one("holds no graph", where=where, mend=mend) from error
    faults: list[Fault] = []
    if graph.is_directed():
        faults.append(
            Fault(
                f"{where}: edgedefault",
                "the graph is directed, and a link carries the same both ways",
                "Write edgedefault='undirected', and one edge for each pair of neighbours",
            )
        )
    counts = Counter(
        str(element.get("id")) for element in root.iter() if element.tag.endswith("}node")
    )
    faults += [
        Fault(
            f"{where}: nodes.{node}",
            f"there are {count} nodes of this name",
            "Give every host and switch its own name",
        )
        for node, count in counts.items()
        if count > 1
    ]
    return topology_from_attributes(
        str(graph.graph.get("name") or name),
        # networkx adds a node for every unknown end of an edge; then the edge is named.
        [(str(n), attributes) for n, attributes in graph.nodes(data=True) if str(n) in counts],
        [(str(a), str(b), _plain(attributes)) for a, b, attributes in _edges(graph)],
        where=where,
        further=faults,
    )


def _edges(graph: Any) -> list[tuple[str, str, dict[str, Any]]]:
    if not graph.is_multigraph():
        return list(graph.edges(data=True))
    # Of parallel edges networkx makes the XML ids keys, or small numbers where there are none.
    return [
        (a, b, {**attributes, "id": key} if isinstance(key, str) else attributes)
        for a, b, key, attributes in graph.edges(keys=True, data=True)
    ]


def _plain(attributes: dict[str, Any]) -> dict[str, Any]:
    # networkx keeps the edge's XML id as an attribute; it names the link where no name is given.
    rest = {key: value for key, value in attributes.items() if key != "id"}
    if "id" in attributes:
        rest.setdefault("name", attributes["id"])
    return rest


def write_graphml(topology: Topology) -> str:
    """The topology as a GraphML text, which ``parse_graphml`` reads."""
    import networkx as nx

    data = node_link_data(topology)
    graph: nx.Graph[str] = nx.Graph(name=topology.name)
    for node in data["nodes"]:
        graph.add_node(node.pop("id"), **node)
    for edge in data["edges"]:
        graph.add_edge(edge.pop("source"), edge.pop("target"), **edge)
    return "\n".join(nx.generate_graphml(graph))
