from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from solver.errors import Fault
from solver.explore.controls import Control
from solver.explore.page.control_panel import (
    changes_of,
    control_panel,
    entries_of,
    fault_texts,
    row_classes,
)

PRICE = Control("price.usd_per_hour", "prices", "Price of H100", "US$/h", "number", "2.49")
TIER = Control(
    "price.tier", "prices", "Price tier", "", "choice", "on-demand", ("on-demand", "reserved-3y")
)
BITS = Control(
    "design.weight_bits", "precision", "Weights", "bits", "choices", "8", ("16", "8", "4")
)
SPARE = Control("spare", "limits", "One node may fail", "", "switch", "false")
CONTROLS = (PRICE, TIER, BITS, SPARE)


def _elements(part: Any) -> Iterator[Any]:
    yield part
    children = getattr(part, "children", None)
    for child in children if isinstance(children, list | tuple) else [children]:
        if child is not None and not isinstance(child, str):
            yield from _elements(child)


def test_an_untouched_panel_asks_the_question_of_the_file() -> None:
    assert changes_of(CONTROLS, entries_of(CONTROLS, {})) == {}


@pytest.mark.parametrize(
    ("key", "text"),
    [("price.usd_per_hour", "2.50"), ("price.usd_per_hour", ""), ("price.tier", "reserved-3y"),
     ("design.weight_bits", "16,4"), ("spare", "true")],
)  # fmt: skip
def test_a_change_comes_back_as_it_was_laid_over_the_file(key: str, text: str) -> None:
    assert changes_of(CONTROLS, entries_of(CONTROLS, {key: text})) == {key: text}


def test_digits_are_kept_as_typed() -> None:
    assert changes_of([PRICE], ["2.4900000000000000001"]) == {
        "price.usd_per_hour": "2.4900000000000000001"
    }


def test_the_order_of_ticking_changes_nothing() -> None:
    two = Control("k", "precision", "KV", "bits", "choices", "16,8", ("16", "8"))
    assert changes_of([two], [["8", "16"]]) == {}


def test_only_what_differs_is_marked() -> None:
    assert row_classes([PRICE, TIER], {"price.tier": "reserved-3y"}) == [
        "control",
        "control changed",
    ]


def test_a_fault_stands_at_the_control_that_it_names() -> None:
    texts, homeless = fault_texts(CONTROLS, [Fault("Price tier", "is not on offer", "Choose one")])
    assert texts == ["", "Is not on offer. Choose one.", "", ""]
    assert homeless == []


def test_a_fault_of_no_control_is_kept_for_the_page() -> None:
    fault = Fault("instance.toml", "was changed", "Start again")
    assert fault_texts(CONTROLS, [fault]) == (["", "", "", ""], [fault])


def test_every_field_has_a_label_or_a_legend() -> None:
    parts = [part for group in control_panel(CONTROLS, "A", {}) for part in _elements(group)]
    fields = [
        p for p in parts if isinstance(getattr(p, "id", None), dict) and p.id["type"] == "control"
    ]
    labelled = {p.htmlFor for p in parts if type(p).__name__ == "Label"}
    legends = [p for p in parts if type(p).__name__ == "Legend"]
    own = [f for f in fields if json.dumps(f.id, sort_keys=True, separators=(",", ":")) in labelled]
    assert len(fields) == len(CONTROLS)
    assert len(own) + len(legends) == len(fields)


def test_a_reset_carries_the_value_of_the_file() -> None:
    parts = [p for group in control_panel([PRICE], "B", {}) for p in _elements(group)]
    button = next(p for p in parts if type(p).__name__ == "Button").to_plotly_json()["props"]
    assert json.loads(button["data-reset"]) == {
        "id": {"type": "control", "scenario": "B", "key": "price.usd_per_hour"},
        "value": "2.49",
    }


def test_a_long_list_drops_down_and_a_short_one_lies_open() -> None:
    many = Control("k", "prices", "Tier", "", "choice", "0", tuple(str(k) for k in range(9)))
    kinds = [
        {
            type(part).__name__
            for group in control_panel([control], "A", {})
            for part in _elements(group)
        }
        for control in (TIER, many)
    ]
    assert "RadioItems" in kinds[0]
    assert "Dropdown" in kinds[1]
