"""What a fleet's result says of its performance model's error, and how that is checked again."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from solver.api import read_instance, solve, verify
from solver.catalog import shipped_catalog
from solver.errors import ResultError
from solver.instance.domain import Performance
from solver.instance.fleet.domain import FleetInstance, MeasuredPoint, WorkloadModel
from solver.result import canonical_digest
from solver.sweep.fleet.model_error import error_of_fleet, kinds_in_fleet

Document = dict[str, Any]

QUESTION = """
schema = 1
kind = "fleet"
name = "small"

[[workloads]]
name = "chat"
model = "Llama-3.1-70B"
input_tokens = 1000
output_tokens = 300
requests_per_s = 4

[[machines]]
name = "h100"
accelerator = "H100 SXM"

[design]
tensor_parallel = [4, 8]
batch = [8, 32]
weight_bits = [8]
kv_bits = [8]

[performance]
model = "MODEL"
"""


def asked(folder: Path, model: str) -> FleetInstance:
    """The question, to one performance model."""
    path = folder / "small.toml"
    path.write_text(QUESTION.replace("MODEL", model), encoding="utf-8")
    found = read_instance(path)
    assert isinstance(found, FleetInstance)
    return found


@pytest.fixture(scope="module")
def question(tmp_path_factory: pytest.TempPathFactory) -> FleetInstance:
    return asked(tmp_path_factory.mktemp("fleet"), "calibrated")


@pytest.fixture(scope="module")
def solved(question: FleetInstance) -> Document:
    found: Document = json.loads(json.dumps(solve(question).to_dict()))
    return found


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Document:
    """The answer of the published model."""
    instance = asked(tmp_path_factory.mktemp("fleet"), "epoch2025")
    found: Document = json.loads(json.dumps(solve(instance).to_dict()))
    return found


@pytest.fixture
def document(solved: Document) -> Document:
    return copy.deepcopy(solved)


def signed(document: Document) -> Document:
    return {**document, "digest": canonical_digest(document)}


def failed(document: Document) -> set[str]:
    """Checks that fail once the digest fits again."""
    return {check.name for check in verify(signed(document)).checks if not check.passed}


def test_the_result_tells_the_error_of_its_kind_of_question(document: Document) -> None:
    told = document["model_error"]
    assert (told["model"], told["question"], told["measured"]) == (
        "calibrated",
        "dense, H100 SXM, fp8, prompts and output together",
        True,
    )


def test_an_honest_error_is_checked_and_passes(document: Document) -> None:
    checks = {check.name: check.passed for check in verify(document).checks}
    assert checks["model error"]
    assert all(checks.values())


@pytest.mark.parametrize(
    "key", ["tpot_median", "tpot_p95", "bias", "rows", "of", "question", "model"]
)
def test_every_altered_figure_is_found(document: Document, key: str) -> None:
    value = document["model_error"][key]
    document["model_error"][key] = value + "x" if isinstance(value, str) else value / 2 + 1
    assert failed(document) == {"model error"}


def test_a_missing_figure_is_found(document: Document) -> None:
    del document["model_error"]["tpot_p95"]
    assert failed(document) == {"model error"}


def test_an_error_that_is_no_object_is_no_result(document: Document) -> None:
    document["model_error"] = [0.1]
    with pytest.raises(ResultError, match="is not an object"):
        verify(signed(document))


def test_a_result_of_before_still_verifies(document: Document) -> None:
    del document["model_error"]
    assert failed(document) == set()


def test_an_answer_of_the_published_model_has_no_such_key(published: Document) -> None:
    assert "model_error" not in published


def test_an_error_put_into_an_answer_of_the_published_model_is_found(
    published: Document, document: Document
) -> None:
    assert failed({**published, "model_error": document["model_error"]}) == {"model error"}


def test_measured_points_have_no_error_of_a_model(question: FleetInstance) -> None:
    (workload,) = question.workloads
    row = MeasuredPoint(
        workload="chat", model="Llama-3.1-70B", machine="h100", layout="TP4", phase="aggregated",
        devices=4, requests_per_s=Fraction(5), tpot_s=None, ttft_s=None, watts=None,
        usd_per_hour=None, size=None, where="points.csv:2",
    )  # fmt: skip
    measured = replace(workload, points=(row,))
    assert error_of_fleet(replace(question, workloads=(measured,))) is None


def test_pools_are_of_the_kind_that_decodes(question: FleetInstance) -> None:
    pools = replace(question, phases=("prefill", "decode"))
    assert [kind.mode for kind in kinds_in_fleet(pools)] == ["disaggregated"]


def test_one_pool_beside_two_is_both_kinds(question: FleetInstance) -> None:
    both = replace(question, phases=("aggregated", "prefill", "decode"))
    assert [kind.mode for kind in kinds_in_fleet(both)] == ["aggregated", "disaggregated"]


def test_each_machine_counts_with_the_format_it_runs(question: FleetInstance) -> None:
    old = replace(
        question.machines[0],
        name="a100",
        accelerator=shipped_catalog().accelerator("A100-80GB SXM"),
    )
    kinds = kinds_in_fleet(replace(question, machines=(*question.machines, old)))
    assert [(kind.accelerator, kind.weight_format) for kind in kinds] == [
        ("H100 SXM", "fp8"),
        ("A100-80GB SXM", "int8"),
    ]


def test_a_machine_that_the_model_does_not_fit_on_is_no_kind(question: FleetInstance) -> None:
    small = replace(
        question.machines[0], name="l4", accelerator=shipped_catalog().accelerator("L4")
    )
    assert question.design is not None
    one = replace(question.design, tensor_parallel=(1, 8))
    offered = replace(question, machines=(*question.machines, small), design=one)
    fitting = {kind.accelerator for kind in kinds_in_fleet(offered)}
    alone = replace(offered, design=replace(one, tensor_parallel=(1,)))
    assert "L4" in fitting
    assert "L4" not in {kind.accelerator for kind in kinds_in_fleet(alone)}


def test_the_largest_error_of_dense_and_sparse_services_is_told(question: FleetInstance) -> None:
    (chat,) = question.workloads
    sparse = replace(
        chat,
        name="code",
        models=(WorkloadModel("gpt-oss-120b", shipped_catalog().model("gpt-oss-120b")),),
        requests_per_s=Fraction(1),
    )
    alone = [error_of_fleet(replace(question, workloads=(w,))) for w in (chat, sparse)]
    told = error_of_fleet(replace(question, workloads=(chat, sparse)))
    assert told is not None
    assert told["tpot_median"] == max(one["tpot_median"] for one in alone if one is not None)
    assert told["question"].startswith("dense or mixture-of-experts, H100 SXM, ")


def test_another_model_has_no_kinds_here(question: FleetInstance) -> None:
    published = replace(question, performance=Performance("epoch2025"))
    assert kinds_in_fleet(published) == ()
