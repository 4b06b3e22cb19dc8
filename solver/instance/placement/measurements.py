"""Tables of measured machines: tokens/s by layers held, time of a layer by microbatch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from fractions import Fraction

from solver.catalog import suggestion
from solver.errors import Fault
from solver.instance.fleet.csv_table import CellReader
from solver.instance.placement.files_read import FilesRead

__all__ = ["MAX_MICROBATCH", "RATE_COLUMNS", "TIME_COLUMNS", "read_layer_times", "read_rates"]

RATE_COLUMNS = ("machine", "layers_held", "tok_per_s")
TIME_COLUMNS = ("machine", "microbatch", "ms_per_layer")
MAX_LAYERS = 10_000
MAX_MICROBATCH = 10**9
_RATE_SYNONYMS = {"gpu_type": "machine", "layers": "layers_held", "tokens_per_s": "tok_per_s"}
_TIME_SYNONYMS = {"gpu_type": "machine", "batch": "microbatch", "batch_tokens": "microbatch"}


def read_rates(
    name: str, machines: Sequence[str], files: FilesRead, *, key: str = "measured.rates"
) -> dict[str, tuple[Fraction, ...]] | None:
    """Tokens/s of each machine that holds 1, 2, ... layers, or ``None`` and faults.

    Every machine's rows must begin at one layer and leave none out.
    """
    rows = _rows(name, RATE_COLUMNS, _RATE_SYNONYMS, MAX_LAYERS, machines, files, key)
    if rows is None:
        return None
    faults = []
    for machine, rates in rows.items():
        gap = next(held for held in range(1, len(rates) + 2) if held not in rates)
        if gap <= len(rates):
            faults.append(
                Fault(
                    f"{files.path(name)}: {machine}",
                    f"there is a rate for {max(rates)} layers and none for {gap}",
                    "Give a row for every number of layers from 1",
                )
            )
    files.failed(key, faults)
    if faults:
        return None
    return {
        machine: tuple(rates[held] for held in sorted(rates)) for machine, rates in rows.items()
    }


def read_layer_times(
    name: str, machines: Sequence[str], files: FilesRead, *, key: str = "measured.layer_times"
) -> dict[str, tuple[tuple[int, Fraction], ...]] | None:
    """(sequences in a microbatch, seconds a layer) of each machine, or ``None`` and faults."""
    rows = _rows(name, TIME_COLUMNS, _TIME_SYNONYMS, MAX_MICROBATCH, machines, files, key)
    if rows is None:
        return None
    return {
        machine: tuple((size, times[size] / 1000) for size in sorted(times))
        for machine, times in rows.items()
    }


def _rows(
    name: str,
    columns: tuple[str, str, str],
    synonyms: Mapping[str, str],
    most: int,
    machines: Sequence[str],
    files: FilesRead,
    key: str,
) -> dict[str, dict[int, Fraction]] | None:
    """Machine -> whole number -> figure, by the three columns."""
    table = files.table(key, name, needed=columns, synonyms=synonyms)
    if table is None:
        return None
    _, by, figure = columns
    faults: list[Fault] = []
    found: dict[str, dict[int, Fraction]] = defaultdict(dict)
    unknown: set[str] = set()
    for row in table.rows:
        cells = CellReader(table, row, faults)
        machine = cells.text("machine")
        if machine not in machines:
            if machine not in unknown:
                mend = suggestion(machine, machines, what="machines")
                cells.fault("machine", "is none of the machines of the file", mend)
            unknown.add(machine)
            continue
        if not cells.text(by):
            cells.fault(by, "the cell is empty", "Give a whole number")
            continue
        number = cells.whole(by, most=most)
        value = cells.number(figure, needed=True)
        if number is None or value is None:
            continue
        if number in found[machine]:
            cells.fault(by, f"stands twice for {machine}", "Keep one of the rows")
        found[machine][number] = value
    files.failed(key, faults)
    return None if faults else dict(found)
