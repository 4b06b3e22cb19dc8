"""The sparse program: what it refuses, and that it cannot be changed behind an engine's back."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from formulations.milp import Milp


def knapsack() -> Milp:
    """max 3a + 2b with 2a + b <= 2 over binaries, as a minimisation."""
    return Milp(
        name="knapsack",
        lower=np.array([0, 0]),
        upper=np.array([1, 1]),
        is_integer=np.array([True, True]),
        row_start=np.array([0, 2]),
        column_index=np.array([0, 1]),
        value=np.array([2, 1]),
        row_lower=np.array([0]),
        row_upper=np.array([2]),
        objectives={"loss": np.array([-3, -2])},
    )


def test_sizes_are_those_of_the_arrays() -> None:
    assert (knapsack().n_columns, knapsack().n_rows, knapsack().kind) == (2, 1, "milp")


def test_arrays_are_read_only() -> None:
    with pytest.raises(ValueError, match="read-only"):
        knapsack().value[0] = 5


def test_objectives_are_read_only() -> None:
    with pytest.raises(TypeError):
        knapsack().objectives["loss"] = np.array([0, 0])  # type: ignore[index]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"upper": np.array([1])}, "column arrays"),
        ({"row_upper": np.array([1, 1])}, "row arrays"),
        ({"value": np.array([1])}, "matrix arrays"),
        ({"objectives": {"loss": np.array([1])}}, "objective 'loss'"),
    ],
)
def test_arrays_that_do_not_fit_together_are_refused(
    changes: dict[str, object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(knapsack(), **changes)
