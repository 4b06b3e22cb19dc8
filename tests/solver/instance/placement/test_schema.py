"""The JSON Schema of placement files and the template that starts one."""

from __future__ import annotations

import datetime
import json
import re
import tomllib
from fractions import Fraction
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from solver.instance.placement.reader import placement_instance_from_raw
from tests.solver.instance.placement.questions import SOURCES

TODAY = datetime.date(2026, 11, 1)


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    text = files("solver.instance").joinpath("instance.schema.json").read_text(encoding="utf-8")
    return jsonschema.Draft202012Validator(json.loads(text))


def template_text() -> str:
    return (files("solver.instance") / "template_placement.toml").read_text(encoding="utf-8")


def test_the_template_meets_the_schema(validator: jsonschema.Draft202012Validator) -> None:
    assert list(validator.iter_errors(tomllib.loads(template_text()))) == []


@pytest.mark.parametrize("source", SOURCES)
def test_every_source_meets_the_schema(
    source: str, validator: jsonschema.Draft202012Validator
) -> None:
    assert list(validator.iter_errors(json.loads(json.dumps(SOURCES[source])))) == []


@pytest.mark.parametrize(
    ("table", "key"),
    [("machines", "acelerator"), ("hosts", "name"), ("links", "gbps"), ("limits", "max_devices")],
)
def test_an_unknown_key_is_one_error_of_the_right_table(
    validator: jsonschema.Draft202012Validator, table: str, key: str
) -> None:
    raw = tomllib.loads(template_text())
    (raw[table][0] if isinstance(raw[table], list) else raw[table])[key] = "x"
    (error,) = validator.iter_errors(raw)
    assert key in error.message
    assert error.absolute_path[0] == table


def test_the_kind_chooses_what_is_asked_for(validator: jsonschema.Draft202012Validator) -> None:
    raw = tomllib.loads(template_text())
    assert list(validator.iter_errors({**raw, "kind": "replica"}))
    assert list(validator.iter_errors({**raw, "kind": "fleet"}))


def test_the_template_is_two_racks_of_unequal_machines() -> None:
    question = placement_instance_from_raw(tomllib.loads(template_text()), today=TODAY)
    assert {host.accelerator for host in question.topology.hosts} == {"a100x2", "l40sx4"}
    assert [switch.name for switch in question.topology.switches] == ["leaf1", "leaf2"]
    assert question.warnings == ()


def _with_remarks(apart: tuple[str, ...]) -> dict[str, Any]:
    """The template with what its remarks offer, but for those that begin with ``apart``."""
    lines = [line for line in template_text().splitlines() if not line.startswith(apart)]
    remarks = [line for line in lines if re.match(r"# (\[|\w+ = )", line)]
    assert len(remarks) > 15
    return tomllib.loads("\n".join(line[2:] if line in remarks else line for line in lines))


SOURCE_KEYS = (
    "# file",
    "# machine =",
    "# wires",
    "# pcie",
    "# links_file",
    "# shape",
    "# [measured",
)
MEASURED_KEYS = ("# rates", "# layer_times")
EPOCH_KEYS = ("# flop_efficiency", "# hbm_efficiency")


def test_what_the_remarks_of_the_template_offer_can_be_read() -> None:
    raw = _with_remarks((*SOURCE_KEYS, *MEASURED_KEYS, *EPOCH_KEYS, "# replicas", "# weight_bits"))
    # The builder's network stands beside the inline one until a link joins them.
    raw["links"].append({"a": "r1-leaf", "b": "leaf2", "gbit_per_s": 100, "latency_us": 5})
    question = placement_instance_from_raw(raw, today=TODAY)
    assert question.through_hosts
    assert (question.entry, question.exit) == ("front", "front")
    assert question.rounding is not None
    assert question.limits.max_usd_per_hour == 30
    assert len(question.topology.hosts) == 5 + 5
    assert (question.design.weight_format, question.design.weight_bits) == ("int8", 8)


def test_the_remarks_on_the_published_formula_can_be_read() -> None:
    raw = tomllib.loads(template_text())
    lines = [line[2:] for line in template_text().splitlines() if line.startswith(EPOCH_KEYS)]
    raw["performance"] = {"model": "epoch2025", **tomllib.loads("\n".join(lines))}
    question = placement_instance_from_raw(raw, today=TODAY)
    assert (question.performance.flop_efficiency, question.performance.hbm_efficiency) == (
        Fraction("0.7"),
        Fraction("0.75"),
    )


def test_the_remarks_on_measured_machines_can_be_read(tmp_path: Path) -> None:
    raw = tomllib.loads(template_text())
    remark = next(line for line in template_text().splitlines() if line.startswith("# shape"))
    raw["workload"] = tomllib.loads(remark[2:])
    names = ["a100x2", "l40sx4"]
    raw["machines"] = [{"name": name, "hbm_gb": 80, "usd_per_hour": 1} for name in names]
    raw["measured"] = {"rates": "rates.csv", "layer_times": "times.csv"}
    del raw["design"]["tensor_parallel"]
    del raw["performance"]
    rows = [f"{name},1,{10 + number}" for number, name in enumerate(names)]
    for file, column in (("rates", "layers_held,tok_per_s"), ("times", "microbatch,ms_per_layer")):
        text = "\n".join([f"machine,{column}", *rows])
        (tmp_path / f"{file}.csv").write_text(text)
    raw["design"]["microbatch"] = 1
    question = placement_instance_from_raw(raw, folder=tmp_path, today=TODAY)
    assert question.is_measured
    assert question.machine("l40sx4").measured is not None
