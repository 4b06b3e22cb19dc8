from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest

from solver.instance.fleet.domain import FleetInstance
from solver.instance.fleet.resolved import fleet_from_resolved, resolved_fleet
from solver.lowering.fleet.calibrated_designs import _traffic

Read = Callable[[dict[str, Any]], FleetInstance]
Faults = Callable[[Callable[[], object]], list[str]]
SERVICE = "workloads.0.service"


def test_sessions_become_calls(fleet: Read) -> None:
    assert fleet({}).workloads[0].requests_per_s == 3 * 4


def test_calls_become_sizes_with_prefix_hits_of_their_own(fleet: Read) -> None:
    sizes = fleet({}).workloads[0].sizes
    # 1500 base, 200 passages and 100 of the user; then 10 + 20 and 300 more; the next turn drops 20
    # of reasoning and brings 50 of the answer and 300 more; then 30 and 300 again.
    assert [size.input_tokens for size in sizes] == [1800, 2130, 2460, 2790]
    hits = [
        Fraction(9, 10) * found / size.input_tokens
        for found, size in zip((1500, 1830, 1800, 2490), sizes, strict=True)
    ]
    assert [size.prefix_hit for size in sizes] == hits


def test_few_classes_are_kept_to(fleet: Read) -> None:
    assert len(fleet({f"{SERVICE}.classes": 2}).workloads[0].sizes) == 2


def test_the_hit_of_a_size_comes_before_that_of_its_workload(fleet: Read) -> None:
    workload = fleet({}).workloads[0]
    assert _traffic(workload, workload.sizes[0]).prefix_hit == Fraction(3, 4)


def test_retrieval_is_taken_off_the_time_to_the_first_token(fleet: Read) -> None:
    assert fleet({}).workloads[0].max_ttft_s == Fraction(17, 10)


def test_the_stated_service_comes_back_from_a_result(fleet: Read) -> None:
    question = fleet({})
    found = fleet_from_resolved(resolved_fleet(question))
    assert found.workloads == question.workloads
    assert found.workloads[0].service is not None


def test_a_workload_without_a_service_is_written_as_it_always_was(fleet: Read) -> None:
    plain = fleet(
        {
            SERVICE: None,
            "workloads.0.input_tokens": 10,
            "workloads.0.output_tokens": 10,
            "workloads.0.requests_per_s": 1,
        }
    )
    assert "service" not in resolved_fleet(plain)["workloads"][0]
    assert "prefix_hit" not in resolved_fleet(plain)["workloads"][0]["sizes"][0]


def test_users_of_different_sizes_are_classes(fleet: Read) -> None:
    visible = [
        {"user_tokens": 10, "visible_tokens": 20, "share": "0.4"},
        {"user_tokens": 600, "visible_tokens": 20, "share": "0.6"},
    ]
    changes = {f"{SERVICE}.{key}": None for key in ("tools", "user_tokens", "visible_tokens")}
    sizes = fleet({**changes, f"{SERVICE}.visible": visible}).workloads[0].sizes
    assert sorted(size.share for size in sizes) == [
        Fraction(1, 5),
        Fraction(1, 5),
        Fraction(3, 10),
        Fraction(3, 10),
    ]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({f"{SERVICE}.turns": 0}, ["agent.service.turns", "greater than or equal to 1", "0"]),
        ({f"{SERVICE}.cache.hit_share": "1.5"}, ["service.cache.hit_share", "1.5", "Correct"]),
        ({f"{SERVICE}.cache.hit_share": -1}, ["service.cache.hit_share", "-1"]),
        ({f"{SERVICE}.retrieval.repeat_share": 2}, ["service.retrieval.repeat_share", "2"]),
        (
            {f"{SERVICE}.retrieval.retrieval_s": 2},
            ["service.retrieval.retrieval_s", "takes 2 s, all of the 2 s", "longer max_ttft_s"],
        ),
        (
            {f"{SERVICE}.tools.output_tokens": 65_000},
            ["agent.service:", "132", "131072 of Llama-3.1-8B", "fewer turns"],
        ),
        ({f"{SERVICE}.turns": 251}, ["agent.service", "502 calls", "500", "fewer turns"]),
        ({f"{SERVICE}.sessions_per_s": None}, ["service.sessions_per_s", "missing", "Give it"]),
        ({f"{SERVICE}.user_tokens": None}, ["agent.service", "not said in one way", "visible"]),
        ({f"{SERVICE}.tool": {}}, ["agent.service.tool", "not a known key"]),
        (
            {f"{SERVICE}.cache.usd_per_gb_month": "0.08", f"{SERVICE}.cache.kept_s": 9},
            ["service.cache", "0.08", "no source", "Say in source"],
        ),
        (
            {
                f"{SERVICE}.cache.usd_per_gb_month": "0.08",
                f"{SERVICE}.cache.kept_s": 9,
                f"{SERVICE}.cache.source": "  ",
            },
            ["service.cache", "no source", "Say in source"],
        ),
        ({f"{SERVICE}.sessions_per_s": 0}, ["service.sessions_per_s", "0"]),
        ({f"{SERVICE}.reasoning.tokens_per_visible": 1001}, ["tokens_per_visible", "1001"]),
        (
            {f"{SERVICE}.cache.usd_per_gb_month": 1, f"{SERVICE}.cache.source": "x"},
            ["service.cache", "nothing is kept", "Give kept_s"],
        ),
        (
            {f"{SERVICE}.cache": None, f"{SERVICE}.retrieval.repeat_share": "0.25"},
            ["service.retrieval.repeat_share", "0.25", "no cache", "Add a table cache"],
        ),
        (
            {"workloads.0.batch": {"requests_per_day": 9, "arrives": "day", "deadline_hours": 2}},
            ["agent.batch", "wait for a deadline", "workload of its own"],
        ),
        (
            {
                f"{SERVICE}.turns": 9,
                f"{SERVICE}.tools.output_tokens": 5000,
                "workloads.0.draft": {"model": "Llama-2-7B", "acceptance": "0.6"},
            },
            ["agent.service", "of the draft Llama-2-7B", "fewer turns"],
        ),
        ({"workloads.0.requests_per_s": 1}, ["agent.requests_per_s", "already", "Leave it out"]),
        ({"workloads.0.prefix_hit": "0.5"}, ["agent.prefix_hit", "already"]),
        ({"workloads.0.input_tokens": 5}, ["agent.input_tokens", "already"]),
        ({"performance.model": "epoch2025"}, ["service.cache", "prefix hits", "calibrated"]),
        (
            {"workloads.0.points": "p.csv"},
            ["agent.points", "not on the calls of a service", "[design]"],
        ),
    ],
)
def test_a_slip_is_named_with_its_cure(
    fleet: Read, faults: Faults, changes: dict[str, Any], words: list[str]
) -> None:
    told = faults(lambda: fleet(changes))
    assert any(all(word in line for word in words) for line in told), told


def test_the_published_model_reads_whole_prompts(fleet: Read) -> None:
    question = fleet({"performance.model": "epoch2025", f"{SERVICE}.cache": None})
    assert all(size.prefix_hit is None for size in question.workloads[0].sizes)
