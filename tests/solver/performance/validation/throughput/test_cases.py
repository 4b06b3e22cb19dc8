"""Questions that rows of the three sources ask."""

from __future__ import annotations

from collections.abc import Callable
from math import inf

import pytest

from solver.performance.calibrated.point import Layout
from solver.performance.validation.throughput.cases import Case
from solver.performance.validation.throughput.mlperf import mlperf_case
from solver.performance.validation.throughput.published import published_case
from solver.performance.validation.throughput.rows import ThroughputRow
from solver.performance.validation.throughput.tensorrt_llm import (
    ATTENTION_GROUPS_ASSUMED,
    tensorrt_llm_case,
)

MakeRow = Callable[..., ThroughputRow]


def _case(found: Case | str) -> Case:
    assert isinstance(found, Case), found
    return found


def test_a_page_states_the_length_of_its_runs(page_row: MakeRow) -> None:
    assert _case(tensorrt_llm_case(page_row())).requests == 3000


def test_lengths_without_a_stated_run_are_a_steady_state(page_row: MakeRow) -> None:
    assert _case(tensorrt_llm_case(page_row(isl=333, osl=444))).requests == inf


def test_mixture_models_of_page_1_0_share_experts_and_say_so(page_row: MakeRow) -> None:
    case = _case(tensorrt_llm_case(page_row(model="qwen3-235b-a22b", gpu="h200", n_gpus=8, tp=8)))
    assert case.layouts == (Layout(1, 1, 8, 8),)
    assert case.assumptions == (ATTENTION_GROUPS_ASSUMED,)


def test_mixture_models_of_earlier_pages_are_laid_out_as_stated(page_row: MakeRow) -> None:
    row = page_row(source="TensorRT-LLM perf-overview v0.14", model="mixtral-8x7b", n_gpus=4, tp=4)
    case = _case(tensorrt_llm_case(row))
    assert case.layouts == (Layout(4),)
    assert case.assumptions == ()


def test_degrees_that_miss_the_devices_of_the_row_are_refused(page_row: MakeRow) -> None:
    found = tensorrt_llm_case(page_row(n_gpus=4, tp=2))
    assert found == "the degrees do not multiply to the devices of the row"


def test_prompts_alone_are_measured_in_prompt_tokens(page_row: MakeRow) -> None:
    row = page_row(
        mode="batch1_prefill", output_tok_s_per_gpu=None, isl=2048, osl=1, batch=1, ttft_s=0.05
    )
    case = _case(tensorrt_llm_case(row))
    assert case.quantity == "prompt"
    assert case.measured == pytest.approx(2048 / 0.05)


def test_limits_of_a_server_scenario_are_read_from_the_notes(mlperf_row: MakeRow) -> None:
    row = mlperf_row(mode="Server", notes="x nodes=1; limits ttft=2s tpot=0.2s")
    case = _case(mlperf_case(row))
    assert (case.max_ttft_s, case.max_tpot_s) == (2.0, 0.2)


def test_a_server_scenario_without_limits_is_refused(mlperf_row: MakeRow) -> None:
    assert mlperf_case(mlperf_row(mode="Server")) == ("the limits of the scenario are not stated")


def test_a_result_of_several_nodes_is_laid_out_over_one(mlperf_row: MakeRow) -> None:
    case = _case(mlperf_case(mlperf_row(n_gpus=32, notes="x nodes=4")))
    assert max(layout.devices for layout in case.layouts) == 8


def test_changed_models_are_refused(mlperf_row: MakeRow) -> None:
    found = mlperf_case(mlperf_row(kind="measured_open_division"))
    assert found == "open division: the model may be a changed one"


def test_a_data_set_without_a_published_prompt_is_refused(mlperf_row: MakeRow) -> None:
    found = mlperf_case(mlperf_row(model="mixtral-8x7b", osl=145))
    assert isinstance(found, str)
    assert "mean prompt" in found


def test_a_batch_with_attention_groups_is_that_of_each_device(page_row: MakeRow) -> None:
    row = page_row(
        source="somebody", model="deepseek-v3", gpu="h800", mode="decode",
        tp=None, pp=None, n_gpus=None, ep=128, dp=128, isl=4096, osl=None, batch=128,
    )  # fmt: skip
    case = _case(published_case(row))
    assert case.batch == 128 * 128
    assert case.quantity == "decode"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"isl": None}, "lengths are not stated"),
        ({"tp": None, "dp": None}, "the layout is not stated"),
        ({"output_tok_s_per_gpu": None}, "the rate of output tokens is not stated"),
        ({"batch": None}, "the batch is not stated"),
    ],
)
def test_a_single_figure_that_states_too_little_is_refused_with_the_reason(
    page_row: MakeRow, change: dict[str, object], reason: str
) -> None:
    assert published_case(page_row(**({"mode": "decode", "batch": 8} | change))) == reason
