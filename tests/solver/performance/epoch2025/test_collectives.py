from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solver.catalog.domain import Accelerator
from solver.performance.epoch2025.collectives import (
    Collective,
    Line,
    collective_lines,
    collective_time,
)


def lines_of(
    accelerator: Accelerator, ranks: float, nodes: float, collective: Collective = "allreduce"
) -> dict[str, Line]:
    lines = collective_lines(collective, ranks=ranks, nodes=nodes, accelerator=accelerator)
    return {line.protocol: line for line in lines}


@pytest.mark.parametrize(
    ("protocol", "latency_us"), [("LL", 15.2), ("LL128", 31.5), ("Simple", 392.0)]
)
def test_an_allreduce_over_one_node_of_eight_has_the_published_latency(
    device: Accelerator, protocol: str, latency_us: float
) -> None:
    assert lines_of(device, 8, 1)[protocol].latency_s == pytest.approx(latency_us * 1e-6, rel=1e-12)


@pytest.mark.parametrize(
    ("message_bytes", "protocol"), [(1024, "LL"), (10**7, "LL128"), (10**10, "Simple")]
)
def test_small_messages_take_ll_middling_ones_ll128_and_large_ones_simple(
    device: Accelerator, message_bytes: int, protocol: str
) -> None:
    time = collective_time(
        "allreduce", ranks=8, nodes=1, message_bytes=message_bytes, accelerator=device
    )
    assert time.protocol == protocol


def test_a_single_rank_sends_nothing(device: Accelerator) -> None:
    time = collective_time("allreduce", ranks=1, nodes=1, message_bytes=1e9, accelerator=device)
    assert (time.time_s, time.protocol) == (0.0, "none")


def test_links_carry_half_of_one_direction(device: Accelerator) -> None:
    # 7 of 8 parts cross the links of a node, at 450 / 2 GB/s.
    assert lines_of(device, 8, 1)["Simple"].s_per_byte == pytest.approx(7 / 8 / 225e9, rel=1e-12)


def test_between_nodes_the_slow_link_carries_one_part_a_node(device: Accelerator) -> None:
    # 16 ranks on 2 nodes: 14 parts inside, 1 between, of 16.
    expected = 14 / (16 * 225e9) + 1 / (16 * 25e9)
    assert lines_of(device, 16, 2)["Simple"].s_per_byte == pytest.approx(expected, rel=1e-12)


def test_ll_moves_bytes_at_half_and_ll128_at_95_per_cent_of_the_link(device: Accelerator) -> None:
    lines = lines_of(device, 8, 1)
    simple = lines["Simple"].s_per_byte
    assert lines["LL"].s_per_byte == pytest.approx(simple / 0.5, rel=1e-12)
    assert lines["LL128"].s_per_byte == pytest.approx(simple / 0.95, rel=1e-12)


def test_a_hand_over_between_two_nodes_takes_one_tree_level_and_half_the_bytes(
    device: Accelerator,
) -> None:
    line = lines_of(device, 2, 2, "p2p")["LL"]
    assert line.latency_s == pytest.approx(5e-6 + 6.8e-6, rel=1e-12)
    assert line.s_per_byte == pytest.approx(0.5 / (2 * 25e9 * 0.5), rel=1e-12)


def test_an_allgather_goes_round_once_where_an_allreduce_goes_twice(device: Accelerator) -> None:
    gather = lines_of(device, 8, 1, "allgather")["Simple"].latency_s
    assert lines_of(device, 8, 1)["Simple"].latency_s == pytest.approx(2 * gather, rel=1e-12)


def test_a_linear_collective_pays_a_microsecond_a_hop_each_way(device: Accelerator) -> None:
    ring = replace(
        device, collectives="linear", scale_up_bytes_per_s=math.inf, scale_out_bytes_per_s=330e9
    )
    line = lines_of(ring, 5, 5)["linear"]
    assert line.latency_s == pytest.approx(8e-6, rel=1e-12)
    assert line.s_per_byte == pytest.approx(4 / (5 * 165e9), rel=1e-12)


def test_erratum_b2_base_latencies_do_not_follow_the_accelerator(device: Accelerator) -> None:
    instant = replace(device, kernel_launch_s=0.0)
    assert lines_of(instant, 8, 1) == lines_of(device, 8, 1)


def test_erratum_b8_ranks_and_nodes_may_be_fractions(device: Accelerator) -> None:
    line = lines_of(device, 4, math.sqrt(2))["LL"]
    expected = 2 * (0.6e-6 * (4 / math.sqrt(2) - 1) + 5e-6 * 0.5) + 6.8e-6
    assert line.latency_s == pytest.approx(expected, rel=1e-12)


def test_erratum_b8_less_than_one_rank_is_free(device: Accelerator) -> None:
    assert collective_lines("allreduce", ranks=0.7, nodes=1, accelerator=device) == ()


def test_more_nodes_than_ranks_leave_nothing_to_send_inside(device: Accelerator) -> None:
    # The clamp: without it the difference of ranks and nodes would earn time back.
    expected = (2 - 1) / (1.5 * 25e9)
    assert lines_of(device, 1.5, 2)["Simple"].s_per_byte == pytest.approx(expected, rel=1e-12)


@given(
    ranks=st.floats(1.01, 2000),
    node=st.sampled_from([1, 8]),
    message_bytes=st.floats(0, 1e12),
    collective=st.sampled_from(["allreduce", "allgather", "p2p"]),
)
def test_the_protocol_chosen_is_the_fastest_in_total(
    device: Accelerator, ranks: float, node: int, message_bytes: float, collective: Collective
) -> None:
    nodes = math.ceil(ranks / node)
    time = collective_time(
        collective, ranks=ranks, nodes=nodes, message_bytes=message_bytes, accelerator=device
    )
    lines = collective_lines(collective, ranks=ranks, nodes=nodes, accelerator=device)
    assert time.time_s == min(line.latency_s + line.s_per_byte * message_bytes for line in lines)


@given(ranks=st.integers(2, 1024), sizes=st.tuples(st.floats(0, 1e12), st.floats(0, 1e12)))
def test_a_larger_message_is_never_faster(
    device: Accelerator, ranks: int, sizes: tuple[float, float]
) -> None:
    small, large = (
        collective_time(
            "allreduce",
            ranks=ranks,
            nodes=math.ceil(ranks / 8),
            message_bytes=size,
            accelerator=device,
        ).time_s
        for size in sorted(sizes)
    )
    assert small <= large
