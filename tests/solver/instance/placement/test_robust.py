"""Whatever a file holds, the reader answers with a sound question or with faults of that file."""

from __future__ import annotations

import copy
import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solver.errors import InstanceError
from solver.instance.placement.domain import PlacementInstance
from solver.instance.placement.reader import placement_instance_from_raw
from solver.instance.placement.resolved import placement_from_resolved, resolved_placement
from solver.instance.placement.soundness import unsound
from tests.solver.instance.placement.questions import SAMPLES, SOURCES

ODD: list[Any] = [
    None, True, 0, -1, 3, 10**30, Decimal("1e-400"), Decimal("NaN"), Decimal("Infinity"), "", "x",
    "a[", "a[0-99999999]", "1/0", [], [[]], [1, 1], {}, {"a": 1}, ["l4", "l4"], [{}],
]  # fmt: skip


def _places(tree: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    keys = tree.items() if isinstance(tree, dict) else enumerate(tree)
    found = [path] if path else []
    for key, value in keys if isinstance(tree, dict | list) else ():
        below = (*path, key)
        found += _places(value, below) if isinstance(value, dict | list) else [below]
    return found


def _question_or_faults(raw: dict[str, Any]) -> PlacementInstance | None:
    """The question, or ``None`` where the reader names faults, each in its place on one line."""
    try:
        return placement_instance_from_raw(raw, where="odd.toml", folder=SAMPLES)
    except InstanceError as error:
        found = error.faults
    assert all(fault.where.startswith("odd.toml") for fault in found)
    assert all("\n" not in str(fault) for fault in found)
    return None


CASES = [(source, place) for source in SOURCES for place in _places(SOURCES[source])]


@settings(max_examples=250, deadline=None)
@given(st.sampled_from(CASES), st.sampled_from(ODD))
def test_any_value_at_any_place_gives_a_sound_question_or_faults(
    case: tuple[str, tuple[Any, ...]], value: Any
) -> None:
    source, place = case
    raw = copy.deepcopy(SOURCES[source])
    table: Any = raw
    for key in place[:-1]:
        table = table[key]
    table[place[-1]] = value
    question = _question_or_faults(raw)
    if question is None:
        return
    assert unsound(question) == []
    document = json.loads(json.dumps(resolved_placement(question)))
    assert placement_from_resolved(document).topology == question.topology


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("key", ["workload", "machines", "hosts", "links", "topology", "design"])
def test_a_lost_table_gives_a_sound_question_or_faults(source: str, key: str) -> None:
    raw = {name: table for name, table in SOURCES[source].items() if name != key}
    question = _question_or_faults(raw)
    assert question is None or unsound(question) == []
