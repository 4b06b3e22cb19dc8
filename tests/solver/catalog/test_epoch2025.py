"""The reference's own constants, checked against its published counts with its own formulas."""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path

import pytest

from solver.catalog import Model, shipped_catalog

_FORMULAS = Path(__file__).resolve().parents[3] / "../shared/data/epoch/FORMULAS.md"
_MODELS = [name for name in shipped_catalog().models if name.startswith("epoch/")]

# (total, active, KV bytes a context token) as published.
_PUBLISHED = {
    "epoch/GPT_4": (1_796_850_057_216, 274_821_021_696, 92_160),
    "epoch/Mixtral_8x7B": (46_701_477_888, 12_878_610_432, 131_072),
    "epoch/Llama_3_70B_8_bit": (70_552_387_584, 70_552_387_584, 327_680),
    "epoch/Llama_3_405B": (410_077_102_080, 410_077_102_080, 1_032_192),
    "epoch/Llama_3_8B_8_bit": (8_029_995_008, 8_029_995_008, 65_536),
}


def _reference_counts(model: Model) -> tuple[int, int, int]:
    """Total, active and KV bytes a token: no norms, no router, embeddings twice."""
    experts = model.moe.n_experts if model.moe else 1
    sparsity = experts // model.moe.top_k if model.moe else 1
    width = model.moe.expert_d_ff if model.moe else model.d_ff
    kv_heads = 2 * model.n_kv_heads
    attention = model.layers * (
        model.head_dim * (model.n_heads + kv_heads) * model.d_model
        + model.head_dim * model.n_heads * model.d_model
    )
    matrices = model.ff_up_matrices + model.ff_down_matrices
    feed_forward = model.layers * experts * matrices * model.d_model * width
    embedding = 2 * model.vocab * model.d_model
    kv_bytes = kv_heads * model.head_dim * model.layers * model.native_kv_bits // 8
    return (
        attention + feed_forward + embedding,
        attention + feed_forward // sparsity + embedding,
        kv_bytes,
    )


def _table(first_column: str) -> dict[str, dict[str, str]]:
    """One table of the formulas page, by its first column."""
    if not _FORMULAS.exists():
        pytest.skip("the page of reference formulas is not beside this checkout")
    lines = [line.strip("|") for line in _FORMULAS.read_text().splitlines() if line[:1] == "|"]
    rows = [[cell.strip() for cell in line.split("|")] for line in lines]
    start = next(index for index, row in enumerate(rows) if row[0] == first_column)
    header, found = rows[start], {}
    for row in rows[start + 2 :]:
        if len(row) != len(header):
            break
        found[row[0]] = dict(zip(header, row, strict=True))
    return found


def test_all_twenty_models_are_there() -> None:
    assert len(_MODELS) == 20


@pytest.mark.parametrize("name", _PUBLISHED)
def test_counts_equal_the_published_ones(name: str) -> None:
    assert _reference_counts(shipped_catalog().model(name)) == _PUBLISHED[name]


@pytest.mark.parametrize("name", _MODELS)
def test_stated_counts_are_the_reference_formulas(name: str) -> None:
    model = shipped_catalog().model(name)
    total, active, _ = _reference_counts(model)
    assert (total, active) == (model.stated_params, model.stated_active_params)


@pytest.mark.parametrize("name", _MODELS)
def test_counts_and_widths_equal_the_formulas_page(name: str) -> None:
    row = _table("model")[name.removeprefix("epoch/")]
    model = shipped_catalog().model(name)
    stated = tuple(int(row[key]) for key in ("params", "active", "KV B/token"))
    assert _reference_counts(model) == stated
    heads, group, head_dim = (int(part) for part in row["heads/group/d_head"].split("/"))
    assert (model.n_heads, model.n_kv_heads, model.head_dim) == (heads, heads // group, head_dim)
    weight_bytes, kv_bytes = (Fraction(part.strip()) for part in row["bytes w/a"].split("/"))
    assert (model.native_weight_bits, model.native_kv_bits) == (8 * weight_bytes, 8 * kv_bytes)
    assert model.vocab == int(row["vocab"])


@pytest.mark.parametrize("name", ["H100", "H100_ZL", "H200", "A100", "V100", "TPU_v4", "Groq_LPU"])
def test_accelerators_equal_the_formulas_page(name: str) -> None:
    row = _table("GPU")[name]
    accelerator = shipped_catalog().accelerator(f"epoch/{name}")
    rates = dict(pair.split(":") for pair in row["FLOP/s by weight bits"].strip("{}").split(","))
    assert accelerator.flop_per_s == {int(bits): float(rate) for bits, rate in rates.items()}
    assert accelerator.hbm_bytes == float(row["HBM bytes"])
    assert accelerator.hbm_bytes_per_s == float(row["HBM B/s"])
    assert accelerator.scale_up_bytes_per_s / 2 == float(row["W_intra"])
    assert accelerator.scale_out_bytes_per_s / 2 == float(row["W_inter"])
    assert accelerator.node_devices == int(row["node"])
    assert accelerator.kernel_launch_s == float(row["launch s"])


def test_half_of_a_direction_is_the_reference_bandwidth() -> None:
    accelerator = shipped_catalog().accelerator("epoch/H100")
    assert accelerator.scale_up_bytes_per_s / 2 == 225e9
    assert accelerator.scale_out_bytes_per_s / 2 == 25e9


def test_the_tpu_has_no_limit_inside_a_node() -> None:
    assert math.isinf(shipped_catalog().accelerator("epoch/TPU_v4").scale_up_bytes_per_s)


def test_the_a100_has_no_four_bit_rate() -> None:
    assert set(shipped_catalog().accelerator("epoch/A100").flop_per_s) == {8, 16}


def test_only_tpu_and_groq_use_linear_collectives() -> None:
    catalog = shipped_catalog()
    linear = {
        name
        for name, accelerator in catalog.accelerators.items()
        if name.startswith("epoch/") and accelerator.collectives == "linear"
    }
    assert linear == {"epoch/TPU_v4", "epoch/Groq_LPU"}


@pytest.mark.parametrize(
    ("name", "usd_per_hour"),
    [
        ("H100", Fraction(21, 10)),
        ("H100_ZL", Fraction(21, 10)),
        ("H200", Fraction(21, 10)),
        ("A100", Fraction(113, 75)),
        ("V100", Fraction(21, 50)),
        ("TPU_v4", Fraction(1)),
        ("Groq_LPU", Fraction(1)),
    ],
)
def test_reference_prices_are_exact(name: str, usd_per_hour: Fraction) -> None:
    assert shipped_catalog().price(f"epoch/{name}", "reference").usd_per_hour == usd_per_hour


def test_the_published_405b_keeps_its_sixteen_kv_heads() -> None:
    assert shipped_catalog().model("epoch/Llama_3_405B").n_kv_heads == 16
