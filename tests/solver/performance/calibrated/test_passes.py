"""Parts of a pass: what each depends on, and where there is none of it."""

from __future__ import annotations

import numpy as np
import pytest

from solver.catalog import shipped_catalog
from solver.performance.calibrated.constants import serving_constants
from solver.performance.calibrated.kernels import Formats
from solver.performance.calibrated.passes import Passes
from solver.performance.calibrated.point import Layout
from solver.performance.calibrated.replica import Columns, Replica

CATALOG = shipped_catalog()


def replica_of(model: str, weight: str = "fp8", expert: str = "") -> Replica:
    return Replica(
        CATALOG.model(model),
        CATALOG.accelerator("H200 SXM"),
        Formats(weight, expert or weight, "bf16"),
        serving_constants(),
    )


def passes_of(model: str, weight: str = "fp8", expert: str = "") -> Passes:
    return replica_of(model, weight, expert).passes


def test_experts_of_one_attention_group_exchange_nothing() -> None:
    cost = passes_of("DeepSeek-V3", "fp8_block").experts(8.0, 1.0, 8.0, np.array([64.0]))
    assert np.all(np.asarray(cost.network_s) == 0)


def test_experts_of_several_attention_groups_dispatch_and_combine() -> None:
    cost = passes_of("DeepSeek-V3", "fp8_block").experts(8.0, 8.0, 8.0, np.array([8.0]))
    assert np.all(np.asarray(cost.network_s) > 0)


def test_dispatched_layers_have_one_all_reduce_less() -> None:
    passes = passes_of("DeepSeek-V3", "fp8_block")
    whole = passes.reduces(4.0, np.array([64.0]), dispatched=False).seconds
    less = passes.reduces(4.0, np.array([64.0]), dispatched=True).seconds
    # 58 of 61 layers route; each layer has two all-reduces otherwise.
    np.testing.assert_allclose(less / whole, (2 * 61 - 58) / (2 * 61))


def test_one_device_reduces_nothing() -> None:
    cost = passes_of("Llama-3.1-70B").reduces(1.0, np.array([64.0]), dispatched=False)
    assert np.all(np.asarray(cost.network_s) == 0)


def test_no_sequences_attend_to_nothing() -> None:
    cost = passes_of("Llama-3.1-70B").decoding(4.0, np.array([0.0, 1.0]), 1000.0)
    assert cost.seconds[0] == 0 < cost.seconds[1]


def test_a_window_caps_the_time_of_local_layers() -> None:
    passes = passes_of("gpt-oss-120b", "bf16", "mxfp4")
    plain = passes_of("Llama-3.1-70B")
    grown = [
        float(one.decoding(1.0, 64.0, 32_000.0).seconds / one.decoding(1.0, 64.0, 8000.0).seconds)
        for one in (passes, plain)
    ]
    assert grown[0] < grown[1]


def test_linear_attention_takes_the_same_at_any_context() -> None:
    model = CATALOG.model("Qwen3.5-397B-A17B")
    passes = passes_of("Qwen3.5-397B-A17B")
    long, short = (float(passes.decoding(1.0, 64.0, n).seconds) for n in (40_000.0, 10_000.0))
    # A quarter of its layers attend in full; if all did, four times the context took four times.
    assert model.linear_attention_layers == 45
    assert long < 4 * short


@pytest.mark.parametrize("model", ["Llama-3.1-70B", "DeepSeek-V3"])
def test_a_prompt_attends_longer_the_longer_it_is(model: str) -> None:
    passes = passes_of(model, "fp8_block" if model == "DeepSeek-V3" else "fp8")
    times = [float(passes.prompts(4.0, 4096.0, n).seconds) for n in (4096.0, 16_384.0, 65_536.0)]
    assert times == sorted(times)


def test_the_host_takes_longer_with_more_sequences() -> None:
    costs = passes_of("Llama-3.1-8B").between_steps(np.array([1.0, 100.0])).seconds
    assert costs[1] - costs[0] == pytest.approx(99 * serving_constants().sequence_s)


def test_the_logits_of_more_devices_take_less_arithmetic() -> None:
    passes = passes_of("Llama-3.1-70B")
    one, eight = (passes.head(t, np.array([512.0])) for t in (1.0, 8.0))
    assert np.all(np.asarray(eight.arithmetic_s) < np.asarray(one.arithmetic_s))


def test_a_pass_is_the_sum_of_its_parts() -> None:
    replica = replica_of("Qwen3-235B-A22B", "fp8_block")
    passes, b = replica.passes, np.array([32.0])
    whole = replica.pass_cost(Columns.of([Layout(4, 1, 4)]), sequences=b, context=2000.0)
    parts = (
        passes.tokens(4.0, b)
        + passes.reduces(4.0, b, dispatched=False)
        + passes.decoding(4.0, b, 2000.0)
        + passes.experts(4.0, 1.0, 4.0, b)
        + passes.head(4.0, b)
        + passes.between_steps(b)
    )
    np.testing.assert_allclose(whole.seconds, parts.seconds, rtol=1e-12)


def test_expert_parallelism_changes_the_experts_alone() -> None:
    replica = replica_of("Qwen3-235B-A22B", "fp8_block")
    columns = Columns.of([Layout(8, 1, 1), Layout(8, 1, 8)])
    whole = replica.pass_cost(columns, sequences=256.0, context=2000.0).seconds
    alone = replica.passes.experts(8.0, 1.0, columns.expert_parallel, 256.0).seconds
    np.testing.assert_allclose(whole[1] - whole[0], alone[1] - alone[0], rtol=1e-6)
