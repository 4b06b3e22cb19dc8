"""Rows of measured points laid into a table that may be there already.

A run that is in the table stays in it once: it is told by what it measured, in exact figures.
Cells that an earlier import left empty are filled in; what a person wrote stays as it is.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Context, Decimal
from fractions import Fraction

from solver.errors import Fault, InstanceError
from solver.importers.benchmarks.cells import remark
from solver.importers.visible import visible
from solver.instance.record_types import exact_fraction

__all__ = ["COLUMNS", "PointsTable", "new_points_table", "read_points_table"]

COLUMNS = (
    "workload",
    "model",
    "machine",
    "layout",
    "phase",
    "devices",
    "requests_per_s",
    "tpot_ms",
    "ttft_ms",
    "input_tokens",
    "output_tokens",
    "source",
)
"""Of a table that this package writes; what they hold is said in ``instance/fleet/points.py``."""

_DESIGN = ("model", "machine", "layout", "phase", "devices", "input_tokens", "output_tokens")
_FILLED = ("workload", "model", "machine", "layout", "phase", "devices", "source")
_PLACE = ("workload", "model", "machine", "devices")
"""Cells that tell apart rows which measured the same figures, where both rows have them."""
_GROUPS = (
    ("requests_per_s", "tok_per_s"),
    ("tpot_ms", "tpot_s", "speed_tok_per_s"),
    ("ttft_ms", "ttft_s"),
)
"""Columns that say the same; a table holds one of each group."""
_EXACT = Context(prec=200)
"""Cells have at most 80 characters, so that no decimal is rounded."""

_Measures = tuple[Fraction | None, Fraction | None, Fraction | None, Fraction | None]


@dataclass(slots=True)
class PointsTable:
    """A table as text cells, with its remarks; ``text`` is what it was read from."""

    columns: list[str]
    rows: list[dict[str, str]] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    text: str = ""
    notes: list[str] = field(default_factory=list)
    _added: list[dict[str, str]] = field(default_factory=list)
    _changed: bool = False

    def lay(self, row: Mapping[str, str], *, where: str, faults: list[Fault], runs: bool) -> None:
        """Add a row, or fill in the empty cells of the one that measured the same.

        Parameters
        ----------
        row
            Cells by the names of ``COLUMNS``, or of columns that the table has.
        runs
            The figures are those of one run, in so many digits that no other run has them: the
            same figures on other devices are a fault.
        """
        fitted = self._fitted(row)
        measured = _measured(fitted)
        for present in self.rows:
            if _measured(present) != measured:
                continue
            differing = [
                key
                for key in _PLACE
                if present.get(key) and fitted.get(key) and present[key] != fitted[key]
            ]
            if differing and not runs:
                continue
            if not runs and present.get("layout", "") != fitted.get("layout", ""):
                continue
            if differing:
                key = differing[0]
                faults.append(
                    Fault(
                        where,
                        f"is in the table already, with {key} '{visible(present[key])}' where "
                        f"now '{visible(fitted[key])}' is given",
                        "Keep one: correct the row in the table, or leave the answer out",
                    )
                )
                return
            self._fill(present, fitted)
            return
        self._name_apart(fitted)
        self.rows.append(fitted)
        self._added.append(fitted)

    def has_all(self, column: str) -> bool:
        """Whether no row leaves ``column`` empty."""
        return all(row.get(column) for row in self.rows)

    def data(self) -> bytes:
        """The table as a file; an old one keeps its text where rows are only added below."""
        out = io.StringIO()
        if self.text and not self._changed:
            out.write(self.text if self.text.endswith("\n") else self.text + "\n")
            rows: Sequence[Mapping[str, str]] = self._added
        else:
            out.writelines(line + "\n" for line in self.remarks)
            csv.writer(out, lineterminator="\n").writerow(self.columns)
            rows = self.rows
        writer = csv.DictWriter(
            out, self.columns, restval="", extrasaction="raise", lineterminator="\n"
        )
        writer.writerows(rows)
        return out.getvalue().encode()

    def _fill(self, present: dict[str, str], fitted: Mapping[str, str]) -> None:
        grown = not present.get("devices") and fitted.get("devices")
        for key in _FILLED:
            # A layout without devices was named for its load alone, so the new name is fuller.
            if fitted.get(key) and (not present.get(key) or (grown and key == "layout")):
                present[key] = fitted[key]
                self._changed = self._changed or bool(self.text)

    def _name_apart(self, fitted: dict[str, str]) -> None:
        """Two measurements of one design under one name would be a fault of the table."""
        design = tuple(fitted.get(key, "") for key in _DESIGN)
        if not fitted.get("input_tokens"):
            return  # Only rows of one class of requests are held against each other.
        twins = [row for row in self.rows if tuple(row.get(key, "") for key in _DESIGN) == design]
        if not twins:
            return
        layout, number = fitted.get("layout", ""), 2
        names = {row.get("layout", "") for row in self.rows}
        while f"{layout} ({number})".strip() in names:
            number += 1
        fitted["layout"] = f"{layout} ({number})".strip()
        self.notes.append(
            f"{layout or 'one design'} was measured more than once under the same load; the plan "
            f"takes the better row, so keep the one that you trust ('{fitted['layout']}' is new)"
        )

    def _fitted(self, row: Mapping[str, str]) -> dict[str, str]:
        """The row in the columns and units of this table, which gains those that it lacks."""
        cells = {key: text for key, text in row.items() if text}
        for group in _GROUPS:
            ours = next((column for column in group if column in cells), None)
            theirs = next((column for column in group if column in self.columns), None)
            if ours is None or theirs in (None, ours):
                continue
            # Only rows that state their tokens can change between the two kinds of rate.
            value = _in_unit(theirs, _measures(cells))
            if value is not None:
                del cells[ours]
                cells[theirs] = _text(value)
        for column, text in cells.items():
            if text and column not in self.columns:
                self.columns.append(column)
                self._changed = bool(self.text)
        return {column: cells[column] for column in self.columns if cells.get(column)}


def read_points_table(text: str, where: str) -> PointsTable:
    """The table of points that an instance names already.

    Raises
    ------
    InstanceError
        If it is no table with one cell for each column.
    """
    remarks, lines = [], []
    for line in text.removeprefix("\ufeff").splitlines():
        if line.startswith("#"):
            remarks.append(line)
        elif line.strip():
            lines.append(line)
    try:
        header, *cells = list(csv.reader(lines, strict=True))
    except (csv.Error, ValueError) as error:
        raise InstanceError.one(
            "is no table that rows could be added to",
            where=where,
            mend="Begin it with a line of column names, or take its name out of the workload",
        ) from error
    header = [name.strip() for name in header]
    for number, row in enumerate(cells, start=1):
        if len(row) != len(header):
            raise InstanceError.one(
                f"{len(row)} cells under {len(header)} columns",
                where=f"{where}: row {number}",
                mend="Give one cell for each column",
            )
    rows = [
        {key: cell.strip() for key, cell in zip(header, row, strict=True) if cell.strip()}
        for row in cells
    ]
    return PointsTable(columns=header, rows=rows, remarks=remarks, text=text)


def new_points_table(remarks: Sequence[str], columns: Sequence[str] = COLUMNS) -> PointsTable:
    """An empty table with ``remarks`` at its head."""
    return PointsTable(
        columns=list(dict.fromkeys(columns)), remarks=[remark(line) for line in remarks]
    )


def _number(cells: Mapping[str, str], column: str) -> Fraction | None:
    try:
        return exact_fraction(cells[column]) if cells.get(column) else None
    except ValueError:
        return None


def _measured(cells: Mapping[str, str]) -> tuple[object, ...]:
    """What tells a measurement from others, whatever the columns and units."""
    tokens = (_number(cells, "input_tokens"), _number(cells, "output_tokens"))
    return (*_measures(cells)[:3], *tokens, cells.get("phase") or "aggregated")


def _measures(cells: Mapping[str, str]) -> _Measures:
    """Rate in requests/s (less than 0: in tokens/s), TPOT in ms, TTFT in ms, output tokens."""
    rate, tokens = _number(cells, "requests_per_s"), _number(cells, "output_tokens")
    token_rate = _number(cells, "tok_per_s")
    if rate is None and token_rate is not None:
        rate = token_rate / tokens if tokens else -token_rate
    tpot_ms, tpot_s = _number(cells, "tpot_ms"), _number(cells, "tpot_s")
    speed = _number(cells, "speed_tok_per_s")
    ttft_ms, ttft_s = _number(cells, "ttft_ms"), _number(cells, "ttft_s")
    if tpot_ms is None:
        tpot_ms = tpot_s * 1000 if tpot_s is not None else 1000 / speed if speed else None
    if ttft_ms is None and ttft_s is not None:
        ttft_ms = ttft_s * 1000
    return rate, tpot_ms, ttft_ms, tokens


def _in_unit(
    column: str | None,
    measures: _Measures,
) -> Fraction | None:
    """What a cell of ``column`` holds; None where the row does not tell."""
    rate, tpot_ms, ttft_ms, tokens = measures
    if column in ("requests_per_s", "tok_per_s"):
        if rate is None or rate < 0 or (column == "tok_per_s" and not tokens):
            return None
        return rate if column == "requests_per_s" else rate * (tokens or 0)
    if column == "speed_tok_per_s":
        return 1000 / tpot_ms if tpot_ms else None
    value = tpot_ms if column in ("tpot_ms", "tpot_s") else ttft_ms
    return value / 1000 if value is not None and column in ("tpot_s", "ttft_s") else value


def _text(value: Fraction) -> str:
    """A number as a cell holds it: a decimal where it is exact, else ``p/q``."""
    decimal = _EXACT.divide(Decimal(value.numerator), Decimal(value.denominator))
    exact = Fraction(decimal) == value
    return f"{decimal:f}" if exact else f"{value.numerator}/{value.denominator}"
