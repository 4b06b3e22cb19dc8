"""Rows of a file of measured serving points, read and checked; nothing is interpreted here."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from solver.errors import Fault, FleetError
from solver.performance.validation.cells import MAX_FAULTS, number, whole
from solver.performance.validation.rows import Table, read_csv

__all__ = [
    "OPTIONAL_COLUMNS",
    "REQUIRED_COLUMNS",
    "MeasuredRow",
    "PoolColumns",
    "parse_measured_rows",
    "read_measured_rows",
]

_Positive = Annotated[float, BeforeValidator(number), Field(gt=0, lt=1e12)]
_Tokens = Annotated[int, BeforeValidator(whole), Field(ge=1, lt=1_000_000_000)]
_Count = Annotated[int, BeforeValidator(whole), Field(ge=0, le=1_000_000)]
_Name = Annotated[str, Field(min_length=1, max_length=300)]


class PoolColumns(BaseModel):
    """The layout columns of one pool, or of a deployment that is not split into pools.

    ``None`` where the cell is empty. A pool states ``num_workers``, a whole deployment does not.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    num_workers: _Count | None = None
    batch_size: _Positive | None = None
    tp_size: _Count | None = None
    pp_size: _Count | None = None
    attention_dp_size: _Count | None = None
    moe_tp_size: _Count | None = None
    moe_ep_size: _Count | None = None


class MeasuredRow(BaseModel):
    """One measured serving point as the file states it.

    Parameters
    ----------
    isl, osl
        Nominal tokens of prompt and answer.
    ttft_s, tpot_s
        Mean time to the first token and mean time between tokens; ``None`` where the file asks for
        a prediction only.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    id: _Name
    system: _Name
    backend: _Name
    model_path: _Name
    mode: Literal["agg", "disagg"]
    isl: _Tokens
    osl: _Tokens
    concurrency: _Positive | None = None
    ttft_s: _Positive | None = None
    tpot_s: _Positive | None = None
    latency_s: _Positive | None = None
    version: _Name | None = None
    op: _Name | None = None
    dtype: _Name | None = None
    gemm_quant_mode: _Name | None = None
    moe_quant_mode: _Name | None = None
    source: _Name | None = None
    aggregated: PoolColumns = PoolColumns()
    prefill: PoolColumns = PoolColumns()
    decode: PoolColumns = PoolColumns()


_LAYOUT = ("tp_size", "pp_size", "attention_dp_size", "moe_tp_size", "moe_ep_size")
_POOL = ("batch_size", "num_workers", *_LAYOUT)
_POOLS = ("prefill", "decode")

REQUIRED_COLUMNS: tuple[str, ...] = (
    "id", "system", "backend", "model_path", "mode", "isl", "osl", "concurrency", "batch_size",
    *_LAYOUT, "ttft_s", "tpot_s",
)  # fmt: skip
"""Columns that tell a file of measured serving points from any other table."""

OPTIONAL_COLUMNS: tuple[str, ...] = (
    "version", "op", "dtype", "gemm_quant_mode", "moe_quant_mode", "latency_s", "source",
    *(f"{pool}_{name}" for pool in _POOLS for name in _POOL),
)  # fmt: skip
"""Columns that a file may leave out; its rows then have an empty cell there."""


def _nested(cells: dict[str, str]) -> dict[str, Any]:
    """Cells of one line by column, as the fields of ``MeasuredRow``; empty cells left out."""
    fields: dict[str, Any] = {}
    for column, cell in cells.items():
        if not cell:
            continue
        pool, _, name = column.partition("_")
        if pool in _POOLS:
            fields.setdefault(pool, {})[name] = cell
        elif column in _LAYOUT or column == "batch_size":
            fields.setdefault("aggregated", {})[column] = cell
        else:
            fields[column] = cell
    return fields


def _column(location: Sequence[str | int]) -> str:
    parts = [str(part) for part in location]
    return "_".join(parts[1:] if parts[0] == "aggregated" else parts)


def _faults(error: ValidationError, place: str) -> list[Fault]:
    faults = []
    for detail in error.errors(include_url=False):
        column = _column(detail["loc"])
        if detail["type"] == "missing":
            what, mend = "is empty", "Every row needs a value there"
        else:
            what = detail["msg"].removeprefix("Value error, ")
            what = f"{what[:1].lower()}{what[1:]} (got {detail['input']!r})"
            mend = "Correct the cell, or leave the row out"
        faults.append(Fault(where=f"{place}: {column}", what=what, mend=mend))
    return faults


def parse_measured_rows(table: Table, *, where: str) -> list[MeasuredRow]:
    """The rows of a table in the layout of ``serving_points.csv``.

    Columns beyond ``REQUIRED_COLUMNS`` and ``OPTIONAL_COLUMNS`` are not looked at.

    Raises
    ------
    FleetError
        With the columns that are missing, or with every cell that cannot be read (up to 20), by
        file, row and column.
    """
    missing = [name for name in REQUIRED_COLUMNS if name not in table.header]
    if missing:
        raise FleetError.one(
            f"lacks the columns {', '.join(missing)}",
            where=where,
            mend="Give every column of serving_points.csv; cells may be empty",
        )
    known = (*REQUIRED_COLUMNS, *OPTIONAL_COLUMNS)
    at = {name: position for position, name in enumerate(table.header) if name in known}
    rows: list[MeasuredRow] = []
    faults: list[Fault] = []
    for place, cells in zip(table.places, table.cells, strict=True):
        named = {name: cells[position] for name, position in at.items()}
        try:
            rows.append(MeasuredRow.model_validate(_nested(named)))
        except ValidationError as error:
            name = named["id"] or "no id"
            faults += _faults(error, f"{where}: {place} ({name})")
    if len(faults) > MAX_FAULTS:
        more = Fault(where, f"{len(faults) - MAX_FAULTS} more faults", "Mend those above first")
        faults = [*faults[:MAX_FAULTS], more]
    if faults:
        raise FleetError.all_of(faults)
    return rows


def read_measured_rows(path: Path) -> list[MeasuredRow]:
    """The rows of a file in the layout of ``serving_points.csv``, in its order.

    Raises
    ------
    FleetError
        As ``parse_measured_rows``; also where the file cannot be read or is no table.
    """
    return parse_measured_rows(read_csv(path), where=str(path))
