"""Power of accelerators: what a file may say, how it goes to JSON, and the shipped figures."""

from __future__ import annotations

import json
import tomllib
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solver.catalog import Catalog, accelerator_from_dict, entry_as_dict, shipped_catalog
from solver.catalog.accelerator_records import AcceleratorRecord, accelerator_keys
from solver.catalog.entries import parse_entries
from solver.catalog.power import ClockRange, PowerProfile
from solver.errors import CatalogError, Fault

POWERED = [name for name, a in shipped_catalog().accelerators.items() if a.power is not None]
HBM_PJ_PER_BIT = 3.9
GDDR_PJ_PER_BIT = {
    "L4": 7.5, "L40S": 7.5, "A10G": 7.5, "RTX 4090": 7.25, "RTX PRO 6000": 5.0, "RTX 5090": 5.0,
}  # fmt: skip
HOPPER = ("H100 SXM", "H100 PCIe", "H200 SXM", "H800 SXM", "H20")
BLACKWELL = ("B200 SXM", "B300 SXM", "GB200 NVL72", "GB300 NVL72")
TABLE = """
[[accelerators]]
extends = "H100 SXM"
name = "mine"

[accelerators.power]
idle_w = 100
decode_w = 400.5
prefill_w = 600
hbm_w = 90
source = "a meter"
as_of = "2026-11"

[accelerators.power.clocks]
lowest_mhz = 135
highest_mhz = 1530
step_mhz = 7.5
voltage_floor = 0.65
"""


def parse(text: str) -> tuple[Catalog, list[Fault]]:
    raw = tomllib.loads(text, parse_float=Decimal)
    return parse_entries(raw, where="my.toml", base=shipped_catalog())


def only_fault(text: str) -> Fault:
    _, faults = parse(text)
    assert len(faults) == 1, faults
    return faults[0]


@st.composite
def profiles(draw: st.DrawFn) -> PowerProfile:
    idle, over, share = (draw(st.floats(0.1, 1e4)) for _ in range(3))
    decode = idle + over
    clocks = st.builds(
        ClockRange,
        lowest_mhz=st.integers(1, 500),
        highest_mhz=st.integers(500, 3000),
        step_mhz=st.sampled_from([Fraction(15), Fraction(15, 2), Fraction(1)]),
        voltage_floor=st.floats(0.01, 1),
    )
    return PowerProfile(
        idle_w=idle,
        decode_w=decode,
        prefill_w=idle + draw(st.floats(0, 1e4)),
        hbm_w=min(share, decode - idle),
        clocks=draw(st.none() | clocks),
        source=draw(st.text(min_size=1, max_size=8)),
        as_of=draw(st.sampled_from(["2026", "2026-11"])),
        note=draw(st.text(max_size=8)),
    )


def test_a_table_of_power_is_read() -> None:
    catalog, faults = parse(TABLE)
    assert faults == []
    power = catalog.accelerator("mine").power
    assert power is not None
    assert power.clocks is not None
    assert (power.decode_w, power.clocks.step_mhz) == (400.5, Fraction(15, 2))


def test_an_entry_that_extends_another_keeps_its_power() -> None:
    catalog, faults = parse('[[accelerators]]\nextends = "H100 SXM"\nname = "mine"\ntdp_w = 650')
    assert faults == []
    assert catalog.accelerator("mine").power == shipped_catalog().accelerator("H100 SXM").power


def test_power_needs_a_source_of_its_own() -> None:
    fault = only_fault(TABLE.replace('source = "a meter"\n', ""))
    assert fault.where == "my.toml: accelerators.0.power.source"
    assert fault.what == "missing"
    assert "where the figures come from" in fault.mend


@pytest.mark.parametrize("key", ["idle_w", "decode_w", "prefill_w", "hbm_w", "as_of"])
def test_no_figure_of_power_may_be_missing(key: str) -> None:
    lines = [line for line in TABLE.splitlines() if not line.startswith(key)]
    assert only_fault("\n".join(lines)).where == f"my.toml: accelerators.0.power.{key}"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("idle_w = 100", "idle_w = 0"),
        ("idle_w = 100", "idle_w = true"),
        ("hbm_w = 90", "hbm_w = -1"),
        ("decode_w = 400.5", 'decode_w = "400"'),
    ],
)
def test_watts_are_numbers_and_not_negative(old: str, new: str) -> None:
    key = old.split(" ")[0]
    assert only_fault(TABLE.replace(old, new)).where == f"my.toml: accelerators.0.power.{key}"


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("idle_w = 100", "idle_w = 500", "busy board"),
        ("prefill_w = 600", "prefill_w = 99", "busy board"),
        ("hbm_w = 90", "hbm_w = 301", "memory draws no more"),
        ("lowest_mhz = 135", "lowest_mhz = 1531", "lowest to a highest"),
    ],
)
def test_figures_that_contradict_each_other_are_refused(old: str, new: str, what: str) -> None:
    assert what in only_fault(TABLE.replace(old, new)).what


@pytest.mark.parametrize("value", ["0", "1.01", "-0.5"])
def test_a_voltage_floor_is_a_share(value: str) -> None:
    fault = only_fault(TABLE.replace("voltage_floor = 0.65", f"voltage_floor = {value}"))
    assert fault.where == "my.toml: accelerators.0.power.clocks.voltage_floor"
    assert "share of the highest clock" in fault.mend


def test_an_unknown_key_of_power_is_refused() -> None:
    assert only_fault(TABLE.replace("hbm_w = 90", "hbm_w = 90\nfan_w = 3")).what == "unknown key"


@given(profiles())
def test_keys_of_a_file_give_the_same_power_again(power: PowerProfile) -> None:
    before = shipped_catalog().accelerator("H100 SXM")
    entry = accelerator_from_dict({**entry_as_dict(before), "power": _plain_of(power)})
    again = AcceleratorRecord.model_validate(accelerator_keys(entry)).to_domain()
    assert again.power == power


@given(profiles())
def test_power_goes_to_json_and_back_unchanged(power: PowerProfile) -> None:
    before = shipped_catalog().accelerator("H100 SXM")
    document = json.loads(json.dumps({**entry_as_dict(before), "power": _plain_of(power)}))
    entry = accelerator_from_dict(document)
    assert entry.power == power
    assert json.loads(json.dumps(entry_as_dict(entry))) == document


def _plain_of(power: PowerProfile) -> dict[str, Any]:
    """Written by hand, so that the writer is tested against something else than itself."""
    clocks = power.clocks
    return {
        "idle_w": power.idle_w,
        "decode_w": power.decode_w,
        "prefill_w": power.prefill_w,
        "hbm_w": power.hbm_w,
        "clocks": None
        if clocks is None
        else {
            "lowest_mhz": clocks.lowest_mhz,
            "highest_mhz": clocks.highest_mhz,
            "step_mhz": f"{clocks.step_mhz.numerator}/{clocks.step_mhz.denominator}",
            "voltage_floor": clocks.voltage_floor,
        },
        "source": power.source,
        "as_of": power.as_of,
        "note": power.note,
    }


def test_an_entry_without_power_is_written_as_before() -> None:
    assert "power" not in entry_as_dict(shipped_catalog().accelerator("TPU v4"))


def test_an_entry_written_before_there_was_power_is_read() -> None:
    document = entry_as_dict(shipped_catalog().accelerator("H100 SXM"))
    del document["power"]
    assert accelerator_from_dict(document).power is None


def test_a_key_missing_inside_power_is_named() -> None:
    document = entry_as_dict(shipped_catalog().accelerator("H100 SXM"))
    del document["power"]["clocks"]["step_mhz"]
    with pytest.raises(CatalogError, match=r"accelerator\.power\.clocks\.step_mhz: missing"):
        accelerator_from_dict(document)


def test_every_gpu_of_nvidia_and_amd_has_power() -> None:
    gpus = [
        name
        for name, entry in shipped_catalog().accelerators.items()
        if entry.vendor in ("NVIDIA", "AMD") and "/" not in name
    ]
    assert sorted(gpus) == sorted(POWERED)


@pytest.mark.parametrize("name", POWERED)
def test_memory_power_follows_from_bandwidth_and_energy_per_bit(name: str) -> None:
    entry = shipped_catalog().accelerator(name)
    assert entry.power is not None
    picojoules = GDDR_PJ_PER_BIT.get(name, HBM_PJ_PER_BIT)
    watts = entry.hbm_bytes_per_s * 8 * picojoules * 1e-12
    assert entry.power.hbm_w == pytest.approx(watts, abs=0.051)


@pytest.mark.parametrize("name", POWERED)
def test_decoding_power_follows_from_the_measured_share_of_board_power(name: str) -> None:
    entry = shipped_catalog().accelerator(name)
    assert entry.power is not None
    assert entry.tdp_w is not None
    share = 606 / 1000 if name in BLACKWELL else 516.9 / 700
    assert entry.power.decode_w == pytest.approx(share * entry.tdp_w, abs=0.051)


@pytest.mark.parametrize("name", POWERED)
def test_prefill_power_is_board_power_or_the_measured_share_of_it(name: str) -> None:
    entry = shipped_catalog().accelerator(name)
    assert entry.power is not None
    assert entry.tdp_w is not None
    share = 661.7 / 700 if name in HOPPER else 943 / 1000 if name in BLACKWELL else 1.0
    assert entry.power.prefill_w == pytest.approx(share * entry.tdp_w, abs=0.051)


@pytest.mark.parametrize("name", [name for name in POWERED if name not in GDDR_PJ_PER_BIT])
def test_a_context_adds_the_middle_of_the_published_tax_on_hbm_boards(name: str) -> None:
    entry = shipped_catalog().accelerator(name)
    assert entry.power is not None
    bare = {
        "H20": 70, "B300 SXM": 140, "GB200 NVL72": 140, "GB300 NVL72": 140,
        "MI325X": 130, "MI355X": 130,
    }.get(name, entry.idle_w)  # fmt: skip
    assert bare is not None
    assert entry.power.idle_w == pytest.approx(bare + (26 + 50) / 2)


@pytest.mark.parametrize("name", POWERED)
def test_power_says_what_is_derived_and_from_what(name: str) -> None:
    power = shipped_catalog().accelerator(name).power
    assert power is not None
    assert "erived." in power.note
    for key in ("idle_w:", "decode_w:", "prefill_w:", "hbm_w:"):
        assert key in power.note
    assert "assumption" in power.note or power.clocks is None


def test_an_a100_runs_at_the_clocks_of_published_studies() -> None:
    power = shipped_catalog().accelerator("A100-80GB SXM").power
    assert power is not None
    assert power.clocks is not None
    assert (power.clocks.lowest_mhz, power.clocks.highest_mhz) == (210, 1410)


def test_no_clock_is_invented_where_the_range_is_not_at_hand() -> None:
    for name in (*BLACKWELL, "MI300X", "RTX 4090"):
        power = shipped_catalog().accelerator(name).power
        assert power is not None
        assert power.clocks is None


@pytest.mark.parametrize("name", POWERED)
def test_both_ends_of_a_clock_range_lie_on_its_steps(name: str) -> None:
    power = shipped_catalog().accelerator(name).power
    assert power is not None
    if power.clocks is not None:
        span = power.clocks.highest_mhz - power.clocks.lowest_mhz
        assert (span / power.clocks.step_mhz).denominator == 1
