"""Limits of a workload, and the words where nobody meets them."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from solver.errors import InstanceError
from solver.instance.fleet.domain import RequestSize, WorkloadModel
from solver.lowering.fleet.lowering import lower_fleet

F = Fraction


def layouts(make: dict[str, Any], *points: Any, **limits: Any) -> set[str]:
    asked = make["question"](make["workload"](*points, **limits))
    return {column.layout for column in lower_fleet(asked).columns}


def test_slow_options_are_dropped(make: dict[str, Any]) -> None:
    points = make["point"](layout="fast"), make["point"]("9", layout="slow", tpot_s=F(1, 10))
    assert layouts(make, *points, min_speed_tok_per_s=F(11)) == {"fast"}
    assert layouts(make, *points, min_speed_tok_per_s=F(10)) == {"fast", "slow"}


@pytest.mark.parametrize("speed", [30, 33, 35, 45, 60, 70])
def test_a_speed_met_exactly_is_met(make: dict[str, Any], speed: int) -> None:
    # 1/30 s is no whole number of picoseconds.
    points = make["point"](layout="just", tpot_s=F(1, speed))
    assert layouts(make, points, min_speed_tok_per_s=F(speed)) == {"just"}
    with pytest.raises(InstanceError, match="best speed attainable"):
        layouts(make, points, min_speed_tok_per_s=F(speed) + F(1, 10**6))


def test_a_wait_met_exactly_is_met(make: dict[str, Any]) -> None:
    assert layouts(make, make["point"](layout="just", ttft_s=F(1, 3)), max_ttft_s=F(1, 3)) == {
        "just"
    }


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


@pytest.mark.parametrize(
    ("phase", "what"),
    [
        ("prefill", "the decode of its requests of 500"),
        ("decode", "the prefill of its requests of 500"),
    ],
)
def test_a_size_that_only_half_is_served_is_named(
    make: dict[str, Any], phase: str, what: str
) -> None:
    sizes = (RequestSize(100, 10, F(1, 3)), RequestSize(500, 40, F(2, 3)))
    points = [
        make["point"]("4", size=(100, 10)),
        make["point"]("4", size=(500, 40), layout="half", phase=phase),
    ]
    with pytest.raises(InstanceError, match=what):
        lower_fleet(make["question"](make["workload"](*points, sizes=sizes)))


def test_prompts_and_tokens_of_different_models_are_refused(make: dict[str, Any]) -> None:
    models = (WorkloadModel("m", None), WorkloadModel("n", None))
    points = (
        make["point"](layout="p", phase="prefill"),
        make["point"](layout="d", phase="decode", model="n"),
    )
    what = r"its prefill and decode with one model .*\(offered: prefill of m, decode of n\)"
    with pytest.raises(InstanceError, match=what):
        layouts(make, *points, models=models)


def test_a_size_whose_prompts_and_tokens_have_different_models_is_named(
    make: dict[str, Any],
) -> None:
    sizes = (RequestSize(100, 10, F(1, 3)), RequestSize(500, 40, F(2, 3)))
    models = (WorkloadModel("m", None), WorkloadModel("n", None))
    points = [
        make["point"]("4", size=(100, 10)),
        make["point"]("4", size=(500, 40), layout="p", phase="prefill"),
        make["point"]("4", size=(500, 40), layout="d", phase="decode", model="n"),
    ]
    what = "the prefill and decode of its requests of 500 in, 40 out with one model"
    with pytest.raises(InstanceError, match=what):
        layouts(make, *points, sizes=sizes, models=models)
