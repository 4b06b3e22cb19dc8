"""Which measured systems may speak for an accelerator."""

from __future__ import annotations

import pytest

from solver.catalog.shipped import shipped_catalog
from solver.errors import UnsupportedModelError
from solver.performance.operators.catalog import operator_catalog
from solver.performance.operators.device import MEASURED_SYSTEMS, device_of_accelerator
from solver.performance.operators.lineage import (
    ARCHITECTURES,
    SIBLINGS,
    lineage_of,
    network_lineage_of,
)
from solver.performance.operators.lookup import find_constants

CATALOG = shipped_catalog().accelerators


def test_every_measured_system_has_an_architecture() -> None:
    assert ARCHITECTURES.keys() == MEASURED_SYSTEMS.keys()


def test_siblings_are_measured_systems_of_accelerators_in_the_catalog() -> None:
    for name, systems in SIBLINGS.items():
        assert name in CATALOG
        assert set(systems) <= MEASURED_SYSTEMS.keys()
        assert name not in {MEASURED_SYSTEMS[system] for system in systems}


def test_a_measured_accelerator_has_its_own_system_first() -> None:
    lineage = lineage_of(CATALOG["GB300 NVL72"])
    assert lineage.own == "gb300"
    assert lineage.siblings[0] == "gb200"


def test_a_device_with_hbm_averages_over_devices_with_hbm_first() -> None:
    first, second = lineage_of(CATALOG["MI300X"]).others
    assert set(second) == {"l40s", "rtx_pro_6000_server"}
    assert "h100_sxm" in first


def test_a_card_with_gddr_averages_over_such_cards_first() -> None:
    first, _ = lineage_of(CATALOG["RTX 4090"]).others
    assert set(first) == {"l40s", "rtx_pro_6000_server"}


def test_for_collectives_an_h100_on_pcie_is_kin_of_cards_on_pcie() -> None:
    accelerator = CATALOG["H100 PCIe"]
    assert lineage_of(accelerator).siblings[0] == "h100_sxm"
    assert network_lineage_of(accelerator).siblings[0] == "rtx_pro_6000_server"


def test_systems_left_out_speak_for_nobody() -> None:
    lineage = lineage_of(CATALOG["H100 SXM"]).without("h100_sxm", "h200_sxm")
    assert lineage.own is None
    assert lineage.siblings == ()
    assert not {"h100_sxm", "h200_sxm"} & {s for part in lineage.others for s in part}


def test_a_precision_measured_nowhere_is_refused_with_those_there_are() -> None:
    accelerator = CATALOG["H100 SXM"]
    with pytest.raises(UnsupportedModelError, match=r"H100 SXM: .*'fp2'.*bfloat16"):
        find_constants(
            operator_catalog("gemm"),
            device_of_accelerator(accelerator),
            lineage_of(accelerator),
            ("fp2",),
        )


def test_cards_take_from_devices_with_hbm_what_only_these_were_measured_at() -> None:
    accelerator = CATALOG["RTX PRO 6000"]
    found = find_constants(
        operator_catalog("moe"),
        device_of_accelerator(accelerator),
        lineage_of(accelerator),
        ("nvfp4",),
    )
    assert found.origin == "transferred"
    assert found.system == "b200_sxm, gb200"
