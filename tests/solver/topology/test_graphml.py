"""GraphML: round trips and faults."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given

from solver.errors import InstanceError
from solver.topology import Topology
from solver.topology.graphml import parse_graphml, read_graphml, write_graphml
from tests.oracles.small_topologies import patient, small_topologies

HEAD = """<?xml version='1.0' encoding='utf-8'?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
<key id="k" for="node" attr.name="kind" attr.type="string"/>
<key id="c" for="node" attr.name="accelerator" attr.type="string"/>
<key id="d" for="node" attr.name="devices" attr.type="int"/>
<key id="m" for="node" attr.name="hbm_gb" attr.type="double"/>
<key id="b" for="edge" attr.name="gbit_per_s" attr.type="double"/>
<key id="l" for="edge" attr.name="latency_us" attr.type="double"/>
"""
HOST = (
    '<data key="k">host</data><data key="c">L4</data><data key="d">1</data><data key="m">24</data>'
)
NODES = f'<node id="a">{HOST}</node><node id="b">{HOST}</node>'
WIRE = '<data key="b">0.8</data><data key="l">1.5</data>'
EDGE = f'<edge id="e0" source="a" target="b">{WIRE}</edge>'


def graphml(nodes: str = NODES, edges: str = EDGE, default: str = "undirected") -> str:
    return f'{HEAD}<graph edgedefault="{default}">{nodes}{edges}</graph></graphml>'


def faults(text: str) -> list[str]:
    with pytest.raises(InstanceError) as caught:
        parse_graphml(text, name="net", where="net.graphml")
    return [str(fault) for fault in caught.value.faults]


@patient
@given(small_topologies())
def test_what_is_written_is_read_back(topology: Topology) -> None:
    assert parse_graphml(write_graphml(topology), name="") == topology


def test_a_file_of_another_program_is_read(tmp_path: Path) -> None:
    path = tmp_path / "net.graphml"
    path.write_text(graphml())
    found = read_graphml(path)
    link = found.link("a", "b")
    assert (found.name, found.host("a").hbm_bytes) == ("net", 24 * 10**9)
    assert (link.name, link.bytes_per_s, link.latency_ps) == ("e0", 10**8, 1_500_000)


def test_a_key_without_type_is_read_by_its_text() -> None:
    untyped = graphml().replace(
        ' attr.name="gbit_per_s" attr.type="double"', ' attr.name="gbit_per_s"'
    )
    assert parse_graphml(untyped, name="n") == parse_graphml(graphml(), name="n")


def test_duplicate_hosts_are_named() -> None:
    assert faults(graphml(nodes=NODES + f'<node id="a">{HOST}</node>')) == [
        "net.graphml: nodes.a: there are 2 nodes of this name. "
        "Give every host and switch its own name."
    ]


def test_a_link_without_bandwidth_is_named() -> None:
    (fault,) = faults(graphml(edges='<edge source="a" target="b"><data key="l">1</data></edge>'))
    assert fault.startswith("net.graphml: links.a--b: the link has no bandwidth")


def test_a_directed_graph_is_refused() -> None:
    (fault,) = faults(graphml(default="directed"))
    assert "the graph is directed" in fault


def test_parallel_edges_are_named() -> None:
    (fault,) = faults(graphml(edges=EDGE + f'<edge id="e1" source="a" target="b">{WIRE}</edge>'))
    assert "joins 'a' and 'b'" in fault


def test_a_self_loop_is_named() -> None:
    (fault,) = faults(graphml(edges=EDGE + f'<edge id="e1" source="a" target="a">{WIRE}</edge>'))
    assert fault.startswith("net.graphml: links.e1: it joins 'a' with itself")


def test_a_disconnected_graph_is_named() -> None:
    (fault,) = faults(graphml(edges=""))
    assert "the graph is disconnected" in fault


@pytest.mark.parametrize("text", ["", "<graphml", "no xml"])
def test_what_is_no_xml_is_refused(text: str) -> None:
    assert "is not GraphML" in faults(text)[0]


def test_xml_without_a_graph_is_refused() -> None:
    assert faults(HEAD + "</graphml>")[0].startswith("net.graphml: ")


def test_an_edge_to_no_node_names_the_edge() -> None:
    edge = EDGE.replace('target="b"', 'target="c"')
    text = f'{HEAD}<graph edgedefault="undirected">{NODES}{EDGE}{edge}</graph></graphml>'
    with pytest.raises(InstanceError) as caught:
        parse_graphml(text.replace('id="e0"', "", 1), name="x", where="x.graphml")
    (fault,) = caught.value.faults
    assert "its end 'c' is no node" in str(fault)
