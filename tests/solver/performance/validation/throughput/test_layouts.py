"""Layouts a buyer could choose."""

from __future__ import annotations

import pytest

from solver.catalog import shipped_catalog
from solver.performance.calibrated.point import Layout
from solver.performance.validation.throughput.layouts import layouts_over, stated_layout


@pytest.mark.parametrize("name", ["Llama-2-70B", "DeepSeek-R1"])
def test_copies_of_every_layout_fill_the_devices(name: str) -> None:
    layouts = layouts_over(shipped_catalog().model(name), 8)
    assert layouts
    assert all(8 % layout.devices == 0 for layout in layouts)


def test_a_dense_model_has_neither_experts_nor_attention_groups() -> None:
    layouts = layouts_over(shipped_catalog().model("Llama-2-70B"), 8)
    assert {(x.expert_parallel, x.attention_data_parallel) for x in layouts} == {(1, 1)}


def test_a_mixture_model_may_share_experts_over_all_devices() -> None:
    layouts = layouts_over(shipped_catalog().model("DeepSeek-R1"), 8)
    assert Layout(1, 1, 8, 8) in layouts


def test_no_layout_is_listed_twice() -> None:
    layouts = layouts_over(shipped_catalog().model("Mixtral-8x7B"), 8)
    assert len(set(layouts)) == len(layouts)


def test_degrees_that_do_not_divide_the_heads_are_refused() -> None:
    model = shipped_catalog().model("Llama-2-70B")
    found = stated_layout(model, tensor=3, stages=1, experts=1, groups=1)
    assert found == "the degrees do not divide the heads, the experts or their width"


def test_experts_that_groups_cannot_share_evenly_are_refused() -> None:
    model = shipped_catalog().model("DeepSeek-R1")
    assert isinstance(stated_layout(model, tensor=1, stages=1, experts=72, groups=72), str)
