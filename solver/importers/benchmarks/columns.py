"""A table of measurements in the columns that fleets read, whatever people call them.

Names that leave no doubt of the unit are taken as they stand (``gpus``, ``qps``, ``isl``). Those
that do (``tpot``, ``throughput``, ``power``) are left to the reader of points, which asks for it.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field

from solver.errors import Fault, InstanceError
from solver.importers.benchmarks.cells import FORMULA_MARKS
from solver.importers.visible import visible

__all__ = ["ForeignTable", "read_foreign_table"]

_READ = (
    "devices",
    "requests_per_s",
    "tok_per_s",
    "workload",
    "model",
    "machine",
    "layout",
    "phase",
    "tpot_s",
    "tpot_ms",
    "speed_tok_per_s",
    "ttft_s",
    "ttft_ms",
    "watts",
    "usd_per_hour",
    "input_tokens",
    "output_tokens",
    "source",
)
"""What ``instance/fleet/points.py`` reads."""
_SAME = {
    "gpus": "devices",
    "num_gpus": "devices",
    "n_gpus": "devices",
    "gpu_count": "devices",
    "rps": "requests_per_s",
    "qps": "requests_per_s",
    "req_per_s": "requests_per_s",
    "request_per_s": "requests_per_s",
    "requests_per_sec": "requests_per_s",
    "output_tokens_per_s": "tok_per_s",
    "role": "phase",
    "isl": "input_tokens",
    "osl": "output_tokens",
    "mean_tpot_ms": "tpot_ms",
    "p99_ttft_ms": "ttft_ms",
}
"""Names that leave no doubt; the time to the first token in p99 is what results of tools give."""
_IN_DOUBT = (
    "throughput",
    "tokens_per_s",
    "tpot",
    "itl",
    "ttft",
    "power",
    "power_w",
    "kw",
    "price",
    "usd_per_h",
    "gpu",
    "accelerator",
    "parallel",
    "max_req_per_s",
)
"""Names that the reader of points knows and asks about; they are left as they stand."""
_TEXTS = ("workload", "model", "machine", "layout", "phase", "source")


@dataclass(slots=True)
class ForeignTable:
    """Columns and rows of a table, each row with its line; ``left_out`` columns nobody reads."""

    columns: list[str]
    rows: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def read_foreign_table(text: str, where: str, faults: list[Fault]) -> ForeignTable:
    """The table in ``text``; faults of its cells are noted.

    Raises
    ------
    InstanceError
        If it is no CSV with a header and one cell for each column.
    """
    try:
        lines = list(_rows(text))
    except csv.Error as error:
        raise InstanceError.one(
            f"is not a CSV file ({visible(str(error))})",
            where=where,
            mend="Close every quoted cell",
        ) from error
    if not lines:
        raise InstanceError.one(
            "holds no table", where=where, mend="Begin it with devices,requests_per_s"
        )
    line, header = lines[0]
    names = [_name(cell) for cell in header]
    twice = next((name for name in names if name in _READ and names.count(name) > 1), None)
    if twice is not None:
        raise InstanceError.one(
            f"has several columns for {twice}", where=f"{where}:{line}", mend="Keep one of them"
        )
    kept = [name for name in names if name in _READ or name in _IN_DOUBT]
    table = ForeignTable(columns=kept)
    table.left_out = [visible(name) for name in names if name not in kept]
    for line, cells in lines[1:]:
        if len(cells) != len(names):
            what = f"{len(cells)} cells under {len(names)} columns"
            mend = "Give one cell for each column; a cell with a comma goes in quotes"
            faults.append(Fault(f"{where}:{line}", what, mend))
            continue
        row = {name: cell.strip() for name, cell in zip(names, cells, strict=True) if name in kept}
        faults.extend(
            Fault(
                f"{where}:{line}: {name} ({visible(repr(row[name]))})",
                "begins like a formula of a spreadsheet",
                "Begin it with a letter or a digit",
            )
            for name in _TEXTS
            if row.get(name, "").startswith(FORMULA_MARKS)
        )
        table.rows.append((line, row))
    return table


def _name(cell: str) -> str:
    """A header as the reader of points spells it; others as they stand."""
    name = cell.strip()
    folded = name.casefold().replace(" ", "_")
    return _SAME.get(folded, folded if folded in _READ or folded in _IN_DOUBT else name)


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Rows with the line on which each begins; remarks and empty lines are passed over."""
    lines = text.removeprefix("\ufeff").splitlines(keepends=True)
    numbers: list[int] = []

    def kept() -> Iterator[str]:
        quoted = False
        for number, line in enumerate(lines, start=1):
            if not quoted and (line.startswith("#") or not line.strip()):
                continue
            quoted ^= line.count('"') % 2 == 1
            numbers.append(number)
            yield line

    reader = csv.reader(kept(), strict=True)
    while True:
        at = len(numbers)
        cells = next(reader, None)
        if cells is None:
            return
        yield numbers[at], cells
