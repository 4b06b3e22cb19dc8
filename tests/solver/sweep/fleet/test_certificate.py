"""Fleet result files: what a checker must see, and what it must not let pass."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from solver.errors import ResultError
from solver.instance.fleet.columns_reader import columns_from_raw
from solver.lowering.fleet.lowering import lower_fleet
from solver.result import canonical_digest
from solver.sweep.fleet.certificate import verify_fleet
from solver.sweep.fleet.document import outcome_to_dict
from solver.sweep.fleet.frontier import sweep_fleet
from solver.sweep.fleet.reprove import reprove_fleet

Document = dict[str, Any]

COLUMNS = {
    "format": "fleet-columns/1",
    "name": "two-types",
    "types": [
        {"price_cents_per_h": 300, "watts": 700, "stock": 14},
        {"price_cents_per_h": 120, "watts": 350, "stock": 20},
    ],
    "power_limit_w": 14000,
    "demand_milli_tok_per_s": [90000, 70000],
    "columns": {
        "type": [0, 0, 1, 1, 0, 0, 1, 1],
        "gpus": [1, 2, 1, 2, 1, 2, 1, 2],
        "workload": [0, 0, 0, 0, 1, 1, 1, 1],
        "capacity_milli_tok_per_s": [9000, 20000, 4000, 8500, 8000, 15000, 3000, 7000],
        "latency_level": [0.2, 0.1, 0.8, 0.5, 0.3, 0.15, 0.9, 0.6],
    },
}


def solved() -> Document:
    """A complete result, as a file would hold it."""
    space = lower_fleet(columns_from_raw(json.loads(json.dumps(COLUMNS))))
    document: Document = json.loads(json.dumps(outcome_to_dict(sweep_fleet(space))))
    return document


DOCUMENT = solved()


def failed(document: Document) -> set[str]:
    """Names of the checks that fail."""
    return {check.name for check in verify_fleet(document).checks if not check.passed}


def forged(change: Callable[[Document], object]) -> Document:
    """The result changed, its digest made to fit again."""
    document = copy.deepcopy(DOCUMENT)
    change(document)
    document["digest"] = canonical_digest(document)
    return document


def test_a_result_passes_every_check() -> None:
    assert DOCUMENT["status"] == "complete"
    assert len(DOCUMENT["points"]) >= 2
    assert not failed(DOCUMENT)


def test_every_box_is_closed_again_by_another_engine() -> None:
    verification = verify_fleet(DOCUMENT, reprove=reprove_fleet)
    assert verification.passed
    assert verification.checks[-1].detail.endswith("by cp-sat")


def test_a_changed_number_breaks_the_digest() -> None:
    document = copy.deepcopy(DOCUMENT)
    document["points"][0]["objectives"]["cost"] += 1
    assert "digest" in failed(document)


def _drop_point(document: Document) -> None:
    del document["points"][1]


def _cheaper(document: Document) -> None:
    document["points"][0]["exact"]["cost"] = "1/7"


def _fewer_replicas(document: Document) -> None:
    counts = document["points"][0]["plan"]["counts"]
    counts[next(iter(counts))] -= 1


def _more_replicas(document: Document) -> None:
    counts = document["points"][-1]["plan"]["counts"]
    counts[next(iter(counts))] += 1


def _no_claim(document: Document) -> None:
    document["claims"].pop(0)


def _unknown_engine(document: Document) -> None:
    for claim in document["claims"]:
        claim["engine"] = "oracle"
    for point in document["points"]:
        for claim in point["proof"]["claims"]:
            claim["engine"] = "oracle"


def _other_design(document: Document) -> None:
    document["points"][0]["design"]["usd_per_hour"] = 1.0


def _more_demand(document: Document) -> None:
    document["instance"]["resolved"]["demand_milli_tok_per_s"][0] += 60000


def _said_partial(document: Document) -> None:
    document["status"] = "partial"


def _ideal(document: Document) -> None:
    document["ideal"]["objectives"]["cost"] = 0.0


@pytest.mark.parametrize(
    "change",
    [
        _drop_point,
        _cheaper,
        _fewer_replicas,
        _more_replicas,
        _no_claim,
        _unknown_engine,
        _other_design,
        _more_demand,
        _said_partial,
        _ideal,
    ],
)
def test_a_forged_result_fails(change: Callable[[Document], object]) -> None:
    assert failed(forged(change))


def test_a_consistent_lie_fails_where_boxes_are_proved_again() -> None:
    def lie(document: Document) -> None:
        # The cheapest point is left out and a claim says that nothing is there.
        gone = document["points"].pop()
        last = document["points"][-1]
        ceiling = gone["proof"]["claims"][0]["upper"][0]
        claim = {"upper": [ceiling, last["image"][1]], "engine": "blocks", "closed_by": "bound"}
        document["claims"] = [
            kept for kept in document["claims"] if kept["upper"][1] != gone["image"][1]
        ]
        document["claims"].append(claim)
        last["proof"]["claims"][1] = claim
        document["nadir"] = {}
        document["ideal"] = {}

    document = forged(lie)
    verification = verify_fleet(document, reprove=reprove_fleet)
    assert not verification.passed


def test_another_question_is_told_apart() -> None:
    raw = json.loads(json.dumps(COLUMNS))
    raw["types"][0]["stock"] = 15
    verification = verify_fleet(DOCUMENT, space=lower_fleet(columns_from_raw(raw)))
    assert {check.name for check in verification.checks if not check.passed} == {"instance"}


@pytest.mark.parametrize("key", sorted(DOCUMENT))
def test_a_file_with_a_key_missing_is_refused(key: str) -> None:
    document = copy.deepcopy(DOCUMENT)
    del document[key]
    with pytest.raises(ResultError):
        verify_fleet(document)


@pytest.mark.parametrize("value", [None, 7, "text", [], {}, [[]], {"a": 1}])
@pytest.mark.parametrize("key", ["instance", "points", "claims", "open_boxes", "provenance"])
def test_a_value_of_the_wrong_kind_is_refused_or_fails(key: str, value: object) -> None:
    document = copy.deepcopy(DOCUMENT)
    if document[key] == value:
        pytest.skip("that is what stands there")
    document[key] = value
    try:
        passed = verify_fleet(document).passed
    except ResultError:
        passed = False
    assert not passed


def test_a_partial_result_verifies_too(tmp_path: Path) -> None:
    space = lower_fleet(columns_from_raw(json.loads(json.dumps(COLUMNS))))
    looks = iter(range(100))
    outcome = sweep_fleet(space, should_stop=lambda: next(looks) > 3)
    assert outcome.status == "partial"
    path = tmp_path / "r.json"
    path.write_text(json.dumps(outcome_to_dict(outcome)))
    assert verify_fleet(json.loads(path.read_text())).passed
