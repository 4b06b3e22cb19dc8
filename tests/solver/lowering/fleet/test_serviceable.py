"""Limits of a workload, and the words where nobody meets them."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from solver.errors import InstanceError
from solver.lowering.fleet.lowering import lower_fleet

F = Fraction


def layouts(make: dict[str, Any], *points: Any, **limits: Any) -> set[str]:
    asked = make["question"](make["workload"](*points, **limits))
    return {column.layout for column in lower_fleet(asked).columns}


def test_slow_options_are_dropped(make: dict[str, Any]) -> None:
    points = make["point"](layout="fast"), make["point"]("9", layout="slow", tpot_s=F(1, 10))
    assert layouts(make, *points, min_speed_tok_per_s=F(11)) == {"fast"}
    assert layouts(make, *points, min_speed_tok_per_s=F(10)) == {"fast", "slow"}


def test_options_late_to_the_first_token_are_dropped(make: dict[str, Any]) -> None:
    points = make["point"](layout="soon"), make["point"]("9", layout="late", ttft_s=F(2))
    assert layouts(make, *points, max_ttft_s=F(3, 2)) == {"soon"}


def test_a_limit_on_what_was_not_measured_is_not_met(make: dict[str, Any]) -> None:
    points = make["point"](layout="known"), make["point"]("9", layout="unknown", ttft_s=None)
    assert layouts(make, *points, max_ttft_s=F(2)) == {"known"}


def test_the_file_may_vouch_for_what_it_does_not_show(make: dict[str, Any]) -> None:
    points = (
        make["point"](layout="known", tpot_s=F(1, 200)),
        make["point"]("9", layout="unknown", ttft_s=None),
    )
    kept = layouts(make, *points, max_ttft_s=F(2), points_meet_limits=True)
    assert kept == {"known", "unknown"}
    with pytest.raises(InstanceError):
        layouts(make, make["point"](ttft_s=F(3)), max_ttft_s=F(2), points_meet_limits=True)


def test_prompts_and_tokens_are_judged_where_they_are_made(make: dict[str, Any]) -> None:
    prefill = make["point"](layout="p", phase="prefill", tpot_s=None)
    decode = make["point"](layout="d", phase="decode", ttft_s=None)
    kept = layouts(make, prefill, decode, max_ttft_s=F(2), min_speed_tok_per_s=F(50))
    assert kept == {"p", "d"}


def test_too_fast_a_speed_names_the_best_attainable(make: dict[str, Any]) -> None:
    with pytest.raises(InstanceError, match=r"'chat'.*attainable is 100 .* for 101"):
        layouts(make, make["point"](), min_speed_tok_per_s=F(101))


def test_too_short_a_wait_names_the_best_attainable(make: dict[str, Any]) -> None:
    with pytest.raises(InstanceError, match=r"best time to the first token is 1\.235 s.* Raise"):
        layouts(make, make["point"](ttft_s=F("1.23456")), max_ttft_s=F(1))


def test_limits_met_one_by_one_but_not_together_are_told(make: dict[str, Any]) -> None:
    points = make["point"](tpot_s=F(1)), make["point"](layout="b", ttft_s=F(9))
    with pytest.raises(InstanceError, match="no option meets all its limits at once"):
        layouts(make, *points, min_speed_tok_per_s=F(50), max_ttft_s=F(2))


def test_prompts_without_anybody_to_decode_them_are_refused(make: dict[str, Any]) -> None:
    with pytest.raises(InstanceError, match="no option serves its decode"):
        layouts(make, make["point"](phase="prefill"))


def test_a_stock_too_small_is_infeasible_and_no_error(make: dict[str, Any]) -> None:
    machine = make["machine"](stock_devices=1)
    space = lower_fleet(make["question"](make["workload"](make["point"]()), machines=(machine,)))
    assert make["images"](space.problem) == set()


def test_a_workload_without_demand_needs_no_option(make: dict[str, Any]) -> None:
    points = (make["point"](tpot_s=F(1)),)
    kept = layouts(make, *points, requests_per_s=F(0), min_speed_tok_per_s=F(50))
    assert kept == set()
