"""Collectives between nodes, by ring and by tree."""

from __future__ import annotations

import numpy as np
import pytest

from solver.performance.operators.collective import CollectiveKind
from solver.performance.operators.scale_out import EXCHANGE_S, ScaleOut, between_nodes_s

CARDS = ScaleOut(50e9)


def seconds(
    kind: CollectiveKind, nodes: float, size: float, *, inside: float = 1.0, on: ScaleOut = CARDS
) -> float:
    return float(
        between_nodes_s(
            on, kind=kind, nodes=np.asarray(nodes), message_bytes=np.asarray(size), inside=inside
        )
    )


def test_small_gathers_run_in_the_protocol_of_least_latency() -> None:
    # LL: 6.6 us and three hops of 2.7 us.
    assert seconds("all_gather", 4, 1.0) == pytest.approx(6.6e-6 + 3 * 2.7e-6, rel=1e-3)


def test_large_gathers_run_without_flags() -> None:
    # Simple: 8.4 us, three hops of 14 us, three quarters at 0.94 of the rate.
    assert seconds("all_gather", 4, 1e10) == pytest.approx(8.4e-6 + 3 * 14e-6 + 0.75 * 1e10 / 47e9)


def test_small_reductions_of_many_nodes_climb_a_tree() -> None:
    # LL tree: 6.8 us, six levels of 5 us up and down; a ring has 126 hops.
    assert seconds("all_reduce", 64, 1.0) == pytest.approx(6.8e-6 + 12 * 5e-6, rel=1e-3)


def test_large_reductions_run_in_a_ring() -> None:
    assert seconds("all_reduce", 4, 1e10) == pytest.approx(8.4e-6 + 6 * 14e-6 + 1.5 * 1e10 / 47e9)


def test_a_reduce_scatter_mirrors_an_all_gather() -> None:
    assert seconds("reduce_scatter", 8, 1e6) == seconds("all_gather", 8, 1e6)


def test_devices_of_a_node_share_the_vector_among_their_cards() -> None:
    one, eight = seconds("all_reduce", 4, 8e10), seconds("all_reduce", 4, 8e10, inside=8)
    assert one / eight == pytest.approx(8 * (2 * 3 / 4) / (2 * 31 / 32), rel=1e-3)


def test_an_all_to_all_sends_what_leaves_the_node() -> None:
    assert seconds("alltoall", 4, 1e9, inside=8) == pytest.approx(EXCHANGE_S + 0.75 * 1e9 / 47e9)


def test_a_hop_takes_no_less_than_the_way() -> None:
    far = ScaleOut(50e9, path_s=1e-3)
    assert seconds("all_gather", 4, 1.0, on=far) == pytest.approx(3e-3 + 6.6e-6, rel=1e-3)
    assert seconds("alltoall", 4, 1.0, on=far) == pytest.approx(1e-3, rel=1e-3)


def test_a_fabric_takes_a_microsecond_a_hop() -> None:
    fabric = ScaleOut(200e9, fabric=True)
    assert seconds("all_gather", 16, 1.0, on=fabric) == pytest.approx(15e-6, rel=1e-3)
    assert seconds("alltoall", 16, 1.0, on=fabric) == pytest.approx(1e-6, rel=1e-3)


def test_a_network_without_a_rate_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a rate"):
        ScaleOut(0.0)
    with pytest.raises(ValueError, match="no negative path"):
        ScaleOut(1.0, path_s=-1.0)
