from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solver.instance.fleet.domain import FleetInstance
from solver.instance.fleet.reader import fleet_instance_from_raw

Read = Callable[..., FleetInstance]
Faults = Callable[..., list[str]]
BARE = {"workloads.0.input_tokens": None, "workloads.0.output_tokens": None}
HISTOGRAM = {**BARE, "workloads.0.histogram": "h.csv"}


def sized(*entries: tuple[int, int, Any], by: str = "share") -> dict[str, Any]:
    classes = [{"input_tokens": i, "output_tokens": o, by: value} for i, o, value in entries]
    return {**BARE, "workloads.0.sizes": classes}


def test_one_size_has_the_whole_share(read: Read) -> None:
    (size,) = read({}).workloads[0].sizes
    assert (size.input_tokens, size.output_tokens, size.share) == (1000, 200, 1)


def test_shares_are_kept_exactly(read: Read) -> None:
    sizes = read(sized((1, 2, "1/3"), (3, 4, "2/3"))).workloads[0].sizes
    assert [size.share for size in sizes] == [Fraction(1, 3), Fraction(2, 3)]


def test_decimal_shares_of_a_tenth_add_up_to_one(read: Read) -> None:
    entries = [(place, 1, "0.1") for place in range(1, 11)]
    assert len(read(sized(*entries)).workloads[0].sizes) == 10


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=8))
def test_weights_are_scaled_to_shares_that_are_exactly_one(weights: list[int]) -> None:
    classes = [
        {"input_tokens": place + 1, "output_tokens": 1, "weight": weight}
        for place, weight in enumerate(weights)
    ]
    question = fleet_instance_from_raw(
        {
            "schema": 1,
            "kind": "fleet",
            "name": "x",
            "workloads": [
                {"name": "w", "model": "Llama-3.1-8B", "sizes": classes, "requests_per_s": 1}
            ],
            "machines": [{"name": "h100", "accelerator": "H100 SXM"}],
            "design": {},
        }
    )
    shares = [size.share for size in question.workloads[0].sizes]
    assert sum(shares) == 1
    assert [share * sum(weights) for share in shares] == weights


def test_a_histogram_is_the_list_of_its_rows(read: Read) -> None:
    text = "input_tokens,output_tokens,weight\n100,50,3\n900,10,0\n7,7,0.5\n100,50,0.5\n"
    listed = read(sized((100, 50, "3.5"), (7, 7, "0.5"), by="weight"))
    assert read(HISTOGRAM, h=text).workloads[0].sizes == listed.workloads[0].sizes


def test_demand_in_tokens_is_divided_by_the_mean_of_the_classes(read: Read) -> None:
    changes = sized((1, 100, "0.5"), (2, 300, "0.5"))
    question = read({**changes, "workloads.0.requests_per_s": None, "workloads.0.tok_per_s": 50})
    assert question.workloads[0].requests_per_s == Fraction(50, 200)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (sized((1, 2, "0.5"), (3, 4, "0.4")), ["chat.sizes", "9/10", "weight in place"]),
        (sized((1, 2, "0.5"), (1, 2, "0.5")), ["chat.sizes", "1 in, 2 out stands twice", "Add"]),
        (sized((1, 2, 0)), ["chat.sizes.0.share", "greater than 0", "0"]),
        (sized((0, 2, 1)), ["chat.sizes.0.input_tokens", "greater than or equal to 1", "0"]),
        (BARE, ["workloads.chat", "not said in one way", "histogram"]),
        (
            {**BARE, "workloads.0.sizes": [{"input_tokens": 1, "output_tokens": 2}]},
            ["chat.sizes.0", "share or weight", "add up to 1"],
        ),
        (
            {
                **BARE,
                "workloads.0.sizes": [
                    {"input_tokens": 1, "output_tokens": 2, "share": 1},
                    {"input_tokens": 2, "output_tokens": 2, "weight": 1},
                ],
            },
            ["chat.sizes", "some classes have a share", "one for all"],
        ),
    ],
)
def test_a_fault_names_the_classes_and_the_cure(
    faults_of: Faults, changes: dict[str, Any], words: list[str]
) -> None:
    faults = faults_of(changes)
    assert len(faults) == 1, faults
    for word in words:
        assert word in faults[0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("input_tokens,output_tokens\n1,1\n", ["h.csv:1: weight", "column is missing"]),
        ("isl,output_tokens,weight\n1,1,1\n", ["h.csv:1: isl", "Rename it input_tokens"]),
        ("input_tokens,output_tokens,weight\n1,1,\n", ["h.csv:2: weight ('')", "is empty"]),
        ("input_tokens,output_tokens,weight\n,1,1\n", ["h.csv:2: input_tokens ('')", "is empty"]),
        ("input_tokens,output_tokens,weight\n1,1,-2\n", ["h.csv:2: weight ('-2')", "0 or more"]),
        ("input_tokens,output_tokens,weight\n1,x,2\n", ["h.csv:2: output_tokens ('x')"]),
        ("input_tokens,output_tokens,weight\n1,1,0\n", ["chat.histogram", "every weight", "is 0"]),
    ],
)
def test_a_fault_of_a_histogram_names_its_line_and_cell(
    faults_of: Faults, text: str, words: list[str]
) -> None:
    faults = faults_of(HISTOGRAM, h=text)
    assert len(faults) == 1, faults
    for word in words:
        assert word in faults[0]


def test_a_histogram_of_too_many_classes_is_refused(faults_of: Faults) -> None:
    rows = "".join(f"{place},1,1\n" for place in range(1, 1002))
    (fault,) = faults_of(HISTOGRAM, h=f"input_tokens,output_tokens,weight\n{rows}")
    assert "1001 classes, more than 1000" in fault
