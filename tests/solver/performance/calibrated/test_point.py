"""Layouts: devices, shards of experts, degrees that do not fit together."""

from __future__ import annotations

import pytest

from solver.performance.calibrated.point import FORMAT_BYTES, Layout, Pool


def test_devices_are_the_product_of_tensor_degree_groups_and_stages() -> None:
    assert Layout(4, 2, 8, 8).devices == 64


def test_devices_of_an_expert_share_what_experts_are_not_spread_over() -> None:
    assert Layout(4, 1, 2, 2).expert_tensor_parallel == 4


def test_experts_must_lie_on_whole_groups_of_devices() -> None:
    with pytest.raises(ValueError, match="does not divide"):
        Layout(4, 1, 3)


@pytest.mark.parametrize("degrees", [(0,), (1, 0), (1, 1, 0), (1, 1, 1, 0)])
def test_a_degree_is_at_least_one(degrees: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="positive"):
        Layout(*degrees)


def test_a_pool_has_the_devices_of_all_its_workers() -> None:
    assert Pool(Layout(4), 3).devices == 12


def test_four_bit_formats_count_their_scales() -> None:
    assert (FORMAT_BYTES["mxfp4"], FORMAT_BYTES["nvfp4"]) == (17 / 32, 9 / 16)
