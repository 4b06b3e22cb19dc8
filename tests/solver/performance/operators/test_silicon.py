"""Multiprocessors and caches: listed, derived by a rule, or refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from solver.catalog.domain import Accelerator
from solver.catalog.shipped import shipped_catalog
from solver.errors import UnsupportedModelError
from solver.performance.operators.device import device_of_accelerator
from solver.performance.operators.silicon import LISTED, catalog_namesake, silicon_of

ON_THE_DIE = {"Groq LPU v1", "epoch/Groq_LPU"}
CATALOG = shipped_catalog().accelerators


@pytest.mark.parametrize("name", sorted(set(CATALOG) - ON_THE_DIE))
def test_every_accelerator_with_memory_off_the_die_has_a_device(name: str) -> None:
    device = device_of_accelerator(CATALOG[name])
    assert device.multiprocessors >= 1
    assert device.l2_bytes > 1e6
    assert device.source


@pytest.mark.parametrize("name", sorted(ON_THE_DIE))
def test_memory_on_the_die_is_refused_with_the_reason(name: str) -> None:
    with pytest.raises(UnsupportedModelError, match="memory is on the die"):
        silicon_of(CATALOG[name])


@pytest.mark.parametrize("name", ["A100-80GB SXM", "V100-32GB SXM", "A10G", "TPU v5e"])
def test_integers_of_8_bits_are_no_floats_of_8_bits(name: str) -> None:
    assert not silicon_of(CATALOG[name]).float8
    with pytest.raises(UnsupportedModelError, match=f"{name}: no 8-bit"):
        device_of_accelerator(CATALOG[name]).peak_flop_per_s("fp8")


def test_the_catalogs_note_says_which_devices_have_integers_of_8_bits_alone() -> None:
    for name in LISTED:
        accelerator = CATALOG[name]
        integers = "8 bits means INT8" in accelerator.note or 8 not in accelerator.flop_per_s
        assert silicon_of(accelerator).float8 != integers, name


def test_other_building_blocks_count_by_their_peak_in_multiprocessors_of_an_h100() -> None:
    gaudi = silicon_of(CATALOG["Gaudi 3"])
    assert gaudi.multiprocessors == round(1835 / (989 / 132))
    assert gaudi.derived
    assert "multiprocessors of an H100" in gaudi.source


def test_an_unknown_cache_is_as_large_for_the_bandwidth_as_that_of_an_h100() -> None:
    tpu = silicon_of(CATALOG["TPU v5e"])
    assert tpu.l2_bytes / 50 / 2**20 == pytest.approx(819e9 / 3.35e12)


def own_device(**changes: object) -> Accelerator:
    return replace(CATALOG["H200 SXM"], **{"name": "mine", **changes})  # type: ignore[arg-type]


def test_a_users_device_is_like_the_nearest_of_its_vendor() -> None:
    assert catalog_namesake(own_device()) == "H200 SXM"
    assert catalog_namesake(own_device(hbm_bytes_per_s=3.5e12)) == "H100 SXM"
    assert silicon_of(own_device()).source.startswith("as H200 SXM")


def test_a_users_device_far_from_all_counts_by_its_peak() -> None:
    mine = own_device(vendor="nobody")
    assert catalog_namesake(mine) is None
    assert silicon_of(mine).multiprocessors == 132


@pytest.mark.parametrize("name", ["mine", "H200 SXM"])
def test_a_device_without_16_bits_is_refused_by_name(name: str) -> None:
    with pytest.raises(UnsupportedModelError, match=f"{name}: no 16-bit arithmetic"):
        silicon_of(own_device(name=name, flop_per_s={8: 1e15}))
