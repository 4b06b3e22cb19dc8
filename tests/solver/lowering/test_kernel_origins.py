"""A machine without measured kernels is never passed off as one that has them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from solver.catalog import shipped_catalog
from solver.instance.domain import ReplicaInstance
from solver.lowering.kernel_origins import kernels_told
from solver.lowering.space import lower_replica
from solver.sweep.error_of_space import error_of_space


def told(*names: str) -> str:
    return kernels_told(shipped_catalog().accelerator(name) for name in names)


@pytest.mark.parametrize("name", ["H100 SXM", "H200 SXM", "B200 SXM", "GB200 NVL72", "L40S"])
def test_a_measured_machine_needs_no_word(name: str) -> None:
    assert told(name) == ""


@pytest.mark.parametrize("name", ["MI300X", "Gaudi 3", "V100-32GB SXM"])
def test_a_machine_of_another_kind_is_told_as_transferred(name: str) -> None:
    words = told(name)
    assert f"no kernel of {name} was measured: transferred" in words
    assert "h100_sxm" in words


def test_a_sibling_is_named() -> None:
    assert told("H20").endswith("efficiencies of h200_sxm")


def test_every_such_machine_is_told() -> None:
    words = told("H100 SXM", "MI300X", "H20")
    assert "MI300X" in words
    assert "H20" in words


@pytest.mark.parametrize(("machine", "transferred"), [("MI300X", True), ("H100 SXM", False)])
def test_a_result_says_so(
    mixture: Callable[..., ReplicaInstance], machine: str, transferred: bool
) -> None:
    changes: dict[str, Any] = {"design__accelerator": machine, "design__tensor_parallel": [1]}
    note = error_of_space(lower_replica(mixture(**changes)))["note"]
    assert ("no kernel of" in note) is transferred
