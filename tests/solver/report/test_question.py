from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from solver.report.question import leaves, question_of, value_text
from solver.result import Result


def test_the_subject_names_model_and_accelerator(small_result: Result) -> None:
    assert question_of(small_result).subject == "Llama-3.1-70B on H100 SXM"


def test_circumstances_tell_precision_context_and_price(small_result: Result) -> None:
    assert question_of(small_result).circumstances() == [
        "8-bit weights, 16-bit KV",
        "context 1,000 tokens",
        "US$2.95/h per H100 SXM (on-demand, 2026-05)",
    ]


def test_prices_of_one_tier_and_date_are_told_together(
    make_result: Callable[..., Result], make_question: Callable[..., Mapping[str, Any]]
) -> None:
    prices = [
        {"accelerator": name, "usd_per_hour": usd, "tier": "spot", "as_of": "2026-01"}
        for name, usd in (("L4", "1/2"), ("T4", "2/5"))
    ]
    result = make_result([], instance={"name": "n", "resolved": make_question(machines=prices)})
    assert "L4 US$0.50/h, T4 US$0.40/h (spot, 2026-01)" in question_of(result).circumstances()


def test_an_empty_result_takes_its_precision_from_the_space(
    make_result: Callable[..., Result], make_question: Callable[..., Mapping[str, Any]]
) -> None:
    design = {"weight_bits": "8", "kv_bits": [16]}
    result = make_result([], instance={"name": "n", "resolved": make_question(design=design)})
    assert question_of(result).precision == "8-bit weights, 16-bit KV"


def test_limits_that_are_not_set_are_left_out(small_result: Result) -> None:
    assert question_of(small_result).limits == (("max devices", "8"),)


def test_a_question_without_facts_goes_by_its_name(make_result: Callable[..., Result]) -> None:
    assert question_of(make_result([], instance={"name": "bare"})).subject == "bare"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ([1, 2, 3, 4, 5], "1..5"),
        ([2, 4, 6, 8, 64], "2..8 step 2, 64"),
        ([1, 2, 8], "1, 2, 8"),
        ([], "none"),
        (None, "none"),
        (True, "yes"),
        ("59/20", "2.95 (59/20)"),
        ("a/b", "a/b"),
        (4096, "4,096"),
    ],
)
def test_values_are_told_in_short(value: object, text: str) -> None:
    assert value_text(value) == text


def test_leaves_of_a_list_go_by_name() -> None:
    tree = {"machines": [{"accelerator": {"name": "L4", "hbm_bytes": 24}}]}
    assert leaves(tree) == {
        "machines[L4].accelerator.name": "L4",
        "machines[L4].accelerator.hbm_bytes": 24,
    }


def test_entries_of_one_name_are_kept_apart() -> None:
    tree = {"prices": [{"name": "L4", "usd": 1}, {"name": "L4", "usd": 2}]}
    assert [leaves(tree)[f"prices[{name}].usd"] for name in ("L4", "L4 1")] == [1, 2]
