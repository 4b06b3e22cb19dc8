from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest

from solver.instance.domain import ReplicaInstance, Traffic
from solver.instance.resolved import instance_from_resolved, resolved_instance

Read = Callable[[dict[str, Any]], ReplicaInstance]
Faults = Callable[[Callable[[], object]], list[str]]
SERVICE = "workload.service"


def test_a_replica_serves_the_mean_call(replica: Read) -> None:
    # Prompts of 1800, 2130, 2460 and 2790, outputs of 30, 150, 30 and 150 tokens.
    hit = Fraction(9, 10) * (1500 + 1830 + 1800 + 2490) / 9180
    assert replica({}).traffic == Traffic(2295, 90, hit)


def test_the_context_is_that_of_a_decoded_token(replica: Read) -> None:
    # (30 x (1815 + 2475) + 150 x (2205 + 2865)) / 360 = 2470
    assert replica({}).context_tokens == 2470


def test_retrieval_is_taken_off_the_time_to_the_first_token(replica: Read) -> None:
    assert replica({}).limits.max_ttft_s == Fraction(17, 10)


def test_the_stated_service_comes_back_from_a_result(replica: Read) -> None:
    question = replica({})
    found = instance_from_resolved(json.loads(json.dumps(resolved_instance(question))))
    assert found.service == question.service is not None
    assert (found.traffic, found.context_tokens) == (question.traffic, question.context_tokens)


def test_a_question_without_a_service_is_written_as_it_always_was(replica: Read) -> None:
    plain = replica({SERVICE: None, "limits": {}, "workload.context_tokens": 100})
    assert "service" not in resolved_instance(plain)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({f"{SERVICE}.sessions_per_s": 1}, ["service.sessions_per_s", "no rate", "Leave it out"]),
        ({"workload.input_tokens": 5}, ["workload.input_tokens", "already", "Leave it out"]),
        ({"workload.context_tokens": 5}, ["workload.context_tokens", "already"]),
        ({"performance.model": "epoch2025"}, ["workload.service", "epoch2025", "calibrated"]),
        (
            {f"{SERVICE}.cache": None, f"{SERVICE}.retrieval.repeat_share": "0.25"},
            ["service.retrieval.repeat_share", "0.25", "no cache", "Add a table cache"],
        ),
        ({f"{SERVICE}.retrieval.retrieval_s": 2}, ["retrieval.retrieval_s", "all of the 2 s"]),
        (
            {f"{SERVICE}.tools.output_tokens": 65_000},
            ["workload.service:", "131072 of Llama-3.1-8B", "fewer turns"],
        ),
    ],
)
def test_a_slip_is_named_with_its_cure(
    replica: Read, faults: Faults, changes: dict[str, Any], words: list[str]
) -> None:
    told = faults(lambda: replica(changes))
    assert any(all(word in line for word in words) for line in told), told


def test_a_context_that_is_too_long_is_told_once(replica: Read, faults: Faults) -> None:
    told = faults(lambda: replica({f"{SERVICE}.tools.output_tokens": 130_000}))
    assert len(told) == 1
