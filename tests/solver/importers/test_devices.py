"""Product names and memory against the catalog."""

from __future__ import annotations

import pytest

from solver.catalog.reader import shipped_catalog
from solver.importers.devices import _PRODUCTS, KnownDevices, machine_name, product_key
from solver.importers.instance_types import _TYPES, devices_of_instance

REPORTED_MIB = {
    "A100-40GB SXM": 40960,
    "A100-80GB SXM": 81920,
    "H100 SXM": 81559,
    "H100 PCIe": 81559,
    "H200 SXM": 143771,
    "H20": 97871,
    "B200 SXM": 183359,
    "L4": 23034,
    "L40S": 46068,
    "A10G": 23028,
    "RTX PRO 6000": 97887,
    "RTX 4090": 24564,
    "RTX 5090": 32607,
    "MI300X": 192 * 1024,
}
"""Memory in all as nvidia-smi reports it; of the MI300X as AMD's node labeller does, 192G."""


def test_every_product_and_instance_type_names_an_entry_of_the_catalog() -> None:
    named = {*_PRODUCTS.values(), *(accelerator for accelerator, _ in _TYPES.values())}
    assert named <= set(shipped_catalog().accelerators)


def test_every_product_stands_under_the_key_that_is_looked_up() -> None:
    assert all(product_key(key) == key for key in _PRODUCTS)


@pytest.mark.parametrize(
    ("product", "accelerator"),
    [
        ("NVIDIA-H100-80GB-HBM3", "H100 SXM"),
        ("NVIDIA H100 80GB HBM3", "H100 SXM"),
        ("NVIDIA-H100-PCIe", "H100 PCIe"),
        ("NVIDIA-A100-SXM4-80GB", "A100-80GB SXM"),
        ("A100-SXM4-40GB", "A100-40GB SXM"),
        ("NVIDIA-L40S", "L40S"),
        ("NVIDIA-H200", "H200 SXM"),
        ("NVIDIA-B200", "B200 SXM"),
        ("NVIDIA GeForce RTX 4090", "RTX 4090"),
        ("Tesla V100-SXM2-32GB", "V100-32GB SXM"),
        ("AMD_Instinct_MI300X_OAM", "MI300X"),
    ],
)
def test_a_product_that_says_one_device_is_mapped(product: str, accelerator: str) -> None:
    assert KnownDevices().of_product(product) == accelerator


@pytest.mark.parametrize(
    "product",
    ["H100", "A100", "NVIDIA-H100-NVL", "Tesla-T4", "NVIDIA-H200-NVL", "NVIDIA-L40", "", "-"],
)
def test_a_product_that_says_several_or_no_device_of_the_catalog_is_not_mapped(
    product: str,
) -> None:
    assert KnownDevices().of_product(product) is None


def test_googles_label_says_which_h100_it_is_where_a_quote_does_not() -> None:
    known = KnownDevices()
    assert known.of_product("nvidia-h100-80gb", from_gke=True) == "H100 SXM"
    assert known.of_product("nvidia-h100-80gb") is None


@pytest.mark.parametrize(("accelerator", "mib"), REPORTED_MIB.items())
def test_memory_as_tools_report_it_agrees_with_the_catalog(accelerator: str, mib: int) -> None:
    assert KnownDevices().memory_doubt(accelerator, mib) is None


@pytest.mark.parametrize(
    ("accelerator", "mib"),
    [
        ("H100 SXM", 95830),  # an H100 NVL of 94 GB
        ("A100-80GB SXM", 40960),
        ("A100-40GB SXM", 81920),
        ("V100-32GB SXM", 16384),
        ("H20", 143771),
        ("H100 SXM", 40448),
        ("H100 SXM", 0),
    ],
)
def test_memory_of_another_device_is_doubted_by_both_figures(accelerator: str, mib: int) -> None:
    doubt = KnownDevices().memory_doubt(accelerator, mib)
    assert doubt is not None
    assert str(mib) in doubt
    assert accelerator in doubt


def test_own_accelerators_of_an_instance_are_known_by_name_and_not_doubted() -> None:
    known = KnownDevices({"accelerators": [{"name": "Tesla T4"}, {"no": "name"}, 3]})
    assert known.of_product("Tesla-T4") == "Tesla T4"
    assert known.memory_doubt("Tesla T4", 15360) is None


@pytest.mark.parametrize(
    ("instance", "devices"),
    [
        ("p5.48xlarge", ("H100 SXM", 8)),
        ("g6e.12xlarge", ("L40S", 4)),
        ("Standard_ND96isr_H200_v5", ("H200 SXM", 8)),
        ("g2-standard-24", ("L4", 2)),
        ("m7i.4xlarge", None),
    ],
)
def test_instance_types_tell_their_devices(instance: str, devices: tuple[str, int] | None) -> None:
    assert devices_of_instance(instance) == devices


def test_accelerators_that_are_no_list_of_tables_are_left_to_the_instances_reader() -> None:
    assert KnownDevices({"accelerators": 3}).own_entries == []


def test_a_machine_name_is_short_and_plain() -> None:
    assert machine_name("<b>H100 80GB (SXM)</b>" * 9) == machine_name("b H100 80GB SXM b " * 9)
    assert len(machine_name("x" * 500)) == 63
