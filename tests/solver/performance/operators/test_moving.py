"""Moving constants to another device, and their mean."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from solver.performance.operators.catalog import operator_catalog
from solver.performance.operators.device import device_of_system
from solver.performance.operators.moving import FOLLOWS, SETTINGS, SIGNED, mean_of, moved

H100 = device_of_system("h100_sxm")
HALF = replace(
    H100,
    flop_per_s={bits: rate / 2 for bits, rate in H100.flop_per_s.items()},
    scale_up_bytes_per_s=H100.scale_up_bytes_per_s / 4,
)
FAMILIES = (
    "gemm",
    "moe",
    "attention_decode",
    "attention_context",
    "mla_decode",
    "mla_context",
    "collective",
)


def test_a_rate_into_a_multiprocessor_follows_its_arithmetic() -> None:
    values = moved(
        {"tile_bytes_per_s": 2e11}, {"tile_bytes_per_s": "byte/s"}, origin=H100, target=HALF
    )
    assert values["tile_bytes_per_s"] == pytest.approx(1e11)


def test_seconds_of_an_operation_follow_the_inverse() -> None:
    name = "grouped_sm_s_per_flop"
    assert moved({name: 1e-12}, {name: "s/flop"}, origin=H100, target=HALF)[name] == pytest.approx(
        2e-12
    )


def test_bytes_under_way_follow_the_link() -> None:
    name = "nccl_half_bytes"
    assert moved({name: 8e6}, {name: "byte"}, origin=H100, target=HALF)[name] == pytest.approx(2e6)


def test_bytes_under_way_stay_where_the_link_has_no_stated_rate() -> None:
    name = "nccl_half_bytes"
    endless = replace(HALF, scale_up_bytes_per_s=math.inf)
    assert moved({name: 8e6}, {name: "byte"}, origin=H100, target=endless)[name] == 8e6


def test_shares_and_times_go_over_unchanged() -> None:
    values = {"hbm_share": 0.9, "launch_s": 1e-6}
    assert moved(values, {"hbm_share": "1", "launch_s": "s"}, origin=H100, target=HALF) == values


def test_a_constant_without_a_rule_is_refused() -> None:
    with pytest.raises(ValueError, match="no rule how speed in byte/s"):
        moved({"speed": 1.0}, {"speed": "byte/s"}, origin=H100, target=HALF)


@pytest.mark.parametrize("family", FAMILIES)
def test_every_shipped_constant_has_a_rule(family: str) -> None:
    catalog = operator_catalog(family)
    for (system, _), fit in catalog.fits.items():
        at_home = moved(
            fit.constants,
            catalog.units,
            origin=device_of_system(system),
            target=device_of_system(system),
        )
        assert at_home == pytest.approx(dict(fit.constants), rel=1e-15)


def test_every_rule_and_setting_names_a_shipped_constant() -> None:
    names = {name for family in FAMILIES for name in operator_catalog(family).units}
    assert FOLLOWS.keys() | SETTINGS | SIGNED <= names


def test_an_architecture_counts_once_however_many_systems_it_has() -> None:
    parts = [("A", {"share": 0.1}), ("A", {"share": 0.1}), ("B", {"share": 0.4})]
    assert mean_of(parts)["share"] == pytest.approx(0.2)


def test_seconds_and_signed_numbers_have_an_arithmetic_mean() -> None:
    parts = [
        ("A", {"launch_s": 1e-6, "contention": -0.2}),
        ("B", {"launch_s": 3e-6, "contention": 0.4}),
    ]
    mean = mean_of(parts)
    assert mean["launch_s"] == pytest.approx(2e-6)
    assert mean["contention"] == pytest.approx(0.1)


def test_settings_come_together_from_most_architectures() -> None:
    parts = [
        ("A", {"waves": 1.0, "chunk_tokens": 64.0}),
        ("B", {"waves": 2.0, "chunk_tokens": 128.0}),
        ("C", {"waves": 2.0, "chunk_tokens": 128.0}),
    ]
    assert mean_of(parts) == {"waves": 2.0, "chunk_tokens": 128.0}


def test_a_library_absent_somewhere_is_absent_in_the_mean() -> None:
    mean = mean_of([("A", {"one_shot_launch_s": math.inf}), ("B", {"one_shot_launch_s": 1e-6})])
    assert math.isinf(mean["one_shot_launch_s"])
