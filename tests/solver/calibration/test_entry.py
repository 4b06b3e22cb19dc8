"""The accelerator entry: whose peaks, which name, what looks wrong."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from solver.calibration.backend import Machine
from solver.calibration.entry import build_entry, device_of, match_accelerator
from solver.calibration.measure import Measurements
from solver.calibration.run import Calibrated
from solver.catalog.shipped import shipped_catalog
from solver.errors import CatalogError, EngineError

TODAY = date(2026, 11, 21)


@pytest.mark.parametrize(
    ("device_name", "expected"),
    [
        ("NVIDIA H200", "H200 SXM"),
        ("NVIDIA H100 80GB HBM3", "H100 SXM"),
        ("NVIDIA H100 PCIe", "H100 PCIe"),
        ("NVIDIA A100-SXM4-80GB", "A100-80GB SXM"),
        ("NVIDIA A100-SXM4-40GB", "A100-40GB SXM"),
        ("Tesla V100-SXM2-32GB", "V100-32GB SXM"),
        ("NVIDIA B200", "B200 SXM"),
        ("NVIDIA GB200", "GB200 NVL72"),
        ("NVIDIA H20", "H20"),
        ("NVIDIA L4", "L4"),
        ("NVIDIA L40S", "L40S"),
        ("NVIDIA RTX PRO 6000 Blackwell Server Edition", "RTX PRO 6000"),
        ("AMD Instinct MI300X", "MI300X"),
        ("NVIDIA L40", None),
        ("NVIDIA H200 NVL", None),
        ("NVIDIA H100 NVL", None),
        ("NVIDIA GeForce RTX 5090 Laptop GPU", None),
        ("Intel(R) Xeon(R) Processor @ 2.50GHz", None),
    ],
)
def test_names_of_devices_find_their_entry(device_name: str, expected: str | None) -> None:
    assert match_accelerator(device_name) == expected


def test_every_name_that_can_be_found_is_in_the_catalog() -> None:
    from solver.calibration.entry import _NAMES

    assert {name for _, name in _NAMES if name} <= set(shipped_catalog().accelerators)


def test_a_known_device_keeps_the_vendors_peaks(calibrated: Calibrated) -> None:
    vendor = shipped_catalog().accelerators["H200 SXM"]
    entry = calibrated.entry
    assert entry.peaks == "vendor"
    assert entry.accelerator.flop_per_s == vendor.flop_per_s
    assert entry.accelerator.hbm_bytes_per_s == vendor.hbm_bytes_per_s


def test_memory_and_launch_time_are_measured(calibrated: Calibrated) -> None:
    accelerator = calibrated.entry.accelerator
    assert accelerator.hbm_bytes == calibrated.machine.memory_bytes
    assert accelerator.kernel_launch_s == pytest.approx(1.7e-6, rel=1e-4)


def unknown(machine: Machine) -> Machine:
    return replace(machine, name="Nobody's GPU 1")


def test_measured_peaks_stand_in_for_an_unknown_device(
    calibrated: Calibrated, h200: Machine
) -> None:
    entry = build_entry(unknown(h200), calibrated.measured, extends=None, today=TODAY)
    assert entry.peaks == "measured"
    assert entry.accelerator.hbm_bytes_per_s == pytest.approx(4.3e12, rel=1e-4)
    assert 0.5 * 989e12 < entry.accelerator.flop_per_s[16] < 0.75 * 989e12
    assert "stand in" in entry.accelerator.note
    assert entry.accelerator.confidence == "low"


def test_an_unknown_device_can_be_told_what_it_is(calibrated: Calibrated, h200: Machine) -> None:
    entry = build_entry(unknown(h200), calibrated.measured, extends="H200 SXM", today=TODAY)
    assert entry.peaks == "vendor"
    assert entry.keys["extends"] == "H200 SXM"


def test_without_collectives_the_host_copy_stands_in_for_the_link(
    calibrated: Calibrated, h200: Machine
) -> None:
    tables = tuple(t for t in calibrated.measured.tables if t.family != "collective")
    alone = replace(calibrated.measured, tables=tables)
    entry = build_entry(unknown(h200), alone, extends=None, today=TODAY)
    assert entry.accelerator.scale_up_bytes_per_s == pytest.approx(55e9, rel=1e-4)


def test_a_rate_above_the_peak_of_the_entry_is_a_warning(
    calibrated: Calibrated, h200: Machine
) -> None:
    entry = build_entry(h200, calibrated.measured, extends="L4", today=TODAY)
    assert any("memory was measured at" in warning for warning in entry.warnings)
    assert calibrated.entry.warnings == ()


def test_an_unknown_entry_is_refused_with_those_there_are(
    calibrated: Calibrated, h200: Machine
) -> None:
    with pytest.raises(CatalogError, match=r"no accelerator 'H201'.*H200 SXM"):
        build_entry(h200, calibrated.measured, extends="H201", today=TODAY)


def test_no_peak_without_a_matrix_multiplication(calibrated: Calibrated, h200: Machine) -> None:
    bare: Measurements = replace(calibrated.measured, tables=())
    with pytest.raises(EngineError, match="larger --budget"):
        build_entry(unknown(h200), bare, extends=None, today=TODAY)


def test_the_device_has_the_machines_silicon(calibrated: Calibrated, h200: Machine) -> None:
    device = device_of(h200, calibrated.entry)
    assert device.multiprocessors == 132
    assert device.l2_bytes == 50 * 2**20
    assert device.float8


def test_a_cpu_is_not_taken_for_an_accelerator_of_its_maker(
    calibrated: Calibrated, h200: Machine
) -> None:
    cpu = replace(h200, kind="cpu", name="Intel(R) Xeon(R) Processor @ 2.50GHz")
    entry = build_entry(cpu, calibrated.measured, extends=None, today=TODAY)
    assert entry.accelerator.vendor == "unknown"
