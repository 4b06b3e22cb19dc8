"""KV caches between pools: what the slowest pairing takes, and what links are busy with."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from solver.catalog import shipped_catalog
from solver.lowering.fleet.hand_over import (
    Receivers,
    hand_over_s,
    link_rate,
    receive_s,
    send_s,
)
from solver.performance.calibrated.constants import serving_constants
from solver.performance.calibrated.kernels import Formats
from solver.performance.calibrated.point import Layout
from solver.performance.calibrated.replica import Columns, Replica

CATALOG = shipped_catalog()
H200 = CATALOG.accelerators["H200 SXM"]
DENSE = Replica(
    CATALOG.models["Llama-3.1-70B"], H200, Formats("fp8", "fp8", "fp8"), serving_constants()
)
LATENT = Replica(
    CATALOG.models["DeepSeek-V3"],
    H200,
    Formats("fp8_block", "fp8_block", "fp8"),
    serving_constants(),
)
ROWS = [Layout(8), Layout(4, pipeline_parallel=2), Layout(2, attention_data_parallel=4)]
SENDERS = Columns.of(ROWS)
LINK = link_rate(H200, None)


def test_the_rate_of_a_link_is_the_accelerators_unless_stated() -> None:
    assert H200.scale_out_bytes_per_s == LINK
    assert link_rate(H200, Fraction(3)) == 3.0


@pytest.mark.parametrize("replica", [DENSE, LATENT])
def test_the_slowest_of_all_pairings_counts(replica: Replica) -> None:
    takers = [Layout(1), Layout(2), Layout(16)]
    receivers = Receivers.of(Columns.of(takers), LINK)
    found = hand_over_s(replica, SENDERS, receivers, input_tokens=4000.0, bytes_per_s=LINK)
    for row, layout in enumerate(ROWS):
        each = [
            float(replica.hand_over_s(Columns.of([layout]), Columns.of([taker]), 4000.0)[0])
            for taker in takers
        ]
        assert found[row] == pytest.approx(max(each))


def test_a_further_receiver_never_hastens_a_hand_over() -> None:
    few = Receivers.of(Columns.of([Layout(4)]), LINK)
    more = Receivers.together([few, Receivers.of(Columns.of([Layout(2)]), LINK / 7)])
    before, after = (
        hand_over_s(DENSE, SENDERS, takers, input_tokens=1000.0, bytes_per_s=LINK)
        for takers in (few, more)
    )
    assert np.all(after >= before)


def test_copies_of_a_latent_cache_are_all_sent() -> None:
    one, eight = (
        send_s(
            LATENT,
            SENDERS,
            Receivers.of(Columns.of([Layout(tensor)]), LINK),
            input_tokens=1e6,
            bytes_per_s=LINK,
        )
        for tensor in (1, 8)
    )
    # The fixed time of a transfer is small beside a prompt of a million tokens.
    assert eight / one == pytest.approx([8.0] * len(ROWS), rel=0.01)


def test_more_devices_receive_a_grouped_query_cache_faster() -> None:
    taken = receive_s(DENSE, Columns.of([Layout(1), Layout(8)]), input_tokens=1e6, bytes_per_s=LINK)
    assert taken[0] / taken[1] == pytest.approx(8.0, rel=0.01)


def test_a_hand_over_is_no_shorter_than_what_either_end_is_busy() -> None:
    receivers = Receivers.of(Columns.of([Layout(2)]), LINK / 3)
    whole = hand_over_s(DENSE, SENDERS, receivers, input_tokens=4000.0, bytes_per_s=LINK)
    sent = send_s(DENSE, SENDERS, receivers, input_tokens=4000.0, bytes_per_s=LINK)
    taken = receive_s(DENSE, Columns.of([Layout(2)]), input_tokens=4000.0, bytes_per_s=LINK / 3)
    assert np.all(whole >= np.maximum(sent, taken))
