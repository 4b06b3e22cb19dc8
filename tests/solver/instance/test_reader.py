from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from solver.errors import InstanceError
from solver.instance.domain import ReplicaInstance
from solver.instance.fleet.reader import read_fleet_instance
from solver.instance.loading import parse_setting
from solver.instance.reader import (
    read_replica_instance,
    replica_instance_from_raw,
)
from solver.instance.resolved import instance_from_resolved, resolved_instance

Raw = Callable[..., dict[str, Any]]
Small = Callable[..., ReplicaInstance]

TEXT = """
schema = 1
kind = "replica"
name = "x"
[workload]
model = "Llama-3.1-8B"
[design]
accelerator = "H100 SXM"
[price]
usd_per_hour = 2.1
[performance]
model = "epoch2025"
"""


def faults_of(raw: dict[str, Any]) -> list[str]:
    with pytest.raises(InstanceError) as caught:
        replica_instance_from_raw(raw, where="bad.toml")
    return [str(fault) for fault in caught.value.faults]


def test_a_decimal_price_is_kept_exactly(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text(TEXT)
    assert read_replica_instance(path).machines[0].price.usd_per_hour == Fraction(21, 10)


def test_a_fraction_is_read_as_a_fraction(small: Small) -> None:
    question = small(price__usd_per_hour="113/75")
    assert question.machines[0].price.usd_per_hour == Fraction(113, 75)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"workload__modle": "x"}, ["workload.modle", "not a known key", "'x'"]),
        ({"workload__model": None}, ["workload.model", "is missing"]),
        ({"workload__model": "Llama-9"}, ["workload.model", "Llama-9"]),
        ({"workload__context_tokens": -5}, ["workload.context_tokens", "-5"]),
        ({"workload__context_tokens": 10**7}, ["workload.context_tokens", "131072"]),
        ({"design__accelerator": "H1000"}, ["design.accelerator", "H1000"]),
        ({"design__batch": "9..1"}, ["design.batch", "9..1"]),
        ({"design__batch": [0, 1]}, ["design.batch", "0 is below 1"]),
        ({"design__tensor_parallel_2d": [3]}, ["tensor_parallel_2d", "perfect square"]),
        ({"design__weight_bits": [4]}, ["design.weight_bits", "H100 SXM", "4-bit", "8, 16"]),
        ({"design__tensor_parallel": []}, ["design.tensor_parallel", "design space is empty"]),
        ({"price__usd_per_hour": "-1"}, ["price.usd_per_hour", "greater than 0", "-1"]),
        ({"price__usd_per_hour": "1e999999"}, ["price.usd_per_hour", "1e999999"]),
        ({"price__usd_per_hour": {"L4": "1"}}, ["price.usd_per_hour", "H100 SXM"]),
        ({"price__usd_per_hour": None, "price__tier": "gift"}, ["price.tier", "gift"]),
        (
            {"draft": {"model": "Llama-3.1-8B", "acceptance": 1}},
            ["draft.acceptance", "less than 1"],
        ),
        ({"limits": {"max_devices": 0}}, ["limits.max_devices", "0"]),
        ({"rules": {"hbm_account": "all"}}, ["rules.hbm_account", "'all'"]),
        ({"schema": 2}, ["schema", "2"]),
        ({"name": "a b"}, ["name", "'a b'"]),
    ],
)
def test_a_fault_names_file_key_value_and_cure(
    small_raw: Raw, change: dict[str, Any], words: list[str]
) -> None:
    faults = faults_of(small_raw(**change))
    assert len(faults) == 1
    assert faults[0].startswith("bad.toml")
    for word in words:
        assert word in faults[0]
    assert "\n" not in faults[0]


def test_all_faults_of_a_file_are_reported_at_once(small_raw: Raw) -> None:
    faults = faults_of(
        small_raw(workload__context_tokens=-1, design__batch="x", price__usd_per_hour=0, extra=1)
    )
    assert len(faults) == 4


def test_a_slip_of_spelling_does_not_hide_a_name_that_does_not_exist(small_raw: Raw) -> None:
    raw = small_raw(workload__modle="x", design__weight_bits=[4], price__usd_per_hour=-1)
    text = "\n".join(faults_of(raw))
    for word in ("workload.modle", "no 4-bit arithmetic", "greater than 0"):
        assert word in text


def test_all_unknown_names_are_reported_at_once(small_raw: Raw) -> None:
    raw = small_raw(workload__model="nope", design__accelerator=["H100 SXM", "nope too"])
    assert len(faults_of(raw)) == 2


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"\xff\xfe", "not a TOML file"),
        (b"a = [", "not a TOML file"),
        (b"a = 1", "kind is missing"),
    ],
)
def test_a_file_that_is_no_instance_is_refused(tmp_path: Path, content: bytes, word: str) -> None:
    path = tmp_path / "x.toml"
    path.write_bytes(content)
    with pytest.raises(InstanceError, match=word):
        read_replica_instance(path)


def test_a_directory_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InstanceError, match="is a directory"):
        read_replica_instance(tmp_path)
    with pytest.raises(InstanceError, match="cannot be read"):
        read_replica_instance(tmp_path / "none.toml")


def test_a_setting_is_laid_over_the_file_and_changes_the_digest(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text(TEXT)
    plain = read_replica_instance(path)
    changed = read_replica_instance(path, settings=dict([parse_setting("design.batch=1..7")]))
    assert changed.design.batch == tuple(range(1, 8))
    assert changed.sha256 != plain.sha256


def test_settings_are_read_as_toml_where_they_can_be() -> None:
    assert parse_setting("a.b=[1, 2]") == ("a.b", [1, 2])
    assert parse_setting("a.b=H100 SXM") == ("a.b", "H100 SXM")
    assert parse_setting('a.b="7"') == ("a.b", "7")


@pytest.mark.parametrize("text", ["a.b", "=3", "a..b=3"])
def test_a_setting_without_key_or_value_is_refused(text: str) -> None:
    with pytest.raises(InstanceError, match="KEY=VALUE"):
        parse_setting(text)


def test_a_setting_below_a_plain_value_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text(TEXT)
    with pytest.raises(InstanceError, match="not a table"):
        read_replica_instance(path, settings={"name.deeper": 1})


def test_a_price_older_than_a_year_is_flagged(small_raw: Raw) -> None:
    raw = small_raw(price__as_of="2025-05")
    fresh = replica_instance_from_raw(raw, today=datetime.date(2026, 5, 1))
    stale = replica_instance_from_raw(raw, today=datetime.date(2026, 7, 1))
    assert fresh.warnings == ()
    assert len(stale.warnings) == 1
    assert "2025-05" in stale.warnings[0]


def test_own_entries_extend_the_catalog(small_raw: Raw) -> None:
    raw = small_raw(
        design__accelerator="Big H100",
        accelerators=[{"extends": "H100 SXM", "name": "Big H100", "hbm_gb": 160}],
    )
    machine = replica_instance_from_raw(raw).machines[0]
    assert machine.accelerator.hbm_bytes == 160 * 10**9


def test_a_catalog_file_beside_the_instance_is_read(tmp_path: Path, small_raw: Raw) -> None:
    (tmp_path / "own.toml").write_text(
        'schema = 1\n[[accelerators]]\nextends = "H100 SXM"\nname = "Mine"\nhbm_gb = 96\n'
    )
    raw = small_raw(catalog=["own.toml"], design__accelerator="Mine")
    question = replica_instance_from_raw(raw, folder=tmp_path)
    assert question.machines[0].accelerator.hbm_bytes == 96 * 10**9


def test_the_resolved_question_reads_back_as_itself(small: Small) -> None:
    question = small(
        draft={"model": "Llama-3.1-8B", "acceptance": "0.7", "tokens": "0..2"},
        limits={"max_devices": 4, "min_speed_tok_per_s": "20.5"},
        rules={"hbm_reserve_fraction": "0.1"},
    )
    resolved = json.loads(json.dumps(resolved_instance(question)))
    again = instance_from_resolved(resolved)
    assert resolved_instance(again) == resolved
    assert again.design == question.design
    assert again.limits == question.limits
    assert again.model == question.model


def test_a_fleet_is_no_replica_question(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text(TEXT.replace('"replica"', '"fleet"'))
    with pytest.raises(InstanceError, match="kind is 'fleet', where a replica question is"):
        read_replica_instance(path)


def test_a_replica_is_no_fleet_question(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text(TEXT)
    with pytest.raises(InstanceError, match="kind is 'replica', where a fleet question is"):
        read_fleet_instance(path)
