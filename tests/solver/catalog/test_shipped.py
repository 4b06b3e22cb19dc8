"""The shipped catalog: complete, sourced, dated, and the same whether read whole or by entry."""

from __future__ import annotations

import csv
import re
from fractions import Fraction
from importlib.resources import files
from pathlib import Path

import pytest

from solver.catalog import Catalog, kv_bytes_per_token, kv_cache_bytes, shipped_catalog
from solver.catalog.entries import parse_document
from solver.catalog.shipped import SHIPPED_FILES

_DATA = Path(__file__).resolve().parents[3] / "../shared/data/catalog"
_DATE = re.compile(r"^\d{4}(-\d{2})?$")

ACCELERATORS = [
    "A100-40GB SXM",
    "A100-80GB SXM",
    "A800-80GB",
    "H100 SXM",
    "H100 PCIe",
    "H200 SXM",
    "H800 SXM",
    "H20",
    "B200 SXM",
    "B300 SXM",
    "GB200 NVL72",
    "GB300 NVL72",
    "RTX PRO 6000",
    "L4",
    "L40S",
    "A10G",
    "V100-32GB SXM",
    "RTX 4090",
    "RTX 5090",
    "MI300X",
    "MI325X",
    "MI355X",
    "TPU v4",
    "TPU v5e",
    "TPU v6e",
    "Gaudi 3",
    "Groq LPU v1",
]


def _read_whole() -> Catalog:
    catalog = Catalog()
    for name in SHIPPED_FILES:
        text = files("solver.catalog").joinpath(name).read_text(encoding="utf-8")
        catalog = parse_document(text, where=name, base=catalog)
    return catalog


def _rows(name: str) -> list[dict[str, str]]:
    path = _DATA / name
    if not path.exists():
        pytest.skip(f"{name} is not beside this checkout")
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("name", ACCELERATORS)
def test_the_catalog_has_accelerator(name: str) -> None:
    assert shipped_catalog().accelerator(name).name == name


def test_at_least_34_models_are_shipped_beside_the_reference_ones() -> None:
    own = [name for name in shipped_catalog().models if not name.startswith("epoch/")]
    assert len(own) >= 34


def test_reading_by_entry_equals_reading_whole() -> None:
    whole, lazy = _read_whole(), shipped_catalog()
    assert list(whole.accelerators.items()) == list(lazy.accelerators.items())
    assert list(whole.models.items()) == list(lazy.models.items())
    assert list(whole.prices.items()) == list(lazy.prices.items())


def test_opening_the_catalog_parses_no_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed = _count_parsed(monkeypatch)
    assert "H100 SXM" in shipped_catalog.__wrapped__().accelerators
    assert parsed == []


def test_looking_up_an_entry_parses_it_and_what_it_extends_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parsed = _count_parsed(monkeypatch)
    catalog = shipped_catalog.__wrapped__()
    assert catalog.model("Kimi-K2.5") is catalog.model("Kimi-K2.5")
    assert parsed == ["models.toml", "models.toml"]


def _count_parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The file of every table that is parsed from here on."""
    parsed: list[str] = []

    def counted(text: str, *, where: str, base: Catalog) -> Catalog:
        parsed.append(where)
        return parse_document(text, where=where, base=base)

    monkeypatch.setattr("solver.catalog.shipped.parse_document", counted)
    return parsed


def test_every_entry_has_a_source_and_a_date() -> None:
    catalog = shipped_catalog()
    for entries in (catalog.accelerators, catalog.models, catalog.prices):
        for entry in entries.values():
            assert entry.source
            assert _DATE.match(entry.as_of), entry


def test_every_accelerator_and_model_says_how_sure_it_is() -> None:
    catalog = shipped_catalog()
    for entries in (catalog.accelerators, catalog.models):
        assert all(entry.confidence for entry in entries.values())


def test_every_price_is_of_a_shipped_accelerator() -> None:
    catalog = shipped_catalog()
    assert {name for name, _ in catalog.prices} <= set(catalog.accelerators)


def test_only_devices_nobody_rents_out_lack_a_price() -> None:
    catalog = shipped_catalog()
    priced = {name for name, _ in catalog.prices}
    assert set(catalog.accelerators) - priced == {"Gaudi 3", "Groq LPU v1"}


def test_a_low_price_is_never_above_the_high_one() -> None:
    catalog = shipped_catalog()
    for name, tier in catalog.prices:
        if tier == "on-demand-low":
            low, middle, high = (
                catalog.price(name, wanted).usd_per_hour
                for wanted in ("on-demand-low", "on-demand", "on-demand-high")
            )
            assert low <= middle <= high, name


def test_memory_is_a_whole_number_of_decimal_gigabytes() -> None:
    assert shipped_catalog().accelerator("H100 SXM").hbm_bytes == 80_000_000_000


def test_a_decimal_price_is_an_exact_fraction() -> None:
    assert shipped_catalog().price("H100 SXM", "on-demand").usd_per_hour == Fraction(59, 20)


def test_linear_collective_devices_are_each_their_own_node() -> None:
    linear = [
        accelerator
        for accelerator in shipped_catalog().accelerators.values()
        if accelerator.collectives == "linear"
    ]
    assert len(linear) == 6
    assert all(accelerator.node_devices == 1 for accelerator in linear)


_NAME_IN_SOURCE = {
    "GB200 NVL72": "GB200 NVL72 (per GPU)",
    "GB300 NVL72": "GB300 NVL72 (per GPU)",
    "RTX PRO 6000": "RTX PRO 6000 Blackwell Server",
    "Gaudi 3": "Gaudi 3 (OAM)",
}


@pytest.mark.parametrize("name", ACCELERATORS)
def test_rates_and_memory_are_those_of_the_source_table(name: str) -> None:
    rows = {row["name"]: row for row in _rows("accelerators.csv")}
    row = rows[_NAME_IN_SOURCE.get(name, name)]
    accelerator = shipped_catalog().accelerator(name)
    eight_bit = row["fp8_tflops"] or row["int8_tops"]
    expected = {
        16: row["bf16_tflops"].removesuffix(" (fp16 only)"),
        8: eight_bit,
        4: row["fp4_tflops"],
    }
    assert accelerator.flop_per_s == {
        bits: float(rate) * 1e12 for bits, rate in expected.items() if rate
    }
    assert accelerator.hbm_bytes == round(float(row["mem_gb"]) * 1e9)
    assert accelerator.hbm_bytes_per_s == float(row["mem_bw_GBps"]) * 1e9


@pytest.mark.parametrize("name", ACCELERATORS)
def test_links_are_those_of_the_source_table_or_noted(name: str) -> None:
    rows = {row["name"]: row for row in _rows("accelerators.csv")}
    row = rows[_NAME_IN_SOURCE.get(name, name)]
    accelerator = shipped_catalog().accelerator(name)
    fabric_bytes_per_s = float(row["scaleup_GBps_per_dir"]) * 1e9
    if accelerator.collectives == "linear":
        assert accelerator.scale_out_bytes_per_s == fabric_bytes_per_s
        return
    assert accelerator.scale_up_bytes_per_s == fabric_bytes_per_s
    assert accelerator.node_devices == int(row["scaleup_domain"])
    if row["scaleout_Gbps_per_gpu"] in ("", "0"):
        assert "Assumption" in accelerator.note
    else:
        assert accelerator.scale_out_bytes_per_s * 8 == float(row["scaleout_Gbps_per_gpu"]) * 1e9


_MODEL_ROWS = {
    "Llama-3.1-70B": "Llama-3.1-70B / 3.3-70B",
    "Mistral-7B-v0.1": "Mistral-7B",
    "DeepSeek-V3": "DeepSeek-V3 / R1 / V3.1",
    "Kimi-K2": "Kimi-K2 / K2.5",
}
_ALIASES = {"Llama-3.3-70B", "Mistral-7B-v0.3", "DeepSeek-R1", "DeepSeek-V3.1", "Kimi-K2.5"}


def _own_models() -> list[str]:
    names = [name for name in shipped_catalog().models if not name.startswith("epoch/")]
    return [name for name in names if name not in _ALIASES]


@pytest.mark.parametrize("name", _own_models())
def test_shapes_are_those_of_the_source_table(name: str) -> None:
    rows = {row["name"]: row for row in _rows("models.csv")}
    row = rows[_MODEL_ROWS.get(name, name)]
    model = shipped_catalog().model(name)
    for key in ("layers", "d_model", "n_heads", "n_kv_heads", "vocab"):
        assert getattr(model, key) == int(row[key]), key
    if model.latent is None:
        assert model.head_dim == int(row["head_dim"])
    if model.moe is None:
        assert model.d_ff == int(row["d_ff_dense"])
    else:
        assert model.moe.n_experts == int(row["n_experts"])
        assert model.moe.top_k == int(row["top_k"])
        assert model.moe.expert_d_ff == int(row["expert_d_ff"])
    assert model.ff_up_matrices + model.ff_down_matrices == int(row["ffn_matrices"])


_KV_EXCEPTIONS = {
    "Llama-4-Scout": "the table counts all 48 layers, 36 of them are chunked",
    "Llama-4-Maverick": "the table counts all 48 layers, 36 of them are chunked",
    "Mistral-7B-v0.1": "the table counts all 32 layers, which are all windowed",
}


@pytest.mark.parametrize("name", _own_models())
def test_cache_growth_past_every_window_is_that_of_the_source_table(name: str) -> None:
    rows = {row["name"]: row for row in _rows("models.csv")}
    stated = int(rows[_MODEL_ROWS.get(name, name)]["kv_bytes_per_token_bf16"])
    model = shipped_catalog().model(name)
    growth = kv_cache_bytes(model, 16, 100_001) - kv_cache_bytes(model, 16, 100_000)
    if name in _KV_EXCEPTIONS:
        assert growth != stated
        assert kv_bytes_per_token(model, 16) == stated
    else:
        assert growth == stated
