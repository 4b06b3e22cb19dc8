"""Drafts of workloads at the door."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest

from solver.instance.fleet.codec import from_plain, to_plain
from solver.instance.fleet.domain import FleetInstance, Workload
from solver.instance.fleet.soundness import unsound

F = Fraction
CALIBRATED = {"performance.model": "calibrated"}


def drafted(**changes: Any) -> dict[str, Any]:
    draft = {"model": "Llama-3.1-8B", "acceptance": "0.7", "tokens": [0, 2, 4], **changes}
    return {**CALIBRATED, "workloads.0.model": "Llama-3.1-70B", "workloads.0.draft": draft}


def test_a_draft_is_read_with_its_acceptance(read: Callable[..., FleetInstance]) -> None:
    draft = read(drafted()).workloads[0].draft
    assert draft is not None
    assert draft.model is not None
    assert (draft.model.name, draft.acceptance, draft.tokens) == (
        "Llama-3.1-8B",
        F(7, 10),
        (0, 2, 4),
    )


def test_a_prediction_layer_is_whichever_models_own(read: Callable[..., FleetInstance]) -> None:
    draft = {"model": "mtp", "acceptance": "0.7"}
    instance = read({**CALIBRATED, "workloads.0.model": "DeepSeek-V3", "workloads.0.draft": draft})
    offer = instance.workloads[0].draft
    assert offer is not None
    assert (offer.model, offer.tokens) == (None, (0, 1, 2, 3))


def test_a_workload_with_a_draft_comes_back_from_plain_json(
    read: Callable[..., FleetInstance],
) -> None:
    workload = read(drafted()).workloads[0]
    assert from_plain(Workload, to_plain(workload)) == workload


def test_a_question_with_a_draft_is_sound(read: Callable[..., FleetInstance]) -> None:
    assert unsound(read(drafted())) == []


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (drafted(acceptance=1), ["draft.acceptance", "less than 1", "(got 1)"]),
        (drafted(acceptance="-0.1"), ["draft.acceptance", "at least 0"]),
        (drafted(tokens=[]), ["draft.tokens", "empty"]),
        (drafted(model="Lama-3.1-8B"), ["draft.model", "Lama-3.1-8B", "Llama-3.1-8B"]),
        (drafted(model="mtp"), ["draft.model", "Llama-3.1-70B", "prediction layer"]),
        (
            {**drafted(), "performance.model": "epoch2025"},
            ["workloads.chat.draft", "epoch2025", "calibrated"],
        ),
        (
            {**drafted(), "design.phases": ["aggregated", "disaggregated"]},
            ["workloads.chat.draft", "prefill and decode apart"],
        ),
    ],
)
def test_a_slip_in_a_draft_is_told(
    faults_of: Callable[..., list[str]], changes: dict[str, Any], told: list[str]
) -> None:
    (fault,) = faults_of(changes)
    assert all(part in fault for part in told)


def test_a_width_of_a_prediction_layer_is_told(faults_of: Callable[..., list[str]]) -> None:
    draft = {"model": "mtp", "acceptance": "0.7", "weight_bits": 8}
    (fault,) = faults_of(
        {**CALIBRATED, "workloads.0.model": "DeepSeek-V3", "workloads.0.draft": draft}
    )
    assert "draft.weight_bits: a prediction layer is stored as the model is" in fault
