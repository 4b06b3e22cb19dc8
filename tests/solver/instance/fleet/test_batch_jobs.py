"""Batch work at the door: what is read, and every slip by name with its cure."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest

from solver.instance.fleet.codec import from_plain, to_plain
from solver.instance.fleet.domain import BatchJob, FleetInstance, Period, Workload
from solver.instance.fleet.soundness import unsound

F = Fraction
PERIODS = [{"name": "night", "hours": 8}, {"name": "day", "hours": 16}]
BULK = {
    "name": "bulk",
    "model": "Llama-3.1-8B",
    "input_tokens": 1000,
    "output_tokens": 200,
    "batch": {"requests_per_day": 43_200, "arrives": "night", "deadline_hours": 8},
}
CHAT = {
    "name": "chat",
    "model": "Llama-3.1-8B",
    "input_tokens": 1000,
    "output_tokens": 200,
    "requests_per_s": 10,
}


def asked(**changes: Any) -> dict[str, Any]:
    """A question with chat and batch work, keys of the batch changed."""
    batch = {**BULK["batch"], **changes}  # type: ignore[dict-item]
    return {"periods": PERIODS, "workloads": [CHAT, {**BULK, "batch": batch}]}


def test_a_batch_is_read_with_its_mean_rate(read: Callable[..., FleetInstance]) -> None:
    workload = read(asked()).workloads[1]
    assert (workload.batch, workload.requests_per_s) == (
        BatchJob(F(43_200), "night", F(8)),
        F(1, 2),
    )


def test_a_question_with_a_batch_is_sound(read: Callable[..., FleetInstance]) -> None:
    assert unsound(read(asked())) == []


def test_a_workload_with_a_batch_comes_back_from_plain_json(
    read: Callable[..., FleetInstance],
) -> None:
    workload = read(asked()).workloads[1]
    assert from_plain(Workload, to_plain(workload)) == workload


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"deadline_hours": 0}, ["batch.deadline_hours", "more than 0"]),
        ({"deadline_hours": 25}, ["batch.deadline_hours", "24"]),
        (
            {"deadline_hours": 7},
            ["batch.deadline_hours", "7 h end before the period 'night', of 8 h", "8 h or more"],
        ),
        ({"arrives": "nigth"}, ["batch.arrives", "'nigth'", "night"]),
        ({"requests_per_day": 0}, ["batch.requests_per_day", "greater than 0"]),
    ],
)
def test_a_slip_in_a_batch_is_told(
    faults_of: Callable[..., list[str]], changes: dict[str, Any], told: list[str]
) -> None:
    (fault,) = faults_of(asked(**changes))
    assert all(part in fault for part in ["workloads", *told])


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("requests_per_s", 3, "batch already states the demand"),
        ("tok_per_s", 3, "batch already states the demand"),
        ("by_period", [1, 1], "the answer when it is worked off"),
        ("target_speed_tok_per_s", 10, "nobody waits"),
    ],
)
def test_what_contradicts_a_batch_is_told(
    faults_of: Callable[..., list[str]], key: str, value: Any, told: str
) -> None:
    (fault,) = faults_of({"periods": PERIODS, "workloads": [CHAT, {**BULK, key: value}]})
    assert f"workloads.bulk.{key}" in fault
    assert told in fault


def test_a_batch_without_periods_is_told(faults_of: Callable[..., list[str]]) -> None:
    (fault,) = faults_of({"workloads": [CHAT, BULK]})
    assert "the file has no periods" in fault


def test_throughput_beside_a_batch_is_told(faults_of: Callable[..., list[str]]) -> None:
    found = faults_of({**asked(), "trade_off": ["throughput"], "limits": {"max_devices": 8}})
    assert any("workloads.bulk.batch: throughput is traded off" in fault for fault in found)


def test_speed_with_batch_work_alone_is_told(faults_of: Callable[..., list[str]]) -> None:
    (fault,) = faults_of({"periods": PERIODS, "workloads": [BULK]})
    assert "all workloads are batch work" in fault


def test_a_batch_of_another_size_than_its_mean_rate_is_unsound(
    read: Callable[..., FleetInstance],
) -> None:
    from dataclasses import replace

    instance = read(asked())
    chat, bulk = instance.workloads
    damaged = replace(instance, workloads=(chat, replace(bulk, requests_per_s=F(2))))
    assert unsound(damaged) == ["the batch of workload 'bulk' is not its mean rate over a day"]


def test_the_periods_of_work_wrap_over_midnight() -> None:
    periods = (Period("a", F(6)), Period("b", F(12)), Period("c", F(6)))
    assert BatchJob(F(1), "c", F(17)).periods_of_work(periods) == (2, 0)
