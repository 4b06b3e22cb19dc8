"""Measured operating points from a CSV file: what a replica does, as somebody's benchmark saw it.

=========================================  ======================================================
``devices``                                of one replica; needed
``requests_per_s`` or ``tok_per_s``        one of the two; output tokens/s are divided by the mean
                                           output tokens of the workload, or of the row
``workload``, ``model``, ``machine``       names; an empty cell stands for any workload, its only
                                           model, the only machine
``layout``, ``phase``                      a name; aggregated (default), prefill or decode
``tpot_s``, ``tpot_ms``                    time between output tokens, or its inverse
or ``speed_tok_per_s``                     (at most one of the three)
``ttft_s`` or ``ttft_ms``                  time to the first token
``watts``, ``usd_per_hour``                of the whole replica; from the machine where left out
``input_tokens``, ``output_tokens``        the class of requests the row was measured on
``source``                                 for people: where the row comes from
=========================================  ======================================================

An empty cell means: not measured.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import cast, get_args

from solver.catalog import suggestion
from solver.errors import Fault
from solver.instance.fleet.csv_table import CellReader, CsvTable, read_csv_table
from solver.instance.fleet.domain import MeasuredPoint, Phase
from solver.instance.fleet.fault_limit import listed
from solver.instance.fleet.plausible import (
    DEVICE_USD_PER_HOUR,
    DEVICE_WATTS,
    REQUESTS_PER_S,
    TOK_PER_S,
    TOKEN_TIME_S,
    TTFT_S,
    USER_SPEED,
    PlausibleRange,
)
from solver.instance.record_types import MAX_TOKENS

__all__ = ["PointRow", "read_points"]

PHASES: tuple[str, ...] = get_args(Phase)
_RATES = ("requests_per_s", "tok_per_s")
_TOKEN_TIMES = ("tpot_s", "tpot_ms", "speed_tok_per_s")
_FIRST_TOKEN = ("ttft_s", "ttft_ms")
_TOKENS = ("input_tokens", "output_tokens")
_COLUMNS = (
    *_RATES,
    "workload",
    "model",
    "machine",
    "layout",
    "phase",
    *_TOKEN_TIMES,
    *_FIRST_TOKEN,
    "watts",
    "usd_per_hour",
    *_TOKENS,
    "source",
)
_SYNONYMS = {
    "gpus": "devices",
    "num_gpus": "devices",
    "n_gpus": "devices",
    "gpu_count": "devices",
    "role": "phase",
    "rps": "requests_per_s",
    "qps": "requests_per_s",
    "req_per_s": "requests_per_s",
    "max_req_per_s": "requests_per_s",
    "tokens_per_s": "tok_per_s",
    "throughput": "tok_per_s",
    "tpot": "tpot_s",
    "itl": "tpot_s",
    "ttft": "ttft_s",
    "power": "watts",
    "power_w": "watts",
    "kw": "watts",
    "price": "usd_per_hour",
    "usd_per_h": "usd_per_hour",
    "gpu": "machine",
    "accelerator": "machine",
    "parallel": "layout",
    "isl": "input_tokens",
    "osl": "output_tokens",
}


@dataclass(frozen=True, slots=True)
class PointRow:
    """One row as it stands, before it is bound to a workload.

    ``rate`` is in requests/s, or in output tokens/s where ``in_tokens``. ``where`` is the path as
    it was opened and the line, for messages.
    """

    line: int
    where: str
    workload: str
    model: str
    machine: str
    layout: str
    phase: Phase
    devices: int
    rate: Fraction
    in_tokens: bool
    tpot_s: Fraction | None
    ttft_s: Fraction | None
    watts: Fraction | None
    usd_per_hour: Fraction | None
    size: tuple[int, int] | None

    def bound(
        self, workload: str, model: str, mean_output_tokens: Fraction, table: str
    ) -> MeasuredPoint:
        """The point as an option of ``workload``.

        ``table`` is the file as the question names it: so the same question says the same
        wherever its folder lies.
        """
        tokens = mean_output_tokens if self.size is None else Fraction(self.size[1])
        return MeasuredPoint(
            workload=workload,
            model=model,
            machine=self.machine,
            layout=self.layout,
            phase=self.phase,
            devices=self.devices,
            requests_per_s=self.rate / tokens if self.in_tokens else self.rate,
            tpot_s=self.tpot_s,
            ttft_s=self.ttft_s,
            watts=self.watts,
            usd_per_hour=self.usd_per_hour,
            size=self.size,
            where=f"{table}:{self.line}",
        )


def read_points(
    path: Path, *, workloads: tuple[str, ...], machines: tuple[str, ...]
) -> tuple[CsvTable | None, tuple[PointRow, ...], list[Fault]]:
    """Read a table of points, with every fault of it.

    Parameters
    ----------
    workloads, machines
        Names that rows may use.
    """
    table, faults = read_csv_table(path, needed=("devices",), optional=_COLUMNS, synonyms=_SYNONYMS)
    if table is None:
        return None, (), faults
    faults.extend(_column_faults(table))
    if faults:
        return None, (), faults
    rows = []
    for row in table.rows:
        cells = CellReader(table, row, faults)
        before = len(faults)
        point = _point(cells, table, workloads, machines)
        if point is not None and len(faults) == before:
            rows.append(point)
    return table, tuple(rows), listed(faults, table.where)


def _column_faults(table: CsvTable) -> list[Fault]:
    faults = []

    def add(columns: str, what: str, mend: str) -> None:
        faults.append(Fault(f"{table.where}: {columns}", what, mend))

    if not any(column in table.columns for column in _RATES):
        add(" or ".join(_RATES), "the column is missing", "Add one of the two")
    for group in (_RATES, _TOKEN_TIMES, _FIRST_TOKEN):
        given = [column for column in group if column in table.columns]
        if len(given) > 1:
            add(", ".join(given), "these columns say the same", "Keep one of them")
    one_sided = [column for column in _TOKENS if column not in table.columns]
    if len(one_sided) == 1:
        add(one_sided[0], "the column is missing", f"Give both of {' and '.join(_TOKENS)}")
    return faults


def _point(
    cells: CellReader, table: CsvTable, workloads: tuple[str, ...], machines: tuple[str, ...]
) -> PointRow | None:
    workload, machine = cells.text("workload"), cells.text("machine")
    if workload and workload not in workloads:
        mend = suggestion(workload, workloads, what="workloads")
        cells.fault("workload", "is no workload of the instance", mend)
    if machine and machine not in machines:
        mend = suggestion(machine, machines, what="machines") + "; add it to [[machines]]"
        cells.fault("machine", "is no machine of the instance", mend)
    phase = cells.text("phase") or "aggregated"
    if phase not in PHASES:
        cells.fault("phase", "is no phase", f"Write one of: {', '.join(PHASES)}")
    if not cells.text("devices"):
        cells.fault("devices", "the cell is empty", "Give the devices of one replica")
    devices = cells.whole("devices")
    size = _size(cells)
    rate_column = next(column for column in _RATES if column in table.columns)
    # A replica that cannot serve a class carries 0 of it; one that carries nothing at all is none.
    rate = cells.number(rate_column, needed=True, zero=size is not None)
    tpot_s = _token_time_s(cells)
    ttft_s = cells.number("ttft_s") or cells.number("ttft_ms", power=-3)
    watts, usd_per_hour = cells.number("watts"), cells.number("usd_per_hour")
    if ttft_s is not None:
        _doubt(cells, next(c for c in _FIRST_TOKEN if c in table.columns), ttft_s, TTFT_S)
    if rate:
        _doubt(
            cells, rate_column, rate, TOK_PER_S if rate_column == "tok_per_s" else REQUESTS_PER_S
        )
    if devices is None or rate is None:
        return None
    if watts is not None:
        _doubt(cells, "watts", watts / devices, DEVICE_WATTS)
    if usd_per_hour is not None:
        _doubt(cells, "usd_per_hour", usd_per_hour / devices, DEVICE_USD_PER_HOUR)
    return PointRow(
        line=cells.row.line,
        where=cells.where,
        workload=workload,
        model=cells.text("model"),
        machine=machine or (machines[0] if len(machines) == 1 else ""),
        layout=cells.text("layout") or f"{devices} device{'s' if devices > 1 else ''}",
        phase=cast("Phase", phase),
        devices=devices,
        rate=rate,
        in_tokens=rate_column == "tok_per_s",
        tpot_s=tpot_s,
        ttft_s=ttft_s,
        watts=watts,
        usd_per_hour=usd_per_hour,
        size=size,
    )


def _size(cells: CellReader) -> tuple[int, int] | None:
    stated = [column for column in _TOKENS if cells.text(column)]
    if len(stated) == 1:
        empty = next(column for column in _TOKENS if column not in stated)
        cells.fault(empty, "the cell is empty", f"Give both of {' and '.join(_TOKENS)}, or none")
        return None
    tokens_in, tokens_out = (cells.whole(column, most=MAX_TOKENS) for column in _TOKENS)
    return None if tokens_in is None or tokens_out is None else (tokens_in, tokens_out)


def _token_time_s(cells: CellReader) -> Fraction | None:
    speed = cells.number("speed_tok_per_s")
    column = next((name for name in _TOKEN_TIMES if cells.text(name)), "tpot_s")
    seconds = cells.number("tpot_s") or cells.number("tpot_ms", power=-3)
    if speed is not None:
        _doubt(cells, "speed_tok_per_s", speed, USER_SPEED)
        return 1 / speed
    if seconds is not None:
        _doubt(cells, column, seconds, TOKEN_TIME_S)
    return seconds


def _doubt(cells: CellReader, column: str, value: Fraction, expected: PlausibleRange) -> None:
    doubt = expected.doubt(value)
    if doubt is not None:
        cells.fault(column, *doubt)
