from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable
from importlib.resources import files
from typing import Any

import jsonschema
import pytest

from solver.instance.fleet.reader import fleet_instance_from_raw


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    text = files("solver.instance").joinpath("instance.schema.json").read_text(encoding="utf-8")
    return jsonschema.Draft202012Validator(json.loads(text))


def template() -> dict[str, Any]:
    return tomllib.loads(
        files("solver.instance").joinpath("template_fleet.toml").read_text(encoding="utf-8")
    )


def test_the_template_meets_the_schema(validator: jsonschema.Draft202012Validator) -> None:
    assert list(validator.iter_errors(template())) == []


@pytest.mark.parametrize(
    ("table", "key"),
    [("workloads", "modle"), ("machines", "acelerator"), ("limits", "max_cost_usd_per_mtok")],
)
def test_an_unknown_key_is_one_error_of_the_right_table(
    validator: jsonschema.Draft202012Validator, table: str, key: str
) -> None:
    raw = template()
    (raw[table][0] if isinstance(raw[table], list) else raw[table])[key] = "x"
    (error,) = validator.iter_errors(raw)
    assert key in error.message
    assert error.absolute_path[0] == table


def test_the_kind_chooses_what_is_asked_for(
    validator: jsonschema.Draft202012Validator, raw: Callable[..., dict[str, Any]]
) -> None:
    tables = json.loads(json.dumps(raw({})))
    assert list(validator.iter_errors(tables)) == []
    assert list(validator.iter_errors({**tables, "kind": "replica"}))
    assert list(validator.iter_errors({**tables, "kind": "other"}))


def test_what_the_remarks_of_the_template_offer_can_be_read() -> None:
    text = (files("solver.instance") / "template_fleet.toml").read_text(encoding="utf-8")
    # One of two ways to say a thing, or racks that would leave machines without a place.
    apart = (
        *("# horizon_years", "# points", "# models", "# target"),
        *("# weight_format", "# flop_efficiency", "# hbm_efficiency"),
        # Penalties need scores, which stand with models; clocks go with no stated watts.
        *("# [[penalties]]", "# source", "# watts_per_device"),
    )
    whole = [line for line in text.splitlines() if "(default: all)" not in line]
    lines = [line for line in whole if not line.startswith(apart)]
    remarks = [line for line in lines if re.match(r"# (\[|\w+ = )", line)]
    assert len(remarks) > 30
    raw = tomllib.loads("\n".join(line[2:] if line in remarks else line for line in lines))
    question = fleet_instance_from_raw(raw)
    assert len(question.machines) == 3
    assert [contract.kind for contract in question.machines[2].contracts] == ["reserved", "owned"]
    assert question.service.survive_rack_loss
    assert len(question.periods) == len(question.workloads[0].by_period) == 2
    assert question.answers.preferences[0].machines == ("h100",)
    assert question.machines[0].clocks_mhz == (1200, 1980)
    assert question.energy is not None
    assert question.energy.billed
