"""MPS with several objective rows: its sections, its conventions, and its faults by line."""

from __future__ import annotations

from fractions import Fraction

import pytest

from formulations.milp import INFINITY
from formulations.moip.problem import MultiObjectiveProgram
from solver.errors import InstanceError
from solver.instance.moip import program_from_dict
from solver.instance.moip.mps import program_from_mps

TEXT = """\
* a comment
NAME          small one
ROWS
 N  COST
 N  GAIN
 L  CAP
 G  NEED
COLUMNS
    M1        'MARKER'  'INTORG'
    a         COST      1          GAIN      4
    a         CAP       2
    b         COST      2          CAP       3
    b         NEED      1
    c         COST      3          GAIN      5
    c         NEED      1
    M2        'MARKER'  'INTEND'
RHS
    RHS       CAP       12         NEED      1
BOUNDS
 UP BND       a         4
 UP BND       b         4
 BV BND       c
ENDATA
"""


def program(text: str = TEXT) -> MultiObjectiveProgram:
    return program_from_mps(text, where="good.mps")


def edited(old: str, new: str) -> str:
    assert old in TEXT
    return TEXT.replace(old, new, 1)


def with_bounds(*lines: str) -> MultiObjectiveProgram:
    """Column a is in row CAP alone, at most 12 / 2."""
    return program(edited(" UP BND       a         4\n", "".join(f" {line}\n" for line in lines)))


def faults(text: str) -> list[str]:
    with pytest.raises(InstanceError) as caught:
        program_from_mps(text, where="bad.mps")
    return [str(fault) for fault in caught.value.faults]


def of_column_a(found: MultiObjectiveProgram) -> tuple[int, int]:
    return int(found.milp.lower[0]), int(found.milp.upper[0])


def test_both_layouts_state_the_same_program() -> None:
    twin = program_from_dict(
        {
            "objectives": 2,
            "n": 3,
            "m": 2,
            "senses": ["min", "min"],
            "c": [[1, 2, 3], [4, 0, 5]],
            "A": {"start": [0, 2, 4], "index": [0, 1, 1, 2], "value": [2, 3, 1, 1]},
            "row_sense": ["<=", ">="],
            "rhs": [12, 1],
            "lb": [0, 0, 0],
            "ub": [4, 4, 1],
            "vtype": "IIB",
            "objective_names": ["COST", "GAIN"],
            "column_names": ["a", "b", "c"],
            "row_names": ["CAP", "NEED"],
        },
        where="twin",
    )
    assert program().digest == twin.digest


def test_names_are_those_of_the_file() -> None:
    found = program()
    assert (found.name, found.row_names) == ("small one", ("CAP", "NEED"))


def test_a_file_without_a_name_is_called_as_the_file() -> None:
    assert program(edited("NAME          small one\n", "")).name == "good"


def test_lines_may_end_as_windows_ends_them() -> None:
    assert program(TEXT.replace("\n", "\r\n")).digest == program().digest


def test_what_follows_endata_is_not_read() -> None:
    assert program(TEXT + "anything\n").digest == program().digest


@pytest.mark.parametrize(
    "section", ["OBJSENSE\n    MAX\n", "OBJSENSE MAXIMIZE\n", "OBJSENSE\n  maximise\n"]
)
def test_objsense_holds_for_every_objective(section: str) -> None:
    assert program(edited("ROWS\n", section + "ROWS\n")).senses == ("max", "max")


def test_objsenses_gives_one_objective_its_own_sense() -> None:
    found = program(edited("COLUMNS\n", "OBJSENSES\n    GAIN MAX\nCOLUMNS\n"))
    assert found.senses == ("min", "max")
    assert found.costs[1].tolist() == [-4, 0, -5]


def test_the_right_hand_side_of_an_objective_is_minus_its_constant() -> None:
    found = program(edited("RHS\n", "RHS\n    RHS  COST  -2.5\n"))
    assert found.stated(found.image(found.milp.upper))[0] == Fraction(4 + 8 + 3) + Fraction(5, 2)


def test_the_name_of_a_set_may_be_left_out() -> None:
    short = TEXT.replace("    RHS       CAP", "    CAP").replace(" BND ", " ")
    assert program(short).digest == program().digest


def test_decimals_are_exact() -> None:
    assert program(edited("COST      1 ", "COST      0.1")).scales == (10, 1)


@pytest.mark.parametrize(
    ("kind", "row", "span", "sides"),
    [
        ("L", "CAP", "5", (7, 12)),
        ("L", "CAP", "-5", (7, 12)),
        ("G", "CAP", "5", (12, 17)),
        ("E", "CAP", "5", (12, 17)),
        ("E", "CAP", "-5", (7, 12)),
        ("E", "CAP", "0", (12, 12)),
    ],
)
def test_a_range_opens_a_row_to_the_side_of_its_kind(
    kind: str, row: str, span: str, sides: tuple[int, int]
) -> None:
    text = TEXT.replace(" L  CAP", f" {kind}  {row}")
    milp = program(text.replace("BOUNDS\n", f"RANGES\n    R  {row}  {span}\nBOUNDS\n")).milp
    assert (milp.row_lower[0], milp.row_upper[0]) == sides


def test_a_greater_row_without_a_range_is_open_above() -> None:
    assert program().milp.row_upper[1] == INFINITY


@pytest.mark.parametrize(
    ("lines", "bounds"),
    [
        ((), (0, 6)),
        (("UP BND a 3",), (0, 3)),
        (("LO BND a 2",), (2, 6)),
        (("LO BND a 1", "UP BND a 3"), (1, 3)),
        (("FX BND a 3",), (3, 3)),
        (("BV BND a",), (0, 1)),
        (("BV a",), (0, 1)),
        (("BV BND a 1",), (0, 1)),
        (("BV a 1",), (0, 1)),
        (("LI BND a 1", "UI BND a 2"), (1, 2)),
        (("PL BND a",), (0, 6)),
        (("UP BND a 1e30",), (0, 6)),
        (("UP BND a Inf",), (0, 6)),
        (("UP BND a 0",), (0, 0)),
        (("UP BND a 3.7",), (0, 3)),
        (("UP BND a -1", "LO BND a -3"), (-3, -1)),
    ],
)
def test_bounds_are_as_stated_or_by_convention(
    lines: tuple[str, ...], bounds: tuple[int, int]
) -> None:
    assert of_column_a(with_bounds(*lines)) == bounds


@pytest.mark.parametrize("lines", [(), ("UP BND a 5", "LO BND b -3")])
def test_a_greater_row_alone_leaves_an_integer_column_unbounded(lines: tuple[str, ...]) -> None:
    text = edited(" UP BND       b         4\n", "").replace(" L  CAP", " G  CAP")
    found = faults(text.replace(" UP BND       a         4\n", "".join(f" {x}\n" for x in lines)))
    assert any("column b: has no upper bound" in fault for fault in found)


@pytest.mark.parametrize("lines", [("UP BND a -1",), ("MI BND a", "UP BND a 3"), ("FR BND a",)])
def test_an_open_lower_side_asks_for_a_bound(lines: tuple[str, ...]) -> None:
    with pytest.raises(InstanceError, match="column a: has no lower bound"):
        with_bounds(*lines)


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        (" L  CAP", " X  CAP", 6, "is malformed"),
        (" L  CAP", " L", 6, "is malformed"),
        (" L  CAP", " L  COST", 6, "row 'COST' is stated again"),
        ("COST      2 ", "COST      two ", 12, "'two' is not a number"),
        ("COST      2 ", "COST      NaN ", 12, "'NaN' is not finite"),
        ("COST      2 ", "COST      1e999", 12, "'1e999' is too large"),
        ("COST      2 ", "PRICE     2 ", 12, "row 'PRICE' is not stated in ROWS"),
        ("    a         CAP       2\n", "    a         CAP\n", 11, "is malformed"),
        ("    a         CAP       2\n", "    a         COST      2\n", 11, "second entry"),
        ("    b         NEED      1\n", "    a         NEED      1\n", 13, "'a' begins again"),
        ("'INTORG'", "'INTBEG'", 9, "marker 'INTBEG' does not fit"),
        ("    M2        'MARKER'  'INTEND'\n", "", 16, "'INTORG' has no 'INTEND'"),
        ("    M2        'MARKER'  'INTEND'", "    M2  MARKER  INTORG", 16, "does not fit"),
        ("CAP       12 ", "CAB       12 ", 18, "row 'CAB' is not stated"),
        ("NEED      1\nBOUNDS", "CAP       1\nBOUNDS", 18, "'CAP' has a second number in RHS"),
        ("NEED      1\nBOUNDS", "NEED\nBOUNDS", 18, "'12' is not stated"),
        ("BOUNDS\n", "    RHS2 NEED 2\nBOUNDS\n", 19, "second set 'RHS2'"),
        ("BOUNDS\n", "RANGES\n    R COST 2\nBOUNDS\n", 20, "objective and has no range"),
        ("BOUNDS\n", "RANGES\n    R\nBOUNDS\n", 20, "is malformed"),
        (" UP BND       a         4", " SC BND  a  4", 20, "semi-continuous"),
        (" UP BND       a         4", " QQ BND  a  4", 20, "bound type 'QQ' is not known"),
        (" UP BND       a         4", " UP a", 20, "is not: UP [set] column value"),
        (" UP BND       a         4", " FR BND a 4 5", 20, "is not: FR [set] column"),
        (" UP BND       a         4", " UP BND  z  4", 20, "column 'z' is not in COLUMNS"),
        (" UP BND       a         4", " FR BND z", 20, "column 'z' is not in COLUMNS"),
        (" UP BND       a         4", " UP BND  a  four", 20, "'four', which is not a number"),
        (" UP BND       a         4", " FX BND  a  Inf", 20, "infinite"),
        (" UP BND       a         4", " UP BND  a  -Inf", 20, "no value meets it"),
        (" UP BND       a         4", " LO BND  a  1e30", 20, "no value meets it"),
        (" UP BND       b         4", " UP BND  a  4", 21, "states the upper bound again"),
        (" BV BND       c", " LO BND c 0\n BV BND c", 23, "states the lower bound again"),
        (" UP BND       b         4", " UP B2 b 4", 21, "second set 'B2'"),
        ("BOUNDS\n", "SOS1\n S1 x\nBOUNDS\n", 19, "section 'SOS1' is not supported"),
        ("BOUNDS\n", "RHS\n    RHS CAP 1\nBOUNDS\n", 19, "section RHS begins again"),
        ("BOUNDS\n", "BOUNDS now\n", 19, "'now' does not belong beside BOUNDS"),
        ("ROWS\n", "OBJSENSE up\nROWS\n", 3, "'up' is no sense"),
        ("ROWS\n", "OBJSENSE MIN\n    MAX\nROWS\n", 4, "is malformed"),
        ("ROWS\n", "OBJSENSES\n COST MAX\nROWS\n", 4, "no objective row"),
        ("COLUMNS\n", "OBJSENSES\n CAP MAX\nCOLUMNS\n", 9, "'CAP' is no objective row"),
        ("COLUMNS\n", "OBJSENSES\n COST\nCOLUMNS\n", 9, "is malformed"),
        ("COLUMNS\n", "OBJSENSES\n COST MAX\n COST MIN\nCOLUMNS\n", 10, "stated again"),
        ("NAME ", "   stray words\nNAME ", 2, "belongs to no section"),
        ("small one", "small\x07one", 2, "no plain text"),
    ],
)
def test_a_malformed_line_is_told_by_its_number(old: str, new: str, line: int, words: str) -> None:
    found = faults(edited(old, new))
    assert any(f"bad.mps: line {line}: " in fault and words in fault for fault in found), found


def test_a_file_cut_short_is_refused() -> None:
    (fault,) = faults(edited("ENDATA\n", ""))
    assert "the file ends without ENDATA" in fault


@pytest.mark.parametrize("text", ["", "hello\n", "ENDATA\n", "NAME x\nROWS\n N f\nENDATA\n"])
def test_a_file_without_the_needed_sections_is_refused(text: str) -> None:
    assert any("there is no section COLUMNS" in fault for fault in faults(text))


def test_a_file_without_columns_in_it_is_refused() -> None:
    text = "ROWS\n N f\n N g\nCOLUMNS\nENDATA\n"
    assert any("no column is stated" in fault for fault in faults(text))


def test_one_objective_row_is_not_enough() -> None:
    assert any("states 1 objective rows" in f for f in faults(edited(" N  GAIN", " L  GAIN")))


def test_a_column_outside_the_markers_is_continuous_and_refused() -> None:
    text = edited("    M1        'MARKER'  'INTORG'\n", "")
    found = faults(text.replace("    M2        'MARKER'  'INTEND'\n", ""))
    assert any("objective COST is continuous" in fault for fault in found)


def test_faults_of_lines_and_of_the_program_are_told_together() -> None:
    text = edited("    RHS       CAP       12", "    RHS       CAP       ?")
    found = "\n".join(faults(text.replace("UP BND       a         4", "LO BND a 9\n UP BND a 4")))
    assert "line 18" in found
    assert "column a: its bounds 9..4 contradict" in found


def test_a_faulty_line_brings_no_faults_that_follow_from_it() -> None:
    assert len(faults(edited("UP BND       b         4", "UP BND b four"))) == 1
