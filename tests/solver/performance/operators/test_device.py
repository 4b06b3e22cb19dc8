"""What a kernel needs to know of its device."""

from __future__ import annotations

import pytest

from solver.catalog.shipped import shipped_catalog
from solver.errors import UnsupportedModelError
from solver.performance.operators.device import (
    MEASURED_SYSTEMS,
    device_of_accelerator,
    device_of_system,
    known_accelerators,
)


@pytest.mark.parametrize("system", sorted(MEASURED_SYSTEMS))
def test_every_measured_system_has_a_device_with_its_catalogs_peaks(system: str) -> None:
    device = device_of_system(system)
    accelerator = shipped_catalog().accelerators[MEASURED_SYSTEMS[system]]
    assert device.name == accelerator.name
    assert device.hbm_bytes_per_s == accelerator.hbm_bytes_per_s
    assert device.peak_flop_per_s("bfloat16") == accelerator.flop_per_s[16]
    assert device.source


def test_every_known_accelerator_is_in_the_catalog() -> None:
    for name in known_accelerators():
        device = device_of_accelerator(shipped_catalog().accelerators[name])
        assert device.multiprocessors > 0
        assert device.l2_bytes > 1e6


def test_an_h100_is_as_its_whitepaper_says() -> None:
    device = device_of_system("h100_sxm")
    assert device.multiprocessors == 132
    assert device.l2_bytes == 50 * 2**20


def test_weights_stored_narrow_multiply_at_the_width_they_are_widened_to() -> None:
    device = device_of_system("a100_sxm")
    assert device.peak_flop_per_s("int4_wo") == device.peak_flop_per_s("bfloat16")


def test_a_width_the_device_lacks_is_refused_by_name() -> None:
    with pytest.raises(UnsupportedModelError, match=r"H100 SXM: no 4-bit arithmetic"):
        device_of_system("h100_sxm").peak_flop_per_s("nvfp4")


def test_an_unknown_precision_is_refused_by_name() -> None:
    with pytest.raises(UnsupportedModelError, match="'fp6' is unknown"):
        device_of_system("h100_sxm").peak_flop_per_s("fp6")


def test_an_unknown_system_is_refused_by_name() -> None:
    with pytest.raises(UnsupportedModelError, match="'h900' is unknown"):
        device_of_system("h900")


def test_an_accelerator_of_unknown_silicon_is_refused_by_name() -> None:
    with pytest.raises(UnsupportedModelError, match="Groq LPU v1"):
        device_of_accelerator(shipped_catalog().accelerators["Groq LPU v1"])
