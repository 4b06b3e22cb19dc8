"""Rates and times of a replica: by hand, by a simulated cycle, and at their limits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from solver.performance.serving import aggregated, decode_only, prefill_only

ONE = np.ones(1)
seconds = st.floats(1e-4, 10.0)


def whole(step: float, batch: int, prefill: float, output: float, stages: int = 1) -> list[float]:
    served = aggregated(
        step_s=step * ONE,
        batch=batch * ONE,
        prefill_s=prefill * ONE,
        stages=stages,
        output_tokens=output,
    )
    return [float(v[0]) for v in (served.requests_per_s, served.tpot_s, served.ttft_s)]


def test_a_replica_by_hand() -> None:
    # b = 0.2, T = 0.01, B = 10, O = 100: 0.2 + 100 x 0.01 / 10 = 0.3 s a request.
    rate, tpot, ttft = whole(0.01, 10, 0.2, 100)
    assert rate == pytest.approx(1 / 0.3)
    assert tpot == pytest.approx(0.01 + 10 * 0.2 / 100)
    assert ttft == pytest.approx(0.21)


def test_a_cycle_of_the_full_batch_gives_the_same() -> None:
    # B requests one after another in slots of a batch: over O steps each slot turns over once.
    step, batch, prefill, output = 0.02, 7, 0.3, 50
    clock, finished = 0.0, 0
    left = [output - k * output // batch for k in range(batch)]
    while finished < 70:
        clock += step
        for slot in range(batch):
            left[slot] -= 1
            if left[slot] == 0:
                finished += 1
                clock += prefill
                left[slot] = output
    rate, tpot, _ = whole(step, batch, prefill, output)
    assert finished / clock == pytest.approx(rate, rel=0.02)
    assert clock / (finished * output / batch) == pytest.approx(tpot, rel=0.02)


@given(step=seconds, batch=st.integers(1, 512), prefill=seconds, output=st.integers(1, 4000))
def test_rate_and_time_between_tokens_agree(
    step: float, batch: int, prefill: float, output: int
) -> None:
    # Little's law: B requests in flight, each for O tokens.
    rate, tpot, _ = whole(step, batch, prefill, output)
    assert rate * output * tpot == pytest.approx(batch)
    assert rate == pytest.approx(1 / (prefill + output * step / batch))


def test_stages_share_the_prompts() -> None:
    rate, _, ttft = whole(0.01, 10, 0.4, 100, stages=2)
    assert rate == pytest.approx(whole(0.01, 10, 0.2, 100)[0])
    assert ttft == pytest.approx(0.41)


def test_a_prefill_replica_makes_one_cache_after_the_other() -> None:
    served = prefill_only(prefill_s=0.5 * ONE, stages=1, transfer_s=0.1 * ONE)
    assert served.requests_per_s.tolist() == [2.0]
    assert served.ttft_s.tolist() == [0.6]
    assert np.isnan(served.tpot_s).all()


def test_a_slow_link_paces_a_prefill_replica() -> None:
    served = prefill_only(prefill_s=0.5 * ONE, stages=1, transfer_s=2.0 * ONE)
    assert served.requests_per_s.tolist() == [0.5]


def test_a_decode_replica_is_paced_by_its_steps() -> None:
    served = decode_only(step_s=0.02 * ONE, batch=8 * ONE, output_tokens=100.0)
    assert served.requests_per_s == pytest.approx(4.0)
    assert served.tpot_s.tolist() == [0.02]
    assert np.isnan(served.ttft_s).all()


@given(step=seconds, batch=st.integers(1, 512), output=st.integers(1, 4000))
def test_without_prompts_a_whole_replica_is_a_decode_replica(
    step: float, batch: int, output: int
) -> None:
    rate, tpot, _ = whole(step, batch, 0.0, output)
    alone = decode_only(step_s=step * ONE, batch=batch * ONE, output_tokens=float(output))
    assert rate == pytest.approx(float(alone.requests_per_s[0]))
    assert tpot == float(alone.tpot_s[0])


def test_arrays_give_the_same_floats_as_single_values() -> None:
    step, batch = np.array([[0.011], [0.013]]), np.array([[3.0, 17.0, 64.0]])
    served = aggregated(
        step_s=step * batch**0.1,
        batch=batch,
        prefill_s=np.array([[0.3], [0.1]]),
        stages=2,
        output_tokens=300.0,
    )
    assert served.requests_per_s.shape == (2, 3)
    alone = aggregated(
        step_s=(step * batch**0.1)[1:, 2:],
        batch=batch[:, 2:],
        prefill_s=np.array([[0.1]]),
        stages=2,
        output_tokens=300.0,
    )
    for name in ("requests_per_s", "tpot_s", "ttft_s"):
        assert getattr(served, name)[1, 2] == getattr(alone, name)[0, 0]
