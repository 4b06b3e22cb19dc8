"""Keys of one performance model in a fleet file: read where it knows them, refused elsewhere."""

from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest

from solver.errors import ResultError
from solver.instance.fleet.domain import FleetInstance
from solver.instance.fleet.resolved import fleet_from_resolved, resolved_fleet

Read = Callable[..., FleetInstance]
FaultsOf = Callable[..., list[str]]
OLD = {"performance.model": "epoch2025"}
POINTS = "devices,tok_per_s,tpot_s\n1,100,0.02\n"


def test_a_new_question_asks_the_calibrated_model(read: Read) -> None:
    assert read({}).performance.model == "calibrated"


def test_formats_prefix_hits_and_degrees_are_read(read: Read) -> None:
    question = read(
        {
            "design.weight_format": ["fp8", "nvfp4"],
            "design.expert_parallel": [1, 8],
            "design.attention_data_parallel": [1, 2],
            "workloads.0.prefix_hit": "0.3",
        }
    )
    assert question.weight_formats == ("fp8", "nvfp4")
    assert question.workloads[0].prefix_hit == Fraction(3, 10)
    assert question.design is not None
    assert question.design.expert_parallel == (1, 8)
    assert question.design.attention_data_parallel == (1, 2)


def test_efficiencies_of_the_published_model_are_one_where_left_out(read: Read) -> None:
    found = read({**OLD, "performance.hbm_efficiency": "0.5"}).performance
    assert (found.flop_efficiency, found.hbm_efficiency) == (1, Fraction(1, 2))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"performance.flop_efficiency": 1}, ["performance.flop_efficiency", "epoch2025"]),
        ({"performance.hbm_efficiency": "0.7"}, ["performance.hbm_efficiency", "Leave it out"]),
        ({"design.tensor_parallel_2d": [4]}, ["design.tensor_parallel_2d", "one dimension"]),
        ({"rules.hbm_account": "published"}, ["rules.hbm_account", "'published'"]),
        ({"design.kv_bits": [12]}, ["design.kv_bits", "12-bit", "8"]),
        ({"design.weight_bits": [8, 5]}, ["design.weight_bits", "5-bit", "4, 8, 16"]),
        ({"design.weight_format": "fp7"}, ["design.weight_format", "fp8"]),
        (
            {"design.weight_format": "fp8", "design.weight_bits": 8},
            ["design.weight_format", "Keep one"],
        ),
        ({"workloads.0.prefix_hit": 1}, ["workloads.chat.prefix_hit", "less than 1"]),
        ({**OLD, "design.weight_format": "fp8"}, ["design.weight_format", "calibrated"]),
        ({**OLD, "workloads.0.prefix_hit": 0}, ["workloads.chat.prefix_hit", "calibrated"]),
        ({**OLD, "design.weight_bits": 4}, ["design.weight_bits", "no machine has 4-bit"]),
        ({"performance.constants": "x.toml"}, ["performance.constants"]),
    ],
)
def test_a_key_that_the_model_does_not_know_is_one_fault(
    faults_of: FaultsOf, changes: dict[str, Any], words: list[str]
) -> None:
    (fault,) = faults_of(changes)
    assert all(word in fault for word in words), fault


def test_measured_points_have_no_prefix_hits_of_ours(faults_of: FaultsOf) -> None:
    changes = {"workloads.0.points": "p.csv", "workloads.0.prefix_hit": "0.5", "design": None}
    (fault,) = faults_of(changes, p=POINTS)
    assert "workloads.chat.prefix_hit" in fault


def test_measured_points_do_not_mind_which_model_is_named(read: Read) -> None:
    changes = {"workloads.0.points": "p.csv", "rules.hbm_account": "published", "design": None}
    assert read(changes, p=POINTS).design is None


def document(question: FleetInstance) -> dict[str, Any]:
    """The question as a result holds it."""
    found: dict[str, Any] = json.loads(json.dumps(resolved_fleet(question)))
    return found


def test_a_result_without_formats_and_hits_reads_as_one_that_states_none(read: Read) -> None:
    plain = document(read(OLD))
    assert "weight_formats" not in plain
    assert "prefix_hit" not in plain["workloads"][0]
    again = fleet_from_resolved(plain)
    assert (again.weight_formats, again.workloads[0].prefix_hit) == ((), 0)


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("weight_formats", ["fp7"], "format of weights is unknown"),
        ("weight_formats", "fp8", "weight_formats is not a list"),
        ("workloads", None, "not a share below 1"),
    ],
)
def test_a_damaged_format_or_hit_is_found(read: Read, key: str, value: Any, words: str) -> None:
    damaged = document(read({}))
    if value is None:
        damaged[key][0]["prefix_hit"] = "1"
    else:
        damaged[key] = value
    with pytest.raises(ResultError, match=words):
        fleet_from_resolved(damaged)
