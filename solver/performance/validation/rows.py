"""From the cells of a reference file to columns of numbers and names, with every fault named."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from solver.errors import Fault, FleetError
from solver.performance.validation.constants import ReferenceConstants
from solver.performance.validation.fields import Number, Reader, UnreadableError

__all__ = [
    "Columns",
    "FloatArray",
    "Kind",
    "Rows",
    "Table",
    "column_mismatch",
    "missing_rate",
    "parse_rows",
    "read_csv",
    "read_header",
    "read_json",
]

FloatArray = npt.NDArray[np.float64]
Columns = Mapping[str, "FloatArray | list[str]"]

_MAX_FAULTS = 20


@dataclass(frozen=True, slots=True)
class Table:
    """Cells as text: ``cells[i][j]`` stands at ``places[i]`` under ``header[j]``."""

    header: tuple[str, ...]
    places: tuple[str, ...]
    cells: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Columns of a file, read. ``text`` keeps the arguments as written, to name a row by them."""

    places: tuple[str, ...]
    text: Mapping[str, Sequence[str]]
    names: Mapping[str, list[str]]
    numbers: Mapping[str, FloatArray]

    def __len__(self) -> int:
        return len(self.places)


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """One kind of reference file.

    Parameters
    ----------
    title
        What it is, in words.
    arguments, outputs
        Readers by column: what a row is about, and what is stated about it.
    evaluate
        Computes the outputs of all rows; the same columns as ``outputs``.
    """

    title: str
    arguments: Mapping[str, Reader]
    outputs: Mapping[str, Reader]
    evaluate: Callable[[Rows, ReferenceConstants], Columns]


def column_mismatch(header: Sequence[str], expected: Sequence[str]) -> str:
    """How ``header`` differs from the ``expected`` columns; empty if only in their order."""
    parts = (
        ("it lacks", [name for name in expected if name not in header]),
        ("it has also", [name for name in dict.fromkeys(header) if name not in expected]),
        ("it repeats", [name for name in dict.fromkeys(header) if header.count(name) > 1]),
    )
    told = (f"{what} {', '.join(repr(name) for name in names)}" for what, names in parts if names)
    return "; ".join(told)


def read_text(path: Path) -> str:
    """The text of a file; raises ``FleetError`` where it cannot be read or is not text."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise FleetError.one(
            f"cannot be read ({error.strerror})", where=str(path), mend="Check the path"
        ) from error
    except UnicodeDecodeError as error:
        raise FleetError.one("is not text", where=str(path), mend="Write it as UTF-8") from error


def read_header(path: Path) -> tuple[str, ...]:
    """The column names of a comma-separated file; empty where it has no line.

    Raises
    ------
    FleetError
        If the file cannot be read, or its first line is no table's.
    """
    first = next((line for line in read_text(path).splitlines() if line.strip()), "")
    try:
        cells = next(csv.reader([first], strict=True), [])
    except csv.Error as error:
        raise FleetError.one(
            f"has no header ({error})", where=str(path), mend="Mend its first line"
        ) from error
    return tuple(name.strip() for name in cells)


def read_csv(path: Path) -> Table:
    """The cells of a comma-separated file with a header; empty lines are passed over.

    Raises
    ------
    FleetError
        If the file cannot be read, or a line has more or fewer cells than the header.
    """
    reader = csv.reader(io.StringIO(read_text(path), newline=""), strict=True)
    places: list[str] = []
    cells: list[tuple[str, ...]] = []
    faults: list[Fault] = []
    header: tuple[str, ...] = ()
    try:
        for row in reader:
            if not row:
                continue
            if not header:
                header = tuple(name.strip() for name in row)
                continue
            place = f"line {reader.line_num}"
            if len(row) != len(header):
                what = f"has {len(row)} values under {len(header)} columns"
                faults.append(
                    Fault(where=f"{path}: {place}", what=what, mend="Write one value a column")
                )
                continue
            places.append(place)
            cells.append(tuple(cell.strip() for cell in row))
    except csv.Error as error:
        raise FleetError.one(
            f"is not a comma-separated table ({error})",
            where=f"{path}: line {reader.line_num}",
            mend="Mend the quotes",
        ) from error
    _raise_all(faults, str(path))
    return Table(header, tuple(places), tuple(cells))


def read_json(path: Path) -> Table:
    """The entries of a JSON list of flat objects, as the rows of a table.

    Raises
    ------
    FleetError
        If the file is not such a list, or its entries differ in their keys.
    """
    try:
        # Numbers stay text, so that one reader judges the numbers of every kind of file.
        entries: Any = json.loads(
            read_text(path), parse_float=str, parse_int=str, parse_constant=str
        )
    except (json.JSONDecodeError, RecursionError) as error:
        raise FleetError.one(f"is not JSON ({error})", where=str(path), mend="Mend it") from error
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise FleetError.one(
            "is not a list of objects", where=str(path), mend="Write [{...}, {...}]"
        )
    header = tuple(entries[0]) if entries else ()
    faults = []
    for number, entry in enumerate(entries, start=1):
        different = sorted(set(entry) ^ set(header))
        if different:
            faults.append(
                Fault(
                    where=f"{path}: entry {number}",
                    what=f"its keys are not those of the first entry: {', '.join(different)}",
                    mend="Give every entry the same keys",
                )
            )
    _raise_all(faults, str(path))
    return Table(
        header,
        tuple(f"entry {number}" for number in range(1, len(entries) + 1)),
        tuple(tuple(_cell(entry[name]) for name in header) for entry in entries),
    )


def _cell(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _raise_all(faults: list[Fault], where: str) -> None:
    if not faults:
        return
    told = faults[:_MAX_FAULTS]
    if len(faults) > _MAX_FAULTS:
        more = len(faults) - _MAX_FAULTS
        told.append(Fault(where=where, what=f"{more} more faults", mend="Mend those above first"))
    raise FleetError.all_of(told)


def parse_rows(table: Table, kind: Kind, constants: ReferenceConstants, *, where: str) -> Rows:
    """The columns of ``table`` as numbers and names.

    Parameters
    ----------
    table
        Its header holds the columns of ``kind``, in any order.
    where
        The file, to name it in faults.

    Raises
    ------
    FleetError
        With every cell that its reader refuses, and every accelerator without an arithmetic rate
        for the weights of the model beside it.
    """
    faults: list[Fault] = []
    text: dict[str, list[str]] = {}
    names: dict[str, list[str]] = {}
    numbers: dict[str, FloatArray] = {}
    for column, reader in {**kind.arguments, **kind.outputs}.items():
        at = table.header.index(column)
        values: list[float | str] = []
        for place, row in zip(table.places, table.cells, strict=True):
            try:
                values.append(reader(row[at], constants))
            except UnreadableError as error:
                place_of_cell = f"{where}: {place}: {column}"
                faults.append(Fault(where=place_of_cell, what=error.what, mend=error.mend))
        if column in kind.arguments:
            text[column] = [row[at] for row in table.cells]
        if isinstance(reader, Number):
            numbers[column] = np.array(values, dtype=np.float64)
        else:
            names[column] = [str(value) for value in values]
    _raise_all(faults, where)
    _raise_all(_missing_rates(table.places, names, constants, where), where)
    return Rows(table.places, text, names, numbers)


def _missing_rates(
    places: Sequence[str],
    names: Mapping[str, list[str]],
    constants: ReferenceConstants,
    where: str,
) -> list[Fault]:
    """Rows whose accelerator states no rate for the weights of a model beside it (erratum B12)."""
    faults = []
    models = [column for column in ("model", "draft") if column in names]
    for column in models if "gpu" in names else ():
        for place, gpu, model in zip(places, names["gpu"], names[column], strict=True):
            what = missing_rate(constants, gpu, model)
            if what:
                faults.append(
                    Fault(
                        where=f"{where}: {place}: {column}",
                        what=what,
                        mend="Leave the row out: the reference has no answer for it",
                    )
                )
    return faults


def missing_rate(constants: ReferenceConstants, gpu: str, model: str) -> str:
    """What is missing if ``gpu`` has no rate for the weights of ``model``; empty if it has."""
    bits = constants.models[model].native_weight_bits
    rates = constants.accelerators[gpu].flop_per_s
    if bits in rates:
        return ""
    known = ", ".join(str(width) for width in sorted(rates))
    return (
        f"{gpu} has no arithmetic rate for the {bits}-bit weights of {model}, only for {known} bits"
    )
