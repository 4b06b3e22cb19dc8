"""Which format a width stands for."""

from __future__ import annotations

import pytest

from solver.catalog import shipped_catalog
from solver.catalog.weight_formats import (
    FORMAT_BITS,
    format_rank,
    formats_of_bits,
    published_format,
    split_format,
)

MODELS = shipped_catalog().models
MACHINES = shipped_catalog().accelerators


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("DeepSeek-V3", "fp8_block"),
        ("Kimi-K2", "fp8_block"),
        ("Kimi-K2.5", "int4"),
        ("gpt-oss-120b", "mxfp4"),
        ("Llama-3.1-70B", "bf16"),
    ],
)
def test_the_published_format_is_that_of_the_checkpoint(model: str, name: str) -> None:
    assert published_format(MODELS[model]) == name


@pytest.mark.parametrize(
    ("model", "machine", "bits", "names"),
    [
        ("Llama-3.1-70B", "H100 SXM", 16, ("bf16",)),
        ("Llama-3.1-70B", "H100 SXM", 8, ("fp8", "int8")),
        ("DeepSeek-V3", "H100 SXM", 8, ("fp8_block", "fp8", "int8")),
        ("Llama-3.1-70B", "H100 SXM", 4, ("int4",)),
        ("Llama-3.1-70B", "B200 SXM", 4, ("nvfp4", "int4")),
        ("gpt-oss-120b", "B200 SXM", 4, ("mxfp4", "nvfp4", "int4")),
        ("Kimi-K2.5", "B200 SXM", 4, ("int4", "nvfp4")),
        ("Llama-3.1-70B", "H100 SXM", 5, ()),
    ],
)
def test_a_width_means_the_published_format_first(
    model: str, machine: str, bits: int, names: tuple[str, ...]
) -> None:
    assert formats_of_bits(MODELS[model], MACHINES[machine], bits) == names


def test_experts_alone_are_narrow_where_they_are_published_so() -> None:
    assert split_format(MODELS["gpt-oss-120b"], "mxfp4") == ("bf16", "mxfp4")
    assert split_format(MODELS["gpt-oss-120b"], "fp8") == ("fp8", "fp8")
    assert split_format(MODELS["Llama-3.1-70B"], "mxfp4") == ("mxfp4", "mxfp4")


def test_every_format_has_a_rank_of_its_own() -> None:
    assert sorted(map(format_rank, FORMAT_BITS)) == list(range(1, len(FORMAT_BITS) + 1))
    assert format_rank("") == 0
