"""The moip JSON layout: shape and types of a document, every fault noted with its key.

====================  ==========================================================================
``objectives``        p, at least 2
``n``, ``m``          columns and rows
``senses``            p times ``"min"`` or ``"max"``
``c``                 p lists of n numbers
``A``                 rows by ``start`` (m + 1), ``index`` and ``value`` (one for each entry)
``row_sense``         m times ``"<="``, ``">="`` or ``"="``
``rhs``               m numbers
``lb``, ``ub``        n numbers each, ``null`` where infinite
``vtype``             n characters: B binary, I integer, C continuous
====================  ==========================================================================

``name``, ``format``, ``objective_names``, ``column_names`` and ``row_names`` may be left out (f1..,
x1.., r1..). Other keys say where a problem comes from or what its answer is, and are not read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

from formulations.moip.problem import MultiObjectiveProgram, Sense
from solver.errors import InstanceError
from solver.instance.moip.assembly import assembled_program
from solver.instance.moip.document import Document
from solver.instance.moip.faults import FaultList, default_name, shown
from solver.instance.moip.numerals import Unusable, number_from_text
from solver.instance.moip.stated import (
    ColumnType,
    StatedColumns,
    StatedObjectives,
    StatedRows,
    Terms,
)

__all__ = ["FORMAT", "program_from_dict", "program_from_json"]

FORMAT = "moip-json/1"
_HELP = "See instances/moip/README.md for the layout"


def program_from_json(text: str, *, where: str) -> MultiObjectiveProgram:
    """Read the text of a file in the moip JSON layout; ``where`` names it in messages.

    Raises
    ------
    InstanceError
        With every fault found.
    """
    faults = FaultList(where)

    def without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in pairs:
            if key in found:
                faults.add(shown(key), "the key is given twice", "Remove one of the two")
            found[key] = value
        return found

    try:
        document = json.loads(
            text,
            parse_int=number_from_text,
            parse_float=number_from_text,
            parse_constant=lambda word: Unusable(word, "is not finite"),
            object_pairs_hook=without_repeats,
        )
    except (ValueError, RecursionError) as error:
        raise InstanceError.one(f"is not JSON ({error})", where=where, mend=_HELP) from error
    return _program(document, faults)


def program_from_dict(document: object, *, where: str) -> MultiObjectiveProgram:
    """Read a document in the moip JSON layout; ``where`` names it in messages.

    Numbers may be ``int``, ``Fraction`` or ``Decimal``; a ``float`` is refused.

    Raises
    ------
    InstanceError
        With every fault found.
    """
    return _program(document, FaultList(where))


def _program(raw: object, faults: FaultList) -> MultiObjectiveProgram:
    if not isinstance(raw, Mapping):
        faults.add("", f"is {_kind(raw)}, not an object of keys and values", _HELP)
        raise faults.error()
    document = Document(raw, faults)
    said = document.optional_text("format")
    if said not in (None, FORMAT):
        faults.add("format", f"{shown(said)} is not known", f'Write "{FORMAT}", or leave it out')
    name = document.optional_text("name") or default_name(faults.source)
    p = document.count("objectives", least=2)
    n = document.count("n", least=1)
    m = document.count("m", least=0)
    return assembled_program(
        name,
        columns=_columns(document, n),
        objectives=_objectives(document, p, n),
        rows=_rows(document, m, n),
        faults=faults,
    )


def _kind(value: object) -> str:
    return "null" if value is None else f"a {type(value).__name__}"


def _columns(document: Document, n: int | None) -> StatedColumns | None:
    types = document.words("vtype", n, ("B", "I", "C"), one_text=True)
    lower = document.numbers("lb", n, null=True)
    upper = document.numbers("ub", n, null=True)
    names = document.names("column_names", n, letter="x", named=types)
    if n is None or types is None or lower is None or upper is None or names is None:
        return None
    return StatedColumns(names, cast("tuple[ColumnType, ...]", types), lower, upper)


def _objectives(document: Document, p: int | None, n: int | None) -> StatedObjectives | None:
    senses = document.words("senses", p, ("min", "max"))
    matrix = document.matrix("c", p, n)
    names = document.names("objective_names", p, letter="f", named=matrix)
    if p is None or n is None or senses is None or matrix is None or names is None:
        return None
    terms = [[(column, value) for column, value in enumerate(row) if value] for row in matrix]
    return StatedObjectives(names, cast("tuple[Sense, ...]", senses), terms, [0] * p)


def _rows(document: Document, m: int | None, n: int | None) -> StatedRows | None:
    terms = _terms(document, m, n)
    senses = document.words("row_sense", m, ("<=", ">=", "="))
    sides = document.numbers("rhs", m)
    names = document.names("row_names", m, letter="r", named=sides)
    if m is None or terms is None or senses is None or sides is None or names is None:
        return None
    return StatedRows(
        names,
        terms,
        [None if sense == "<=" else side for sense, side in zip(senses, sides, strict=True)],
        [None if sense == ">=" else side for sense, side in zip(senses, sides, strict=True)],
    )


def _terms(document: Document, m: int | None, n: int | None) -> list[Terms] | None:
    """Rows of ``A``, each sorted by column."""
    matrix, faults = document.part("A"), document.faults
    if matrix is None:
        return None
    start = matrix.integers("start", None if m is None else m + 1)
    index = matrix.integers("index", None)
    value = matrix.numbers("value", None if index is None else len(index))
    if start is None or index is None or value is None or m is None or n is None:
        return None
    before = faults.count
    for at, column in enumerate(index):
        if not 0 <= column < n:
            mend = f"Columns are counted from 0 to {n - 1}"
            faults.add(f"A.index.{at}", f"{shown(column)} is no column", mend)
    if start[0] != 0:
        faults.add("A.start.0", f"is {shown(start[0])}, not 0", "Let the first row start at 0")
    if start[-1] != len(index):
        faults.add(
            f"A.start.{m}",
            f"is {shown(start[-1])}, but A.index has {len(index)} entries",
            "Let the last number of start be the number of entries",
        )
    for row in range(m):
        if start[row] > start[row + 1]:
            faults.add(
                f"A.start.{row + 1}",
                f"is {shown(start[row + 1])}, less than the {shown(start[row])} before it",
                "Let each row start where the one before it ends",
            )
    if faults.count != before:
        return None
    terms = []
    for row in range(m):
        entries = dict[int, Any]()
        for at in range(start[row], start[row + 1]):
            if index[at] in entries:
                faults.add(
                    f"A.index.{at}",
                    f"column {index[at]} appears twice in row {row}",
                    "Add its coefficients up into one",
                )
            entries[index[at]] = value[at]
        terms.append([(column, entries[column]) for column in sorted(entries) if entries[column]])
    return terms if faults.count == before else None
