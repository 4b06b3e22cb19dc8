"""Published nondominated sets, where the reference data lies beside this checkout."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from solver.instance.moip import read_program
from solver.sweep.moip.outcome import SearchOutcome
from solver.sweep.moip.search import search

DATA = Path(__file__).resolve().parents[4] / "../shared/data/moip"
QUICK = (
    "aira_2AP05",
    "aira_2KP50",
    "aira_3AP05",
    "aira_4AP05",
    "aira_4KP10",
    "moa_kp10_p3",
    "mokp_p2_n200_1",
    "pyaug_2kp50",
    "vopt_spa_sppnw32",
    "vopt_spa_sppnw41",
    "vopt_ukp_2KP50-11",
)
ALL = sorted(path.stem for path in DATA.glob("*.json") if path.name != "index.json")
FULL = "FLEETFRONT_FULL_ORACLE"


def published(name: str) -> Mapping[str, Any]:
    path = DATA / f"{name}.json"
    if not path.is_file():
        pytest.skip("the reference data is not beside this checkout (shared/data/moip)")
    document: Mapping[str, Any] = json.loads(path.read_text())
    return document


def solved(name: str, **options: Any) -> SearchOutcome:
    return search(read_program(DATA / f"{name}.json"), **options)


def assert_as_published(document: Mapping[str, Any], outcome: SearchOutcome) -> None:
    found = sorted(outcome.program.stated(point.image) for point in outcome.points)
    assert outcome.status == "complete"
    assert len(found) == document["nondominated_count"]
    if document["nondominated"] is not None:
        assert found == sorted(tuple(point) for point in document["nondominated"])


@pytest.mark.parametrize("name", QUICK)
def test_a_small_published_set_is_found_and_complete(name: str) -> None:
    assert_as_published(published(name), solved(name))


@pytest.mark.parametrize("engine", ["cp-sat", "highs", "scip"])
def test_each_engine_alone_finds_a_published_set(engine: str) -> None:
    assert_as_published(published("moa_kp10_p3"), solved("moa_kp10_p3", engines=[engine]))


@pytest.mark.skipif(os.environ.get(FULL) != "1", reason=f"takes many minutes: set {FULL}=1")
@pytest.mark.parametrize("name", ALL)
def test_every_published_set_is_found_and_complete(name: str) -> None:
    assert_as_published(published(name), solved(name))
