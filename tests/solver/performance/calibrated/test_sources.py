"""Whose constants kernels take: the calibration's where it has any, else the catalog's."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import pytest

from solver.catalog import shipped_catalog
from solver.performance.calibrated.constants import serving_constants
from solver.performance.calibrated.kernels import Formats, Kernels
from solver.performance.calibrated.sources import MEASURED_HERE, Sources, measured_on
from solver.performance.operators.calibration_file import Calibration
from solver.performance.operators.catalog import FittedOperator, OperatorCatalog, operator_catalog
from solver.performance.operators.constants import gemm_constants
from solver.performance.operators.device import device_of_accelerator

H200 = replace(shipped_catalog().accelerators["H200 SXM"], name="mine")


def catalog(family: str, precision: str, **changes: float) -> OperatorCatalog:
    """The H200's constants of one family and precision, some of them changed."""
    shipped = operator_catalog(family)
    fit = shipped.find(system="h200_sxm", precision=precision)
    own = FittedOperator(
        system="mine",
        backend=fit.backend,
        version=fit.version,
        precision=precision,
        rows=fit.rows,
        constants=MappingProxyType({**fit.constants, **changes}),
        errors=fit.errors,
    )
    return replace(shipped, fits=MappingProxyType({("mine", precision): own}))


@pytest.fixture
def calibration() -> Calibration:
    no_kernels_of_engines = {"one_shot_launch_s": float("inf")}
    return Calibration(
        where="my-gpu.toml",
        accelerator=H200,
        device=replace(device_of_accelerator(H200), multiprocessors=99),
        peaks="vendor",
        catalogs=MappingProxyType(
            {
                "gemm": catalog("gemm", "fp8", share_of_peak=0.123),
                "collective": catalog(
                    "collective", "all_reduce", nccl_launch_s=1.0, **no_kernels_of_engines
                ),
            }
        ),
    )


def test_what_was_measured_here_comes_first(calibration: Calibration) -> None:
    found = Sources(H200, calibration).gemm("fp8")
    assert found.origin == MEASURED_HERE
    assert found.constants.share_of_peak == 0.123


def test_other_precisions_and_families_are_as_shipped(calibration: Calibration) -> None:
    sources = Sources(H200, calibration)
    shipped = gemm_constants(H200, "bfloat16")
    assert sources.gemm("bfloat16").constants == shipped.constants
    assert sources.gemm("bfloat16").origin == shipped.origin
    assert sources.attention_decode("bfloat16/kv_bfloat16").origin != MEASURED_HERE


def test_the_library_of_an_all_reduce_is_measured_and_engines_kernels_are_shipped(
    calibration: Calibration,
) -> None:
    network, origin = Sources(H200, calibration).network()
    shipped, _ = Sources(H200, None).network()
    own, other = network.inside["all_reduce"], shipped.inside["all_reduce"]
    assert origin == MEASURED_HERE
    assert own.nccl is not None
    assert own.nccl.launch_s == 1.0
    assert own.custom == other.custom
    assert network.inside["all_gather"] == shipped.inside["all_gather"]


def test_the_device_is_the_one_that_was_measured(calibration: Calibration) -> None:
    assert Sources(H200, calibration).device.multiprocessors == 99
    assert Sources(H200, None).device.multiprocessors == 132


def test_kernels_say_whose_constants_they_have(calibration: Calibration) -> None:
    kernels = Kernels(
        H200, Formats("fp8", "fp8", "bf16"), serving_constants(), calibration=calibration
    )
    here = {family for family, origin in kernels.origins.items() if origin == MEASURED_HERE}
    assert here == {"gemm", "collective"}


def test_constants_do_not_depend_on_the_size_of_the_memory(calibration: Calibration) -> None:
    assert measured_on(calibration, replace(H200, hbm_bytes=10**12))
    assert not measured_on(calibration, replace(H200, hbm_bytes_per_s=1e12))


def test_constants_of_another_accelerator_are_an_error(calibration: Calibration) -> None:
    with pytest.raises(ValueError, match="'mine' are not those of 'H200 SXM'"):
        Sources(shipped_catalog().accelerators["H200 SXM"], calibration)
