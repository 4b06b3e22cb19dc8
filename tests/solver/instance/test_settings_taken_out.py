"""A setting of ``None`` takes its key out of the tables of a file."""

from __future__ import annotations

from typing import Any

import pytest

from solver.errors import InstanceError
from solver.instance.loading import apply_settings


def laid(tables: dict[str, Any], key: str) -> dict[str, Any]:
    apply_settings(tables, {key: None})
    return tables


def test_the_key_is_gone() -> None:
    assert laid({"limits": {"a": 1, "b": 2}}, "limits.a") == {"limits": {"b": 2}}


def test_what_is_not_there_stays_away() -> None:
    assert laid({"name": "x"}, "limits.a") == {"name": "x"}


def test_a_key_of_a_named_entry_is_gone() -> None:
    tables = {"machines": [{"name": "h100", "tier": "spot"}]}
    assert laid(tables, "machines.h100.tier") == {"machines": [{"name": "h100"}]}


def test_an_entry_that_is_not_there_is_told() -> None:
    with pytest.raises(InstanceError, match="has no entry 'b200'"):
        laid({"machines": [{"name": "h100"}]}, "machines.b200.tier")


def test_a_list_of_tables_is_not_taken_out() -> None:
    with pytest.raises(InstanceError, match="is a list of tables"):
        laid({"machines": [{"name": "h100"}]}, "machines.tier")
