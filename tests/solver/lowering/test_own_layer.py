"""Questions that draft with the model's own prediction layer."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from solver.errors import UnsupportedModelError
from solver.instance.domain import ReplicaInstance
from solver.lowering.design import design_alone, designs, evaluate_alone, locate
from solver.lowering.families import CandidateFamily
from solver.lowering.space import ReplicaSpace, lower_replica
from solver.performance.step_table import StepLayout

Small = Callable[..., ReplicaInstance]
ONE = np.zeros(1, dtype=np.intp)
LAYOUTS: dict[str, Any] = {
    "accelerator": "H200 SXM",
    "tensor_parallel": [1, 8],
    "expert_parallel": [1, 8],
    "attention_data_parallel": [1, 8],
    "batch": [1, 8, 64],
}
PROMPTS = {"model": "DeepSeek-V3", "input_tokens": 2000, "output_tokens": 300}


@pytest.fixture
def space(mixture: Small) -> ReplicaSpace:
    return lower_replica(question(mixture))


def question(mixture: Small, **changes: Any) -> ReplicaInstance:
    tables = {
        "workload": {"model": "DeepSeek-V3", "context_tokens": 4000},
        "design": LAYOUTS,
        "draft": {"model": "mtp", "acceptance": "0.8", "tokens": [0, 1, 2]},
        "price": {"usd_per_hour": "2"},
    }
    return mixture(**{**tables, **changes})


def drafting(space: ReplicaSpace, tokens: int) -> list[CandidateFamily]:
    found = [family for family in space.families if family.draft_tokens == tokens]
    assert found
    return found


@pytest.mark.parametrize(("tokens", "emitted"), [(1, 1.8), (2, 2.44)])
def test_a_step_verifies_the_drafted_tokens_and_pays_the_layer_for_each(
    space: ReplicaSpace, tokens: int, emitted: float
) -> None:
    # 1 + a, and 1 + a + a^2, with a = 0.8.
    for family in drafting(space, tokens):
        assert family.draft is not None
        assert family.step.tokens_per_sequence == tokens + 1
        step_s = family.step.latency_s(ONE, ONE)[0]
        layer_s = family.draft.step.latency_s(ONE, ONE)[0]
        told_s = family.latency_ps(ONE, ONE)[0] / 1e12
        assert told_s == pytest.approx((step_s + tokens * layer_s) / emitted, abs=2e-9)


def test_the_layer_lies_as_the_model_does(space: ReplicaSpace) -> None:
    for family in drafting(space, 2):
        assert family.draft is not None
        assert family.draft.step.layouts == family.step.layouts
        assert family.draft.step.precision == family.step.precision


def test_one_layer_of_many_takes_a_small_part_of_a_step(space: ReplicaSpace) -> None:
    # 1 of 62 layers, but the head as often as the model and the projection beside it.
    for family in drafting(space, 1):
        assert family.draft is not None
        cells = np.arange(family.shape[0])[:, None], np.arange(family.shape[1])[None, :]
        share = family.draft.step.latency_s(*cells) / family.step.latency_s(*cells)
        assert (share > 1 / 62).all()
        assert (share < 5 / 62).all()


def test_memory_holds_one_more_layer_its_projection_and_its_cache(space: ReplicaSpace) -> None:
    family = drafting(space, 1)[0]
    assert family.draft is not None
    row = family.step.layouts.index(StepLayout(8, expert_parallel=8))
    rows = np.array([row])
    # 11.4 billion weights of one byte over eight devices, 205 MB of projection, a cache of 4.6 MB.
    more = family.draft.step.weight_bytes()[row]
    assert more == pytest.approx(11.4e9 / 8 + 0.2e9, rel=0.1)
    beside = family.hbm_bytes(rows, ONE) - family.step.hbm_bytes(rows, ONE)
    assert more < beside[0] < more + 20e6


@pytest.mark.parametrize("changes", [{}, {"workload": PROMPTS}])
def test_designs_are_found_again_and_are_the_same_alone(
    mixture: Small, changes: dict[str, Any]
) -> None:
    space = lower_replica(question(mixture, **changes))
    for family in space.families:
        cells = list(itertools.product(range(family.shape[0]), range(family.shape[1])))
        rows, columns = (np.array(part) for part in zip(*cells, strict=True))
        latency = family.latency_ps(rows, columns).tolist()
        told = designs(family, rows, columns)
        for (row, column), design, ps in zip(cells, told, latency, strict=True):
            assert locate(space, design) == (family, row, column)
            assert design_alone(space, family, row, column) == design
            assert evaluate_alone(space, family, row, column).latency_ps == ps


def test_pipelines_do_not_draft_with_it(mixture: Small) -> None:
    design = {**LAYOUTS, "tensor_parallel": [8], "pipeline_parallel": [1, 61]}
    design |= {"expert_parallel": [1], "attention_data_parallel": [1], "batch": [61]}
    space = lower_replica(question(mixture, design=design))
    assert {(f.step.stages, f.draft_tokens) for f in space.families} == {
        (1, 0),
        (1, 1),
        (1, 2),
        (61, 0),
    }
    refused = sum(entry.candidates for entry in space.refusals)
    assert space.n_stated == space.n_candidates + refused


def test_pipelines_alone_are_refused(mixture: Small) -> None:
    design = {**LAYOUTS, "tensor_parallel": [8], "pipeline_parallel": [61], "batch": [61]}
    with pytest.raises(UnsupportedModelError, match=r"draft\.model: a prediction layer"):
        lower_replica(question(mixture, design=design))


def test_the_layer_of_a_model_of_mixed_attention_runs(mixture: Small) -> None:
    space = lower_replica(
        question(
            mixture,
            workload={"model": "Qwen3.5-397B-A17B", "context_tokens": 4000},
            design={**LAYOUTS, "attention_data_parallel": [1], "weight_bits": [8]},
        )
    )
    assert all(family.latency_ps(ONE, ONE)[0] > 0 for family in drafting(space, 1))
