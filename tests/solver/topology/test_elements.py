"""Hosts from catalog entries, and wires."""

from __future__ import annotations

from solver.catalog import shipped_catalog
from solver.topology import Link, Wire, host_of_accelerator


def test_a_catalog_entry_gives_a_host_with_its_node_and_network() -> None:
    entry = shipped_catalog().accelerator("H100 SXM")
    host = host_of_accelerator("dgx", entry, device_latency_ps=5)
    assert (host.devices, host.hbm_bytes) == (8, 80 * 10**9)
    assert (host.device_bytes_per_s, host.device_latency_ps) == (450 * 10**9, 5)


def test_a_device_that_is_its_own_node_has_no_inner_network() -> None:
    entry = shipped_catalog().accelerator("L4")
    host = host_of_accelerator("l4", entry, devices=2, device_latency_ps=5)
    assert (host.device_bytes_per_s, host.device_latency_ps) == (None, None)


def test_a_bundle_adds_bandwidth_and_keeps_latency() -> None:
    assert Wire(7, 3).bundle(4) == Wire(28, 3)


def test_a_link_is_named_after_its_sorted_ends() -> None:
    assert Link.over("b", "a", Wire(1, 0)).name == "a--b"
