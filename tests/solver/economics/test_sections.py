"""Parts of the economics: which a question has, and what the others lack."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from solver.api import economics, read_instance
from solver.economics.sections import SECTIONS, sections_of
from solver.errors import InstanceError
from solver.instance.domain import ReplicaInstance
from solver.instance.economics import EconomicsTerms

ROOT = Path(__file__).resolve().parents[3]
TERMS = EconomicsTerms()


def replica(name: str = "llama-3.1-70b-fp8-h100") -> ReplicaInstance:
    question = read_instance(ROOT / f"instances/replica/{name}.toml")
    assert isinstance(question, ReplicaInstance)
    return question


def test_a_plain_replica_has_what_needs_nothing_stated() -> None:
    assert sections_of(replica(), TERMS) == {
        "costs", "principles", "long-run", "utilisation", "preferences",
    }  # fmt: skip


def test_a_job_that_is_stated_is_a_part() -> None:
    assert "job" in sections_of(replica(), replace(TERMS, job_requests=10))


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("bils", ["there is no such section", "bills"]),
        ("bills", ["no service", "[workload.service]"]),
        ("speculation", ["no draft", "[draft]"]),
        ("energy", ["several clocks", "design.clock_mhz"]),
        ("valleys", ["it is told of a fleet", "Choose from costs"]),
        ("break-even", ["no list price", "[[economics.api]]"]),
        ("owning", ["costs its owner", "[economics.owning]"]),
        ("job", ["no job", "economics.job_requests"]),
    ],
)
def test_a_part_that_cannot_be_told_says_what_it_lacks(name: str, told: list[str]) -> None:
    with pytest.raises(InstanceError) as caught:
        sections_of(replica(), TERMS, [name])
    for words in (f"--section {name}", *told):
        assert words in str(caught.value)


def test_every_slip_is_told_at_once() -> None:
    with pytest.raises(InstanceError) as caught:
        sections_of(replica(), TERMS, ["bils", "job"])
    assert len(caught.value.faults) == 2


def test_only_what_is_asked_for_is_worked_out() -> None:
    found = economics(replica("llama-3.1-70b-clock-h100"), sections=["energy"]).to_dict()
    assert found["sections"] == ["energy"]
    assert (found["groups"], found["preferences"]) == ([], [])
    (group,) = found["clock"]
    least = group["curves"][0]
    joules = {point["clock_mhz"]: point["j_per_token"] for point in least["points"]}
    assert joules[least["least_mhz"]] == min(joules.values())
    assert least["place"] == "interior"


def test_the_names_are_those_of_the_help() -> None:
    from solver.cli.economics import economics_command

    text = str(economics_command.__annotations__["section"])
    assert all(name in text for name in SECTIONS)
