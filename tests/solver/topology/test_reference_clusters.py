"""Clusters of the published placement cases as topologies: their orbits and hand-overs."""

from __future__ import annotations

import csv
from fractions import Fraction
from pathlib import Path

import pytest

from solver.topology import Host, Link, PathTable, Topology, host_orbits

DATA = Path(__file__).resolve().parents[3] / "../shared/data/placement/helix"
needs_data = pytest.mark.skipif(
    not (DATA / "links.csv").exists(), reason="the reference data is not beside this checkout"
)


def rows(name: str, instance: str) -> list[dict[str, str]]:
    with (DATA / name).open(newline="") as file:
        return [row for row in csv.DictReader(file) if row["instance"] == instance]


def cluster(instance: str) -> Topology:
    """The machines of a case and the links between them; its source and sink are left out."""
    hosts = tuple(Host(row["node"], row["gpu_type"], 1, 1) for row in rows("nodes.csv", instance))
    names = {host.name for host in hosts}
    links = tuple(
        Link(
            f"{row['a']}-{row['b']}",
            row["a"],
            row["b"],
            int(Fraction(row["bandwidth_MB_per_s"]) * 10**6),
            int(Fraction(row["latency_ms"]) * 10**9),
        )
        for row in rows("links.csv", instance)
        if {row["a"], row["b"]} <= names
    )
    return Topology(instance, hosts, (), links)


@needs_data
@pytest.mark.parametrize(
    ("instance", "sizes"),
    [
        ("single24_l70b", {"A100": [4], "L4": [8], "T4": [12]}),
        ("quality10_l30b", {"L4": [4], "T4": [6]}),
    ],
)
def test_machines_of_one_type_in_one_place_are_one_orbit(
    instance: str, sizes: dict[str, list[int]]
) -> None:
    found = cluster(instance)
    of_type: dict[str, list[int]] = {}
    for orbit in host_orbits(found):
        of_type.setdefault(found.host(orbit[0]).accelerator, []).append(len(orbit))
    assert of_type == sizes


@needs_data
def test_machines_across_regions_hand_over_by_their_own_slow_link() -> None:
    found = cluster("noprune24_l70b")
    widths = {path.bytes_per_s for *_, path in PathTable(found).pairs()}
    assert len(widths) > 1
    assert all(len(path.links) == 1 for *_, path in PathTable(found).pairs())
