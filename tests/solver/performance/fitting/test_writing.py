"""Fits become a catalog file that reads back."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solver.performance.fitting.fit import ErrorSummary, Fit
from solver.performance.fitting.writing import SOURCE, catalog_text
from solver.performance.operators.catalog import parse_operator_catalog

FIT = Fit(
    family="gemm",
    system="h100_sxm",
    backend="trtllm",
    version="1.0",
    precision='a "quoted" \\ name',
    constants={"fixed_s": 1.25e-6, "overlap": 3.0},
    units={"fixed_s": "s", "overlap": "1"},
    rows=12,
    errors={"random": ErrorSummary(0.05, 0.2, -0.01, 2), "shape": ErrorSummary(0.06, 0.3, 0.0, 3)},
)


def test_what_was_written_is_read_back() -> None:
    catalog = parse_operator_catalog(catalog_text([FIT], as_of="2026-01-02"), where="text")
    assert (catalog.family, catalog.source, catalog.as_of) == ("gemm", SOURCE, "2026-01-02")
    assert catalog.units == FIT.units
    read = catalog.find(system=FIT.system, precision=FIT.precision)
    assert read.constants == FIT.constants
    assert read.rows == FIT.rows
    assert read.errors["random"].p95 == 0.2
    assert read.errors["shape"].rows == 3


@given(st.floats(1e-300, 1e300))
def test_a_constant_keeps_six_digits(value: float) -> None:
    fit = replace(FIT, constants={"fixed_s": value, "overlap": 1.0})
    catalog = parse_operator_catalog(catalog_text([fit], as_of="2026"), where="text")
    read = catalog.find(system=FIT.system, precision=FIT.precision).constants["fixed_s"]
    assert read == pytest.approx(value, rel=1e-5)


def test_a_file_holds_one_family_with_equal_constants() -> None:
    with pytest.raises(ValueError, match="nothing to write"):
        catalog_text([], as_of="2026")
    with pytest.raises(ValueError, match="one family"):
        catalog_text([FIT, replace(FIT, family="moe")], as_of="2026")
    with pytest.raises(ValueError, match="the same constants"):
        catalog_text([FIT, replace(FIT, constants={}, units={})], as_of="2026")
