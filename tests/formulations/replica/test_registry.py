"""The list of replica formulations: what each says of itself, and which grids it declines."""

from __future__ import annotations

import importlib

import numpy as np
import pytest

from formulations.replica.problem import ReplicaProblem
from formulations.replica.registry import FORMULATIONS, Formulation, get_formulation


def grid(n_layouts: int, n_batches: int) -> ReplicaProblem:
    ranks = np.zeros((n_layouts, n_batches), dtype=np.int64)
    return ReplicaProblem("flat", ranks, ranks, ranks, ranks == 0)


def test_big_m_is_the_one_a_textbook_would_write() -> None:
    assert [f.name for f in FORMULATIONS if f.textbook] == ["factored_big_m"]


@pytest.mark.parametrize("formulation", FORMULATIONS, ids=lambda f: f.name)
def test_every_formulation_states_its_strength(formulation: Formulation) -> None:
    assert formulation.strength


@pytest.mark.parametrize("formulation", FORMULATIONS, ids=lambda f: f.name)
def test_every_text_has_variables_size_and_strength(formulation: Formulation) -> None:
    text = importlib.import_module(formulation.module).__doc__
    assert text is not None
    for heading in ("ariables", "Size: ", "Strength: ", ".. math::"):
        assert heading in text


@pytest.mark.parametrize("formulation", FORMULATIONS, ids=lambda f: f.name)
def test_every_program_has_the_name_and_kind_of_its_formulation(formulation: Formulation) -> None:
    program = formulation.build(grid(2, 2))
    assert (program.formulation, program.kind) == (formulation.name, formulation.kind)
    assert program.statement.name == f"flat/{formulation.name}"


@pytest.mark.parametrize("formulation", FORMULATIONS, ids=lambda f: f.name)
def test_a_grid_of_thirty_by_thirty_is_declined_by_none(formulation: Formulation) -> None:
    assert formulation.applies(grid(30, 30)) is None


def test_constants_for_pairs_are_declined_for_many_layouts() -> None:
    reason = get_formulation("gdp_multiple_big_m").applies(grid(201, 1))
    assert reason is not None
    assert "201 layouts are more than the 200" in reason


def test_cutting_planes_are_declined_for_many_cells() -> None:
    reason = get_formulation("gdp_cutting_plane").applies(grid(301, 10))
    assert reason is not None
    assert "301 layouts by 10 batch levels are more than the 3000 cells" in reason
