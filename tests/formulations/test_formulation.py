"""A formulation by its name, and the answer that a solution of a statement stands for."""

from __future__ import annotations

import importlib
import pickle
from dataclasses import dataclass

import numpy as np
import pytest

from formulations.fleet import registry as fleet
from formulations.formulation import NamedFormulation, StatedProblem, formulation_named
from formulations.replica import registry as replica
from formulations.rows import SparseRows

ALL: tuple[NamedFormulation, ...] = (*replica.FORMULATIONS, *fleet.FORMULATIONS)


@dataclass(frozen=True)
class Named:
    """A problem with a name, and nothing else."""

    name: str


@pytest.fixture
def stated() -> StatedProblem[Named, int]:
    """Two columns, whose sum is the answer."""
    two = np.ones(2, dtype=np.int64)
    milp = SparseRows().to_milp("two", lower=0 * two, upper=two, objectives={"sum": two})
    return StatedProblem("by_hand", Named("small"), milp, lambda x: int(x.sum()))


def test_a_stated_problem_is_named_by_problem_and_formulation(
    stated: StatedProblem[Named, int],
) -> None:
    assert stated.name == "small/by_hand"


def test_the_statement_says_what_kind_of_engine_it_takes(stated: StatedProblem[Named, int]) -> None:
    assert stated.kind == "milp"


def test_the_decoder_gives_the_answer(stated: StatedProblem[Named, int]) -> None:
    assert stated.decode(np.array([1, 1])) == 2


@pytest.mark.parametrize("formulation", ALL, ids=lambda f: f"{f.family}-{f.name}")
def test_every_builder_is_found_in_the_module_of_its_name(formulation: NamedFormulation) -> None:
    module = importlib.import_module(f"formulations.{formulation.family}.{formulation.name}")
    assert formulation.builder() is getattr(module, f"build_{formulation.name}")


@pytest.mark.parametrize("formulation", ALL, ids=lambda f: f"{f.family}-{f.name}")
def test_a_formulation_travels_to_another_process(formulation: NamedFormulation) -> None:
    assert pickle.loads(pickle.dumps(formulation)) == formulation


def test_a_formulation_is_found_by_its_name() -> None:
    found = formulation_named("counts", fleet.FORMULATIONS, family="fleet")
    assert found is fleet.FORMULATIONS[0]


def test_an_unknown_replica_formulation_is_named_with_those_there_are() -> None:
    with pytest.raises(ValueError, match="no replica formulation is called 'x'; there are column_"):
        replica.get_formulation("x")


def test_an_unknown_fleet_formulation_is_named_with_those_there_are() -> None:
    with pytest.raises(ValueError, match=r"no fleet formulation is called 'x'.*cp_counts"):
        fleet.get_formulation("x")
