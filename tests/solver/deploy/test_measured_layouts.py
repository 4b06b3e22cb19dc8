"""Names of measured layouts as importers of benchmarks write them."""

from __future__ import annotations

import pytest

from solver.deploy.measured_layouts import measured_layout
from solver.errors import ResultError


@pytest.mark.parametrize(
    ("name", "devices", "batch"),
    [
        ("TP1 batch 64", 1, 64),
        ("TP1 rate 16", 1, None),
        ("TP2 fp8 KV8 rate 2.5", 2, None),
        ("TP4 rate unlimited", 4, None),
        ("TP4 rate of a trace", 4, None),
        ("TP2 rate 16 batch 32", 2, 32),
        ("TP1 batch 64 (2)", 1, 64),
        ("TP1 rate 16 (3)", 1, None),
        ("1 device batch 8", 1, 8),
        ("TP8", 8, None),
    ],
)
def test_a_name_says_degrees_and_how_many_ran_together(
    name: str, devices: int, batch: int | None
) -> None:
    found = measured_layout(name, devices=devices, where="row 1")
    assert found.tensor_parallel == devices
    assert found.batch == batch


@pytest.mark.parametrize(
    ("name", "devices"),
    [
        ("2 devices batch 64", 2),
        ("2xTP4 batch 64", 8),
        ("TP8 rate 16", 4),
        ("TP1 rate 1e9", 1),
        ("TP1 batch 64 (2) (3)", 1),
        ("TP1 rate 16; touch x", 1),
        ("batch 64", 1),
    ],
)
def test_a_name_that_does_not_say_the_degrees_is_refused(name: str, devices: int) -> None:
    with pytest.raises(ResultError):
        measured_layout(name, devices=devices, where="row 1")
