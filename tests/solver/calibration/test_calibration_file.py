"""What is written is read back, and faults of a file are named with place and cure."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from solver.calibration.backend import Machine
from solver.calibration.entry import build_entry, device_of
from solver.calibration.run import Calibrated
from solver.calibration.writing import calibration_text
from solver.errors import CatalogError, UnsupportedModelError
from solver.performance.operators.calibration_file import (
    FAMILIES,
    Calibration,
    parse_calibration,
    read_calibration,
)
from solver.performance.operators.gemm import constants_from, gemm_s


@pytest.fixture(scope="module")
def read(calibrated: Calibrated, tmp_path_factory: pytest.TempPathFactory) -> Calibration:
    path = tmp_path_factory.mktemp("calibration") / "my-gpu.toml"
    path.write_text(calibrated.text)
    return read_calibration(path)


def faults_of(text: str) -> str:
    with pytest.raises(CatalogError) as caught:
        parse_calibration(text, where="my-gpu.toml")
    return str(caught.value)


def test_the_accelerator_comes_back(read: Calibration, calibrated: Calibrated) -> None:
    assert read.accelerator == calibrated.entry.accelerator


def test_the_device_comes_back(read: Calibration, calibrated: Calibrated) -> None:
    assert read.device == device_of(calibrated.machine, calibrated.entry)


def test_every_family_comes_back_with_its_constants(
    read: Calibration, calibrated: Calibrated
) -> None:
    for family in calibrated.fits:
        found = read.find(family.fit.family, precision=family.fit.precision)
        assert found.constants == pytest.approx(family.fit.constants, rel=1e-5)


def test_errors_come_back(read: Calibration, calibrated: Calibrated) -> None:
    for family in calibrated.fits:
        found = read.find(family.fit.family, precision=family.fit.precision)
        for split, error in family.fit.errors.items():
            assert found.errors[split].median == pytest.approx(error.median, abs=1e-4)
            assert found.errors[split].rows == error.rows


def test_constants_read_back_predict_the_medians_of_the_file(
    read: Calibration, calibrated: Calibrated
) -> None:
    medians = tomllib.loads(calibrated.text)["operators"][0]["medians"]
    found = read.find("gemm", precision="bfloat16")
    predicted_s = gemm_s(
        constants_from(found.constants),
        read.device,
        precision="bfloat16",
        **{name: medians[name] for name in ("m", "n", "k")},
    )
    assert predicted_s == pytest.approx(medians["latency_s"], rel=0.1)


def test_every_row_says_what_timed_it(calibrated: Calibrated) -> None:
    for operator in tomllib.loads(calibrated.text)["operators"]:
        columns = operator["medians"]
        assert {len(column) for column in columns.values()} == {operator["rows"]}
        assert set(columns["timed_by"]) <= {"graph", "events", "clock"}


def test_the_file_says_who_measured_with_what_and_when(calibrated: Calibrated) -> None:
    for operator in tomllib.loads(calibrated.text)["operators"]:
        assert operator["source"] == (
            "measured by fleetfront calibrate, torch 2.13.0, driver 580.0, CUDA 13.0"
        )
        assert operator["as_of"] == "2026-11-21"


def test_names_with_quotes_and_backslashes_survive(calibrated: Calibrated, h200: Machine) -> None:
    odd = replace(h200, name='A "quoted" \\ name\x7f')
    entry = build_entry(odd, calibrated.measured, extends="H200 SXM", today=date(2026, 11, 21))
    text = calibration_text(
        odd, calibrated.measured, entry, device_of(odd, entry), (), calibrated.run
    )
    assert tomllib.loads(text)["measured"]["device"] == odd.name
    assert parse_calibration(text, where="odd").accelerator.name == f"{odd.name} (measured)"


def test_measured_peaks_come_back_as_such(calibrated: Calibrated, h200: Machine) -> None:
    odd = replace(h200, name="Nobody's GPU 1")
    entry = build_entry(odd, calibrated.measured, extends=None, today=date(2026, 11, 21))
    text = calibration_text(
        odd, calibrated.measured, entry, device_of(odd, entry), (), calibrated.run
    )
    back = parse_calibration(text, where="odd")
    assert back.peaks == "measured"
    assert back.accelerator == entry.accelerator


def test_a_family_that_was_not_measured_is_refused_with_those_that_were(
    read: Calibration,
) -> None:
    with pytest.raises(UnsupportedModelError, match=r"moe was not measured.*gemm"):
        read.find("moe", precision="bfloat16")


def test_a_precision_that_was_not_measured_is_refused_with_those_that_were(
    read: Calibration,
) -> None:
    with pytest.raises(UnsupportedModelError, match=r"'nvfp4'.*bfloat16, fp8"):
        read.find("gemm", precision="nvfp4")


def test_a_missing_file_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match=r"none.toml: cannot be read"):
        read_calibration(tmp_path / "none.toml")


def test_text_that_is_no_toml_is_a_fault() -> None:
    assert "my-gpu.toml: not TOML" in faults_of("schema = ")


def test_an_unknown_key_is_named(calibrated: Calibrated) -> None:
    told = faults_of(calibrated.text.replace("seed = 0", "sed = 0"))
    assert "my-gpu.toml: measured.seed: field required" in told
    assert "my-gpu.toml: measured.sed" in told


def test_a_bad_value_is_named_with_what_was_given(calibrated: Calibrated) -> None:
    told = faults_of(calibrated.text.replace("multiprocessors = 132", "multiprocessors = 0"))
    assert "measured.multiprocessors" in told
    assert "(got 0)" in told
    assert "fleetfront calibrate" in told


def test_another_schema_is_refused(calibrated: Calibrated) -> None:
    assert "schema" in faults_of(calibrated.text.replace("schema = 1", "schema = 2", 1))


def test_an_accelerator_that_the_catalog_refuses_is_a_fault(calibrated: Calibrated) -> None:
    told = faults_of(calibrated.text.replace('extends = "H200 SXM"', 'extends = "H201 SXM"'))
    assert "accelerators.0.extends" in told


def test_a_constant_that_is_missing_is_named(calibrated: Calibrated) -> None:
    lines = calibrated.text.splitlines()
    cut = next(i for i, line in enumerate(lines) if line.startswith("overlap = "))
    told = faults_of("\n".join(lines[:cut] + lines[cut + 1 :]))
    assert "operators.0" in told
    assert "overlap" in told


def test_a_constant_out_of_range_is_named(calibrated: Calibrated) -> None:
    lines = calibrated.text.splitlines()
    cut = next(i for i, line in enumerate(lines) if line.startswith("overlap = "))
    lines[cut] = "overlap = 0.5"
    assert "overlap must lie between 1 and 25" in faults_of("\n".join(lines))


def test_an_unknown_family_is_named_with_those_there_are(calibrated: Calibrated) -> None:
    told = faults_of(calibrated.text.replace('family = "gemm"', 'family = "gem"'))
    assert "no family 'gem'" in told
    assert ", ".join(FAMILIES) in told


def test_operators_of_another_device_are_refused(calibrated: Calibrated) -> None:
    told = faults_of(
        calibrated.text.replace('system = "NVIDIA H200 (measured)"', 'system = "h100"', 1)
    )
    assert "'h100' is not the accelerator of the file" in told


def test_a_family_given_twice_is_refused(calibrated: Calibrated) -> None:
    told = faults_of(calibrated.text.replace('precision = "fp8"', 'precision = "bfloat16"'))
    assert "gemm at bfloat16 is given twice" in told
