from __future__ import annotations

import json
import tomllib
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest

from solver.instance.schema import instance_schema

INSTANCES = sorted(
    path
    for path in (Path(__file__).resolve().parents[3] / "instances").rglob("*.toml")
    # Lists of families and seeds, not questions.
    if path.parent.name != "bench"
)


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    """The schema, built and checked once."""
    schema = instance_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize("path", INSTANCES, ids=lambda path: path.stem)
def test_every_shipped_instance_meets_the_schema(
    path: Path, validator: jsonschema.Draft202012Validator
) -> None:
    validator.validate(tomllib.loads(path.read_text()))


def test_the_schema_refuses_an_unknown_key(validator: jsonschema.Draft202012Validator) -> None:
    raw = tomllib.loads(INSTANCES[0].read_text())
    raw["workload"]["modle"] = "x"
    with pytest.raises(jsonschema.ValidationError, match="modle"):
        validator.validate(raw)


def test_every_key_is_described() -> None:
    for record in instance_schema()["$defs"].values():
        for key, entry in record["properties"].items():
            assert entry.get("description"), key


def test_the_shipped_schema_file_is_the_generated_one() -> None:
    shipped = files("solver.instance").joinpath("instance.schema.json").read_text(encoding="utf-8")
    assert json.loads(shipped) == instance_schema(), "run: fleetfront schema --out that file"


def test_the_template_meets_the_schema(validator: jsonschema.Draft202012Validator) -> None:
    template = files("solver.instance").joinpath("template_replica.toml")
    validator.validate(tomllib.loads(template.read_text(encoding="utf-8")))
