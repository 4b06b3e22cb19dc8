from __future__ import annotations

import datetime
import json
from importlib.resources import files
from pathlib import Path

import pytest

from solver.errors import InstanceError
from solver.instance.domain import ReplicaInstance
from solver.instance.fleet.columns import ColumnFleet
from solver.instance.fleet.domain import FleetInstance
from solver.instance.reading import read_any_instance

TEMPLATES = {"replica": ReplicaInstance, "fleet": FleetInstance}
COLUMNS = {
    "format": "fleet-columns/1",
    "name": "x",
    "types": [{"price_cents_per_h": 1}],
    "demand_milli_tok_per_s": [1],
    "columns": {"type": [0], "gpus": [1], "workload": [0], "capacity_milli_tok_per_s": [1]},
}


@pytest.mark.parametrize("kind", TEMPLATES)
def test_a_toml_file_is_what_its_kind_says(tmp_path: Path, kind: str) -> None:
    text = files("solver.instance").joinpath(f"template_{kind}.toml").read_text(encoding="utf-8")
    path = tmp_path / "x.toml"
    path.write_text(text, encoding="utf-8")
    question = read_any_instance(path, today=datetime.date(2026, 11, 1))
    assert type(question) is TEMPLATES[kind]
    assert question.source == str(path)
    assert question.warnings == ()


def test_a_json_file_is_a_fleet_in_columns(tmp_path: Path) -> None:
    path = tmp_path / "x.JSON"
    path.write_text(json.dumps(COLUMNS))
    assert type(read_any_instance(path)) is ColumnFleet


@pytest.mark.parametrize(
    ("text", "words"),
    [("a = 1", "kind is missing.*replica, fleet"), ('kind = "fleat"', "kind is 'fleat'.*fleet")],
)
def test_a_kind_that_is_none_is_a_fault_with_the_choices(
    tmp_path: Path, text: str, words: str
) -> None:
    path = tmp_path / "x.toml"
    path.write_text(text)
    with pytest.raises(InstanceError, match=words):
        read_any_instance(path)


def test_settings_reach_every_kind(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text(json.dumps(COLUMNS))
    question = read_any_instance(path, settings={"types.0.stock": 3})
    assert isinstance(question, ColumnFleet)
    assert question.types[0].stock == 3
