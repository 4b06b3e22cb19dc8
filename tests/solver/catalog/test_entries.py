"""Catalog tables: what they may say, what they inherit, and every fault at once."""

from __future__ import annotations

import dataclasses
import math
import tomllib
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solver.catalog import Catalog, parse_entries, shipped_catalog
from solver.catalog.accelerator_records import AcceleratorRecord, accelerator_keys
from solver.catalog.model_records import ModelRecord, model_keys
from solver.errors import Fault

_NEW = """
[[accelerators]]
name = "X1"
vendor = "Xco"
year = 2027
tflop_per_s = { 16 = 1000.5, 8 = 2001 }
hbm_gb = 100.5
hbm_gb_per_s = 4000
scale_up_gb_per_s = 450
scale_out_gbit_per_s = 400
node_devices = 8
kernel_launch_us = 4.5
source = "a flyer"
as_of = "2027-01"
"""


def _parse(text: str, base: Catalog | None = None) -> tuple[Catalog, list[Fault]]:
    raw = tomllib.loads(text, parse_float=Decimal)
    return parse_entries(raw, where="my.toml", base=base or shipped_catalog())


def _sound(text: str) -> Catalog:
    catalog, faults = _parse(text)
    assert faults == []
    return catalog


def _only_fault(text: str) -> str:
    _, faults = _parse(text)
    assert len(faults) == 1, faults
    return str(faults[0])


def test_a_new_accelerator_is_added_in_si_units() -> None:
    accelerator = _sound(_NEW).accelerator("X1")
    assert accelerator.flop_per_s == {16: 1000.5e12, 8: 2001e12}
    assert accelerator.hbm_bytes == 100_500_000_000
    assert accelerator.scale_out_bytes_per_s == 50e9
    assert accelerator.kernel_launch_s == 4.5e-6


def test_shipped_entries_stay_beside_new_ones() -> None:
    assert _sound(_NEW).accelerator("H100 SXM") == shipped_catalog().accelerator("H100 SXM")


def test_an_infinite_link_is_allowed() -> None:
    text = _NEW.replace("scale_up_gb_per_s = 450", "scale_up_gb_per_s = inf")
    assert math.isinf(_sound(text).accelerator("X1").scale_up_bytes_per_s)


@pytest.mark.parametrize("value", ["nan", "-1", "0", "true", '"80"', "inf"])
def test_memory_must_be_a_positive_finite_number(value: str) -> None:
    fault = _only_fault(_NEW.replace("hbm_gb = 100.5", f"hbm_gb = {value}"))
    assert fault.startswith("my.toml: accelerators.0.hbm_gb: ")


@pytest.mark.parametrize("value", ["1e999999999", "1e-999999999"])
def test_a_number_out_of_this_world_is_refused(value: str) -> None:
    fault = _only_fault(_NEW.replace("hbm_gb = 100.5", f"hbm_gb = {value}"))
    assert "should be between 1e-40 and 1e40" in fault


def test_memory_must_be_whole_bytes() -> None:
    fault = _only_fault(_NEW.replace("hbm_gb = 100.5", "hbm_gb = 0.0000000001"))
    assert "not a whole number of bytes" in fault


def test_a_negative_size_names_the_key_the_value_and_the_cure() -> None:
    fault = _only_fault(_NEW.replace("hbm_gb = 100.5", "hbm_gb = -80"))
    assert fault == (
        "my.toml: accelerators.0.hbm_gb: input should be greater than 0 (got -80). "
        "Give memory in GB of 10^9 bytes."
    )


def test_an_unknown_key_names_the_close_one() -> None:
    fault = _only_fault(_NEW + "hbm_gbs = 3\n")
    assert "accelerators.0.hbm_gbs: unknown key" in fault
    assert "'hbm_gb'" in fault


def test_a_missing_key_says_what_it_holds() -> None:
    fault = _only_fault(_NEW.replace("node_devices = 8\n", ""))
    assert fault == (
        "my.toml: accelerators.0.node_devices: missing. Add it: the number of devices in a node."
    )


def test_every_fault_is_reported_at_once() -> None:
    text = _NEW.replace("year = 2027", "year = 1").replace('as_of = "2027-01"', 'as_of = "soon"')
    _, faults = _parse(text + "colour = 1\n[[models]]\nname = 3\n")
    places = {fault.where for fault in faults}
    assert {
        "my.toml: accelerators.0.year",
        "my.toml: accelerators.0.as_of",
        "my.toml: accelerators.0.colour",
        "my.toml: models.0.name",
        "my.toml: models.0.layers",
    } <= places


def test_a_sound_entry_is_kept_beside_a_faulty_one() -> None:
    catalog, faults = _parse(_NEW + "[[models]]\nname = 3\n")
    assert faults
    assert "X1" in catalog.accelerators


def test_extending_changes_only_the_keys_given() -> None:
    text = '[[accelerators]]\nname = "H100 SXM"\nextends = "H100 SXM"\nhbm_gb = 94\n'
    changed = _sound(text).accelerator("H100 SXM")
    base = shipped_catalog().accelerator("H100 SXM")
    assert changed.hbm_bytes == 94_000_000_000
    assert dataclasses.replace(changed, hbm_bytes=base.hbm_bytes, source=base.source) == base


def test_an_unsourced_change_shows_in_the_source() -> None:
    text = '[[accelerators]]\nname = "X"\nextends = "L40S"\nnode_devices = 8\nhbm_gb = 50\n'
    source = _sound(text).accelerator("X").source
    assert source.endswith("changed by the user: hbm_gb, node_devices")


def test_a_sourced_change_has_its_own_source() -> None:
    text = '[[accelerators]]\nname = "X"\nextends = "L40S"\nhbm_gb = 50\nsource = "a flyer"\n'
    assert _sound(text).accelerator("X").source == "a flyer"


def test_an_entry_can_extend_one_above_it() -> None:
    text = _NEW + '[[accelerators]]\nname = "X2"\nextends = "X1"\nhbm_gb = 200\n'
    assert _sound(text).accelerator("X2").hbm_bytes_per_s == 4000e9


def test_a_model_can_be_extended() -> None:
    text = '[[models]]\nname = "M"\nextends = "Gemma-3-27B"\ntied_embeddings = false\n'
    base = shipped_catalog().model("Gemma-3-27B")
    changed = _sound(text).model("M")
    assert dataclasses.replace(changed, name=base.name, source=base.source) == dataclasses.replace(
        base, tied_embeddings=False
    )


def test_a_nested_table_is_replaced_whole() -> None:
    text = (
        '[[models]]\nname = "M"\nextends = "DeepSeek-V3"\n'
        "moe = { n_experts = 8, top_k = 2, expert_d_ff = 64 }\n"
    )
    moe = _sound(text).model("M").moe
    assert moe is not None
    assert moe.n_shared_experts == 0


def test_a_complete_entry_replaces_the_one_of_its_name() -> None:
    text = _NEW.replace('"X1"', '"H100 SXM"')
    assert _sound(text).accelerator("H100 SXM").vendor == "Xco"


def test_extending_nothing_known_names_close_matches() -> None:
    fault = _only_fault('[[accelerators]]\nname = "X"\nextends = "H100 SMX"\n')
    assert "accelerators.0.extends: no accelerator 'H100 SMX' to extend" in fault
    assert "'H100 SXM'" in fault


def test_extending_needs_a_name_of_its_own() -> None:
    fault = _only_fault('[[accelerators]]\nextends = "H100 SXM"\nhbm_gb = 94\n')
    assert fault.startswith("my.toml: accelerators.0.name: missing")


def test_extending_a_faulty_entry_asks_to_mend_that_first() -> None:
    text = _NEW.replace("year = 2027", "year = 1")
    _, faults = _parse(text + '[[accelerators]]\nname = "X2"\nextends = "X1"\n')
    assert [fault.mend for fault in faults][1] == "Mend that entry first"


def test_an_entry_given_twice_is_refused() -> None:
    assert "accelerators.1: a second entry for 'X1'" in _only_fault(_NEW + _NEW)


def _price(usd: str, accelerator: str = "H100 SXM", tier: str = "mine") -> str:
    return (
        f'[[prices]]\naccelerator = "{accelerator}"\ntier = "{tier}"\nusd_per_hour = {usd}\n'
        'as_of = "2026-09"\nsource = "a quote"\n'
    )


@pytest.mark.parametrize(
    ("usd", "exact"),
    [
        ('"2.95"', Fraction(59, 20)),
        ('"113/75"', Fraction(113, 75)),
        ("2", Fraction(2)),
        ("2.1", Fraction(21, 10)),
    ],
)
def test_a_price_is_read_exactly(usd: str, exact: Fraction) -> None:
    assert _sound(_price(usd)).price("H100 SXM", "mine").usd_per_hour == exact


@pytest.mark.parametrize(
    "usd", ['"cheap"', '"1/0"', "true", "0", '"-1"', '"nan"', "inf", '"1e9999999"', "1e9999999"]
)
def test_a_price_that_is_no_amount_is_refused(usd: str) -> None:
    assert _only_fault(_price(usd)).startswith("my.toml: prices.0.usd_per_hour: should be")


def test_a_binary_float_is_no_exact_price() -> None:
    raw = tomllib.loads(_price("2.95"))
    _, faults = parse_entries(raw, where="my.toml", base=shipped_catalog())
    assert [fault.where for fault in faults] == ["my.toml: prices.0.usd_per_hour"]


def test_a_price_overrides_the_shipped_one() -> None:
    catalog = _sound(_price('"1.5"', tier="on-demand"))
    assert catalog.price("H100 SXM", "on-demand").usd_per_hour == Fraction(3, 2)


def test_a_price_may_be_of_an_accelerator_of_the_same_file() -> None:
    assert _sound(_price('"1.5"', "X1") + _NEW).price("X1", "mine").usd_per_hour == Fraction(3, 2)


def test_a_price_of_nothing_known_names_close_matches() -> None:
    fault = _only_fault(_price('"1"', "H100 SMX"))
    assert "prices.0.accelerator: no accelerator 'H100 SMX'" in fault
    assert "'H100 SXM'" in fault


def test_two_prices_for_one_tier_are_refused() -> None:
    assert "prices.1: a second entry" in _only_fault(_price('"1"') + _price('"2"'))


@pytest.mark.parametrize("kind", ["accelerators", "models", "prices"])
def test_a_table_that_is_no_list_is_refused(kind: str) -> None:
    assert f"{kind}: not a list of tables" in _only_fault(f"[{kind}]\nname = 'x'\n")


@pytest.mark.parametrize("kind", ["accelerators", "models", "prices"])
def test_an_entry_that_is_no_table_is_refused(kind: str) -> None:
    assert f"{kind}.0: not a table" in _only_fault(f"{kind} = [1]\n")


def test_a_model_that_contradicts_itself_is_a_fault_not_a_crash() -> None:
    fault = _only_fault('[[models]]\nname = "M"\nextends = "Llama-3.1-8B"\nn_kv_heads = 5\n')
    assert fault.startswith("my.toml: models.0: M: KV heads must divide query heads")


def test_a_fault_in_a_nested_table_names_its_path() -> None:
    text = (
        '[[models]]\nname = "M"\nextends = "Llama-3.1-8B"\n'
        "moe = { n_experts = 8, top_k = 0, expert_d_ff = 64, colour = 1 }\n"
    )
    _, faults = _parse(text)
    assert {fault.where for fault in faults} == {
        "my.toml: models.0.moe.top_k",
        "my.toml: models.0.moe.colour",
    }


def test_a_rate_for_no_number_of_bits_is_refused() -> None:
    text = _NEW.replace("{ 16 = 1000.5, 8 = 2001 }", "{ fp8 = 1 }")
    assert "accelerators.0.tflop_per_s.fp8" in _only_fault(text)


def test_other_keys_of_a_document_are_left_alone() -> None:
    assert _sound('name = "question"\n[design]\nbatch = 3\n').accelerator("L4").name == "L4"


@pytest.mark.parametrize("name", list(shipped_catalog().accelerators))
def test_an_accelerator_survives_the_way_to_a_table_and_back(name: str) -> None:
    entry = shipped_catalog().accelerator(name)
    assert AcceleratorRecord.model_validate(accelerator_keys(entry)).to_domain() == entry


@pytest.mark.parametrize("name", list(shipped_catalog().models))
def test_a_model_survives_the_way_to_a_table_and_back(name: str) -> None:
    entry = shipped_catalog().model(name)
    assert ModelRecord.model_validate(model_keys(entry)).to_domain() == entry


@given(
    rate=st.floats(min_value=1e-3, max_value=1e20),
    bandwidth=st.floats(min_value=1.0, max_value=1e18),
    launch_s=st.just(0.0) | st.floats(min_value=1e-12, max_value=1.0),
)
def test_any_rate_survives_the_way_to_a_table_and_back(
    rate: float, bandwidth: float, launch_s: float
) -> None:
    entry = dataclasses.replace(
        shipped_catalog().accelerator("H100 SXM"),
        flop_per_s={16: rate},
        scale_out_bytes_per_s=bandwidth,
        kernel_launch_s=launch_s,
    )
    keys: Mapping[str, Any] = accelerator_keys(entry)
    assert AcceleratorRecord.model_validate(keys).to_domain() == entry
