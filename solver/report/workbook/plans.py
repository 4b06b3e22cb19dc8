"""Plans: replicas of every fleet, stages of every placement, a row each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from solver.report.fleet_facts import layout_name
from solver.report.fleet_traffic import traffic_of
from solver.report.placement_facts import chains_of, is_flow
from solver.report.workbook.sheet import Book
from solver.report.workbook.values import Cell, Column, as_cell
from solver.report.workbook.view import View

__all__ = ["write_plans"]

_MOST_ROWS = 200_000

_FLEET = (
    Column("point"),
    Column("workload", form="text"),
    Column("model", form="text"),
    Column("phase", form="text"),
    Column("period", form="text"),
    Column("layout", form="text"),
    Column("machine", form="text"),
    Column("contract", form="text"),
    Column("region or rack", form="text"),
    Column("replicas"),
    Column("devices a replica"),
    Column("devices"),
    Column("part of the workload", "share", form="share"),
    Column("load", "share", form="share"),
    Column("time per output token", "ms"),
    Column("time to first token", "ms"),
    Column("capacity of a replica", "requests/s"),
    Column("capacity of a replica", "tok/s"),
)
_PLACEMENT = (
    Column("point"),
    Column("pipeline"),
    Column("place"),
    Column("host", form="text"),
    Column("machine", form="text"),
    Column("accelerator", form="text"),
    Column("devices"),
    Column("tensor parallel"),
    Column("first layer"),
    Column("last layer"),
    Column("layers"),
    Column("microbatch", "sequences"),
    Column("in flight", "microbatches"),
    Column("stage time", "ms"),
    Column("hand-over", "ms"),
    Column("HBM in use", "bytes"),
    Column("HBM", "bytes"),
    Column("price", "US$/h"),
    Column("output", "tok/s"),
)


def write_plans(book: Book, view: View) -> None:
    """Sheet ``Plans`` of a fleet or a placement; a replica's designs stand in ``Frontier``."""
    if view.kind not in ("fleet", "placement") or not view.points:
        return
    sheet = book.sheet("Plans")
    rows: list[list[Cell]] = []
    told = 0
    for index, point in enumerate(view.points):
        found = (
            _replicas(view, index, point["design"])
            if view.kind == "fleet"
            else _stages(index, point["design"])
        )
        if len(rows) + len(found) > _MOST_ROWS:
            break
        rows += found
        told += 1
    if told < len(view.points):
        sheet.line(
            f"The plans of {told:,} of {len(view.points):,} points; all are in the result file."
        )
    columns = _FLEET if view.kind == "fleet" else _PLACEMENT
    # A column that no plan fills would only push the others off the page.
    kept = [k for k in range(len(columns)) if any(row[k] is not None for row in rows)]
    sheet.table([columns[k] for k in kept], [[row[k] for k in kept] for row in rows], main=True)


def _milli(value: Any) -> Cell:
    return None if value is None else 1000 * float(value)


def _word(value: Any) -> Cell:
    return as_cell(value) or None


def _replicas(view: View, index: int, design: Mapping[str, Any]) -> list[list[Cell]]:
    entries = design.get("replicas") or ()
    return [
        [
            index + 1, _word(e["workload"]), _word(e.get("model")), _word(e.get("phase")),
            _word(e.get("period")), layout_name(e), _word(e["machine"]), _word(e.get("contract")),
            _word(e.get("region_or_rack")), e["count"], e["devices"], e["count"] * e["devices"],
            carried.share, carried.load, _milli(e.get("tpot_s")), _milli(e.get("ttft_s")),
            as_cell(e.get("requests_per_s")), as_cell(e.get("tok_per_s")),
        ]
        for e, carried in zip(entries, traffic_of(view.document, design), strict=True)
    ]  # fmt: skip


def _stages(index: int, design: Mapping[str, Any]) -> list[list[Cell]]:
    chains = [design] if is_flow(design) else chains_of(design)
    rows: list[list[Cell]] = []
    for number, chain in enumerate(chains, 1):
        for place, stage in enumerate(chain["stages"], 1):
            first, layers = stage.get("first_layer"), stage.get("layers")
            known = first is not None and layers is not None
            rows.append(
                [
                    index + 1, None if is_flow(design) else number,
                    None if is_flow(design) else place,
                    _word(stage["host"]), _word(stage.get("machine")),
                    _word(stage.get("accelerator")), as_cell(stage.get("devices")),
                    as_cell(stage.get("tensor_parallel")), first + 1 if known else None,
                    first + layers if known else None, as_cell(layers),
                    as_cell(chain.get("microbatch")), as_cell(chain.get("in_flight")),
                    _milli(stage.get("stage_time_s")), _milli(stage.get("hand_over_s")),
                    as_cell(stage.get("hbm_used_bytes")), as_cell(stage.get("hbm_capacity_bytes")),
                    as_cell(stage.get("usd_per_hour")), as_cell(stage.get("tok_per_s")),
                ]
            )  # fmt: skip
    return rows
