"""Reading fitted constants."""

from __future__ import annotations

from pathlib import Path

import pytest

from solver.errors import CatalogError, UnsupportedModelError
from solver.performance.operators.catalog import (
    operator_catalog,
    parse_operator_catalog,
    read_operator_catalog,
)
from solver.performance.operators.device import device_of_system
from solver.performance.operators.gemm import UNITS, constants_from, gemm_s

TEXT = """
schema = 1
family = "copy"
source = "a bench"
as_of = "2026-01-01"

[units]
fixed_s = "s"

[[fits]]
system = "h100_sxm"
backend = "trtllm"
version = "1"
precision = "bfloat16"
rows = 10
constants = { fixed_s = 1e-6 }
errors = { random = { median = 0.1, p95 = 0.2, bias = -0.01, rows = 2 } }
"""


def test_a_file_gives_constants_units_and_errors() -> None:
    catalog = parse_operator_catalog(TEXT, where="copy.toml")
    fit = catalog.find(system="h100_sxm", precision="bfloat16")
    assert fit.constants == {"fixed_s": 1e-6}
    assert catalog.units == {"fixed_s": "s"}
    assert fit.errors["random"].bias == -0.01
    assert catalog.systems == ("h100_sxm",)


def test_what_was_not_measured_is_refused_with_what_was() -> None:
    catalog = parse_operator_catalog(TEXT, where="copy.toml")
    with pytest.raises(UnsupportedModelError, match="precision it has: bfloat16"):
        catalog.find(system="h100_sxm", precision="fp8")
    with pytest.raises(UnsupportedModelError, match="that was measured: h100_sxm"):
        catalog.find(system="tpu", precision="fp8")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('fixed_s = "s"', 'fixed_s = "s"\nslope = "1"', "differ in slope"),
        ("rows = 10", "rows = 0", "fits.0.rows"),
        ("rows = 10", "rows = 10\nluck = 1", "fits.0.luck"),
        ("schema = 1", "schema = 2", "schema"),
        ("schema = 1", "schema =", "not TOML"),
    ],
)
def test_a_faulty_file_is_refused_with_the_place(old: str, new: str, message: str) -> None:
    with pytest.raises(CatalogError, match=message):
        parse_operator_catalog(TEXT.replace(old, new, 1), where="copy.toml")


def test_a_system_and_precision_fitted_twice_is_refused() -> None:
    twice = TEXT + TEXT[TEXT.index("[[fits]]") :]
    with pytest.raises(CatalogError, match="fitted twice"):
        parse_operator_catalog(twice, where="copy.toml")


def test_a_missing_file_is_a_catalog_error(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="cannot be read"):
        read_operator_catalog(tmp_path / "none.toml")
    with pytest.raises(CatalogError, match="no constants for the operator family 'juggling'"):
        operator_catalog("juggling")


def test_every_shipped_gemm_fit_gives_a_time_on_its_device() -> None:
    catalog = operator_catalog("gemm")
    assert catalog.units == UNITS
    assert catalog.source
    for (system, precision), fit in catalog.fits.items():
        constants = constants_from(fit.constants)
        time_s = gemm_s(
            constants, device_of_system(system), precision=precision, m=16, n=4096, k=4096
        )
        assert 1e-6 < time_s < 1e-3
        assert {"random", "shape"} <= fit.errors.keys()


@pytest.mark.parametrize("system", ["h100_sxm", "h200_sxm"])
def test_shipped_hopper_bf16_errors_are_within_five_percent(system: str) -> None:
    fit = operator_catalog("gemm").find(system=system, precision="bfloat16")
    assert fit.errors["random"].median <= 0.05
    assert fit.errors["shape"].median <= 0.05
