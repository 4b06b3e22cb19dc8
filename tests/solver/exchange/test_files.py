"""MPS and LP files against another reader of them: HiGHS."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import highspy  # type: ignore[import-untyped]  # noqa: TID251
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from formulations.indicator import IndicatorProgram
from formulations.milp import INFINITY, Milp
from formulations.program import CpProgram
from formulations.rows import SparseRows
from solver.engines.cp_sat import CpSatEngine
from solver.errors import OutputError
from solver.exchange.formats.file_program import file_program
from solver.exchange.formats.lp import lp_text
from solver.exchange.formats.mps import mps_text
from solver.exchange.formats.names import file_names

WRITERS = {"mps": mps_text, "lp": lp_text}
SIDES = st.sampled_from([(0, 4), (-INFINITY, 5), (-3, INFINITY), (2, 2), (-7, 1)])


@st.composite
def programs(draw: st.DrawFn) -> Milp:
    n = draw(st.integers(1, 5))
    rows = SparseRows()
    for _ in range(draw(st.integers(0, 4))):
        low, high = draw(SIDES)
        first = rows.add_block(1, lower=low, upper=high)
        rows.put(first, 0, np.arange(n), draw(st.lists(st.integers(-9, 9), min_size=n, max_size=n)))
    bounds = draw(
        st.lists(st.sampled_from([(0, 1), (0, 3), (-2, 2), (1, 1), (-4, -1)]),
                 min_size=n, max_size=n)
    )  # fmt: skip
    costs = st.lists(st.integers(-9, 9), min_size=n, max_size=n)
    return rows.to_milp(
        "drawn",
        lower=np.array([low for low, _ in bounds], dtype=np.int64),
        upper=np.array([high for _, high in bounds], dtype=np.int64),
        objectives={
            "a": np.array(draw(costs), dtype=np.int64),
            "b": np.array(draw(costs), dtype=np.int64),
        },
    )


def read_by_highs(folder: Path, text: str, kind: str) -> Any:
    path = folder / f"program.{kind}"
    path.write_text(text, encoding="ascii")
    highs = highspy.Highs()
    for option, value in (("output_flag", False), ("mip_rel_gap", 0.0), ("threads", 1)):
        highs.setOptionValue(option, value)
    assert highs.readModel(str(path)) != highspy.HighsStatus.kError
    return highs


def dense(highs: Any) -> dict[str, Any]:
    """Costs, bounds and rows by name."""
    lp = highs.getLp()
    columns = list(lp.col_names_)
    rows = list(lp.row_names_)
    matrix = np.zeros((len(rows), len(columns)))
    starts, index, value = lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_
    by_column = lp.a_matrix_.format_ == highspy.MatrixFormat.kColwise
    for major in range(len(starts) - 1):
        for at in range(starts[major], starts[major + 1]):
            place = (index[at], major) if by_column else (major, index[at])
            matrix[place] = value[at]
    return {
        "columns": columns,
        "costs": list(lp.col_cost_),
        "bounds": list(zip(lp.col_lower_, lp.col_upper_, strict=True)),
        "integer": all(kind == highspy.HighsVarType.kInteger for kind in lp.integrality_),
        "rows": {
            name: (matrix[row].tolist(), lp.row_lower_[row], lp.row_upper_[row])
            for row, name in enumerate(rows)
        },
    }


@given(programs())
@settings(max_examples=40, deadline=None)
def test_highs_reads_from_mps_exactly_the_program_that_was_written(
    tmp_path_factory: pytest.TempPathFactory, milp: Milp
) -> None:
    folder = tmp_path_factory.mktemp("mps")
    program = file_program(milp, minimise="a", at_most={"b": 3})
    found = dense(read_by_highs(folder, mps_text(program), "mps"))
    assert found["columns"] == list(program.columns)
    assert found["costs"] == list(program.costs)
    assert found["bounds"] == list(zip(program.lower, program.upper, strict=True))
    assert found["integer"]
    assert list(found["rows"]) == [row.name for row in program.rows]
    for row in program.rows:
        wanted = [0] * len(program.columns)
        for column, value in row.terms:
            wanted[column] = value
        low = -np.inf if row.lower is None else row.lower
        high = np.inf if row.upper is None else row.upper
        assert found["rows"][row.name] == (wanted, low, high)


@pytest.mark.parametrize("kind", WRITERS)
@given(milp=programs())
@settings(max_examples=25, deadline=None)
def test_the_optimum_of_the_file_by_highs_is_that_of_the_program_by_cp_sat(
    tmp_path_factory: pytest.TempPathFactory, kind: str, milp: Milp
) -> None:
    engine = CpSatEngine()
    engine.load(milp)
    known = engine.minimise("a", upper={"b": 3})
    text = WRITERS[kind](file_program(milp, minimise="a", at_most={"b": 3}))
    highs = read_by_highs(tmp_path_factory.mktemp(kind), text, kind)
    highs.run()
    if known.objective is None:
        assert highs.getModelStatus() == highspy.HighsModelStatus.kInfeasible
    else:
        assert round(highs.getObjectiveValue()) == known.objective


@pytest.mark.parametrize("kind", WRITERS)
def test_columns_keep_their_numbers_in_the_file(tmp_path: Path, kind: str) -> None:
    rows = SparseRows()
    first = rows.add_block(1, lower=1)
    rows.put(first, 0, [3, 1], 1)
    ones = np.ones(4, dtype=np.int64)
    milp = rows.to_milp("m", lower=0 * ones, upper=ones, objectives={"a": np.array([0, 0, 0, 1])})
    program = file_program(milp, minimise="a", at_most={})
    found = dense(read_by_highs(tmp_path, WRITERS[kind](program), kind))
    assert found["columns"] == list(program.columns)


def test_implied_rows_stand_under_indicators_and_as_implications() -> None:
    rows = SparseRows()
    ones = np.ones(2, dtype=np.int64)
    milp = rows.to_milp("m", lower=0 * ones, upper=ones, objectives={"a": ones})
    program = file_program(
        IndicatorProgram(
            milp=milp,
            binary=np.array([0]),
            row_start=np.array([0, 1]),
            column_index=np.array([1]),
            value=np.array([2]),
            row_lower=np.array([1]),
            row_upper=np.array([2]),
        ),
        minimise="a",
        at_most={},
    )
    assert "INDICATORS\n IF i000001 c000001 1\n IF i000002 c000001 1\n" in mps_text(program)
    text = lp_text(program)
    assert " i000001: c000001 = 1 -> + 2 c000002 >= 1\n" in text
    assert " i000002: c000001 = 1 -> + 2 c000002 <= 2\n" in text


def test_a_cp_model_is_refused_with_a_way_out() -> None:
    program = CpProgram("cp", None, {"a": 0}, lambda _: None, 1)
    with pytest.raises(OutputError, match="Choose a formulation of kind milp"):
        file_program(program, minimise="a", at_most={})


def test_an_unknown_objective_lists_those_there_are() -> None:
    ones = np.ones(1, dtype=np.int64)
    milp = SparseRows().to_milp("m", lower=0 * ones, upper=ones, objectives={"a": ones})
    with pytest.raises(OutputError, match="Choose from a"):
        file_program(milp, minimise="b", at_most={})


@given(st.lists(st.text(max_size=8), max_size=8))
@settings(deadline=None)
def test_names_are_different_and_never_numbers_or_words_of_the_format(stated: list[str]) -> None:
    names = file_names(stated, letter="c", count=len(stated) + 2)
    assert len({name.lower() for name in names}) == len(stated) + 2
    for name in names:
        assert name.isascii()
        assert name.replace("_", "a").isalnum()
        assert not name[0].isdigit()
        assert name.lower() not in ("free", "inf", "st", "end", "bounds", "e5")


def test_a_name_that_could_be_an_exponent_gets_a_letter() -> None:
    assert file_names(["e5", "free", "2 x"], letter="c", count=3) == ("c_e5", "c_free", "c_2_x")
