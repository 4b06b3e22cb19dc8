"""Values as cells."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solver.report.workbook.values import as_cell, exact_text, name_of, number_of, unit_of


@pytest.mark.parametrize(
    ("key", "unit"),
    [
        ("usd_per_hour", "US$/h"),
        ("hbm_bytes_per_s", "bytes/s"),
        ("hbm_bytes", "bytes"),
        ("terms.launch_s", "s"),
        ("tok_per_s_per_gpu", "tok/s per GPU"),
        ("min_speed_tok_per_s", "tok/s/user"),
        ("clock_mhz", "MHz"),
        ("layers", ""),
        ("bus", ""),
    ],
)
def test_a_suffix_names_the_unit(key: str, unit: str) -> None:
    assert unit_of(key) == unit


def test_a_header_leaves_out_the_unit_of_its_key() -> None:
    assert name_of("terms.arithmetic_s") == "terms: arithmetic"
    assert name_of("usd_per_hour") == "price"
    assert name_of("tensor_parallel") == "tensor parallel"


@pytest.mark.parametrize("text", ["59/20", "-3", "7"])
def test_a_fraction_in_text_is_a_number_and_keeps_its_text(text: str) -> None:
    assert number_of(text) == Fraction(text)
    assert exact_text(text) == text


@pytest.mark.parametrize("value", ["1/0", "=1+1", "1e5", " 7", "٣", True, None, "2024-07"])
def test_what_is_no_number_stays_none(value: Any) -> None:
    assert number_of(value) is None


@pytest.mark.parametrize("value", [float("inf"), float("nan"), 2**60])
def test_what_a_spreadsheet_cannot_hold_is_text(value: Any) -> None:
    assert isinstance(as_cell(value), str)


@settings(max_examples=50, deadline=None)
@given(st.text())
def test_any_text_is_one_line_of_printable_text(text: str) -> None:
    cell = as_cell(text)
    assert isinstance(cell, str)
    assert "\n" not in cell
    assert len(cell) <= 2000
