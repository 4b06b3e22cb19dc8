"""Questions to the calibrated model: formats, faults, drafts, and designs there and back."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from solver.errors import FleetError, UnsupportedModelError
from solver.instance.domain import ReplicaInstance
from solver.lowering.design import design_alone, designs, evaluate_alone, locate
from solver.lowering.space import ReplicaSpace, lower_replica

Small = Callable[..., ReplicaInstance]
DRAFT = {"model": "Qwen3-8B", "acceptance": "0.7", "tokens": [0, 3]}
PROMPTS = {"model": "Qwen3-30B-A3B", "input_tokens": 2000, "output_tokens": 300}


def formats(space: ReplicaSpace) -> set[tuple[str, str]]:
    found = [family.step.precision for family in space.families]
    return {(precision.weight_format, precision.kv_format) for precision in found}


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, {("bf16", "bf16")}),
        ({"design__weight_bits": [8, 16]}, {("fp8", "bf16"), ("bf16", "bf16")}),
        ({"design__weight_format": ["fp8_block"], "design__kv_bits": [8]}, {("fp8_block", "fp8")}),
        ({"workload__model": "gpt-oss-20b"}, {("mxfp4", "bf16")}),
        ({"design__accelerator": "A100-80GB SXM", "design__weight_bits": [8]}, {("int8", "bf16")}),
        ({"design__accelerator": "B200 SXM", "design__weight_bits": [4]}, {("nvfp4", "bf16")}),
    ],
)
def test_a_width_becomes_the_format_that_the_machine_runs(
    mixture: Small, changes: dict[str, Any], found: set[tuple[str, str]]
) -> None:
    space = lower_replica(
        mixture(design__tensor_parallel=[4], design__attention_data_parallel=[1], **changes)
    )
    assert formats(space) == found


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"design__weight_format": "nvfp4"}, ["design.weight_format", "H100 SXM", "4-bit"]),
        (
            {"design__accelerator": "A100-80GB SXM", "design__weight_format": "fp8"},
            ["design.weight_format", "A100-80GB SXM", "fp8"],
        ),
        ({"design__weight_bits": [5]}, ["design.weight_bits", "5-bit"]),
        ({"design__kv_bits": [4]}, ["design.kv_bits", "4-bit cache"]),
        ({"design__tensor_parallel_2d": [4]}, ["design.tensor_parallel_2d", "one dimension"]),
        ({"rules__hbm_account": "published"}, ["rules.hbm_account", "published"]),
        (
            {
                "models": [
                    {"extends": "Llama-3.1-8B", "name": "odd", "features": ["holographic heads"]}
                ],
                "workload__model": "odd",
            },
            ["workload.model", "holographic heads"],
        ),
        (
            {
                "models": [
                    {"extends": "Qwen3-8B", "name": "odd", "features": ["holographic heads"]}
                ],
                "draft": {**DRAFT, "model": "odd"},
            },
            ["draft.model", "holographic heads"],
        ),
    ],
)
def test_what_the_model_does_not_know_is_refused_by_name(
    mixture: Small, changes: dict[str, Any], words: list[str]
) -> None:
    with pytest.raises(UnsupportedModelError) as caught:
        lower_replica(mixture(**changes))
    assert all(word in str(caught.value) for word in words)
    assert len(str(caught.value).splitlines()) == 1


def test_candidates_of_all_layouts_and_refusals_add_up(mixture: Small) -> None:
    space = lower_replica(mixture(design__tensor_parallel=[1, 2, 3, 4], draft=DRAFT))
    refused = sum(entry.candidates for entry in space.refusals)
    assert space.n_stated == 4 * 2 * 2 * 12 * 2
    assert space.n_candidates + refused == space.n_stated


def test_the_cheapest_layout_of_experts_is_on_offer(mixture: Small) -> None:
    space = lower_replica(mixture())
    layouts = {layout for family in space.families for layout in family.step.layouts}
    assert {(entry.tensor_parallel, entry.expert_parallel) for entry in layouts} == {
        (1, 1),
        (1, 2),
        (2, 1),
        (2, 2),
        (4, 1),
        (4, 2),
    }


@pytest.mark.parametrize(
    "changes", [{}, {"draft": DRAFT}, {"workload": PROMPTS}, {"workload": PROMPTS, "draft": DRAFT}]
)
def test_designs_are_found_again_and_are_the_same_alone(
    mixture: Small, changes: dict[str, Any]
) -> None:
    space = lower_replica(mixture(design__batch=[1, 4, 12], **changes))
    for family in space.families:
        cells = list(itertools.product(range(family.shape[0]), range(family.shape[1])))
        rows, columns = (np.array(part) for part in zip(*cells, strict=True))
        latency = family.latency_ps(rows, columns)
        for (row, column), design, ps in zip(
            cells, designs(family, rows, columns), latency.tolist(), strict=True
        ):
            assert locate(space, design) == (family, row, column)
            assert design_alone(space, family, row, column) == design
            assert evaluate_alone(space, family, row, column).latency_ps == ps


def test_designs_name_formats_and_degrees(mixture: Small) -> None:
    space = lower_replica(mixture(design__weight_bits=[8]))
    family = space.families[-1]
    one = np.zeros(1, dtype=np.intp)
    design = designs(family, one, one)[0]
    assert design["weight_format"] == "fp8"
    assert design["attention_data_parallel"] == 2
    assert design["devices"] == design["tensor_parallel"] * 2
    assert "ttft_s" not in design


def test_prompts_add_a_time_to_the_first_token_and_slow_the_rest(mixture: Small) -> None:
    one = np.zeros(1, dtype=np.intp)
    plain = lower_replica(mixture(workload__context_tokens=2150)).families[0]
    mixed = lower_replica(mixture(workload=PROMPTS)).families[0]
    design = designs(mixed, one, one)[0]
    assert design["ttft_s"] > design["step_latency_s"] > 0
    assert mixed.latency_ps(one, one)[0] > plain.latency_ps(one, one)[0]


def test_cached_prompts_slow_the_rest_less(mixture: Small) -> None:
    one = np.zeros(1, dtype=np.intp)
    fresh = lower_replica(mixture(workload=PROMPTS)).families[0]
    cached = lower_replica(mixture(workload={**PROMPTS, "prefix_hit": "0.9"})).families[0]
    assert cached.latency_ps(one, one)[0] < fresh.latency_ps(one, one)[0]


def test_a_limit_on_the_first_token_is_a_limit_on_the_design(mixture: Small) -> None:
    free = lower_replica(mixture(workload=PROMPTS))
    family = free.families[0]
    rows, columns = np.arange(family.shape[0])[:, None], np.arange(family.shape[1])[None, :]
    ttft_ps = family.ttft_ps(rows, columns)
    assert ttft_ps is not None
    middle = int(np.median(ttft_ps))
    limited = lower_replica(
        mixture(workload=PROMPTS, limits={"max_ttft_s": f"{middle}/1000000000000"})
    ).families[0]
    allowed = limited.allowed(rows, columns, limited.latency_ps(rows, columns))
    fits = np.broadcast_to(limited.fits(rows, columns), ttft_ps.shape)
    assert (allowed == (fits & (ttft_ps <= middle))).all()
    assert allowed.any()
    assert not allowed.all()


def test_both_bounds_of_the_roofline_are_the_latency(mixture: Small) -> None:
    family = lower_replica(mixture(draft=DRAFT)).families[-1]
    rows, columns = np.arange(family.shape[0])[:, None], np.arange(family.shape[1])[None, :]
    latency = family.latency_ps(rows, columns)
    for bound in family.latency_if_bound_ps(rows, columns):
        assert (bound == latency).all()


def test_a_draft_takes_its_steps_and_its_memory_beside_the_target(mixture: Small) -> None:
    space = lower_replica(mixture(draft=DRAFT))
    drafted = next(family for family in space.families if family.draft is not None)
    assert drafted.draft is not None
    one = np.zeros(1, dtype=np.intp)
    own_s = drafted.step.latency_s(one, one)[0]
    draft_s = drafted.draft.step.latency_s(one, one)[0]
    seconds = (own_s + 3 * draft_s) * (1 - 0.7) / (1 - 0.7**4)
    assert drafted.latency_ps(one, one)[0] == pytest.approx(seconds * 1e12, abs=1001)
    assert drafted.hbm_bytes(one, one)[0] > drafted.step.hbm_bytes(one, one)[0]


def test_the_engine_keeps_its_memory_once_for_target_and_draft(mixture: Small) -> None:
    space = lower_replica(mixture(draft=DRAFT))
    family = next(family for family in space.families if family.draft is not None)
    assert family.draft is not None
    one = np.zeros(1, dtype=np.intp)
    beside = family.draft.step.hbm_bytes(one, one)[0]
    # 8.2 billion parameters in 16 bits on one device, cache and activations for one sequence.
    assert 16.3e9 < beside < 18e9


def test_an_accelerator_too_small_is_named(mixture: Small) -> None:
    question = mixture(
        workload__model="Llama-3.1-405B", design__tensor_parallel=[1], design__expert_parallel=[1]
    )
    with pytest.raises(FleetError, match=r"Llama-3\.1-405B fits nowhere"):
        lower_replica(question)
