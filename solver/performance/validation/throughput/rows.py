"""Rows of a table of published throughput, read and checked; nothing is interpreted here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from solver.errors import Fault, FleetError
from solver.performance.validation.cells import MAX_FAULTS, number, whole
from solver.performance.validation.rows import Table, read_csv

__all__ = [
    "REQUIRED_COLUMNS",
    "ThroughputRow",
    "missing_columns",
    "parse_throughput_rows",
    "read_throughput_rows",
]

_Positive = Annotated[float, BeforeValidator(number), Field(gt=0, lt=1e12)]
_Count = Annotated[int, BeforeValidator(whole), Field(ge=1, le=1_000_000)]
_Name = Annotated[str, Field(min_length=1, max_length=400)]


class ThroughputRow(BaseModel):
    """One published figure as the file states it; ``None`` where the cell is empty.

    Parameters
    ----------
    place
        ``"line 12"``.
    isl, osl
        Mean tokens of prompt and answer.
    output_tok_s_per_gpu
        Output tokens a second over all devices, per device.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    place: str
    source: _Name
    model: _Name
    gpu: _Name
    mode: _Name
    precision: _Name | None = None
    engine: _Name | None = None
    kind: _Name | None = None
    notes: Annotated[str, Field(max_length=10_000)] = ""
    n_gpus: _Count | None = None
    tp: _Count | None = None
    pp: _Count | None = None
    ep: _Count | None = None
    dp: _Count | None = None
    isl: _Positive | None = None
    osl: _Positive | None = None
    concurrency: _Positive | None = None
    batch: _Positive | None = None
    output_tok_s_per_gpu: _Positive | None = None
    tpot_s: _Positive | None = None
    ttft_s: _Positive | None = None


REQUIRED_COLUMNS: tuple[str, ...] = tuple(
    name for name in ThroughputRow.model_fields if name != "place"
)
"""Columns that tell a table of published throughput from any other; more are not looked at."""


def missing_columns(header: tuple[str, ...]) -> tuple[str, ...]:
    """Columns that a table of published throughput has and this header lacks."""
    return tuple(name for name in REQUIRED_COLUMNS if name not in header)


def parse_throughput_rows(table: Table, *, where: str) -> list[ThroughputRow]:
    """The rows of a table.

    Raises
    ------
    FleetError
        With the columns that are missing, or with every cell that cannot be read (up to 20).
    """
    missing = missing_columns(table.header)
    if missing:
        raise FleetError.one(
            f"lacks the columns {', '.join(missing)}",
            where=where,
            mend="Give every column of a table of published throughput; cells may be empty",
        )
    rows: list[ThroughputRow] = []
    faults: list[Fault] = []
    for place, cells in zip(table.places, table.cells, strict=True):
        named = {
            name: cell
            for name, cell in zip(table.header, cells, strict=True)
            if name in REQUIRED_COLUMNS and cell
        }
        try:
            rows.append(ThroughputRow.model_validate({"place": place, **named}))
        except ValidationError as error:
            for detail in error.errors(include_url=False):
                column = ".".join(str(part) for part in detail["loc"])
                faults.append(
                    Fault(
                        where=f"{where}: {place}: {column}",
                        what=detail["msg"].removeprefix("Value error, "),
                        mend="Correct the cell, or leave the row out",
                    )
                )
    if len(faults) > MAX_FAULTS:
        more = Fault(where, f"{len(faults) - MAX_FAULTS} more faults", "Mend those above first")
        faults = [*faults[:MAX_FAULTS], more]
    if faults:
        raise FleetError.all_of(faults)
    return rows


def read_throughput_rows(path: Path) -> list[ThroughputRow]:
    """The rows of a file, in its order.

    Raises
    ------
    FleetError
        As ``parse_throughput_rows``; also where the file cannot be read or is no table.
    """
    return parse_throughput_rows(read_csv(path), where=str(path))
