"""Keys of one performance model: what goes with what, and what a question becomes."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from solver.errors import InstanceError, ResultError
from solver.instance.domain import ReplicaInstance, Traffic
from solver.instance.files_named import files_named
from solver.instance.reader import replica_instance_from_raw
from solver.instance.resolved import instance_from_resolved, resolved_instance

Raw = Callable[..., dict[str, Any]]
Small = Callable[..., ReplicaInstance]
LENGTHS = {"model": "Llama-3.1-8B", "input_tokens": 1001, "output_tokens": 301}


def faults_of(raw: dict[str, Any]) -> list[str]:
    with pytest.raises(InstanceError) as caught:
        replica_instance_from_raw(raw, where="bad.toml")
    return [str(fault) for fault in caught.value.faults]


def test_a_question_is_put_to_the_calibrated_model_unless_it_names_another(mixture: Small) -> None:
    assert mixture().performance.model == "calibrated"


@pytest.mark.parametrize("key", ["flop_efficiency", "hbm_efficiency"])
def test_efficiencies_belong_to_the_published_model(mixture_raw: Raw, key: str) -> None:
    (fault,) = faults_of(mixture_raw(**{f"performance__{key}": "0.7"}))
    assert f"bad.toml: performance.{key}" in fault
    assert 'model = "epoch2025"' in fault


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("design__weight_format", "fp8"),
        ("workload__input_tokens", 100),
        ("limits__max_ttft_s", 2),
        ("performance__constants", "mine.toml"),
    ],
)
def test_keys_of_the_calibrated_model_are_refused_by_the_published_one(
    small_raw: Raw, key: str, value: object
) -> None:
    changes = {"workload__output_tokens": 10} if key == "workload__input_tokens" else {}
    faults = faults_of(small_raw(**{"design__weight_bits": None, key: value, **changes}))
    assert any(f"{key.replace('__', '.')}: epoch2025 does not know it" in text for text in faults)


def test_a_format_and_a_width_say_the_same(mixture_raw: Raw) -> None:
    (fault,) = faults_of(mixture_raw(design__weight_format="fp8", design__weight_bits=[8]))
    assert "design.weight_format" in fault
    assert "Keep one of the two" in fault


@pytest.mark.parametrize(("lone", "other"), [("input", "output"), ("output", "input")])
def test_prompt_and_answer_go_together(mixture_raw: Raw, lone: str, other: str) -> None:
    (fault,) = faults_of(mixture_raw(**{f"workload__{lone}_tokens": 100}))
    assert f"workload.{lone}_tokens" in fault
    assert f"Add workload.{other}_tokens" in fault


def test_a_faulty_length_is_told_once(mixture_raw: Raw) -> None:
    raw = mixture_raw(workload__input_tokens=0, workload__output_tokens=5)
    (fault,) = faults_of(raw)
    assert "workload.input_tokens" in fault


@pytest.mark.parametrize("key", ["workload__prefix_hit", "limits__max_ttft_s"])
def test_what_is_about_prompts_needs_prompts(mixture_raw: Raw, key: str) -> None:
    (fault,) = faults_of(mixture_raw(**{key: "0.5"}))
    assert key.replace("__", ".") in fault
    assert "no prompts" in fault


def test_the_context_is_the_prompt_and_half_the_answer(mixture: Small) -> None:
    question = mixture(workload=LENGTHS)
    assert question.traffic == Traffic(1001, 301)
    assert question.context_tokens == 1001 + 151


def test_a_stated_context_stands(mixture: Small) -> None:
    assert mixture(workload={**LENGTHS, "context_tokens": 77}).context_tokens == 77


def test_a_prompt_and_answer_beyond_the_context_are_refused(mixture_raw: Raw) -> None:
    workload = {**LENGTHS, "input_tokens": 131000, "output_tokens": 1000}
    (fault,) = faults_of(mixture_raw(workload=workload))
    assert "132000 tokens, beyond the 131072 of Llama-3.1-8B" in fault


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"workload": {**LENGTHS, "prefix_hit": "1/3"}, "limits": {"max_ttft_s": "0.25"}},
        {"design__weight_format": ["fp8", "bf16"]},
        {
            "workload__model": "DeepSeek-V3",
            "draft": {"model": "mtp", "acceptance": "0.7"},
        },
    ],
)
def test_a_resolved_question_reads_back_as_it_was(mixture: Small, changes: dict[str, Any]) -> None:
    question = mixture(**changes)
    again = instance_from_resolved(resolved_instance(question))
    for name in (
        "model",
        "context_tokens",
        "machines",
        "design",
        "limits",
        "rules",
        "performance",
        "weight_formats",
        "traffic",
        "draft",
    ):
        assert getattr(again, name) == getattr(question, name)


def test_a_question_to_the_published_model_resolves_without_the_new_keys(small: Small) -> None:
    resolved = resolved_instance(small())
    assert not {"traffic", "weight_formats", "constants"} & resolved.keys()
    assert "max_ttft_s" not in resolved["limits"]


@pytest.mark.parametrize(
    "damage",
    [
        {"weight_formats": ["fp9"]},
        {"weight_formats": "fp8"},
        {"constants": 3},
        {"constants": {"name": "a.toml", "text": "b", "sha256": "c"}},
        {"constants": {"name": "a.toml", "text": "b"}},
        {"traffic": {"input_tokens": 5}},
        {"traffic": {"input_tokens": 5, "output_tokens": 0, "prefix_hit": "0"}},
        {"traffic": {"input_tokens": 5, "output_tokens": 1, "prefix_hit": "1"}},
    ],
)
def test_a_damaged_question_is_refused(mixture: Small, damage: dict[str, Any]) -> None:
    with pytest.raises(ResultError, match="is damaged"):
        instance_from_resolved({**resolved_instance(mixture()), **damage})


def test_a_calibration_file_that_is_not_there_is_the_only_fault(mixture_raw: Raw) -> None:
    raw = mixture_raw(performance__constants="mine.toml", design__accelerator="My GPU (measured)")
    (fault,) = faults_of(raw)
    assert "bad.toml: performance.constants: mine.toml cannot be read" in fault


def test_a_prediction_layer_belongs_to_the_calibrated_model(small_raw: Raw) -> None:
    draft = {"model": "mtp", "acceptance": "0.7"}
    faults = faults_of(small_raw(workload__model="DeepSeek-V3", draft=draft))
    assert any("draft.model: epoch2025 does not know prediction layers" in text for text in faults)


@pytest.mark.parametrize(("key", "value"), [("weight_bits", 8), ("pipeline_parallel", [2])])
def test_a_prediction_layer_leaves_no_choice_of_its_own(
    mixture_raw: Raw, key: str, value: object
) -> None:
    draft = {"model": "mtp", "acceptance": "0.7", key: value}
    (fault,) = faults_of(mixture_raw(workload__model="DeepSeek-V3", draft=draft))
    assert f"draft.{key}: a prediction layer" in fault


def test_a_model_without_a_prediction_layer_is_refused_by_name(mixture_raw: Raw) -> None:
    (fault,) = faults_of(mixture_raw(draft={"model": "mtp", "acceptance": "0.7"}))
    assert "draft.model: Qwen3-30B-A3B is not known to be published with" in fault
    assert "DeepSeek-V3" in fault


def test_a_prediction_layer_drafts_three_tokens_at_most_unless_told(mixture: Small) -> None:
    draft = {"model": "mtp", "acceptance": "0.7"}
    question = mixture(workload__model="DeepSeek-V3", draft=draft)
    assert question.draft is not None
    assert question.draft.tokens == (0, 1, 2, 3)
    told = mixture(workload__model="DeepSeek-V3", draft={**draft, "tokens": [2]})
    assert told.draft is not None
    assert told.draft.tokens == (2,)


def test_a_draft_that_is_not_the_models_own_layer_is_damage(mixture: Small) -> None:
    draft = {"model": "mtp", "acceptance": "0.7"}
    resolved = resolved_instance(mixture(workload__model="DeepSeek-V3", draft=draft))
    resolved["draft"]["model"]["d_model"] = 512
    with pytest.raises(ResultError, match="not the prediction layer of the model"):
        instance_from_resolved(resolved)


def test_a_calibration_file_is_a_file_that_the_question_names(tmp_path: Path) -> None:
    path = tmp_path / "q.toml"
    path.write_text('kind = "replica"\n[performance]\nconstants = "mine.toml"\n')
    assert files_named(path) == {"mine.toml": tmp_path / "mine.toml"}


def test_traffic_has_tokens_both_ways() -> None:
    with pytest.raises(ValueError, match="at least one token"):
        Traffic(0, 5)
    with pytest.raises(ValueError, match="prefix_hit"):
        Traffic(5, 5, Fraction(1))
