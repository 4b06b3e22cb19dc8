"""Rounded copies of a topology bracket it, and merge hosts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solver.topology import Host, Link, PathTable, Switch, Topology, host_orbits
from solver.topology.rounding import Side, rounded
from tests.oracles.small_topologies import patient, small_topologies

LEVELS = st.lists(st.integers(1, 9), max_size=3)


def uneven() -> Topology:
    """Four hosts on a leaf, no two links alike."""
    return Topology(
        "uneven",
        tuple(Host(f"h{i}", "L4", 1, 24) for i in range(4)),
        (Switch("leaf", "leaf"),),
        tuple(Link(f"l{i}", f"h{i}", "leaf", 101 + i, 51 + i) for i in range(4)),
    )


@pytest.mark.parametrize(("side", "expected"), [("cautious", (100, 60)), ("generous", (110, 50))])
def test_figures_move_to_the_level_on_their_side(side: Side, expected: tuple[int, int]) -> None:
    found = rounded(uneven(), side=side, bytes_per_s=(110, 100), latency_ps=(50, 60))
    assert {(link.bytes_per_s, link.latency_ps) for link in found.links} == {expected}


def test_hosts_that_rounding_makes_alike_form_one_orbit() -> None:
    assert len(host_orbits(uneven())) == 4
    found = rounded(uneven(), side="cautious", bytes_per_s=(100,), latency_ps=(60,))
    assert len(host_orbits(found)) == 1


def test_a_figure_without_a_level_on_its_side_is_kept() -> None:
    assert rounded(uneven(), side="cautious", bytes_per_s=(500,), latency_ps=(1,)) == uneven()


def test_a_figure_on_a_level_stays() -> None:
    found = rounded(uneven(), side="generous", bytes_per_s=(102, 200))
    assert [link.bytes_per_s for link in found.links] == [102, 102, 200, 200]


@patient
@given(small_topologies(widest=9), LEVELS, LEVELS)
def test_the_true_latency_of_a_path_lies_between_the_rounded_ones(
    topology: Topology, bandwidths: list[int], latencies: list[int]
) -> None:
    def tables(side: Side) -> dict[tuple[str, str], int]:
        copy = rounded(topology, side=side, bytes_per_s=bandwidths, latency_ps=latencies)
        return {(a, b): path.latency_ps for a, b, path in PathTable(copy).pairs()}

    cautious, generous = tables("cautious"), tables("generous")
    for a, b, path in PathTable(topology).pairs():
        assert generous[a, b] <= path.latency_ps <= cautious[a, b]


@patient
@given(small_topologies(widest=9), LEVELS)
def test_every_link_lies_between_its_rounded_copies(topology: Topology, levels: list[int]) -> None:
    below = rounded(topology, side="cautious", bytes_per_s=levels)
    above = rounded(topology, side="generous", bytes_per_s=levels)
    for one, link, other in zip(below.links, topology.links, above.links, strict=True):
        assert one.bytes_per_s <= link.bytes_per_s <= other.bytes_per_s
