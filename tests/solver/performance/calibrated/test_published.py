"""Orders of magnitude that were published, within wide bands: a slip of a unit would show."""

from __future__ import annotations

import pytest

from solver.catalog import shipped_catalog
from solver.catalog.parameters import parameter_breakdown
from solver.performance.calibrated.point import Layout, ServingPoint
from solver.performance.calibrated.serving import predict

CATALOG = shipped_catalog()


def tpot_s(
    model: str,
    machine: str,
    weight: str,
    layout: Layout,
    concurrency: float = 1,
    expert: str = "",
    lengths: tuple[int, int] = (1000, 1000),
) -> float:
    found = predict(
        [
            ServingPoint(
                model=CATALOG.model(model),
                accelerator=CATALOG.accelerator(machine),
                weight_format=weight,
                expert_format=expert or weight,
                kv_format="fp8",
                input_tokens=lengths[0],
                output_tokens=lengths[1],
                concurrency=concurrency,
                aggregated=layout,
            )
        ]
    )
    assert found.refused == (None,)
    return float(found.tpot_s[0])


@pytest.mark.parametrize(
    ("model", "machine", "weight", "layout"),
    [
        ("Llama-3.1-8B", "H100 SXM", "bf16", Layout(1)),
        ("Llama-3.1-70B", "H200 SXM", "fp8", Layout(1)),
        ("Llama-3.1-70B", "H100 SXM", "fp8", Layout(4)),
        ("Llama-3.1-405B", "H200 SXM", "fp8", Layout(8)),
        ("Qwen3-32B", "A100-80GB SXM", "bf16", Layout(2)),
    ],
)
def test_one_user_waits_at_least_for_the_weights_and_at_most_twice_that(
    model: str, machine: str, weight: str, layout: Layout
) -> None:
    # The roofline of Williams, Waterman and Patterson (2009) with the vendor's bandwidth; the
    # embedding is not read. Engines reach 50 to 85 % of it.
    entry = CATALOG.model(model)
    size = {"bf16": 2, "fp8": 1}[weight]
    parts = parameter_breakdown(entry)
    read = size * (parts.total - parts.embedding)
    bandwidth = CATALOG.accelerator(machine).hbm_bytes_per_s * layout.devices
    ratio = tpot_s(model, machine, weight, layout) / (read / bandwidth)
    assert 1.05 < ratio < 2.3


def test_llama_70b_in_fp8_on_one_h200_gives_a_token_in_18_to_24_ms() -> None:
    # 70 GB at 4.8 TB/s are 14.6 ms at the vendor's peak; about four fifths of it is reached.
    assert 0.0165 < tpot_s("Llama-3.1-70B", "H200 SXM", "fp8", Layout(1)) < 0.024


def test_deepseek_r1_on_eight_h200_gives_one_user_90_to_150_tokens_a_second() -> None:
    # Engines report 100 to 130 tok/s for one user without speculation on this machine.
    step_s = tpot_s("DeepSeek-R1", "H200 SXM", "fp8_block", Layout(8))
    assert 90 < 1 / step_s < 150


def test_gpt_oss_120b_on_one_h100_gives_one_user_150_to_300_tokens_a_second() -> None:
    step_s = tpot_s("gpt-oss-120b", "H100 SXM", "bf16", Layout(1), expert="mxfp4")
    assert 130 < 1 / step_s < 320


def test_wide_expert_parallelism_is_within_a_factor_of_three_of_deepseeks_own() -> None:
    # DeepSeek reports about 1,850 output tokens/s for each H800 in its decode pool of 144 devices,
    # at an average of 4,989 tokens of context ("DeepSeek-V3/R1 inference system overview",
    # 2025-02). Prompts are served elsewhere there, so the load here brings almost none. Their
    # popular experts lie on several devices; here the busiest device sets the pace, as in an engine
    # without such copies: below the figure, the more so the fewer experts a device has.
    layout = Layout(1, 1, 128, 128)
    load = 128.0 * 64
    step_s = tpot_s("DeepSeek-V3", "H100 SXM", "fp8_block", layout, load, lengths=(1, 8000))
    assert 1850 / 3 < load / step_s / 128 < 3 * 1850


def test_a_b200_is_faster_than_an_h100_and_not_more_than_its_bandwidth() -> None:
    ratio = tpot_s("Llama-3.1-70B", "H100 SXM", "fp8", Layout(2)) / tpot_s(
        "Llama-3.1-70B", "B200 SXM", "fp8", Layout(2)
    )
    assert 1.3 < ratio < 8.0 / 3.35
