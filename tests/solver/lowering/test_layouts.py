"""Which layouts can be deployed: plain loops over every degree find the same."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from solver.catalog import shipped_catalog
from solver.catalog.domain import Model
from solver.instance.domain import DesignSpace, Rules
from solver.lowering.layouts import Grid, expert_grids

MODELS = shipped_catalog().models
DESIGN = DesignSpace(
    tensor_parallel=(1, 2, 3, 4, 8, 16, 32),
    tensor_parallel_2d=(),
    pipeline_parallel=(1, 2, 5),
    expert_parallel=(1, 2, 3, 8, 64),
    attention_data_parallel=(1, 2, 8),
    batch=(1, 2, 3, 8, 16, 40, 80),
    weight_bits=(8,),
    kv_bits=(16,),
)
Layouts = set[tuple[int, int, int, int, int]]


def listed(model: Model, design: DesignSpace = DESIGN) -> Layouts:
    """(tensor, stages, experts, groups, batch) of everything deployable, by plain conditions."""
    moe = model.moe
    found: Layouts = set()
    for tp, pp, ep, adp, batch in itertools.product(
        design.tensor_parallel,
        design.pipeline_parallel,
        design.expert_parallel,
        design.attention_data_parallel,
        design.batch,
    ):
        n = tp * adp
        good = model.n_heads % tp == 0 and model.layers % pp == 0 and batch % (pp * adp) == 0
        if model.attention != "latent":
            good &= model.n_kv_heads % tp == 0 or tp % model.n_kv_heads == 0
        if moe is None:
            good &= ep == 1
        else:
            good &= n % ep == 0 and moe.n_experts % ep == 0
            good = good and moe.expert_d_ff % (n // ep) == 0
        if model.d_ff and model.expert_layers < model.layers:
            good &= model.d_ff % tp == 0
        if good:
            found.add((tp, pp, ep, adp, batch))
    return found


def cells(grids: list[Grid]) -> Layouts:
    return {
        (
            layout.tensor_parallel,
            layout.pipeline_parallel,
            layout.expert_parallel,
            layout.attention_data_parallel,
            batch,
        )
        for grid in grids
        for layout in grid.layouts
        for batch in grid.batches
    }


@pytest.mark.parametrize(
    "name", ["Llama-3.1-70B", "DeepSeek-V3", "Qwen3-235B-A22B", "gpt-oss-120b"]
)
def test_the_grids_hold_what_the_rules_allow(name: str) -> None:
    grids, _ = expert_grids(MODELS[name], DESIGN, Rules())
    assert cells(grids) == listed(MODELS[name])


@pytest.mark.parametrize("name", ["Llama-3.1-70B", "DeepSeek-V3", "Qwen3-235B-A22B"])
def test_what_is_refused_and_what_is_left_add_up(name: str) -> None:
    grids, refusals = expert_grids(MODELS[name], DESIGN, Rules())
    left = sum(len(grid.layouts) * len(grid.batches) for grid in grids)
    named = 7 * 3 * 5 * 3 * 7
    assert left + sum(refusal.candidates for refusal in refusals) == named


def test_a_dense_model_has_no_experts_to_spread() -> None:
    _, refusals = expert_grids(MODELS["Llama-3.1-70B"], DESIGN, Rules())
    assert "expert parallel needs a model with experts" in {entry.reason for entry in refusals}


@pytest.mark.parametrize(
    ("experts", "reason"),
    [
        (3, "expert parallel does not divide the devices of a stage"),
        (1, "devices that share an expert do not divide its width 1536"),
    ],
)
def test_experts_lie_on_whole_groups_of_devices(experts: int, reason: str) -> None:
    design = replace(
        DESIGN, tensor_parallel=(64,), expert_parallel=(experts,), attention_data_parallel=(16,)
    )
    _, refusals = expert_grids(MODELS["Qwen3-235B-A22B"], design, Rules())
    assert reason in {entry.reason for entry in refusals}


def test_without_the_rules_experts_still_need_devices_to_lie_on() -> None:
    design = replace(DESIGN, tensor_parallel=(3,), expert_parallel=(2,))
    grids, refusals = expert_grids(
        MODELS["DeepSeek-V3"], design, Rules(degrees_divide=False, stages_divide_batch=False)
    )
    assert {grid.attention_data_parallel for grid in grids} == {2, 8}
    assert "expert parallel does not divide the devices of a stage" in {
        entry.reason for entry in refusals
    }


def test_groups_of_attention_share_a_microbatch_out() -> None:
    grids, _ = expert_grids(MODELS["Llama-3.1-70B"], DESIGN, Rules())
    for grid in grids:
        parts = grid.stages * grid.attention_data_parallel
        assert all(batch % parts == 0 for batch in grid.batches)


def test_a_grid_has_an_expert_degree_for_every_row() -> None:
    with pytest.raises(ValueError, match="for every tensor degree"):
        Grid(False, 1, (1, 2), (1,), (1,))
