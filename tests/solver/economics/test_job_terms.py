"""A job that a question cannot have is told with its key and its cure."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from solver.api import read_instance
from solver.economics.service import checked_terms, terms_of
from solver.errors import InstanceError
from solver.instance.domain import ReplicaInstance
from solver.instance.economics import EconomicsTerms
from solver.instance.fleet.domain import FleetInstance

FOLDER = Path(__file__).resolve().parents[3] / "instances"


def replica() -> ReplicaInstance:
    found = read_instance(FOLDER / "replica" / "llama-3.1-8b-production-a800.toml")
    assert isinstance(found, ReplicaInstance)
    return found


def told(terms: EconomicsTerms, instance: ReplicaInstance | FleetInstance) -> str:
    with pytest.raises(InstanceError) as caught:
        checked_terms(terms, instance)
    (fault,) = caught.value.faults
    assert fault.where.endswith("economics.job_requests")
    return fault.what


def test_the_job_of_the_worked_example_is_fine() -> None:
    terms = terms_of(replica())
    assert terms.job_requests == 2993
    assert checked_terms(terms, replica()) is terms


def test_a_job_needs_answers_of_a_length() -> None:
    assert "answers of a length" in told(terms_of(replica()), replace(replica(), traffic=None))


def test_a_fleet_has_no_job_of_one_replica() -> None:
    fleet = read_instance(FOLDER / "fleet" / "melange-toy.toml")
    assert isinstance(fleet, FleetInstance)
    assert "the question is a fleet" in told(EconomicsTerms(job_requests=10), fleet)


def test_a_job_of_no_request_is_refused() -> None:
    assert told(EconomicsTerms(job_requests=0), replica()) == "0 is not above 0"
