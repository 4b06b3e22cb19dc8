from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from solver.errors import Fault
from solver.instance.fleet.csv_table import CellReader, read_csv_table


def read(tmp_path: Path, content: bytes) -> tuple[list[dict[str, str]], list[str], list[int]]:
    """Cells of every row, faults without the folder, and lines of the rows."""
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    table, faults = read_csv_table(path, needed=("a",), optional=("b",), synonyms={"alpha": "a"})
    rows = table.rows if table is not None else ()
    told = [str(fault).replace(f"{tmp_path}/", "") for fault in faults]
    return [dict(row.cells) for row in rows], told, [row.line for row in rows]


@pytest.mark.parametrize(
    "content",
    [
        b"a,b\n1,x\n",
        b"\xef\xbb\xbfa,b\r\n1,x\r\n",
        b"a,b\r1,x",
        b'"a","b"\n"1","x"\n',
        b"# made by hand\n\na,b\n# a remark, with a comma\n1,x\n",
        b" a , b \n 1 , x \n",
    ],
    ids=["plain", "bom and crlf", "cr", "quoted", "remarks", "blanks"],
)
def test_a_table_is_read_as_spreadsheets_write_it(tmp_path: Path, content: bytes) -> None:
    rows, faults, _ = read(tmp_path, content)
    assert rows == [{"a": "1", "b": "x"}]
    assert faults == []


def test_a_quoted_cell_may_hold_commas_quotes_and_lines_that_look_like_remarks(
    tmp_path: Path,
) -> None:
    rows, faults, _ = read(tmp_path, b'a,b\n"1,5","say ""x""\n# no remark"\n2,y\n')
    assert faults == []
    assert rows[0] == {"a": "1,5", "b": 'say "x"\n# no remark'}
    assert rows[1] == {"a": "2", "b": "y"}


@pytest.mark.parametrize("mark", ["\x1b[31m", "\x00", "\u202e", "\u200b"])
def test_a_character_that_cannot_be_seen_is_a_fault(tmp_path: Path, mark: str) -> None:
    _, faults, _ = read(tmp_path, f"a,b\n1,x\n2,y{mark}z\n".encode())
    (fault,) = faults
    assert fault.startswith("t.csv:3: b ('y")
    assert mark not in fault
    assert "cannot be seen" in fault


def test_a_row_knows_its_line_past_remarks_and_long_cells(tmp_path: Path) -> None:
    _, _, lines = read(tmp_path, b'# one\na,b\n\n"1\n\n2",x\n# six\n3,y\n')
    assert lines == [4, 8]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", ["t.csv", "is empty", "a"]),
        (b"# only\n", ["t.csv", "is empty"]),
        (b"a,b\n", ["t.csv", "no row"]),
        (b"b\n1\n", ["t.csv:1: a", "column is missing", "Add it", "known: a, b"]),
        (b"#\nalpha\n1\n", ["t.csv:2: alpha", "like a", "Rename it a"]),
        (b"a;b\n1;2\n", ["t.csv:1", "'a;b'", "not separated by commas"]),
        (b"a,b,a\n1,2,3\n", ["t.csv:1: a", "stands twice"]),
        (b"a,b\n1,2\n1,2,3\n", ["t.csv:3", "3 cells under 2 columns", "quotes"]),
        (b'a,b\n"1,2\n', ["t.csv", "not a CSV file", "quoted"]),
        (b"a,b\n\xff,2\n", ["t.csv", "UTF-8"]),
    ],
)
def test_a_fault_names_file_line_and_cure(tmp_path: Path, content: bytes, words: list[str]) -> None:
    _, faults, _ = read(tmp_path, content)
    assert any(all(word in fault for word in words) for fault in faults), faults


def test_a_file_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    table, (fault,) = read_csv_table(tmp_path / "none.csv", needed=("a",))
    assert table is None
    assert "cannot be read" in str(fault)


def test_columns_that_nobody_reads_are_listed(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("system,a,batch\nx,1,2\n")
    table, faults = read_csv_table(path, needed=("a",))
    assert faults == []
    assert table is not None
    assert table.ignored == ("system", "batch")


def test_more_rows_than_the_limit_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a\n" + "1\n" * 100_000)
    assert read_csv_table(path, needed=("a",))[1] == []
    path.write_text("a\n" + "1\n" * 100_001)
    table, (fault,) = read_csv_table(path, needed=("a",))
    assert table is None
    assert "more than 100000 rows" in str(fault)


def test_faults_past_twenty_are_counted(tmp_path: Path) -> None:
    _, faults, _ = read(tmp_path, b"a,b\n" + b"1\n" * 25)
    assert len(faults) == 21
    assert "5 more faults are not listed" in faults[-1]


def cell(tmp_path: Path, text: str) -> tuple[CellReader, list[Fault]]:
    path = tmp_path / "t.csv"
    path.write_text(f'a\n"{text}"\n')
    table, _ = read_csv_table(path, needed=("a",))
    assert table is not None
    faults: list[Fault] = []
    return CellReader(table, table.rows[0], faults), faults


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.1", Fraction(1, 10)),
        (" 7/3 ", Fraction(7, 3)),
        ("1e-3", Fraction(1, 1000)),
        ("12", Fraction(12)),
    ],
)
def test_a_number_is_exact(tmp_path: Path, text: str, value: Fraction) -> None:
    assert cell(tmp_path, text)[0].number("a") == value


@pytest.mark.parametrize(
    "text", ["x", "1 s", "nan", "inf", "1e99", "1/0", "-1", "0", "0x10", "1,5", "--1"]
)
def test_a_cell_that_is_no_positive_number_is_a_fault(tmp_path: Path, text: str) -> None:
    reader, faults = cell(tmp_path, text)
    assert reader.number("a") is None
    assert len(faults) == 1
    assert f"t.csv:2: a ({text!r})" in str(faults[0])


@pytest.mark.parametrize("text", ["1.5", "0", "-2", "2000000000", "x"])
def test_a_cell_that_is_no_count_is_a_fault(tmp_path: Path, text: str) -> None:
    reader, faults = cell(tmp_path, text)
    assert reader.whole("a") is None
    assert len(faults) == 1
