"""Constants of serving: the shipped ones, ranges, and faults of a file."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from solver.errors import CatalogError
from solver.performance.calibrated.constants import (
    UNITS,
    ServingConstants,
    read_serving_constants,
    serving_constants,
)

NAMES = [entry.name for entry in fields(ServingConstants)]


def text_of(constants: dict[str, float], units: dict[str, str] = UNITS) -> str:
    lines = ["schema = 1", 'source = "a test"', 'as_of = "2026-11"', "[units]"]
    lines += [f'{name} = "{unit}"' for name, unit in units.items()]
    lines += ["[constants]", *(f"{name} = {value!r}" for name, value in constants.items())]
    return "\n".join(lines)


def shipped() -> dict[str, float]:
    return {name: float(getattr(serving_constants(), name)) for name in NAMES}


def test_every_constant_has_a_unit() -> None:
    assert set(UNITS) == set(NAMES)


def test_constants_survive_a_file() -> None:
    assert read_serving_constants(text_of(shipped()), where="x") == serving_constants()


@pytest.mark.parametrize("name", NAMES)
def test_a_negative_constant_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        replace(serving_constants(), **{name: -1.0})


@pytest.mark.parametrize("name", NAMES)
def test_an_infinite_constant_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        replace(serving_constants(), **{name: float("inf")})


def test_a_share_of_the_cache_above_one_is_refused() -> None:
    with pytest.raises(ValueError, match="kv_share"):
        replace(serving_constants(), kv_share=1.5)


def test_a_missing_constant_is_named() -> None:
    values = shipped()
    del values["step_s"]
    with pytest.raises(CatalogError, match="step_s"):
        read_serving_constants(text_of(values), where="x")


def test_an_unknown_constant_is_named() -> None:
    with pytest.raises(CatalogError, match="luck"):
        read_serving_constants(text_of(shipped() | {"luck": 1.0}), where="x")


def test_a_text_that_is_not_toml_is_refused() -> None:
    with pytest.raises(CatalogError, match="x"):
        read_serving_constants("schema = ", where="x")
