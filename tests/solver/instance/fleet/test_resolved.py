from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from solver.errors import ResultError
from solver.instance.fleet.domain import FleetInstance
from solver.instance.fleet.resolved import fleet_from_resolved, resolved_fleet
from solver.instance.fleet.soundness import unsound
from solver.instance.reading import read_any_instance
from tests.solver.instance.fleet.questions import fleet_questions

Read = Callable[..., FleetInstance]


def through_json(question: FleetInstance) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(json.dumps(resolved_fleet(question)))
    return document


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(fleet_questions())
def test_the_resolved_question_reads_back_as_itself(question: FleetInstance) -> None:
    assert fleet_from_resolved(through_json(question), where=question.source) == question


def test_the_template_reads_back_as_itself() -> None:
    template = Path(str(files("solver.instance").joinpath("template_fleet.toml")))
    question = read_any_instance(template, today=datetime.date(2026, 11, 1))
    assert isinstance(question, FleetInstance)
    again = fleet_from_resolved(
        through_json(question), where=question.source, sha256=question.sha256
    )
    assert again == question


def test_where_it_came_from_and_what_is_expected_are_no_part_of_a_question(read: Read) -> None:
    one = read({})
    other = replace(
        one, source="y", sha256="z", warnings=("w",), settings={"a": 1}, expected_exit_status=3
    )
    assert resolved_fleet(one) == resolved_fleet(other)


def test_a_question_that_was_read_is_sound(read: Read) -> None:
    text = "devices,tok_per_s,phase\n2,1,decode\n4,1,prefill\n"
    points = {"workloads.0.points": "p.csv", "workloads.0.model": None, "design": None}
    assert unsound(read({})) == []
    assert unsound(read({**points, "trade_off": ["cost", "power"]}, p=text)) == []


def document(read: Read) -> dict[str, Any]:
    return through_json(
        read(
            {
                "racks": [{"name": "r", "count": 2}],
                "service": {"wait_percentile": "0.9", "max_wait_s": 1},
            }
        )
    )


@pytest.mark.parametrize(
    ("place", "value", "words"),
    [
        (("kind",), "replica", "kind"),
        (("name",), 5, "name"),
        (("trade_off",), ["speed"], "1 things"),
        (("trade_off",), ["speed", "joy"], "trade_off.1 is 'joy'"),
        (("cost_unit",), "usd", "horizon"),
        (("periods", 0, "hours"), "23", "24 hours"),
        (("periods", 0, "hours"), 24, "periods.0.hours"),
        (("workloads",), [], "no workload"),
        (("workloads", 0, "requests_per_s"), "0", "asks for nothing"),
        (("workloads", 0, "requests_per_s"), "2/4", "lowest terms"),
        (("workloads", 0, "requests_per_s"), "1/0", "not a fraction"),
        (("workloads", 0, "requests_per_s"), "9" * 500, "requests_per_s"),
        (("workloads", 0, "sizes", 0, "share"), "1/2", "not 1 together"),
        (("workloads", 0, "sizes", 0, "input_tokens"), True, "input_tokens"),
        (("workloads", 0, "by_period"), ["1", "1"], "one factor a period"),
        (("workloads", 0, "models", 0, "model"), None, "without a shape"),
        (("workloads", 0, "models", 0, "model", "layers"), 0, "positive"),
        (("machines", 0, "accelerator", "hbm_bytes"), "x", "hbm_bytes"),
        (("machines", 0, "node_devices"), 0, "no devices"),
        (("machines", 0, "contracts", 0, "usd_per_hour"), None, "rented or owned"),
        (("machines", 0, "contracts", 0, "committed"), True, "not paid as its kind"),
        (("machines", 0, "contracts", 0, "kind"), "gift", "kind is 'gift'"),
        (("design",), None, "neither points nor a design space"),
        (("design", "batch"), [0], "0 is below 1"),
        (("limits", "max_devices"), 0, "not positive"),
        (("service", "wait_percentile"), "1", "not a share"),
        (("service", "max_wait_s"), None, "come together"),
        (("racks", 0, "machines"), ["nope"], "not offered"),
        (("rules", "hbm_account"), "all", "'all'"),
        (("extra",), 1, "not a known key"),
    ],
)
def test_a_damaged_question_is_a_result_error(
    read: Read, place: tuple[Any, ...], value: object, words: str
) -> None:
    damaged = document(read)
    *path, last = place
    entry: Any = damaged
    for part in path:
        entry = entry[part]
    entry[last] = value
    with pytest.raises(ResultError, match=words):
        fleet_from_resolved(damaged)


def keys_of(value: object, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict):
        return [
            found
            for key, inner in value.items()
            for found in [(*path, key), *keys_of(inner, (*path, key))]
        ]
    if isinstance(value, list):
        return [found for at, inner in enumerate(value) for found in keys_of(inner, (*path, at))]
    return []


def test_every_key_is_needed(read: Read) -> None:
    # The rates of an accelerator are a table of its own keys: one may be missing. Power by phase is
    # not known of every accelerator, and results of old do not have it.
    places = [
        place
        for place in keys_of(document(read))
        if "flop_per_s" not in place[:-1] and place[-1] != "power"
    ]
    assert len(places) > 100
    for place in places:
        damaged = document(read)
        *path, last = place
        entry: Any = damaged
        for part in path:
            entry = entry[part]
        del entry[last]
        with pytest.raises(ResultError):
            fleet_from_resolved(damaged)


def test_fractions_are_text(read: Read) -> None:
    resolved = through_json(read({"workloads.0.requests_per_s": "1/3"}))
    assert resolved["workloads"][0]["requests_per_s"] == "1/3"
    assert Fraction(resolved["machines"][0]["contracts"][0]["usd_per_hour"]) == Fraction(5, 2)
