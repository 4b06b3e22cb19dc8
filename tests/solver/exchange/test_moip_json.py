"""Multi-objective programs written and read again."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from formulations.moip.problem import MultiObjectiveProgram
from solver.errors import OutputError
from solver.exchange.formats.moip_json import (
    moip_json_text,
    moip_mps_text,
    ranged_rows,
    without_ranges,
)
from solver.instance.moip import program_from_dict, read_program
from solver.instance.moip.json_layout import program_from_json
from solver.instance.moip.mps import program_from_mps
from solver.nondominated import nondominated_set

INSTANCES = Path(__file__).resolve().parents[3] / "instances" / "moip"
CREWS = INSTANCES / "crews-two-rows.mps"


@st.composite
def programs(draw: st.DrawFn) -> MultiObjectiveProgram:
    n, m = draw(st.integers(1, 4)), draw(st.integers(0, 3))
    numbers = st.sampled_from([0, 1, -2, Fraction(1, 2), Fraction(-7, 5), 3])
    row = st.lists(st.integers(1, 4), min_size=n, max_size=n)
    matrix = draw(st.lists(row, min_size=m, max_size=m))
    return program_from_dict(
        {
            "objectives": 2,
            "n": n,
            "m": m,
            "senses": draw(st.lists(st.sampled_from(["min", "max"]), min_size=2, max_size=2)),
            "c": [draw(st.lists(numbers, min_size=n, max_size=n)) for _ in range(2)],
            "A": {
                "start": [n * i for i in range(m + 1)],
                "index": [j for _ in range(m) for j in range(n)],
                "value": [value for one in matrix for value in one],
            },
            "row_sense": draw(st.lists(st.sampled_from(["<=", ">="]), min_size=m, max_size=m)),
            "rhs": [sum(one) for one in matrix],
            "lb": [0] * n,
            "ub": [2] * n,
            "vtype": "I" * n,
        },
        where="drawn",
    )


@given(programs())
@settings(max_examples=60, deadline=None)
def test_reading_the_written_json_gives_the_same_program(program: MultiObjectiveProgram) -> None:
    again = program_from_json(moip_json_text(program), where="again")
    assert again.digest == program.digest


@given(programs())
@settings(max_examples=60, deadline=None)
def test_reading_the_written_mps_gives_the_same_program(program: MultiObjectiveProgram) -> None:
    again = program_from_mps(moip_mps_text(program), where="again")
    assert again.digest == program.digest


@pytest.mark.parametrize("path", sorted(INSTANCES.glob("*.json")), ids=lambda path: path.stem)
def test_shipped_programs_survive_a_round_trip(path: Path) -> None:
    program = read_program(path)
    assert program_from_json(moip_json_text(program), where="again").digest == program.digest


def test_a_program_from_mps_with_constants_and_ranges_survives_as_mps() -> None:
    program = read_program(CREWS)
    assert ranged_rows(program) or any(program.offsets)
    assert program_from_mps(moip_mps_text(program), where="again").digest == program.digest


def test_a_constant_is_refused_by_json_with_a_way_out() -> None:
    program = read_program(CREWS)
    with pytest.raises(OutputError, match="Use --format mps"):
        moip_json_text(without_ranges(program))


def test_rows_split_in_two_leave_the_nondominated_set_as_it_is() -> None:
    program = program_from_mps(
        "NAME ranged\nROWS\n N f\n N g\n G r\nCOLUMNS\n M 'MARKER' 'INTORG'\n x f 1\n x r 1\n"
        " y g 1\n y r 2\n M 'MARKER' 'INTEND'\nRHS\n RHS r 3\nRANGES\n RNG r 1\nBOUNDS\n"
        " UP BND x 4\n UP BND y 4\nENDATA\n",
        where="ranged",
    )
    split = without_ranges(program)
    assert (ranged_rows(program), ranged_rows(split), split.milp.n_rows) == (1, 0, 2)
    again = program_from_json(moip_json_text(split), where="again")
    images = [
        {point.image for point in nondominated_set(one).outcome.points} for one in (program, again)
    ]
    assert images[0] == images[1]
    assert images[0]
