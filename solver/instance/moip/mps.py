"""Reader of MPS files with several objectives: every N row is one, in the order of the file.

Fields are separated by blanks, so names hold none; files in fixed columns read the same then.
Lines that begin with ``*`` are comments. Sections, in this order (those in brackets may be left
out), each headed by its name in the first column, all other lines indented:

============  ==================================================================================
NAME          a name, or nothing
[OBJSENSE]    MIN or MAX for all objectives, beside the word or on the next line; MIN if left out
[OBJSENSES]   ``row MIN`` or ``row MAX``: one objective's own sense (an extension, after ROWS)
ROWS          ``N|L|G|E row``
COLUMNS       ``column row value [row value]``; integer between ``'INTORG'`` and ``'INTEND'``
[RHS]         ``[set] row value [row value]``
[RANGES]      ``[set] row value [row value]``
[BOUNDS]      ``UP|LO|FX|UI|LI [set] column value`` or ``FR|MI|PL|BV [set] column``
ENDATA        what follows is not read
============  ==================================================================================

In BOUNDS a magnitude of 1e20 or more, or ``Inf``, means infinite. See ``mps_model`` for the other
conventions. The format is IBM's (Mathematical Programming System/360, 1969), the markers and later
bound types are those of its common extensions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from formulations.moip.problem import MultiObjectiveProgram, Sense
from solver.instance.moip.assembly import assembled_program
from solver.instance.moip.faults import FaultList, default_name, shown
from solver.instance.moip.mps_bounds import BoundStatement, apply_bound
from solver.instance.moip.mps_model import MpsColumn, MpsModel, RowKind
from solver.instance.moip.numerals import Number, Unusable, number_from_text

__all__ = ["program_from_mps"]

_SENSES: dict[str, Sense] = {
    "MIN": "min",
    "MINIMIZE": "min",
    "MINIMISE": "min",
    "MAX": "max",
    "MAXIMIZE": "max",
    "MAXIMISE": "max",
}
_NEEDED = ("ROWS", "COLUMNS")
_OBJECTIVE_PARTS = {"ROWS", "COLUMNS", "RHS", "OBJSENSE", "OBJSENSES"}
_ROW_PARTS = {"ROWS", "COLUMNS", "RHS", "RANGES"}
_HELP = "See instances/moip/README.md for the layout"


def program_from_mps(text: str, *, where: str) -> MultiObjectiveProgram:
    """Read the text of an MPS file; ``where`` names it in messages.

    Raises
    ------
    InstanceError
        With every fault found, those of lines by their number.
    """
    faults = FaultList(where)
    reader = _Reader(MpsModel(name=default_name(where)), faults)
    reader.read(text)
    model, broken = reader.model, reader.broken
    # What follows from a line that could not be read would be noise: those parts are left out.
    columns = None if broken & {"COLUMNS", "BOUNDS"} else model.stated_columns(faults)
    objectives = None if broken & _OBJECTIVE_PARTS else model.stated_objectives(faults)
    rows = None if broken & _ROW_PARTS else model.stated_rows(faults)
    return assembled_program(
        model.name, columns=columns, objectives=objectives, rows=rows, faults=faults
    )


class _Reader:
    """Takes lines, knows the section it is in."""

    def __init__(self, model: MpsModel, faults: FaultList) -> None:
        self.model = model
        self.faults = faults
        self.line = 0
        self.section = ""
        self.seen: set[str] = set()
        self.broken: set[str] = set()
        self.sets: dict[str, str] = {}
        self.integer = False
        self.column = ""
        self.sections: dict[str, Callable[[list[str]], None]] = {
            "OBJSENSE": self._objsense,
            "OBJSENSES": self._objsenses,
            "ROWS": self._row,
            "COLUMNS": self._entries,
            "RHS": self._rhs,
            "RANGES": self._ranges,
            "BOUNDS": self._bound,
        }

    def fault(self, what: str, mend: str) -> None:
        """Note a fault of the current line; its section is broken."""
        self.broken.add(self.section)
        self.faults.add(f"line {self.line}", what, mend)

    def read(self, text: str) -> None:
        """Read all lines up to ENDATA."""
        take: Callable[[list[str]], None] = self._nothing
        for self.line, line in enumerate(text.split("\n"), start=1):
            fields = line.split()
            if not fields or line.startswith("*"):
                continue
            if line[0].isspace():
                take(fields)
                continue
            self._close_integers()
            section = fields[0].upper()
            if section == "ENDATA":
                break
            take = self._opened(section, fields[1:])
        else:
            self.fault("the file ends without ENDATA", "Give the whole file, ENDATA included")
            # Whatever was cut off is missing: nothing can be said of any part.
            self.broken.add("COLUMNS")
        for section in _NEEDED:
            if section not in self.seen:
                self.faults.add("", f"there is no section {section}", _HELP)
                self.broken.add("COLUMNS")

    def _opened(self, section: str, rest: list[str]) -> Callable[[list[str]], None]:
        """What to do with the lines of a section that begins here."""
        self.section = section
        if section in self.seen:
            self.fault(f"section {section} begins again", "State it once")
            return self._skipped
        self.seen.add(section)
        if section == "NAME":
            self.model.name = " ".join(rest) or self.model.name
            if not self.model.name.isprintable():
                self.fault(f"{ascii(self.model.name)[:60]} is no plain text", "Write a plain name")
            return self._nothing
        if section not in self.sections:
            self.fault(
                f"section {shown(section)} is not supported",
                f"State the program with {', '.join(self.sections)} alone",
            )
            return self._skipped
        if rest and section == "OBJSENSE":
            self._objsense(rest)
        elif rest:
            self.fault(f"{shown(rest[0])} does not belong beside {section}", "Remove it")
        return self.sections[section]

    def _skipped(self, fields: list[str]) -> None:
        """A line of a section that was refused as a whole."""

    def _nothing(self, fields: list[str]) -> None:
        self.fault(f"{shown(' '.join(fields))} belongs to no section", _HELP)

    def _malformed(self, fields: list[str], form: str) -> None:
        self.fault(f"{shown(' '.join(fields))} is malformed", f"Write: {form}")

    def _number(self, text: str) -> Number | None:
        number = number_from_text(text)
        if isinstance(number, Unusable):
            self.fault(f"{shown(text)} {number.reason}", "Write a finite decimal number")
            return None
        return number

    def _sense(self, word: str) -> Sense | None:
        sense = _SENSES.get(word.upper())
        if sense is None:
            self.fault(f"{shown(word)} is no sense", "Write MIN or MAX")
        return sense

    def _objsense(self, fields: list[str]) -> None:
        if len(fields) != 1 or "the sense" in self.sets:
            self._malformed(fields, "MIN or MAX, once")
            return
        self.sets["the sense"] = fields[0]
        self.model.sense = self._sense(fields[0]) or "min"

    def _objsenses(self, fields: list[str]) -> None:
        if len(fields) != 2:
            self._malformed(fields, "row MIN, or row MAX")
        elif self.model.rows.get(fields[0]) != "N":
            self.fault(f"{shown(fields[0])} is no objective row (N)", "Put OBJSENSES after ROWS")
        elif fields[0] in self.model.senses:
            self.fault(f"the sense of {shown(fields[0])} is stated again", "State it once")
        else:
            self.model.senses[fields[0]] = self._sense(fields[1]) or "min"

    def _row(self, fields: list[str]) -> None:
        if len(fields) != 2 or fields[0].upper() not in ("N", "L", "G", "E"):
            self._malformed(fields, "N, L, G or E, and the name of the row")
        elif fields[1] in self.model.rows:
            self.fault(f"row {shown(fields[1])} is stated again", "Give each row its own name")
        else:
            self.model.rows[fields[1]] = cast("RowKind", fields[0].upper())

    def _pairs(self, fields: list[str]) -> list[tuple[str, Number]]:
        """Rows and numbers, those that can be used."""
        pairs = []
        for row, text in zip(fields[::2], fields[1::2], strict=True):
            number = self._number(text)
            if row not in self.model.rows:
                self.fault(f"row {shown(row)} is not stated in ROWS", "Check its name")
            elif number is not None:
                pairs.append((row, number))
        return pairs

    def _entries(self, fields: list[str]) -> None:
        if len(fields) == 3 and fields[1].strip("'\"").upper() == "MARKER":
            self._marker(fields[2].strip("'\"").upper())
            return
        if len(fields) not in (3, 5):
            self._malformed(fields, "column row value [row value]")
            return
        name = fields[0]
        if name != self.column:
            if name in self.model.columns:
                self.fault(
                    f"column {shown(name)} begins again", "Keep the lines of a column together"
                )
            self.column = name
        column = self.model.columns.setdefault(name, MpsColumn("I" if self.integer else "C"))
        for row, number in self._pairs(fields[1:]):
            if row in column.entries:
                self.fault(
                    f"column {shown(name)} has a second entry in row {shown(row)}",
                    "Add the two up into one",
                )
            column.entries[row] = number

    def _marker(self, word: str) -> None:
        if word not in ("INTORG", "INTEND") or (word == "INTORG") == self.integer:
            self.fault(
                f"marker {shown(word)} does not fit here",
                "Put integer columns between 'INTORG' and 'INTEND'",
            )
            return
        self.integer = word == "INTORG"

    def _close_integers(self) -> None:
        if self.integer:
            self.fault("marker 'INTORG' has no 'INTEND'", "Close it at the end of COLUMNS")
            self.integer = False

    def _one_set(self, section: str, name: str) -> None:
        first = self.sets.setdefault(section, name)
        if name != first:
            self.fault(
                f"a second set {shown(name)} follows {shown(first)} in {section}",
                "Keep the set that you mean",
            )

    def _rhs(self, fields: list[str]) -> None:
        self._sided("RHS", fields, self.model.rhs)

    def _ranges(self, fields: list[str]) -> None:
        for row in fields[len(fields) % 2 :: 2]:
            if self.model.rows.get(row) == "N":
                self.fault(f"{shown(row)} is an objective and has no range", "Remove the range")
        self._sided("RANGES", fields, self.model.ranges)

    def _sided(self, section: str, fields: list[str], into: dict[str, Number]) -> None:
        if len(fields) not in (2, 3, 4, 5):
            self._malformed(fields, "[set] row value [row value]")
            return
        if len(fields) % 2:
            self._one_set(section, fields[0])
            fields = fields[1:]
        for row, number in self._pairs(fields):
            if row in into:
                self.fault(f"row {shown(row)} has a second number in {section}", "Keep one")
            into[row] = number

    def _bound(self, fields: list[str]) -> None:
        statement = BoundStatement.parsed(fields, self.model.columns)
        if isinstance(statement, str):
            self.fault(statement, _HELP)
            return
        if statement.set_name is not None:
            self._one_set("BOUNDS", statement.set_name)
        column = self.model.columns.get(statement.column)
        if column is None:
            self.fault(f"column {shown(statement.column)} is not in COLUMNS", "Check its name")
            return
        wrong = apply_bound(column, statement)
        if wrong is not None:
            self.fault(f"{statement.kind} of column {shown(statement.column)} {wrong}", _HELP)
