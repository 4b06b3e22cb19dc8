"""Catalog entries and formats that tables mean."""

from __future__ import annotations

import pytest

from solver.catalog import shipped_catalog
from solver.performance.calibrated.kernels import Formats
from solver.performance.validation.throughput.names import (
    ACCELERATORS,
    PRECISION_ASSUMED,
    accelerator_named,
    formats_named,
    model_named,
)


@pytest.mark.parametrize("name", ACCELERATORS)
def test_every_device_name_leads_to_a_catalog_entry(name: str) -> None:
    assert not isinstance(accelerator_named(name), str)


def test_a_device_without_an_entry_is_refused_by_name() -> None:
    assert accelerator_named("gh200_96") == "device 'gh200_96' is not in the catalog"


def test_unequal_devices_are_refused() -> None:
    assert accelerator_named("mixed:A (x4), B (x4)") == "unequal devices in one system"


def test_a_model_is_found_whatever_the_case_of_its_name() -> None:
    model = model_named("gpt-oss-120b")
    assert not isinstance(model, str)
    assert model.name == "gpt-oss-120b"


def test_an_unknown_model_is_refused_by_name() -> None:
    assert model_named("bert-large") == "model 'bert-large' is not in the catalog"


def _formats(precision: str | None, model: str, device: str) -> Formats:
    catalog = shipped_catalog()
    found = formats_named(precision, catalog.model(model), catalog.accelerator(device))
    assert not isinstance(found, str), found
    return found[0]


def test_four_bits_of_a_mixture_model_leave_attention_wider() -> None:
    assert _formats("fp4", "Qwen3-235B-A22B", "B200 SXM") == Formats("bf16", "nvfp4", "fp8")


def test_four_bits_of_a_dense_model_are_four_bits_everywhere() -> None:
    assert _formats("fp4", "Llama-3.3-70B", "B200 SXM").weight == "nvfp4"


def test_sixteen_bit_weights_keep_a_sixteen_bit_cache() -> None:
    assert _formats("fp16", "Llama-3.1-8B", "A100-80GB SXM").kv == "bf16"


def test_the_cache_of_gpt_oss_is_wide_on_hopper_and_narrow_on_blackwell() -> None:
    assert _formats("fp8", "gpt-oss-20b", "H100 SXM").kv == "bf16"
    assert _formats("fp4", "gpt-oss-20b", "B200 SXM").kv == "fp8"


@pytest.mark.parametrize(("device", "weight"), [("H200 SXM", "fp8"), ("B200 SXM", "nvfp4")])
def test_an_unset_precision_is_the_narrowest_the_device_multiplies_and_says_so(
    device: str, weight: str
) -> None:
    catalog = shipped_catalog()
    found = formats_named("UNSET", catalog.model("Llama-2-70B"), catalog.accelerator(device))
    assert not isinstance(found, str)
    assert found[0].weight == weight
    assert found[1] == (PRECISION_ASSUMED,)


def test_an_unknown_precision_is_refused_by_name() -> None:
    catalog = shipped_catalog()
    found = formats_named("fp6", catalog.model("Llama-2-70B"), catalog.accelerator("H200 SXM"))
    assert found == "precision 'fp6' is not known"
