"""A table from a CSV file: named columns, cells as text, every row with its line.

Read as spreadsheets write it: with or without a byte-order mark, any line ends, quoted cells. Lines
that begin with ``#`` are remarks, empty ones are passed over.
"""

from __future__ import annotations

import csv
import difflib
import io
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from solver.errors import Fault
from solver.instance.fleet.fault_limit import listed
from solver.instance.record_types import exact_fraction
from solver.plain_files import special_file

__all__ = ["MAX_ROWS", "CellReader", "CsvRow", "CsvTable", "read_csv_table"]

MAX_ROWS = 100_000
MAX_BYTES = 50_000_000
_CLOSE = 0.75
"""How alike an unknown column must be to a known one to be taken for a slip of the pen."""
_UNSEEN = frozenset({"Cc", "Cf"})
"""Unicode categories of characters that steer a terminal or the direction of text."""
_SPACES = "\t\n\r"


@dataclass(frozen=True, slots=True)
class CsvRow:
    """One row: ``cells`` by column, stripped of blanks at both ends; ``line`` is counted from 1."""

    line: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class CsvTable:
    """A table that was read.

    Parameters
    ----------
    where
        The file, for messages.
    columns
        In the file's order, those that are read alone.
    ignored
        Columns of the file that are not read.
    data
        The bytes of the file.
    """

    where: str
    columns: tuple[str, ...]
    ignored: tuple[str, ...]
    rows: tuple[CsvRow, ...]
    data: bytes


class CellReader:
    """Cells of one row as numbers; what cannot be read is noted in ``faults``."""

    def __init__(self, table: CsvTable, row: CsvRow, faults: list[Fault]) -> None:
        self.where = f"{table.where}:{row.line}"
        self.row = row
        self.faults = faults

    def fault(self, column: str, what: str, mend: str) -> None:
        """Note what is wrong with the cell of ``column``."""
        value = self.row.cells.get(column, "")
        self.faults.append(Fault(f"{self.where}: {column} ({value!r})", what, mend))

    def text(self, column: str) -> str:
        """The cell, empty where there is no such column."""
        return self.row.cells.get(column, "")

    def number(
        self, column: str, *, needed: bool = False, zero: bool = False, power: int = 0
    ) -> Fraction | None:
        """The cell times ``10**power``; ``None`` where it is empty or faulty.

        ``zero``: 0 is allowed as well.
        """
        text = self.text(column)
        if not text:
            if needed:
                self.fault(column, "the cell is empty", "Give a number")
            return None
        try:
            value = exact_fraction(text)
        except ValueError:
            self.fault(column, "is not a number", "Write it like 12.5, without a unit")
            return None
        if value < 0 or (value == 0 and not zero):
            least = "0 or more" if zero else "more than 0"
            self.fault(column, f"is not {least}", f"Give {least}")
            return None
        return value * Fraction(10) ** power if power else value

    def whole(self, column: str, *, most: int = 10**9) -> int | None:
        """The cell as a whole number from 1 to ``most``; ``None`` where it is empty or faulty."""
        value = self.number(column)
        if value is None:
            return None
        if value.denominator != 1 or value > most:
            self.fault(column, "is not a whole number in range", f"Give 1 to {most}")
            return None
        return value.numerator


def read_csv_table(
    path: Path,
    *,
    needed: Iterable[str],
    optional: Iterable[str] = (),
    synonyms: Mapping[str, str] | None = None,
) -> tuple[CsvTable | None, list[Fault]]:
    """Read a table with the columns ``needed``; the table is ``None`` where it cannot be used.

    Parameters
    ----------
    needed, optional
        Names of columns. Others are listed as ``ignored``, unless they look like one of these.
    synonyms
        Names people give to columns -> ours; met with a fault, since their unit may differ.
    """
    where = str(path)
    data, faults = _bytes_of(path, where)
    if data is None:
        return None, faults
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        what = f"is not UTF-8 text (byte {error.start})"
        return None, [Fault(where, what, "Save it as CSV in UTF-8")]
    try:
        return _table(where, text, data, tuple(needed), tuple(optional), synonyms or {})
    except csv.Error as error:
        return None, [Fault(where, f"is not a CSV file ({error})", "Close every quoted cell")]


def _bytes_of(path: Path, where: str) -> tuple[bytes | None, list[Fault]]:
    special = special_file(path, where=where)
    if special is not None:
        return None, [special]
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        return None, [Fault(where, f"cannot be read ({error.strerror})", "Check the path")]
    if len(data) > MAX_BYTES:
        return None, [Fault(where, f"holds more than {MAX_BYTES} bytes", "Give a smaller table")]
    return data, []


def _kept_lines(text: str, numbers: list[int]) -> Iterator[str]:
    """Lines that are no remark; ``numbers`` receives the number of each.

    A ``#`` at the beginning of a line inside a quoted cell is part of the cell.
    """
    quoted = False
    for number, line in enumerate(io.StringIO(text, newline=None), start=1):
        if not quoted and (line.startswith("#") or not line.strip()):
            continue
        if line.count('"') % 2:
            quoted = not quoted
        numbers.append(number)
        yield line


def _table(
    where: str,
    text: str,
    data: bytes,
    needed: tuple[str, ...],
    optional: tuple[str, ...],
    synonyms: Mapping[str, str],
) -> tuple[CsvTable | None, list[Fault]]:
    numbers: list[int] = []
    reader = csv.reader(_kept_lines(text, numbers), strict=True)
    header = [cell.strip() for cell in next(reader, [])]
    if not header:
        return None, [Fault(where, "is empty", f"Begin with the line {','.join(needed)}")]
    faults = _header_faults(f"{where}:{numbers[0]}", header, needed, optional, synonyms)
    if faults:
        return None, faults
    known = {*needed, *optional}
    rows: list[CsvRow] = []
    while True:
        at = len(numbers)
        cells = next(reader, None)
        if cells is None:
            break
        line = numbers[at]
        if len(rows) == MAX_ROWS:
            what = f"holds more than {MAX_ROWS} rows"
            return None, [Fault(where, what, "Keep the rows that matter")]
        if len(cells) != len(header):
            mend = "Give one cell for each column; a cell with a comma goes in quotes"
            what = f"{len(cells)} cells under {len(header)} columns"
            faults.append(Fault(f"{where}:{line}", what, mend))
            continue
        named = zip(header, cells, strict=True)
        kept = {key: cell.strip() for key, cell in named if key in known}
        faults.extend(
            Fault(
                f"{where}:{line}: {key} ({cell!r})",
                "holds a character that cannot be seen",
                "Type the cell anew",
            )
            for key, cell in kept.items()
            if not cell.isascii() or not cell.isprintable()
            if any(
                unicodedata.category(character) in _UNSEEN and character not in _SPACES
                for character in cell
            )
        )
        rows.append(CsvRow(line, kept))
    if not rows and not faults:
        return None, [Fault(where, "holds no row below its header", "Add rows")]
    columns = tuple(key for key in header if key in known)
    ignored = tuple(key for key in header if key not in known)
    return CsvTable(where, columns, ignored, tuple(rows), data), listed(faults, where)


def _header_faults(
    where: str,
    header: list[str],
    needed: tuple[str, ...],
    optional: tuple[str, ...],
    synonyms: Mapping[str, str],
) -> list[Fault]:
    known = [*needed, *optional]
    if len(header) == 1 and any(mark in header[0] for mark in ";\t"):
        return [
            Fault(
                f"{where}: {header[0]!r}",
                "cells are not separated by commas",
                "Save the table with commas between cells and points in decimals",
            )
        ]
    faults = []
    renamed = set()
    for column in dict.fromkeys(header):
        if header.count(column) > 1:
            faults.append(Fault(f"{where}: {column}", "the column stands twice", "Keep one"))
        if column in known:
            continue
        close = synonyms.get(column.casefold()) or next(
            iter(difflib.get_close_matches(column.casefold(), known, n=1, cutoff=_CLOSE)), None
        )
        if close is not None:
            renamed.add(close)
            what = f"is not a known column, but like {close}"
            faults.append(
                Fault(f"{where}: {column}", what, f"Rename it {close} if that is what it holds")
            )
    faults.extend(
        Fault(f"{where}: {column}", "the column is missing", f"Add it; known: {', '.join(known)}")
        for column in needed
        if column not in header and column not in renamed
    )
    return faults
