"""Layouts with designs within the tolerance as a table for other programs."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from typing import Any, TextIO

from solver.report.design import layout_name
from solver.result import Result

__all__ = ["write_near_csv"]

_CSV_DESIGN = (
    "accelerator",
    "devices",
    "tensor_parallel",
    "tensor_parallel_2d",
    "pipeline_parallel",
    "expert_parallel",
    "attention_data_parallel",
    "draft_tokens",
    "weight_bits",
    "weight_format",
    "kv_bits",
    "usd_per_hour",
)


def write_near_csv(result: Result, stream: TextIO) -> None:
    """One row for every layout that has near designs, simplest first, as CSV.

    Columns: the design less its batch; ``designs`` within the tolerance and how many of them are
    ``on_frontier``; ``batches`` (as in an instance file); ranges of speed and cost;
    ``simplest_at_speed``: speeds of the representative points, separated by blanks, at which this
    layout has the simplest near design.

    Raises
    ------
    ValueError
        If the result was made without a tolerance.
    """
    near = result.near
    if near is None:
        raise ValueError("a result without a tolerance has no near designs")
    layouts = near["layouts"]
    columns = [key for key in _CSV_DESIGN if any(key in entry["design"] for entry in layouts)]
    drafts = any("draft" in entry["design"] for entry in layouts)
    simplest: dict[int, list[str]] = {}
    for entry in near["at_points"]:
        design = entry["simplest"]["design"]
        speed = repr(result.points[entry["point"]].objectives["speed"])
        for position, layout in enumerate(layouts):
            if _includes(design, layout["design"]):
                simplest.setdefault(position, []).append(speed)
                break
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(
        [
            *columns,
            *(["draft_layout"] if drafts else []),
            "designs",
            "on_frontier",
            "batches",
            "speed_min_tok_per_s_per_user",
            "speed_max_tok_per_s_per_user",
            "cost_min_usd_per_mtok",
            "cost_max_usd_per_mtok",
            "simplest_at_speed",
        ]
    )
    for position, entry in enumerate(layouts):
        design = entry["design"]
        draft = design.get("draft")
        writer.writerow(
            [
                *(design.get(key) for key in columns),
                *([layout_name(draft) if draft else None] if drafts else []),
                entry["count"],
                entry["on_frontier"],
                entry["batches"],
                *entry["speed"],
                *entry["cost"],
                " ".join(simplest.get(position, ())) or None,
            ]
        )


def _includes(design: Mapping[str, Any], layout: Mapping[str, Any]) -> bool:
    """Whether a design has a layout: equal in every key that the layout states."""
    return all(
        _includes(design.get(key) or {}, value)
        if isinstance(value, Mapping)
        else design.get(key) == value
        for key, value in layout.items()
    )
