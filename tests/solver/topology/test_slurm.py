"""Slurm's topology.conf: what it gives, and how its faults read."""

from __future__ import annotations

from pathlib import Path

import pytest

from solver.errors import InstanceError
from solver.topology import Host, Topology, Wire
from solver.topology.slurm import parse_slurm_topology, read_slurm_topology

HOST = Host("any", "H100 SXM", 8, 80)
L4 = Host("l4", "L4", 1, 24)
WIRES = (Wire(50, 1), Wire(100, 2), Wire(200, 3))

TWO_LEAVES = """
# The fabric of the test cluster
SwitchName=leaf1 Nodes=n[01-02]   # first rack
switchname=leaf2 nodes=n[03-04,20] LinkSpeed=900
SwitchName=spine \\
    Switches=leaf[1-2]
"""


def parse(text: str) -> Topology:
    return parse_slurm_topology(text, host=HOST, wires=WIRES, where="topology.conf")


def faults(text: str) -> list[str]:
    with pytest.raises(InstanceError) as caught:
        parse(text)
    return [str(fault) for fault in caught.value.faults]


def test_nodes_and_switches_become_hosts_leaves_and_spines() -> None:
    found = parse(TWO_LEAVES)
    assert found.host_names == ("n01", "n02", "n03", "n04", "n20")
    assert {switch.name: switch.kind for switch in found.switches} == {
        "leaf1": "leaf",
        "leaf2": "leaf",
        "spine": "spine",
    }


def test_wires_are_taken_by_tier() -> None:
    found = parse(TWO_LEAVES + "SwitchName=core Switches=spine\nSwitchName=top Switches=core")
    widths = [
        found.link(*ends).bytes_per_s
        for ends in (("n01", "leaf1"), ("leaf1", "spine"), ("spine", "core"), ("core", "top"))
    ]
    assert widths == [50, 100, 200, 200]


def test_a_switch_above_spines_is_a_core() -> None:
    found = parse(TWO_LEAVES + "SwitchName=core Switches=spine")
    assert found.graph.nodes["core"]["kind"] == "core"


def test_machines_can_be_told_by_name() -> None:
    found = parse_slurm_topology(TWO_LEAVES, host={"n[01-04]": HOST, "n20": L4}, wires=WIRES)
    assert [host.accelerator for host in found.hosts] == ["H100 SXM"] * 4 + ["L4"]


def test_a_node_without_machine_is_named() -> None:
    with pytest.raises(InstanceError, match=r"nodes\.n20: .* Add the node to the machines"):
        parse_slurm_topology(TWO_LEAVES, host={"n[01-04]": HOST}, wires=WIRES)


def test_a_node_with_two_machines_is_named() -> None:
    with pytest.raises(InstanceError, match=r"'n01' has a machine already"):
        parse_slurm_topology(TWO_LEAVES, host={"n[01-20]": HOST, "n01": L4}, wires=WIRES)


def test_a_node_on_two_switches_is_a_duplicate() -> None:
    assert faults(
        "SwitchName=a Nodes=n[1-2]\nSwitchName=b Nodes=n2\nSwitchName=c Switches=a,b"
    ) == ["topology.conf: nodes.n2: 'n2' is listed 2 times. List it under one switch, once."]


def test_an_unknown_key_is_named_with_its_line() -> None:
    (fault,) = faults("SwitchName=a Nodes=n1 Speed=3")
    assert fault.startswith("topology.conf: line 1: 'Speed=3' is not a known key.")


def test_the_block_plugin_is_named_as_unknown() -> None:
    assert "only the tree plug-in is read" in faults("BlockName=b1 Nodes=n[1-2]")[0]


def test_a_switch_that_is_not_defined_is_named() -> None:
    (fault,) = faults("SwitchName=a Nodes=n1\nSwitchName=top Switches=a,b")
    assert fault.startswith("topology.conf: line 2: 'top' lists the switch 'b', which has no line")


def test_a_switch_that_is_defined_twice_is_named() -> None:
    (fault,) = faults("SwitchName=a Nodes=n1\nSwitchName=a Nodes=n2")
    assert "switch 'a' stands in line 1 already" in fault


def test_switches_in_a_circle_are_named() -> None:
    found = faults("SwitchName=a Switches=b\nSwitchName=b Switches=a")
    assert "a, b hang on each other in a circle" in found[0]


def test_leaves_that_nothing_joins_are_disconnected() -> None:
    (fault,) = faults("SwitchName=a Nodes=n1\nSwitchName=b Nodes=n2")
    assert "the graph is disconnected: 2 pieces" in fault


def test_a_switch_that_holds_nothing_is_named() -> None:
    (fault,) = faults("SwitchName=a Nodes=n1\nSwitchName=b")
    assert fault == (
        "topology.conf: line 2: nothing hangs on this switch. Add Nodes= or Switches=."
    )


def test_a_malformed_list_is_named_with_its_line() -> None:
    (fault,) = faults("SwitchName=a Nodes=n[3-1]")
    assert fault.startswith("topology.conf: line 1: nodes: '3-1' runs backwards in 'n[3-1]'")


def test_an_empty_file_has_no_switch() -> None:
    assert faults("# nothing\n") == [
        "topology.conf: SwitchName: there is no switch. Add SwitchName=NAME Nodes=LIST."
    ]


def test_every_fault_of_a_file_is_reported() -> None:
    assert len(faults("SwitchName=a Nodes=n1 X=1\nNodes=n2\nSwitchName=c Switches=d")) == 3


def test_without_wires_there_is_no_topology() -> None:
    with pytest.raises(ValueError, match="at least one wire"):
        parse_slurm_topology(TWO_LEAVES, host=HOST, wires=())


def test_a_file_is_read_and_named_after_itself(tmp_path: Path) -> None:
    path = tmp_path / "cluster.conf"
    path.write_text(TWO_LEAVES)
    found = read_slurm_topology(path, host=HOST, wires=WIRES)
    assert (found.name, found.where) == ("cluster", str(path))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InstanceError, match=r"none\.conf: cannot be read"):
        read_slurm_topology(tmp_path / "none.conf", host=HOST, wires=WIRES)


def test_a_directory_is_named(tmp_path: Path) -> None:
    with pytest.raises(InstanceError, match="is a directory"):
        read_slurm_topology(tmp_path, host=HOST, wires=WIRES)


def test_a_file_in_another_encoding_is_named(tmp_path: Path) -> None:
    path = tmp_path / "cluster.conf"
    path.write_bytes(b"SwitchName=\xff")
    with pytest.raises(InstanceError, match=r"not text in UTF-8 .* at byte 11"):
        read_slurm_topology(path, host=HOST, wires=WIRES)


def test_a_key_may_stand_apart_from_its_value() -> None:
    assert parse("SwitchName = leaf Nodes = n[1-2]").host_names == ("n1", "n2")


def test_a_value_may_stand_in_quotes() -> None:
    assert parse('SwitchName=leaf Nodes="n[1-2]"').host_names == ("n1", "n2")
