"""Which point of a result is meant: its number, or a name."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

import solver
from solver.deploy.points import named_points, point_in_words, point_index
from solver.errors import ResultError

Document = dict[str, Any]

QUESTION = """\
schema = 1
kind = "replica"
name = "small"

[workload]
model = "Llama-3.1-8B"
context_tokens = 2048

[design]
accelerator = "H100 SXM"
tensor_parallel = [1, 2, 4]
pipeline_parallel = [1]
batch = "1..48"
weight_bits = [16]
kv_bits = [16]

[price]
usd_per_hour = "2.10"

[performance]
model = "epoch2025"
"""


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Document:
    """The result of a small replica question."""
    path = tmp_path_factory.mktemp("question") / "small.toml"
    path.write_text(QUESTION)
    question: Any = solver.read_instance(path)
    return dict(solver.solve(question).to_dict())


def test_a_number_counts_from_one(document: Document) -> None:
    assert point_index(document, "1", where="r.json") == 0
    assert point_index(document, str(len(document["points"])), where="r.json") == (
        len(document["points"]) - 1
    )


def test_the_ends_have_names(document: Document) -> None:
    assert point_index(document, "fastest", where="r.json") == 0
    assert point_index(document, "cheapest", where="r.json") == len(document["points"]) - 1


@pytest.mark.parametrize("name", ["speed4_per_price", "speed4-per-price", "Speed⁴/price"])
def test_a_name_may_be_typed_in_several_ways(document: Document, name: str) -> None:
    expected = named_points(document)["speed4-per-price"]
    assert point_index(document, name, where="r.json") == expected


def test_the_objectives_are_told_with_their_units(document: Document) -> None:
    told = point_in_words(document, 0)
    assert "tok/s/user" in told
    assert "US$" in told


def test_without_a_choice_the_recommended_points_are_listed(document: Document) -> None:
    with pytest.raises(ResultError) as caught:
        point_index(document, None, where="r.json")
    told = str(caught.value)
    for name, index in named_points(document).items():
        assert name in told
        assert point_in_words(document, index) in told


@pytest.mark.parametrize("point", ["0", "-1", "9999", "1" * 5000, "x", "", "1.0", "²", "\x1b[2J"])
def test_a_point_that_is_not_there_is_refused(document: Document, point: str) -> None:
    with pytest.raises(ResultError, match=r"has no point .* Recommended") as caught:
        point_index(document, point, where="r.json")
    assert "\x1b" not in str(caught.value)


def test_a_damaged_document_is_refused(document: Document) -> None:
    broken = copy.deepcopy(document)
    del broken["points"][0]["exact"]
    with pytest.raises(ResultError):
        point_index(broken, "knee", where="r.json")


def test_the_name_of_a_file_is_in_the_message(document: Document) -> None:
    with pytest.raises(ResultError, match=str(Path("r.json"))):
        point_index(document, None, where="r.json")
